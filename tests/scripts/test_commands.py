"""The scripts as people run them: the real `ape`, a real node, real keystore files."""

import asyncio
import json
from pathlib import Path

import pytest
from eth_account import Account

from devnet import ETHER, ETHEREUM, Node
from devnet.abi import encode_call
from executor.chain.deployments import read_deployment
from executor.domain.deployment import Deployment, Part
from scripts.pause import cli as pause
from scripts.roles import cli as roles
from scripts.unpause import cli as unpause
from scripts.withdraw import cli as withdraw
from tests.support.ape_sessions import OPERATOR, OWNER, PAUSER, STRANGER, ape, run
from tests.support.proxy import RealLookingNode

PASSPHRASE = "correct horse battery staple"
TRACEBACK = 'File "'


def options(url: str, folder: Path, account: str = "TEST::0") -> list[str]:
    return ["--network", f"ethereum:mainnet:{url}", "--deployments", str(folder), "--account", account]


@pytest.mark.slow
def test_deploy_run_twice_deploys_once(ethereum: Node, tmp_path: Path) -> None:
    command = ["run", "deploy", *options(ethereum.url, tmp_path), "--operator", OPERATOR, "--pauser", PAUSER]
    first = ape(*command, data_folder=tmp_path / "ape")
    assert first.code == 0, first.said
    record = read_deployment(tmp_path / "1.json")
    assert first.said.index(f"router address: {record.router}") < first.said.index("sending: ")
    assert ethereum.code(record.router)
    nonce = ethereum.rpc("eth_getTransactionCount", OWNER, "latest")
    second = ape(*command, data_folder=tmp_path / "ape")
    assert second.code == 0, second.said
    assert "sending: " not in second.said
    assert ethereum.rpc("eth_getTransactionCount", OWNER, "latest") == nonce
    assert read_deployment(tmp_path / "1.json") == record


def test_a_node_of_another_chain_is_refused_in_one_line(ethereum: Node, tmp_path: Path) -> None:
    url = ethereum.url
    ran = ape("run", "deploy", "--network", f"ethereum:sepolia:{url}", data_folder=tmp_path)
    assert ran.code == 1
    assert "Error: Ape: Provider connected to chain ID '1'" in ran.said
    assert TRACEBACK not in ran.said


def test_the_pauser_stops_the_router_and_the_owner_lets_it_run(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    paused = encode_call("paused()")
    stopped = run(pause, *options(ethereum.url, tmp_path, "TEST::2"))
    assert (stopped.code, ethereum.call(deployed.router, paused)[-1]) == (0, 1), stopped.said
    assert "paused: yes" in stopped.said
    again = run(pause, *options(ethereum.url, tmp_path, "TEST::2"))
    assert again.code == 0
    assert "sending: " not in again.said
    refused = run(unpause, *options(ethereum.url, tmp_path, "TEST::2"))
    assert (refused.code, ethereum.call(deployed.router, paused)[-1]) == (1, 1)
    assert f"Error: Only the owner, {OWNER}, may do this" in refused.said
    lifted = run(unpause, *options(ethereum.url, tmp_path))
    assert (lifted.code, ethereum.call(deployed.router, paused)[-1]) == (0, 0), lifted.said


def test_the_owner_takes_the_inventory_home(ethereum: Node, deployed: Deployment, tmp_path: Path) -> None:
    weth = ETHEREUM.tokens["WETH"]
    ethereum.set_erc20_balance(weth, deployed.router, 2 * ETHER)
    before = ethereum.erc20_balance(weth, OWNER)
    ran = run(withdraw, "WETH", *options(ethereum.url, tmp_path))
    assert ran.code == 0, ran.said
    assert f"taken: {2 * ETHER}, left in the router: 0" in ran.said
    assert ethereum.erc20_balance(weth, OWNER) - before == 2 * ETHER


def test_roles_are_changed_and_shown(ethereum: Node, deployed: Deployment, tmp_path: Path) -> None:
    at = options(ethereum.url, tmp_path)
    for command, words in (
        (["operator", "none"], "sending: leave no primary operator"),
        (["allow", STRANGER], f"sending: allow {STRANGER} as operator"),
        (["disallow", STRANGER], f"sending: disallow {STRANGER} as operator"),
        (["pauser", STRANGER], f"sending: make {STRANGER} the pauser"),
        (["transfer", STRANGER], f"sending: offer ownership to {STRANGER}"),
    ):
        ran = run(roles, *command, *at)
        assert ran.code == 0, ran.said
        assert words in ran.said
    accepted = run(roles, "accept", *options(ethereum.url, tmp_path, "TEST::3"))
    assert accepted.code == 0, accepted.said
    shown = run(roles, "show", *at[:4])
    assert f"owner: {STRANGER}\n" in shown.said
    record = read_deployment(tmp_path / "1.json")
    assert (record.owner, record.operator, record.pauser) == (STRANGER, None, STRANGER)


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("0x0000000000000000000000000000000000000000", "The zero address is no account. Write `none`"),
        ("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756CcC", "has a wrong checksum"),
        ("vitalik.eth", "is not an address"),
    ],
)
def test_what_is_no_address_is_refused_before_the_node_is_asked(
    tmp_path: Path, argument: str, problem: str
) -> None:
    ran = run(roles, "operator", argument, *options("http://127.0.0.1:9", tmp_path))
    assert ran.code == 2
    assert problem in ran.said


def test_a_node_that_is_not_there_is_one_line_with_the_fix(tmp_path: Path) -> None:
    ran = run(
        roles, "show", "--network", "ethereum:mainnet:http://127.0.0.1:9", "--deployments", str(tmp_path)
    )
    assert ran.code == 1
    assert "http://127.0.0.1:9" in ran.said
    assert "Fix: check that the node is up" in ran.said


@pytest.mark.slow
async def test_keystores_are_for_real_networks_and_development_keys_for_the_others(tmp_path: Path) -> None:
    """The node is a development node behind a mask; the chain data's checks pass on its real bytecode."""
    account = Account.create()
    keystore = tmp_path / "ape" / "accounts" / "deployer.json"
    keystore.parent.mkdir(parents=True)
    keystore.write_text(json.dumps(Account.encrypt(account.key, PASSPHRASE, kdf="pbkdf2", iterations=1000)))
    environ = {"APE_ACCOUNTS_deployer_PASSPHRASE": PASSPHRASE}
    # Ape waits for a second block on mainnet.
    with Node.load("ethereum", tier="full", block_time=1) as node:
        node.set_balance(account.address, ETHER)
        async with RealLookingNode(node.url) as masked:
            refused = await asyncio.to_thread(
                ape, "run", "deploy", *options(masked.url, tmp_path), data_folder=tmp_path / "ape"
            )
            command = ["run", "deploy", *options(masked.url, tmp_path, "deployer")]
            ran = await asyncio.to_thread(
                ape, *command, data_folder=tmp_path / "ape", answers="y\n" * len(Part), environ=environ
            )
            local = await asyncio.to_thread(
                ape, *command[:2], *options(node.url, tmp_path, "deployer"), data_folder=tmp_path / "ape"
            )
        assert local.code == 1
        assert "what it signs would be valid on the real chain too" in local.said
        assert refused.code == 1
        assert "is a development account, whose key everybody knows" in refused.said
        assert ran.code == 0, ran.said
        record = read_deployment(tmp_path / "1.json")
        assert node.code(record.router)
    assert "REAL network" in ran.said
    assert "Sign:  [y/N]" in ran.said
    assert (record.owner, record.local) == (account.address, False)
    assert PASSPHRASE not in ran.said
    assert account.key.hex().removeprefix("0x") not in ran.said
