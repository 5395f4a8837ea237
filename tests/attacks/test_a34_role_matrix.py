"""A34: every external function, called by everybody there is, running and paused.

The owner, operators of now and before, the pauser, who was offered ownership, strangers, a lender, whoever
builds the block, the router itself and its parts, the zero address.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.errors import RpcError
from devnet.node import ETHER
from executor.domain.deployment import Part
from executor.plan.encoding import encode_plan
from executor.plan.simulated import simulation_of
from executor.plan.steps import DecodedPlan, Header
from tests.attacks.callbacks import calls
from tests.attacks.scene import PATRON, THIEF, nothing_lost, refused
from tests.support.routers import (
    FOREVER,
    OPERATOR,
    OWNER,
    PAUSER,
    STRANGER,
    ZERO,
    Desk,
    Reverted,
    router_artifacts,
)

FURTHER, FORMER, OFFERED = ("0x" + pair * 20 for pair in ("71", "72", "73"))
SECOND = "0x" + "77" * 20
EMPTY_PLAN = encode_plan(DecodedPlan(Header(0, FOREVER, 0), ()))

# function -> who may, and the error of those who may not
ALLOWED: dict[str, tuple[frozenset[str], str]] = {
    "transferOwnership(address)": (frozenset({"owner"}), "NotOwner"),
    "acceptOwnership()": (frozenset({"offered"}), "NotPendingOwner"),
    "setPrimaryOperator(address)": (frozenset({"owner"}), "NotOwner"),
    "allowOperator(address,bool)": (frozenset({"owner"}), "NotOwner"),
    "setPauser(address)": (frozenset({"owner"}), "NotOwner"),
    "setSettlementToken(address)": (frozenset({"owner"}), "NotOwner"),
    "withdraw(address,address,uint256)": (frozenset({"owner"}), "NotOwner"),
    "withdrawNative(address,uint256)": (frozenset({"owner"}), "NotOwner"),
    "pause()": (frozenset({"owner", "pauser"}), "NotPauser"),
    "unpause()": (frozenset({"owner"}), "NotOwner"),
    "execute()": (frozenset({"operator", "further operator"}), "NotOperator"),
    "simulate()": (frozenset({"operator", "further operator"}), "NotOperator"),
    "executeBatch((uint64,bytes)[],bool)": (frozenset({"operator", "further operator"}), "NotOperator"),
}
OPERATORS_ONLY = {signature for signature, (who, _) in ALLOWED.items() if "operator" in who}


@pytest.fixture
def people(desk: Desk) -> dict[str, str]:
    """Everybody, by role."""
    desk.send(OWNER, "allowOperator(address,bool)", FURTHER, True)
    desk.send(OWNER, "allowOperator(address,bool)", FORMER, True)
    desk.send(OWNER, "allowOperator(address,bool)", FORMER, False)
    desk.send(OWNER, "transferOwnership(address)", OFFERED)
    return {
        "owner": OWNER,
        "operator": OPERATOR,
        "further operator": FURTHER,
        "former operator": FORMER,
        "pauser": PAUSER,
        "offered": OFFERED,
        "stranger": STRANGER,
        "patron": PATRON,
        "lender": desk.book.contracts["aave_v3_pool"],
        "builder": str(desk.node.block()["miner"]),
        "zero": ZERO,
        "router": desk.router,
        **{part.value: desk.parts[part] for part in Part if part is not Part.ROUTER},
    }


def call_of(desk: Desk, signature: str) -> bytes:
    arguments: dict[str, tuple[object, ...]] = {
        "transferOwnership(address)": (SECOND,),
        "setPrimaryOperator(address)": (SECOND,),
        "allowOperator(address,bool)": (SECOND, True),
        "setPauser(address)": (SECOND,),
        "setSettlementToken(address)": (SECOND,),
        "withdraw(address,address,uint256)": (desk.book.tokens["WETH"], SECOND, 1),
        "withdrawNative(address,uint256)": (SECOND, 0),
        "executeBatch((uint64,bytes)[],bool)": ([(300_000, EMPTY_PLAN)], True),
    }
    if signature == "simulate()":
        return simulation_of(EMPTY_PLAN)
    return (
        EMPTY_PLAN if signature == "execute()" else abi.encode_call(signature, *arguments.get(signature, ()))
    )


def test_the_matrix_covers_every_function_that_can_change_anything() -> None:
    changing = {
        entry["name"]
        for part in ("ArbRouter", "RouterControl")
        for entry in router_artifacts()[part].abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    # `execute` and the callbacks are told apart by the router's own hand, and so in no ABI.
    assert changing | {"execute"} == {signature.partition("(")[0] for signature in ALLOWED}


@pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
def test_each_function_obeys_its_role_and_no_other(desk: Desk, people: dict[str, str], paused: bool) -> None:
    if paused:
        desk.send(PAUSER, "pause()")
    for signature, (who, error) in ALLOWED.items():
        call = call_of(desk, signature)
        for role, sender in people.items():
            if role not in who:
                assert refusal(desk, call, sender) == error, (signature, role)
            elif paused and signature in OPERATORS_ONLY:
                assert refusal(desk, call, sender) == "Paused", (signature, role)
            elif signature == "simulate()":
                assert desk.rehearse(EMPTY_PLAN, sender=sender).profit == 0, role
            else:
                desk.call(call, sender=sender)


def refusal(desk: Desk, call: bytes, sender: str, to: str | None = None) -> str:
    """Why a call is refused, by the error's name."""
    with pytest.raises(Reverted) as why:
        desk.call(call, sender=sender, to=to)
    return why.value.reason.name


@pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
def test_a_thief_who_sends_every_call_there_is_changes_nothing(desk: Desk, paused: bool) -> None:
    if paused:
        desk.send(PAUSER, "pause()")
    with nothing_lost(desk):
        for signature, (_, error) in ALLOWED.items():
            assert refused(desk, THIEF, call_of(desk, signature)).name == error


def test_the_control_part_called_directly_obeys_nobody(desk: Desk, people: dict[str, str]) -> None:
    control = desk.parts[Part.CONTROL]
    # A part's own storage is all zeros; from the zero address nothing can be sent (see A36).
    senders = {role: sender for role, sender in people.items() if role != "zero"}
    for signature, (_, error) in ALLOWED.items():
        expected = "UnknownFunction" if signature == "execute()" else error
        for role, sender in senders.items():
            found = refusal(desk, call_of(desk, signature), sender, to=control)
            assert found == expected, (signature, role)


def test_callbacks_obey_nobody_whatever_his_role(desk: Desk, people: dict[str, str]) -> None:
    for name, call in calls(desk, ETHER, desk.router).items():
        for role, sender in people.items():
            assert refusal(desk, call, sender) == "CallbackNotRegistered", (name, role)


def test_ether_is_taken_from_nobody_while_no_plan_runs(desk: Desk, people: dict[str, str]) -> None:
    for role, sender in people.items():
        with desk.node.isolated():
            desk.node.set_balance(sender, 2 * ETHER)
            for data in (b"", EMPTY_PLAN, abi.encode_call("withdrawNative(address,uint256)", SECOND, 1)):
                with pytest.raises(RpcError):
                    desk.node.call(desk.router, data, from_=sender, value=1)
                    pytest.fail(role)


def test_views_tell_the_same_to_everybody_and_change_nothing(desk: Desk, people: dict[str, str]) -> None:
    views = [
        entry
        for entry in router_artifacts()["RouterControl"].abi
        if entry["type"] == "function" and entry["stateMutability"] in ("view", "pure")
    ]
    assert len(views) > 5
    for entry in views:
        kinds = [argument["type"] for argument in entry["inputs"]]
        arguments = [0 if kind == "uint256" else OPERATOR for kind in kinds]
        call = abi.encode_call(f"{entry['name']}({','.join(kinds)})", *arguments)
        assert len({desk.call(call, sender=sender) for sender in people.values()}) == 1
