"""What reaches the router inside a thief's own call counts as profit: the limit of a balance rule."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address
from tests.contracts.schemes import MAX, Deed, place, plan_of, scheme, v3_through
from tests.support.routers import (
    FOREVER,
    PAUSER,
    STRANGER,
    Desk,
    Reverted,
    deploy_another,
)

DOLLARS = 100_000 * 10**6


@pytest.fixture
def schemer(desk: Desk) -> Address:
    return place(desk, "Schemer")


def signed_by_a_treasurer(desk: Desk) -> bytes:
    """A treasurer with a key signs a transfer of USDC to the router, which anyone may hand in."""
    treasurer, usdc, nonce = Account.create(), desk.book.tokens["USDC"], b"\x07" * 32
    desk.node.set_erc20_balance(usdc, treasurer.address, DOLLARS)
    fields = ("from", "to", "value", "validAfter", "validBefore", "nonce")
    kinds = ("address", "address", "uint256", "uint256", "uint256", "bytes32")
    values = (treasurer.address, desk.router, DOLLARS, 0, FOREVER, nonce)
    domain = {"name": "USD Coin", "version": "2", "chainId": desk.node.chain_id, "verifyingContract": usdc}
    types = {
        "TransferWithAuthorization": [
            {"name": name, "type": kind} for name, kind in zip(fields, kinds, strict=True)
        ]
    }
    message = encode_typed_data(domain, types, dict(zip(fields, values, strict=True)))
    signed = treasurer.sign_message(message)
    return abi.encode_call(
        "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
        *values,
        signed.v,
        signed.r.to_bytes(32, "big"),
        signed.s.to_bytes(32, "big"),
    )


def test_a_transfer_that_anyone_may_hand_in_can_be_taken_by_an_operator_who_hands_it_in_himself(
    desk: Desk, schemer: Address
) -> None:
    usdc = desk.book.tokens["USDC"]
    scheme(desk, schemer, before=[Deed(usdc, signed_by_a_treasurer(desk))], asked=(DOLLARS, 0))
    desk.execute(plan_of(v3_through(schemer, DOLLARS), settlement=1))
    assert desk.balance("USDC") == 0
    assert desk.node.erc20_balance(usdc, schemer) == DOLLARS


def test_a_move_to_a_new_router_that_anyone_may_carry_out_can_be_taken_by_its_operator(
    desk: Desk, schemer: Address
) -> None:
    weth, held = desk.book.tokens["WETH"], desk.balance("WETH")
    signers = moving_from_an_old_router(desk, 100 * ETHER)
    carry_out = Deed(signers, abi.encode_call("carryOut()"))
    scheme(desk, schemer, before=[carry_out], asked=(100 * ETHER, 0))
    desk.execute(plan_of(v3_through(schemer, 100 * ETHER)))
    assert desk.node.erc20_balance(weth, schemer) == 100 * ETHER
    assert desk.balance("WETH") == held


def moving_from_an_old_router(desk: Desk, amount: int) -> str:
    """The owner of an old router, a contract, has agreed to move all its WETH to the new one."""
    weth, signers = desk.book.tokens["WETH"], place(desk, "SignersAccount")
    old = deploy_another(desk, signers).router
    desk.node.set_erc20_balance(weth, old, amount)
    move = abi.encode_call("withdraw(address,address,uint256)", weth, desk.router, MAX)
    desk.node.send(STRANGER, signers, abi.encode_call("agree(address,bytes)", old, move))
    return signers


def test_not_a_wei_more_than_what_arrived_can_be_taken(desk: Desk, schemer: Address) -> None:
    signers = moving_from_an_old_router(desk, 100 * ETHER)
    asked = 100 * ETHER + 1
    scheme(desk, schemer, before=[Deed(signers, abi.encode_call("carryOut()"))], asked=(asked, 0))
    with pytest.raises(Reverted, match="ProfitBelowMinimum"):
        desk.simulate(plan_of(v3_through(schemer, asked)))


def test_what_has_arrived_before_his_call_or_while_the_router_is_paused_is_safe_from_him(
    desk: Desk, schemer: Address
) -> None:
    signers = moving_from_an_old_router(desk, 100 * ETHER)
    carry_out = abi.encode_call("carryOut()")
    plan = plan_of(v3_through(schemer, 100 * ETHER))
    with desk.node.isolated():
        desk.send(PAUSER, "pause()")
        scheme(desk, schemer, before=[Deed(signers, carry_out)], asked=(100 * ETHER, 0))
        with pytest.raises(Reverted, match="Paused"):
            desk.simulate(plan)
    desk.node.send(STRANGER, signers, carry_out)
    scheme(desk, schemer, asked=(100 * ETHER, 0))
    with pytest.raises(Reverted, match="ProfitBelowMinimum"):
        desk.simulate(plan)
