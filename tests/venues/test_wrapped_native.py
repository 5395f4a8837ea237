"""Wrapping the chain's own coin and back: one for one, against the wrapper's bytecode."""

from __future__ import annotations

import pytest

from devnet import ETHEREUM_FULL, Node, abi
from devnet.node import ETHER
from devnet.roles import account
from executor.domain.address import ZERO_ADDRESS, to_address
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.log import Log
from executor.domain.pool import Pool, VenueKind
from executor.domain.token import Token
from executor.venues import VENUES, wrapped_native
from tests.support.answers import read_from

USER = account("user who wraps")
WETH = Token(1, to_address(ETHEREUM_FULL.tokens["WETH"]), "WETH", 18)
POOL = Pool("unnamed", VenueKind.WRAPPED_NATIVE, WETH.address, Token(1, ZERO_ADDRESS, "ETH", 18), WETH, 0)
STATE = wrapped_native.WrappedNativeState(POOL)


@pytest.mark.parametrize("amount", [1, ETHER // 3, 7 * ETHER + 1])
def test_what_is_wrapped_and_unwrapped_is_the_amount(ethereum: Node, amount: int) -> None:
    venue = VENUES[VenueKind.WRAPPED_NATIVE]
    state = read_from(ethereum, venue.read(POOL))
    ethereum.set_balance(USER, 10 * ETHER)

    ethereum.send(USER, WETH.address, abi.encode_call("deposit()"), value=amount)
    assert ethereum.erc20_balance(WETH.address, USER) == venue.amount_out(state, True, amount)
    wrapped_coins = ethereum.balance(WETH.address)
    ethereum.send(USER, WETH.address, abi.encode_call("withdraw(uint256)", amount))
    assert wrapped_coins - ethereum.balance(WETH.address) == venue.amount_out(state, False, amount)

    assert venue.after(state, True, amount) == state == read_from(ethereum, venue.read(POOL))
    assert venue.amount_in(state, True, amount) == amount


def test_the_price_is_one_all_along() -> None:
    piece = wrapped_native.stretch(STATE, True, 0)
    assert wrapped_native.marginal(STATE, False) == (1, 1)
    assert (piece.a, piece.b, piece.c, piece.d, piece.end) == (1, 0, 0, 1, None)
    with pytest.raises(MathsError, match="one stretch"):
        wrapped_native.stretch(STATE, True, 1)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_that_is_not_positive_is_refused(amount: int) -> None:
    for ask in (wrapped_native.amount_out, wrapped_native.amount_in, wrapped_native.after):
        with pytest.raises(MathsError, match="positive"):
            ask(STATE, True, amount)


def test_a_wrapper_is_known_from_the_chain_data_alone(ethereum_node: Node) -> None:
    dex = Dex("any", VenueKind.WRAPPED_NATIVE, WETH.address)
    for reading in (wrapped_native.find(dex, POOL.token0, WETH), wrapped_native.identify(WETH.address)):
        with pytest.raises(PoolNotFoundError) as refused:
            read_from(ethereum_node, reading)
        assert "name the wrapped token" in refused.value.fix


def test_no_log_changes_it() -> None:
    assert wrapped_native.emitters(POOL) == ()
    assert wrapped_native.follow(STATE, Log(WETH.address, (), b"", 1, "0x", 0)) is STATE
    assert wrapped_native.lens_state(POOL, b"") == STATE
