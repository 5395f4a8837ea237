"""Every change of a role is told by its event, with who changed it and what it is now."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from devnet import abi
from devnet.node import Receipt
from executor.plan.encoding import encode_plan
from executor.plan.steps import DecodedPlan, Header
from tests.contracts.schemes import place
from tests.contracts.test_contracts_as_callers import FORWARD
from tests.support.routers import (
    FOREVER,
    OPERATOR,
    OWNER,
    PAUSER,
    STRANGER,
    ZERO,
    Desk,
    Reverted,
    deploy_another,
)

SECOND = "0x" + "77" * 20


def word(value: object) -> str:
    return f"{int(value, 16) if isinstance(value, str) else int(value):064x}"  # type: ignore[call-overload]


def told(logs: Sequence[dict[str, object]]) -> list[tuple[object, str]]:
    """The events, each as its first topic and the words behind: indexed ones first."""
    found = []
    for log in logs:
        topics = log["topics"]
        assert isinstance(topics, list)
        found.append((topics[0], "".join(topic[2:] for topic in topics[1:]) + str(log["data"])[2:]))
    return found


def event(signature: str, *values: object) -> tuple[str, str]:
    return abi.topic(signature), "".join(word(value) for value in values)


@pytest.fixture
def owning(desk: Desk) -> str:
    """A contract that owns the router: who signs the transaction is somebody else."""
    contract = place(desk, "OperatorContract")
    desk.send(OWNER, "transferOwnership(address)", contract)
    return contract


def forward(desk: Desk, contract: str, signature: str, *arguments: object) -> Receipt:
    call = abi.encode_call(signature, *arguments)
    return desk.node.send(STRANGER, contract, abi.encode_call(FORWARD, desk.router, call))


def test_a_change_of_owner_is_told_from_the_offer_to_its_acceptance(desk: Desk, owning: str) -> None:
    accepted = forward(desk, owning, "acceptOwnership()")
    assert told(accepted["logs"]) == [event("OwnershipTransferred(address,address)", OWNER, owning)]
    assert desk.view("pendingOwner()", "(address)") == ZERO
    offered = forward(desk, owning, "transferOwnership(address)", SECOND)
    assert told(offered["logs"]) == [event("OwnershipTransferStarted(address,address)", owning, SECOND)]
    assert desk.view("pendingOwner()", "(address)") == SECOND


@pytest.mark.parametrize(
    ("signature", "arguments", "name", "values"),
    [
        ("setPrimaryOperator(address)", (SECOND,), "PrimaryOperatorSet(address)", (SECOND,)),
        ("allowOperator(address,bool)", (SECOND, True), "OperatorAllowed(address,bool)", (SECOND, 1)),
        ("allowOperator(address,bool)", (SECOND, False), "OperatorAllowed(address,bool)", (SECOND, 0)),
        ("setPauser(address)", (SECOND,), "PauserSet(address)", (SECOND,)),
        ("setSettlementToken(address)", (SECOND,), "SettlementTokenSet(address)", (SECOND,)),
    ],
)
def test_what_the_owner_sets_is_told(
    desk: Desk,
    owning: str,
    signature: str,
    arguments: tuple[object, ...],
    name: str,
    values: tuple[object, ...],
) -> None:
    forward(desk, owning, "acceptOwnership()")
    assert told(forward(desk, owning, signature, *arguments)["logs"]) == [event(name, *values)]


def test_a_pause_and_its_end_are_told_with_who_did_it(desk: Desk, owning: str) -> None:
    forward(desk, owning, "acceptOwnership()")
    for signature, paused in (("pause()", 1), ("unpause()", 0)):
        assert told(forward(desk, owning, signature)["logs"]) == [
            event("PauseSet(bool,address)", owning, paused)
        ]
    assert told(desk.send(PAUSER, "pause()")["logs"]) == [event("PauseSet(bool,address)", PAUSER, 1)]


def test_what_the_owner_takes_home_is_told(desk: Desk) -> None:
    weth = desk.book.tokens["WETH"]
    taken = desk.send(OWNER, "withdraw(address,address,uint256)", weth, SECOND, 5)
    assert told(taken["logs"])[-1] == event("Withdrawn(address,address,uint256)", weth, SECOND, 5)
    everything = desk.balance("WETH")
    taken = desk.send(OWNER, "withdraw(address,address,uint256)", weth, SECOND, 2**256 - 1)
    assert told(taken["logs"])[-1] == event("Withdrawn(address,address,uint256)", weth, SECOND, everything)
    desk.node.set_balance(desk.router, 7)
    taken = desk.send(OWNER, "withdrawNative(address,uint256)", SECOND, 3)
    assert told(taken["logs"]) == [event("Withdrawn(address,address,uint256)", ZERO, SECOND, 3)]
    taken = desk.send(OWNER, "withdrawNative(address,uint256)", SECOND, 2**256 - 1)
    assert told(taken["logs"]) == [event("Withdrawn(address,address,uint256)", ZERO, SECOND, 4)]


def test_a_new_router_tells_its_owner_and_has_no_operator_not_even_nobody(desk: Desk) -> None:
    other = deploy_another(desk, SECOND)
    logs = desk.node.rpc("eth_getLogs", {"address": other.router, "fromBlock": "0x0"})
    assert event("OwnershipTransferred(address,address)", ZERO, SECOND) in told(logs)
    plan = encode_plan(DecodedPlan(Header(0, FOREVER, 0), ()))
    for nobody in (ZERO, OPERATOR, SECOND):
        with pytest.raises(Reverted, match="NotOperator"):
            other.call(plan, sender=nobody)
    assert other.view("operator()", "(address)") == ZERO
