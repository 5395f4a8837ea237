"""A36: the moments in which a role changes hands.

Ownership offered to nobody, to the wrong account or on another chain; an operator's key that is taken away
while its transactions are pending; the zero address, which an empty slot looks like.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_account.signers.local import LocalAccount

from devnet import abi
from devnet.errors import RpcError
from devnet.node import ETHER, GWEI, Node
from devnet.place import Placer
from executor.domain.address import to_address
from executor.domain.deployment import Part
from tests.attacks.scene import MAX, THIEF, nothing_lost, refused, sent
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.schemes import plan_of
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
    deploy_desk,
    router_artifacts,
)

OFFERED = "0x" + "73" * 20
ACCEPT = abi.encode_call("acceptOwnership()")


def test_ownership_offered_to_nobody_stays_where_it_is(desk: Desk) -> None:
    desk.send(OWNER, "transferOwnership(address)", ZERO)
    with nothing_lost(desk, gas_of=[desk.router]):
        for sender in (THIEF, OPERATOR, PAUSER, desk.router):
            assert refused(desk, sender, ACCEPT).name == "NotPendingOwner"
        with pytest.raises(Reverted, match="NotPendingOwner"):
            desk.call(ACCEPT, sender=ZERO)
    assert desk.view("owner()", "(address)") == OWNER.lower()


def test_an_offer_gives_no_power_before_it_is_accepted_and_none_when_it_is_withdrawn(desk: Desk) -> None:
    weth = desk.book.tokens["WETH"]
    powers = (
        abi.encode_call("withdraw(address,address,uint256)", weth, OFFERED, 1),
        abi.encode_call("transferOwnership(address)", OFFERED),
        abi.encode_call("setPrimaryOperator(address)", OFFERED),
        abi.encode_call("unpause()"),
    )
    desk.send(OWNER, "transferOwnership(address)", OFFERED)
    with nothing_lost(desk):
        for call in powers:
            assert refused(desk, OFFERED, call).name == "NotOwner"
        assert refused(desk, THIEF, ACCEPT).name == "NotPendingOwner"
    desk.send(OWNER, "transferOwnership(address)", STRANGER)
    with nothing_lost(desk):
        assert refused(desk, OFFERED, ACCEPT).name == "NotPendingOwner"


def test_who_gave_ownership_away_has_no_power_left_and_an_offer_is_accepted_once(desk: Desk) -> None:
    desk.send(OWNER, "transferOwnership(address)", OFFERED)
    desk.send(OFFERED, "acceptOwnership()")
    weth = desk.book.tokens["WETH"]
    taking = abi.encode_call("withdraw(address,address,uint256)", weth, OWNER, 1)
    with nothing_lost(desk, gas_of=[OWNER]):
        assert refused(desk, OWNER, taking).name == "NotOwner"
        assert refused(desk, OFFERED, ACCEPT).name == "NotPendingOwner"


def test_an_offer_on_one_chain_is_none_on_another(desk: Desk, base: Node) -> None:
    """A signed acceptance is for one chain, and there is nothing to accept on the other."""
    elsewhere = deploy_desk(base)
    key = Account.create()
    desk.node.set_balance(key.address, ETHER)
    elsewhere.node.set_balance(key.address, ETHER)
    desk.send(OWNER, "transferOwnership(address)", key.address)
    raw = signed(desk, key, ACCEPT)
    with pytest.raises(RpcError, match="chain"):
        elsewhere.node.rpc("eth_sendRawTransaction", raw)
    assert refused(elsewhere, key.address, ACCEPT).name == "NotPendingOwner"
    assert elsewhere.view("owner()", "(address)") == OWNER.lower()


def signed(desk: Desk, key: LocalAccount, data: bytes, nonce: int = 0, tip: int = GWEI) -> str:
    """A transaction to the router, signed for its chain."""
    request: dict[str, Any] = {
        "to": to_address(desk.router),
        "data": data,
        "nonce": nonce,
        "gas": 1_500_000,
        "value": 0,
        "maxFeePerGas": 100 * GWEI,
        "maxPriorityFeePerGas": tip,
        "chainId": desk.node.chain_id,
    }
    return "0x" + key.sign_transaction(request).raw_transaction.hex()


@pytest.mark.parametrize("primary", [True, False], ids=["primary_operator", "further_operator"])
def test_a_key_taken_away_while_its_transactions_are_pending_runs_none_of_them(
    desk: Desk, primary: bool
) -> None:
    """The owner pays more for his place in the block; what was signed before reverts behind it."""
    key = Account.create()
    desk.node.set_balance(key.address, ETHER)
    signature = "setPrimaryOperator(address)" if primary else "allowOperator(address,bool)"
    given: tuple[object, ...] = (key.address,) if primary else (key.address, True)
    gone: tuple[object, ...] = (ZERO,) if primary else (key.address, False)
    desk.send(OWNER, signature, *given)
    plan = plan_for(earning_route(desk))
    assert desk.simulate(plan, sender=key.address) > 0
    before = desk.balance("WETH")
    desk.node.rpc("evm_setAutomine", False)
    try:
        pending = [desk.node.rpc("eth_sendRawTransaction", signed(desk, key, plan, n)) for n in range(2)]
        taken = desk.node.submit(OWNER, desk.router, abi.encode_call(signature, *gone), gas=100_000)
        raise_priority(desk, taken)
        desk.node.mine()
    finally:
        desk.node.rpc("evm_setAutomine", True)
    receipts = [desk.node.wait_for(each) for each in pending]
    assert [receipt["status"] for receipt in receipts] == ["0x0", "0x0"]
    assert desk.balance("WETH") == before
    assert refused(desk, key.address, plan).name == "NotOperator"


def raise_priority(desk: Desk, taken: str) -> None:
    """Send the owner's transaction again under its nonce, with a higher tip than anybody's."""
    request = desk.node.rpc("eth_getTransactionByHash", taken)
    kept = {name: request[name] for name in ("from", "to", "gas", "nonce")}
    fees = {"maxFeePerGas": hex(900 * GWEI), "maxPriorityFeePerGas": hex(50 * GWEI)}
    desk.node.rpc("eth_sendTransaction", {**kept, **fees, "data": request["input"]})


def test_a_key_put_in_another_place_takes_nothing_of_the_old_ones_place(desk: Desk) -> None:
    """A new primary operator leaves further operators as they are, and the old one with nothing."""
    desk.send(OWNER, "allowOperator(address,bool)", STRANGER, True)
    desk.send(OWNER, "setPrimaryOperator(address)", OFFERED)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan_of()).name == "NotOperator"
    assert desk.simulate(plan_of(), sender=STRANGER) == 0
    assert desk.simulate(plan_of(), sender=OFFERED) == 0
    desk.send(OWNER, "allowOperator(address,bool)", STRANGER, False)


def test_an_empty_place_is_not_the_zero_address(desk: Desk) -> None:
    """Asked as if from the zero address, the router lets it move nothing, whatever stands empty."""
    desk.send(OWNER, "setPrimaryOperator(address)", ZERO)
    taking = abi.encode_call("withdraw(address,address,uint256)", desk.book.tokens["WETH"], ZERO, MAX)
    for data, error in ((plan_of(), "NotOperator"), (taking, "NotOwner"), (ACCEPT, "NotPendingOwner")):
        with pytest.raises(Reverted, match=error):
            desk.call(data, sender=ZERO)


def test_nothing_can_be_sent_from_the_zero_address(desk: Desk) -> None:
    """A signature that leads to no account leads to no sender: the node takes no such transaction."""
    desk.node.set_balance(ZERO, ETHER)
    whole = bytes.fromhex(signed(desk, Account.create(), ACCEPT)[2:])
    *fields, _, _ = rlp.decode(whole[1:])
    order = bytes.fromhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
    for r, s in ((b"", b""), (b"", b"\x01"), (b"\x01", b""), (order, order), (b"\xff" * 32, b"\x01")):
        forged = whole[:1] + rlp.encode([*fields, r, s])
        with pytest.raises(RpcError):
            desk.node.rpc("eth_sendRawTransaction", "0x" + forged.hex())
    assert desk.view("owner()", "(address)") == OWNER.lower()


def test_a_second_router_obeys_none_of_the_firsts_people(desk: Desk) -> None:
    """Roles are a router's own, even of routers that share their parts."""
    other = replace(desk, router=to_address(second_router(desk)))
    with nothing_lost(desk):
        for sender in (OPERATOR, PAUSER):
            assert refused(other, sender, plan_of()).name == "NotOperator"
        assert refused(other, PAUSER, abi.encode_call("pause()")).name == "NotPauser"
        assert refused(desk, STRANGER, abi.encode_call("unpause()")).name == "NotOwner"
        sent(other, STRANGER, abi.encode_call("setPrimaryOperator(address)", THIEF))
        assert refused(desk, THIEF, plan_of()).name == "NotOperator"


def second_router(desk: Desk) -> str:
    """A thief's router that uses the parts of the first."""
    parts = (desk.parts[Part.EXTENSION], desk.parts[Part.CONTROL])
    signature = f"(address,{CONSTANTS},address,address)"
    code = router_artifacts()["ArbRouter"]
    return Placer(desk.node).deploy(code, signature, STRANGER, constants(desk.book), *parts)
