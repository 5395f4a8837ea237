"""Who called is the contract that called, not whoever signed the transaction: a role cannot be borrowed."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.errors import RpcError
from devnet.place import creation_code
from executor.domain.deployment import Part
from tests.attacks.callbacks import SWAPS, calls
from tests.attacks.test_a34_role_matrix import ALLOWED, call_of
from tests.contracts.schemes import place
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
