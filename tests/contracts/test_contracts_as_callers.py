"""Who called is the contract that called, not whoever signed the transaction: a role cannot be borrowed."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.errors import RpcError
from devnet.place import account, creation_code
from executor.domain.deployment import Part
from executor.plan import decode_revert
from executor.plan.simulated import simulation_of
from tests.attacks.callbacks import SWAPS, calls
from tests.attacks.keepers import patient_operator, ran_all
from tests.attacks.test_a34_role_matrix import ALLOWED, call_of
from tests.contracts.schemes import place, plan_of
from tests.support.routers import (
    CONSTANTS,
    OPERATOR,
    OWNER,
    PAUSER,
    STRANGER,
    ZERO,
    Desk,
    Reverted,
    constants,
    revert_data,
    router_artifacts,
)

PEOPLE = {"owner": OWNER, "operator": OPERATOR, "pauser": PAUSER, "offered": STRANGER}
FORWARD = "call(address,bytes)"


def through(desk: Desk, contract: str, call: bytes, *, sender: str) -> bytes:
    """A call of the router by the contract, in a transaction of `sender`."""
    return desk.call(abi.encode_call(FORWARD, desk.router, call), sender=sender, to=contract)


@pytest.mark.parametrize("signature", ALLOWED)
def test_a_contract_that_somebody_with_a_role_calls_has_no_role(desk: Desk, signature: str) -> None:
    contract = place(desk, "OperatorContract")
    desk.send(OWNER, "transferOwnership(address)", STRANGER)
    who, error = ALLOWED[signature]
    for role in who & PEOPLE.keys():
        with pytest.raises(Reverted) as refused:
            through(desk, contract, call_of(desk, signature), sender=PEOPLE[role])
        assert refused.value.reason.name == error
        assert refused.value.reason.args["caller"] == contract.lower()


@pytest.mark.parametrize("signature", ALLOWED)
def test_a_contract_with_a_role_has_it_whoever_calls_the_contract(desk: Desk, signature: str) -> None:
    contract = place(desk, "OperatorContract")
    desk.send(OWNER, "setPrimaryOperator(address)", contract)
    desk.send(OWNER, "transferOwnership(address)", contract)
    call = call_of(desk, signature)
    if "operator" not in ALLOWED[signature][0] and signature != "acceptOwnership()":
        accept = abi.encode_call("acceptOwnership()")
        desk.node.send(STRANGER, contract, abi.encode_call(FORWARD, desk.router, accept))
    if signature == "simulate()":
        with pytest.raises(Reverted, match="Simulated"):
            through(desk, contract, call, sender=STRANGER)
    else:
        through(desk, contract, call, sender=STRANGER)


def test_an_owner_that_is_a_contract_changes_roles_one_after_the_other_in_one_transaction(desk: Desk) -> None:
    """As an account of several signers does, or a contract that sets a router up."""
    owner = patient_operator(desk)
    desk.send(OWNER, "transferOwnership(address)", owner)
    first, second = account("first operator"), account("second operator")
    changes = [
        abi.encode_call("acceptOwnership()"),
        abi.encode_call("allowOperator(address,bool)", OPERATOR, False),
        abi.encode_call("setPrimaryOperator(address)", first),
        abi.encode_call("allowOperator(address,bool)", second, True),
        abi.encode_call("setPauser(address)", second),
        abi.encode_call("allowOperator(address,bool)", first, False),
        abi.encode_call("setPrimaryOperator(address)", owner),
    ]
    assert all(ok for ok, _ in ran_all(desk, owner, *changes))
    assert desk.view("operator()", "(address)") == owner.lower()
    assert desk.view("isOperator(address)", "(bool)", second)
    assert not desk.view("isOperator(address)", "(bool)", first)
    assert ran_all(desk, owner, plan_of()) == [(True, bytes(32))]


def test_no_plan_starts_behind_a_change_that_may_end_a_role_in_the_same_transaction(desk: Desk) -> None:
    """Behind one that only adds an operator it may."""
    owner = patient_operator(desk)
    desk.send(OWNER, "transferOwnership(address)", owner)
    assert ran_all(desk, owner, abi.encode_call("acceptOwnership()"))[0][0]
    allow = "allowOperator(address,bool)"
    adding = abi.encode_call(allow, STRANGER, True)
    assert [ok for ok, _ in ran_all(desk, owner, adding, plan_of())] == [True, True]
    for ending in (
        abi.encode_call(allow, STRANGER, False),
        abi.encode_call("setPrimaryOperator(address)", STRANGER),
    ):
        *_, refused, rehearsed = ran_all(desk, owner, ending, plan_of(), simulation_of(plan_of()))
        assert decode_revert(refused[1]).name == "AlreadyRunning"
        assert decode_revert(rehearsed[1]).name == "AlreadyRunning"
        assert ran_all(desk, owner, plan_of()) == [(True, bytes(32))]


def test_a_refused_callback_names_the_contract_that_made_it(desk: Desk) -> None:
    contract = place(desk, "OperatorContract")
    with pytest.raises(Reverted) as refused:
        through(desk, contract, calls(desk, 1, desk.router)[SWAPS[0]], sender=OPERATOR)
    assert refused.value.reason.name == "CallbackNotRegistered"
    assert refused.value.reason.args["caller"] == contract.lower()


def test_a_router_without_an_owner_is_not_deployed(desk: Desk) -> None:
    parts = desk.parts[Part.EXTENSION], desk.parts[Part.CONTROL]
    code = creation_code(
        router_artifacts()["ArbRouter"],
        f"(address,{CONSTANTS},address,address)",
        ZERO,
        constants(desk.book),
        *parts,
    )
    with pytest.raises(RpcError) as refused:
        desk.node.rpc("eth_call", {"data": "0x" + code.hex()}, "latest")
    reason = Reverted(revert_data(refused.value)).reason
    assert (reason.name, reason.args["caller"]) == ("NotOwner", ZERO)
