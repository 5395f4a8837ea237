"""Tokens that keep a part of each transfer: what arrives, to the unit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet import Node, abi
from devnet.books import book_of
from devnet.deal import ensure_balance
from devnet.roles import account
from executor.domain.address import to_address
from executor.domain.token import Token, TransferFee
from executor.venues.transfer_tax import arrives, send_for
from tests.support import quirky_tokens
from tests.support.market import WETH

RECEIVER = account("receiver of a token with a fee")
AMOUNTS = (1, 99, 100, 101, 9_999, 10_000, 10_001, 123_456_789_012_345_678_901)
fees = st.builds(TransferFee, st.integers(1, 9_999), st.booleans())
amounts = st.integers(1, 10**30)


def arrived(node: Node, token: Token, sender: str, amount: int) -> int:
    """What the receiver gets when somebody sends so much."""
    before = node.erc20_balance(token.address, RECEIVER)
    node.send(sender, token.address, abi.encode_call("transfer(address,uint256)", RECEIVER, amount))
    return node.erc20_balance(token.address, RECEIVER) - before


@pytest.mark.parametrize("bps", [1, 37, 100, 500, 2_500])
def test_a_fee_that_is_rounded_up_leaves_what_the_token_leaves(ethereum: Node, bps: int) -> None:
    address = to_address(quirky_tokens.with_fee(ethereum, bps))
    token = Token(1, address, "FEE", 18, TransferFee(bps, rounded_up=True))
    for amount in AMOUNTS:
        assert arrived(ethereum, token, quirky_tokens.ISSUER, amount) == arrives(token, amount)


def test_a_fee_that_is_rounded_down_leaves_what_the_token_leaves(ethereum: Node) -> None:
    """Uniswap's DeflatingERC20, which burns the hundredth part."""
    token = Token(1, to_address(book_of(ethereum).tokens["STA"]), "STA", 18, TransferFee(100))
    sender = account("sender of STA")
    ensure_balance(ethereum, token.address, sender, 2 * max(AMOUNTS))
    for amount in AMOUNTS:
        assert arrived(ethereum, token, sender, amount) == arrives(token, amount)


def test_all_of_a_token_without_a_fee_arrives() -> None:
    assert arrives(WETH, 12_345, 2) == send_for(WETH, 12_345, 2) == 12_345


@given(fees, amounts, st.integers(1, 2))
def test_what_must_be_sent_is_enough_and_one_unit_less_is_not(
    fee: TransferFee, amount: int, transfers: int
) -> None:
    token = replace(WETH, transfer_fee=fee)

    sent = send_for(token, amount, transfers)

    assert arrives(token, sent, transfers) >= amount
    assert sent == 1 or arrives(token, sent - 1, transfers) < amount


@given(fees, amounts)
def test_two_transfers_cost_twice(fee: TransferFee, amount: int) -> None:
    token = replace(WETH, transfer_fee=fee)
    assert arrives(token, amount, 2) == arrives(token, arrives(token, amount))
    assert 0 <= arrives(token, amount) <= amount
