"""Deploying: the address is known before, twice is once, and what is wrong is refused before anything is
sent."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ape import networks
from eth_hash.auto import keccak

from devnet import BASE, Node
from devnet.abi import encode_call
from executor.chain.deployments import as_json, read_deployment, write_deployment
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.deployment import Deployment, Part
from executor.domain.errors import ConfigError, NodeError, SafetyError
from scripts._support.deploying import Wanted, deploy
from scripts._support.errors import DeploymentError, WrongChainError
from scripts._support.router import Router
from scripts._support.session import open_session
from tests.support.ape_sessions import OPERATOR, OWNER, PAUSER, STRANGER, session_on
from tests.support.proxy import ChangingProxy

CREATE2_DEPLOYER = Address("0x4e59b44847b379578588920cA78FbF26c0B4956C")


def sent_by(node: Node, who: Address) -> int:
    return int(node.rpc("eth_getTransactionCount", who, "latest"), 16)


def told(node: Node, record: Deployment, view: str, *arguments: object) -> Address:
    """The address that a view of the router returns."""
    return to_address("0x" + node.call(record.router, encode_call(view, *arguments))[-20:].hex())


def deploy_at(url: str, folder: Path) -> Deployment:
    """Deploy through the node at `url` as the first development account."""
    with networks.parse_network_choice(f"ethereum:mainnet:{url}") as provider:
        return deploy(open_session(provider, account=None, chain=None), Wanted(OWNER), folder=folder)


def test_the_router_stands_where_it_was_announced_before_anything_was_sent(
    ethereum: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with session_on(ethereum) as session:
        record = deploy(session, Wanted(OWNER), folder=tmp_path)
    said = capsys.readouterr().out
    assert said.index(f"router address: {record.router}") < said.index("sending: deploy the router")
    assert record.runtime_code_hash == "0x" + keccak(ethereum.code(record.router)).hex()


def test_the_record_says_what_stands_on_the_chain(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    assert read_deployment(tmp_path / "1.json") == deployed
    assert (deployed.chain_id, deployed.version, deployed.local) == (1, "2", True)
    assert (deployed.owner, deployed.operator, deployed.pauser) == (OWNER, OPERATOR, PAUSER)
    assert deployed.block == ethereum.block_number - 2
    asked = [told(ethereum, deployed, name) for name in ("owner()", "operator()", "pauser()")]
    assert asked == [OWNER, OPERATOR, PAUSER]
    for index, token in enumerate(deployed.constants.settlement_tokens):
        assert told(ethereum, deployed, "settlementToken(uint256)", index) == token
    assert told(ethereum, deployed, "implementation()") == deployed.parts[Part.CONTROL].address
    assert set(deployed.parts) == set(Part) - {Part.ROUTER}
    for record in deployed.parts.values():
        assert record.runtime_code_hash == "0x" + keccak(ethereum.code(record.address)).hex()


def test_the_constants_of_the_chain_data_are_in_the_code_of_the_parts_that_use_them(
    ethereum: Node, deployed: Deployment
) -> None:
    lenders = [address for address in deployed.constants.lenders().values() if address]
    assert deployed.constants.aave_v3_pool in lenders
    for address in (deployed.router, deployed.parts[Part.SIMULATOR].address):
        for constant in (*lenders, *deployed.constants.settlement_tokens):
            assert bytes.fromhex(constant[2:]) in ethereum.code(address)


def test_a_run_that_broke_off_between_the_parts_is_completed(ethereum: Node, tmp_path: Path) -> None:
    with ethereum.isolated(), session_on(ethereum) as session:
        whole = deploy(session, Wanted(OWNER), folder=tmp_path / "whole")
        code = ethereum.code(whole.parts[Part.EXTENSION].address)
    ethereum.set_code(whole.parts[Part.EXTENSION].address, code)
    before = sent_by(ethereum, OWNER)
    with session_on(ethereum) as session:
        completed = deploy(session, Wanted(OWNER), folder=tmp_path / "completed")
    assert sent_by(ethereum, OWNER) == before + len(Part) - 1
    assert (completed.router, completed.parts) == (whole.router, whole.parts)


@pytest.mark.parametrize("part", list(Part))
def test_a_part_that_is_not_ours_is_refused_before_anything_is_sent(
    ethereum: Node, deployed: Deployment, tmp_path: Path, part: Part
) -> None:
    address = deployed.router if part is Part.ROUTER else deployed.parts[part].address
    ethereum.set_code(address, b"\x60\x00")
    before = sent_by(ethereum, OWNER)
    with session_on(ethereum) as session:
        with pytest.raises(DeploymentError, match=f"is not the {part} that this checkout compiles"):
            deploy(session, Wanted(OWNER, STRANGER), folder=tmp_path / "new")
        with pytest.raises(DeploymentError, match="is not the"):
            Router.find(session, folder=tmp_path, address=None)
    assert sent_by(ethereum, OWNER) == before
    assert not (tmp_path / "new").exists()


def test_a_node_without_state_overrides_is_named_before_anything_is_sent(
    ethereum: Node, tmp_path: Path
) -> None:
    def without(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        overridden = request["method"] == "eth_call" and len(request["params"]) > 2
        return {**answer, "result": "0x"} if overridden else answer

    async def deployed_through_proxy() -> None:
        async with ChangingProxy(ethereum.url, without) as proxy:
            await asyncio.to_thread(deploy_at, proxy.url, tmp_path)

    before = sent_by(ethereum, OWNER)
    with pytest.raises(NodeError, match="does not run eth_call with state overrides"):
        asyncio.run(deployed_through_proxy())
    assert sent_by(ethereum, OWNER) == before


def test_a_second_run_sends_nothing_and_keeps_the_record(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    before = sent_by(ethereum, OWNER)
    with session_on(ethereum) as session:
        again = deploy(session, Wanted(OWNER, OPERATOR, PAUSER), folder=tmp_path)
    assert sent_by(ethereum, OWNER) == before
    assert again == deployed


def test_a_run_that_broke_off_before_its_record_is_completed(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    (tmp_path / "1.json").unlink()
    with session_on(ethereum) as session:
        again = deploy(session, Wanted(OWNER), folder=tmp_path)
    assert again == replace(deployed, block=None)


def test_missing_roles_are_completed_without_deploying_again(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    before = sent_by(ethereum, OWNER)
    with session_on(ethereum) as session:
        again = deploy(session, Wanted(OWNER, operator=STRANGER), folder=tmp_path)
    assert sent_by(ethereum, OWNER) == before + 1
    assert (again.router, again.operator, again.pauser) == (deployed.router, STRANGER, PAUSER)


def test_the_address_follows_from_deployer_and_owner(ethereum: Node, tmp_path: Path) -> None:
    routers = []
    for folder, deployer, owner in (("a", OWNER, OWNER), ("b", OWNER, STRANGER), ("c", STRANGER, OWNER)):
        with session_on(ethereum, deployer) as session:
            routers.append(deploy(session, Wanted(owner), folder=tmp_path / folder).router)
    assert len(set(routers)) == 3


def test_where_another_account_deploys_the_owner_is_told_what_to_send(
    ethereum: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with session_on(ethereum, STRANGER) as session:
        record = deploy(session, Wanted(OWNER, OPERATOR, PAUSER), folder=tmp_path)
    assert (record.owner, record.operator, record.pauser) == (OWNER, None, None)
    said = capsys.readouterr().out
    assert f"the owner {OWNER} must still send to {record.router}" in said
    assert f"ape run roles operator {OPERATOR}" in said
    for line in said.splitlines():
        if "or calldata " in line:
            ethereum.send(OWNER, record.router, bytes.fromhex(line.split("or calldata 0x")[1]))
    assert told(ethereum, record, "operator()") == OPERATOR
    assert told(ethereum, record, "pauser()") == PAUSER


def test_a_chain_other_than_the_configured_one_is_refused(ethereum: Node) -> None:
    with (
        pytest.raises(WrongChainError, match="serves chain id 1, base is 8453"),
        session_on(ethereum, chain="base"),
    ):
        pass


def test_a_network_for_which_ape_would_sign_with_another_chain_id_is_refused(ethereum: Node) -> None:
    with (
        pytest.raises(WrongChainError, match="Ape would sign for chain id 1337, the node serves 1"),
        session_on(ethereum, network="local"),
    ):
        pass


def test_a_chain_without_the_create2_deployer_is_refused_before_anything_is_sent(
    ethereum: Node, tmp_path: Path
) -> None:
    ethereum.set_code(CREATE2_DEPLOYER, b"")
    before = sent_by(ethereum, OWNER)
    with session_on(ethereum) as session, pytest.raises(DeploymentError, match="has no code on ethereum"):
        deploy(session, Wanted(OWNER), folder=tmp_path)
    assert sent_by(ethereum, OWNER) == before
    assert not list(tmp_path.iterdir())


async def test_a_node_that_lags_behind_costs_a_second_run_and_nothing_else(
    ethereum: Node, tmp_path: Path
) -> None:
    def lagging(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        router_asked = request["method"] == "eth_getCode" and request["params"][0] != CREATE2_DEPLOYER
        return {**answer, "result": "0x"} if router_asked else answer

    async with ChangingProxy(ethereum.url, lagging) as proxy:
        with pytest.raises(DeploymentError, match="does not show the RouterExtension at"):
            await asyncio.to_thread(deploy_at, proxy.url, tmp_path)
    sent = sent_by(ethereum, OWNER)
    record = await asyncio.to_thread(deploy_at, ethereum.url, tmp_path)
    assert ethereum.code(record.router)
    assert sent_by(ethereum, OWNER) == sent + len(Part) - 1


@pytest.mark.parametrize("role", ["owner", "operator", "pauser"])
def test_the_zero_address_is_refused_in_every_role(role: str) -> None:
    with pytest.raises(ConfigError, match=f"--{role}: the zero address can hold no role"):
        Wanted(**{"owner": OWNER, role: ZERO_ADDRESS})


def test_a_rehearsal_does_not_overwrite_the_record_of_the_real_router(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    write_deployment(tmp_path / "1.json", replace(deployed, local=False))
    before = sent_by(ethereum, OWNER)
    with session_on(ethereum) as session, pytest.raises(SafetyError, match="a rehearsal would overwrite it"):
        deploy(session, Wanted(OWNER, operator=STRANGER), folder=tmp_path)
    assert sent_by(ethereum, OWNER) == before
    assert json.loads((tmp_path / "1.json").read_text()) == as_json(replace(deployed, local=False))


def test_a_record_of_another_router_is_replaced_with_a_word_about_what_it_holds(
    ethereum: Node, deployed: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with session_on(ethereum, STRANGER) as session:
        record = deploy(session, Wanted(OWNER), folder=tmp_path)
    assert record.router != deployed.router
    assert f"named another router, {deployed.router}; withdraw what it still holds" in capsys.readouterr().out


def test_an_account_without_gas_money_is_told_what_it_takes(ethereum: Node, tmp_path: Path) -> None:
    ethereum.set_balance(OWNER, 10**15)
    with (
        session_on(ethereum) as session,
        pytest.raises(RuntimeError, match=r"holds 0\.001000 ETH, this takes 0\.0"),
    ):
        deploy(session, Wanted(OWNER), folder=tmp_path)


def test_an_account_that_does_not_exist_is_named(ethereum: Node) -> None:
    for name in ("nobody", "TEST::99", "TEST::x"):
        with (
            networks.parse_network_choice(f"ethereum:mainnet:{ethereum.url}") as provider,
            pytest.raises(ConfigError, match=f"--account: there is no account '{name}'"),
        ):
            open_session(provider, account=name, chain=None)


def test_acting_without_a_key_needs_a_node_that_ape_runs(ethereum: Node) -> None:
    with (
        networks.parse_network_choice(f"ethereum:mainnet:{ethereum.url}") as provider,
        pytest.raises(ConfigError, match="acting as an address without its key"),
    ):
        open_session(provider, account=STRANGER, chain=None)


def test_base_is_deployed_from_its_own_data(base: Node, tmp_path: Path) -> None:
    with session_on(base, network="base") as session:
        record = deploy(session, Wanted(OWNER, OPERATOR), folder=tmp_path)
    assert (record.chain_id, record.operator) == (8453, OPERATOR)
    weth = told(base, record, "settlementToken(uint256)", 0)
    assert weth == record.constants.settlement_tokens[0] == BASE.tokens["WETH"]
    assert read_deployment(tmp_path / "8453.json") == record


def test_sepolia_is_deployed_from_its_own_data(tmp_path: Path) -> None:
    with Node.empty(chain_id=11155111) as node, session_on(node, network="sepolia") as session:
        record = deploy(session, Wanted(OWNER, OPERATOR), folder=tmp_path)
        weth = told(node, record, "settlementToken(uint256)", 0)
    assert (record.chain_id, record.operator) == (11155111, OPERATOR)
    assert weth == record.constants.settlement_tokens[0]
    assert read_deployment(tmp_path / "11155111.json") == record
