"""Constant product, to the wei."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from executor.domain.errors import MathsError
from executor.domain.market import V2State
from executor.venues import uniswap_v2
from tests.support.market import v2_pool, v2_state, v2_states

amounts = st.integers(1, 10**30)
basis_points = st.integers(1, 999)
directions = st.booleans()


def on_chain_form(amount_in: int, reserve_in: int, reserve_out: int, fee_bps: int) -> int:
    """As the router's contract works it out, with the fee in basis points."""
    kept = amount_in * (10_000 - fee_bps)
    return kept * reserve_out // (reserve_in * 10_000 + kept)


@given(v2_states(), directions, amounts, basis_points)
def test_the_output_is_the_one_that_the_router_computes_on_chain(
    state: V2State, zero_for_one: bool, amount_in: int, fee_bps: int
) -> None:
    pooled = v2_state(state.reserve0, state.reserve1, v2_pool(fee=100 * fee_bps))
    reserve_in, reserve_out = (
        (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
    )

    assert uniswap_v2.amount_out(pooled, zero_for_one, amount_in) == on_chain_form(
        amount_in, reserve_in, reserve_out, fee_bps
    )


@given(v2_states(), directions, amounts)
def test_at_thirty_basis_points_the_output_is_that_of_997_over_1000(
    state: V2State, zero_for_one: bool, amount_in: int
) -> None:
    reserve_in, reserve_out = (
        (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
    )
    original = amount_in * 997 * reserve_out // (reserve_in * 1000 + amount_in * 997)

    assert uniswap_v2.amount_out(state, zero_for_one, amount_in) == original


def test_a_known_swap_gives_what_the_library_of_uniswap_gives() -> None:
    # UniswapV2Library.getAmountOut(2, 100, 100) == 1, its own unit test.
    assert uniswap_v2.amount_out(v2_state(100, 100), True, 2) == 1


def test_dust_gives_nothing_instead_of_an_error() -> None:
    assert uniswap_v2.amount_out(v2_state(10**18, 10**6), True, 1) == 0


@given(v2_states(), directions, st.data())
def test_the_input_for_an_output_is_the_smallest_that_gives_it(
    state: V2State, zero_for_one: bool, data: st.DataObject
) -> None:
    reserve_out = state.reserve1 if zero_for_one else state.reserve0
    wanted = data.draw(st.integers(1, reserve_out - 1))
    try:
        needed = uniswap_v2.amount_in(state, zero_for_one, wanted)
    except MathsError:
        assume(False)

    assert uniswap_v2.amount_out(state, zero_for_one, needed) >= wanted
    assert needed == 1 or uniswap_v2.amount_out(state, zero_for_one, needed - 1) < wanted


@given(v2_states(), directions, amounts)
def test_the_pair_accepts_what_is_quoted_for_the_input(
    state: V2State, zero_for_one: bool, amount_in: int
) -> None:
    """The invariant that `UniswapV2Pair.swap` demands, with the fee of 0.3 %."""
    amount_out = uniswap_v2.amount_out(state, zero_for_one, amount_in)
    reserve_in, reserve_out = (
        (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
    )

    adjusted = (reserve_in + amount_in) * 1000 - amount_in * 3
    assert adjusted * (reserve_out - amount_out) * 1000 >= reserve_in * reserve_out * 1000**2
    assert adjusted * (reserve_out - amount_out - 1) * 1000 < reserve_in * reserve_out * 1000**2


@pytest.mark.parametrize(("reserve0", "reserve1"), [(0, 10**18), (10**18, 0), (0, 0)])
def test_an_empty_pool_trades_nothing(reserve0: int, reserve1: int) -> None:
    with pytest.raises(MathsError, match="is empty"):
        uniswap_v2.amount_out(v2_state(reserve0, reserve1), True, 10**6)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_that_is_not_positive_is_refused(amount: int) -> None:
    with pytest.raises(MathsError, match="positive"):
        uniswap_v2.amount_out(v2_state(10**18, 10**18), True, amount)


def test_the_pair_takes_up_to_what_its_reserve_can_store_and_no_more() -> None:
    state = v2_state(10**18, 10**18)
    most = uniswap_v2.MAX_RESERVE - 10**18

    assert 0 < uniswap_v2.amount_out(state, True, most) < 10**18
    with pytest.raises(MathsError, match="cannot hold"):
        uniswap_v2.amount_out(state, True, most + 1)


def test_no_output_reaches_the_reserve() -> None:
    state = v2_state(10**6, 10**6)

    assert uniswap_v2.amount_in(state, True, 10**6 - 1) > 0
    with pytest.raises(MathsError, match="below its reserve"):
        uniswap_v2.amount_in(state, True, 10**6)


def test_an_error_names_the_pool_and_its_reserves() -> None:
    with pytest.raises(MathsError) as caught:
        uniswap_v2.amount_out(v2_state(5, 0), True, 1)

    assert caught.value.facts["pool"] == v2_pool().address
    assert caught.value.facts["reserve0"] == 5
    assert isinstance(caught.value, ArithmeticError)


@given(v2_states(smallest=10**6), directions, st.integers(1, 10**24))
def test_the_curve_is_never_below_the_output_and_less_than_one_unit_above(
    state: V2State, zero_for_one: bool, amount_in: int
) -> None:
    curve = uniswap_v2.local_curve(state, zero_for_one)
    exact = uniswap_v2.amount_out(state, zero_for_one, amount_in)

    assert curve.k * amount_in // (curve.m + curve.n * amount_in) == exact
