"""The Solidly shape, volatile and stable: sizes, prices and what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from executor.domain.errors import MathsError
from executor.venues import solidly
from executor.venues.solidly import SolidlyState
from tests.support.solidly_pools import any_pools, pool_state, sizes, usual_pools

directions = st.booleans()
MILLION = 10**6 * 10**18


def gives(state: SolidlyState, zero_for_one: bool, amount: int) -> int:
    """What the pool gives, or nothing where it refuses."""
    try:
        return solidly.amount_out(state, zero_for_one, amount)
    except MathsError:
        return 0


@given(st.one_of(any_pools(), usual_pools()), directions, st.data())
def test_the_input_for_an_output_is_enough_and_one_unit_less_is_not(
    state: SolidlyState, zero_for_one: bool, data: st.DataObject
) -> None:
    reserve_out = state.reserve1 if zero_for_one else state.reserve0
    assume(reserve_out > 1)
    wanted = data.draw(st.one_of(st.integers(1, reserve_out - 1), sizes((reserve_out - 1).bit_length())))
    assume(wanted < reserve_out)
    try:
        needed = solidly.amount_in(state, zero_for_one, wanted)
    except MathsError:
        assume(False)

    assert solidly.amount_out(state, zero_for_one, needed) >= wanted
    assert needed == 1 or gives(state, zero_for_one, needed - 1) < wanted


@given(
    st.tuples(*[st.integers(20, 300)] * 2),
    st.booleans(),
    directions,
    st.sampled_from([0, 1, 30, 300]),
    st.integers(1, 19),
)
def test_no_smaller_input_at_all_would_do_in_small_pools(
    reserves: tuple[int, int], stable: bool, zero_for_one: bool, fee_bps: int, wanted: int
) -> None:
    state = pool_state(*reserves, stable, decimals=(1, 1), fee_bps=fee_bps)
    enough = next((each for each in range(1, 4_000) if gives(state, zero_for_one, each) >= wanted), None)
    assume(enough is not None)

    assert solidly.amount_in(state, zero_for_one, wanted) == enough


def test_where_there_is_an_input_it_is_found() -> None:
    found = 0
    for shift in range(30):
        state = pool_state(MILLION + 7**shift, MILLION // 2, True, (18, 6))
        state = replace(state, reserve1=state.reserve1 // 10**12)
        found += solidly.amount_in(state, True, 10**6 * (shift + 1)) > 0
    assert found == 30


@given(usual_pools(), directions)
def test_the_marginal_price_is_the_price_of_a_small_trade(state: SolidlyState, zero_for_one: bool) -> None:
    reserve_in, reserve_out = (
        (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
    )
    amount = reserve_in // 10**6
    assume(amount > 10**6)
    given_out = gives(state, zero_for_one, amount)
    assume(given_out > 10**6)
    price = Fraction(*solidly.marginal(state, zero_for_one))

    # The price falls by no more than a few millionths on the way. What comes out is cut to a whole unit,
    # and so is the fee: up to one unit more than its share is traded.
    assert price * amount * (1 - Fraction(1, 10**5)) - 10 < given_out <= price * (amount + 2) + 10
    assert reserve_out > given_out


@given(usual_pools(), directions, st.data())
def test_the_price_after_a_trade_is_lower(
    state: SolidlyState, zero_for_one: bool, data: st.DataObject
) -> None:
    reserve_in = state.reserve0 if zero_for_one else state.reserve1
    amount = data.draw(st.integers(reserve_in // 1000 + 1, reserve_in))
    try:
        changed = solidly.after(state, zero_for_one, amount)
    except MathsError:
        assume(False)

    before, later = (Fraction(*solidly.marginal(each, zero_for_one)) for each in (state, changed))
    assert later < before


@given(usual_pools(), directions, sizes(100))
def test_the_stretch_of_a_volatile_pool_is_the_output_within_two_units_of_input(
    state: SolidlyState, zero_for_one: bool, amount: int
) -> None:
    state = replace(state, stable=False)
    piece = solidly.stretch(state, zero_for_one, 0)
    assert piece is not None and (piece.start, piece.end) == (0, None)

    def real(given_in: int) -> Fraction:
        return Fraction(piece.a * given_in + piece.b, piece.c * given_in + piece.d)

    # The fee is rounded down before the curve is applied: up to one unit more than its share is traded.
    exact = solidly.amount_out(state, zero_for_one, amount)
    assert real(amount) - 1 < exact <= real(amount + 2)


def test_a_stable_pool_has_no_stretch_and_a_volatile_one_has_one() -> None:
    assert solidly.stretch(pool_state(MILLION, MILLION, True), True, 0) is None
    with pytest.raises(MathsError, match="one stretch"):
        solidly.stretch(pool_state(MILLION, MILLION, False), True, 1)


def test_a_balanced_stable_pool_trades_nearly_one_for_one() -> None:
    state = pool_state(MILLION, MILLION, True, fee_bps=0)
    given_out = solidly.amount_out(state, True, 1000 * 10**18)
    assert 0 < 1000 * 10**18 - given_out < 10**14


@pytest.mark.parametrize(("reserve0", "reserve1"), [(0, MILLION), (MILLION, 0), (0, 0)])
@pytest.mark.parametrize("stable", [True, False])
def test_an_empty_pool_trades_nothing(reserve0: int, reserve1: int, stable: bool) -> None:
    state = pool_state(reserve0, reserve1, stable)
    for ask in (solidly.amount_out, solidly.amount_in):
        with pytest.raises(MathsError, match="is empty"):
            ask(state, True, 10**6)
    with pytest.raises(MathsError, match="is empty"):
        solidly.marginal(state, True)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_that_is_not_positive_is_refused(amount: int) -> None:
    state = pool_state(MILLION, MILLION, True)
    with pytest.raises(MathsError, match="positive"):
        solidly.amount_out(state, True, amount)
    with pytest.raises(MathsError, match="positive"):
        solidly.amount_in(state, True, amount)


def test_all_that_a_pool_holds_cannot_be_had() -> None:
    with pytest.raises(MathsError, match="below its reserve"):
        solidly.amount_in(pool_state(MILLION, MILLION, False), True, MILLION)


def test_a_paused_pool_trades_nothing() -> None:
    with pytest.raises(MathsError, match="paused"):
        solidly.amount_out(replace(pool_state(MILLION, MILLION, False), paused=True), True, 10**18)


def test_a_fork_with_other_maths_is_to_be_simulated() -> None:
    with pytest.raises(MathsError) as refused:
        solidly.amount_out(replace(pool_state(MILLION, MILLION, True), exact=False), True, 10**18)
    assert "simulate" in refused.value.fix


def test_an_error_names_the_pool_and_its_reserves() -> None:
    state = pool_state(5, 0, True)
    with pytest.raises(MathsError) as refused:
        solidly.amount_out(state, True, 1)
    assert refused.value.facts["pool"] == state.pool.address
    assert refused.value.facts["reserve0"] == 5
