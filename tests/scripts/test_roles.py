"""Roles after deployment: who may change them, what the record says, and what a rehearsal leaves alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from devnet import Node
from devnet.abi import encode_call
from executor.chain.deployments import read_deployment, write_deployment
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.deployment import Deployment
from executor.domain.errors import ConfigError, RevertError
from scripts._support import changes
from scripts._support.errors import DeploymentError, RoleError
from scripts._support.router import Router, show_state
from tests.support.ape_sessions import OPERATOR, OWNER, PAUSER, STRANGER, session_on


def is_operator(node: Node, router: Address, who: Address) -> bool:
    return bool(int.from_bytes(node.call(router, encode_call("isOperator(address)", who)), "big"))


def test_the_owner_replaces_the_primary_operator_and_the_record_follows(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    with session_on(ethereum) as session:
        Router.find(session, folder=tmp_path, address=None).apply(changes.set_operator(STRANGER))
    assert not is_operator(ethereum, deployed.router, OPERATOR)
    assert is_operator(ethereum, deployed.router, STRANGER)
    assert read_deployment(tmp_path / "1.json") == replace(deployed, operator=STRANGER)


def test_a_further_operator_is_allowed_and_disallowed(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    with session_on(ethereum) as session:
        router = Router.find(session, folder=tmp_path, address=None)
        router.apply(changes.allow_operator(STRANGER, True))
        assert is_operator(ethereum, deployed.router, STRANGER)
        router.apply(changes.allow_operator(STRANGER, False))
    assert not is_operator(ethereum, deployed.router, STRANGER)
    assert is_operator(ethereum, deployed.router, OPERATOR)


def test_ownership_moves_only_when_the_new_owner_accepts(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    with session_on(ethereum) as session:
        Router.find(session, folder=tmp_path, address=None).apply(changes.offer_ownership(STRANGER))
    assert read_deployment(tmp_path / "1.json").owner == OWNER
    with session_on(ethereum, PAUSER) as session, pytest.raises(RoleError, match=f"offered to, {STRANGER}"):
        Router.find(session, folder=tmp_path, address=None).require_offered()
    with session_on(ethereum, STRANGER) as session:
        router = Router.find(session, folder=tmp_path, address=None)
        router.require_offered()
        router.apply(changes.accept_ownership())
    assert read_deployment(tmp_path / "1.json") == replace(deployed, owner=STRANGER)


def test_a_stranger_is_refused_before_anything_is_sent(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    with session_on(ethereum, STRANGER) as session:
        router = Router.find(session, folder=tmp_path, address=None)
        for refusal in (router.require_owner, router.require_pauser, router.require_offered):
            with pytest.raises(RoleError, match=f"the account is {STRANGER}"):
                refusal()
        with pytest.raises(RevertError, match="NotOwner"):
            router.apply(changes.set_operator(STRANGER))
    assert int(ethereum.rpc("eth_getTransactionCount", STRANGER, "latest"), 16) == 0
    assert is_operator(ethereum, deployed.router, OPERATOR)


def test_the_pauser_pauses_and_only_the_owner_lifts_it(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    with session_on(ethereum, PAUSER) as session:
        router = Router.find(session, folder=tmp_path, address=None)
        router.require_pauser()
        router.apply(changes.pause())
        assert router.state().paused
        with pytest.raises(RoleError):
            router.require_owner()
    with session_on(ethereum) as session:
        router = Router.find(session, folder=tmp_path, address=None)
        router.require_pauser()
        router.require_owner()
        router.apply(changes.unpause())
        assert not router.state().paused


def test_the_state_is_shown_in_words(
    ethereum: Node, deployed: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with session_on(ethereum) as session:
        router = Router.find(session, folder=tmp_path, address=None)
        for change in (
            changes.set_operator(ZERO_ADDRESS),
            changes.set_pauser(ZERO_ADDRESS),
            changes.offer_ownership(STRANGER),
            changes.pause(),
        ):
            router.apply(change)
        capsys.readouterr()
        show_state(router)
    said = capsys.readouterr().out
    assert f"owner: {OWNER}, offered to {STRANGER}" in said
    assert "operator: none: nobody can execute" in said
    assert "pauser: none: only the owner can pause" in said
    assert "paused: yes" in said


def test_a_router_is_found_by_its_address_without_a_record(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    with session_on(ethereum) as session:
        router = Router.find(session, folder=tmp_path / "elsewhere", address=deployed.router)
        router.apply(changes.set_operator(STRANGER))
        assert router.state().operator == STRANGER
    assert not (tmp_path / "elsewhere").exists()


def test_without_record_and_address_the_missing_file_is_named(ethereum: Node, tmp_path: Path) -> None:
    with (
        session_on(ethereum) as session,
        pytest.raises(ConfigError, match=r"1\.json: there is no such deployment"),
    ):
        Router.find(session, folder=tmp_path, address=None)


def test_an_address_without_code_is_no_router(ethereum: Node, tmp_path: Path) -> None:
    with session_on(ethereum) as session, pytest.raises(DeploymentError, match="There is no code at"):
        Router.find(session, folder=tmp_path, address=STRANGER)


def test_code_that_changed_since_the_deployment_is_refused(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    ethereum.set_code(deployed.router, b"\x60\x00")
    with session_on(ethereum) as session, pytest.raises(DeploymentError, match="is not the one that"):
        Router.find(session, folder=tmp_path, address=None)


def test_a_change_on_a_fork_leaves_the_record_of_the_real_router_alone(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    real = replace(deployed, local=False)
    write_deployment(tmp_path / "1.json", real)
    with session_on(ethereum) as session:
        Router.find(session, folder=tmp_path, address=None).apply(changes.set_operator(STRANGER))
    assert is_operator(ethereum, deployed.router, STRANGER)
    assert read_deployment(tmp_path / "1.json") == real
