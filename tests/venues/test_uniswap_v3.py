"""The walk of ticks, held against itself. Two other files hold it against the contracts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.market import V3State
from executor.venues import uniswap_v3
from executor.venues.uniswap_v3_maths import MAX_SQRT_RATIO, MIN_SQRT_RATIO, sqrt_ratio_at_tick
from tests.support.market import Position, v3_pool, v3_state, v3_states

amounts = st.integers(1, 10**26)
directions = st.booleans()
ONE_TO_ONE = 2**96
NARROW = Position(-600, 600, 10**18)


def narrow_pool() -> V3State:
    return v3_state(ONE_TO_ONE, [NARROW], v3_pool(fee=3_000))


@given(v3_states(), directions, amounts)
def test_an_exact_input_is_used_up_or_the_swap_stops_at_the_end_of_the_range(
    state: V3State, zero_for_one: bool, amount: int
) -> None:
    result = uniswap_v3.quote(state, zero_for_one, amount)

    assert result.amount_in == amount or result.sqrt_price_x96 in (MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1)


@given(v3_states(), directions, amounts)
def test_what_is_asked_for_an_output_gives_that_output(
    state: V3State, zero_for_one: bool, amount: int
) -> None:
    try:
        needed = uniswap_v3.amount_in(state, zero_for_one, amount)
        given_back = uniswap_v3.amount_out(state, zero_for_one, needed)
    except MathsError:
        assume(False)

    assert given_back >= amount


@given(v3_states(), directions, amounts, amounts)
def test_more_in_gives_no_less_out(state: V3State, zero_for_one: bool, a: int, b: int) -> None:
    low, high = sorted((a, b))

    less = uniswap_v3.quote(state, zero_for_one, low)
    more = uniswap_v3.quote(state, zero_for_one, high)
    assert less.amount_out <= more.amount_out


@given(v3_states(), directions, amounts)
def test_a_round_trip_never_gains(state: V3State, zero_for_one: bool, amount: int) -> None:
    there = uniswap_v3.quote(state, zero_for_one, amount)
    assume(there.amount_out > 0)
    moved = replace(state, sqrt_price_x96=there.sqrt_price_x96, tick=there.tick, liquidity=there.liquidity)
    back = uniswap_v3.quote(moved, not zero_for_one, there.amount_out)

    assert back.amount_out <= there.amount_in


@given(v3_states(), directions, amounts, st.integers(1, 2_000), st.integers(1, 2_000))
def test_with_less_known_the_answer_is_the_same_or_none(
    state: V3State, zero_for_one: bool, amount: int, below: int, above: int
) -> None:
    low, high = state.tick - below, state.tick + above
    ticks = {tick: net for tick, net in state.ticks.items() if low <= tick <= high}
    partly = replace(state, ticks=ticks, known_low=low, known_high=high)
    try:
        answer = uniswap_v3.quote(partly, zero_for_one, amount)
    except TicksUnknownError as error:
        assert error.facts["toward_low"] is zero_for_one
        beyond = uniswap_v3.quote(state, zero_for_one, amount)
        assert beyond.tick < low if zero_for_one else beyond.tick >= high
        return

    assert answer == uniswap_v3.quote(state, zero_for_one, amount)


@given(v3_states(), directions, amounts, st.integers(1, 5_000))
def test_a_price_limit_fills_what_it_can_and_never_passes_the_limit(
    state: V3State, zero_for_one: bool, amount: int, distance: int
) -> None:
    limit = sqrt_ratio_at_tick(state.tick - distance if zero_for_one else state.tick + distance)
    assume(limit != state.sqrt_price_x96)
    free = uniswap_v3.quote(state, zero_for_one, amount)
    held = uniswap_v3.quote(state, zero_for_one, amount, limit)

    assert held.sqrt_price_x96 >= limit if zero_for_one else held.sqrt_price_x96 <= limit
    if held.sqrt_price_x96 != limit:
        assert held == free
    assert held.amount_in <= free.amount_in


@given(v3_states(), directions, amounts)
def test_the_curve_is_not_below_what_comes_out_before_a_tick_is_crossed(
    state: V3State, zero_for_one: bool, amount: int
) -> None:
    assume(uniswap_v3.quote(state, zero_for_one, amount).ticks_crossed == 0)
    curve = uniswap_v3.local_curve(state, zero_for_one)

    assert curve is not None
    assert (
        uniswap_v3.quote(state, zero_for_one, amount).amount_out * (curve.m + curve.n * amount)
        <= curve.k * amount
    )


def test_a_swap_out_of_the_only_position_stops_at_the_end_of_prices() -> None:
    result = uniswap_v3.quote(narrow_pool(), True, 10**20)

    assert result.ticks_crossed == 1
    assert result.liquidity == 0
    assert result.sqrt_price_x96 == MIN_SQRT_RATIO + 1
    assert 0 < result.amount_in < 10**20


def test_more_than_the_liquidity_takes_is_an_error_that_says_how_much_it_takes() -> None:
    with pytest.raises(MathsError, match="liquidity") as caught:
        uniswap_v3.amount_out(narrow_pool(), True, 10**20)

    usable = caught.value.facts["usable"]
    assert isinstance(usable, int)
    assert uniswap_v3.amount_out(narrow_pool(), True, usable) > 0


def test_an_output_above_what_the_pool_holds_is_an_error() -> None:
    with pytest.raises(MathsError, match="liquidity"):
        uniswap_v3.amount_in(narrow_pool(), True, 10**20)


def test_liquidity_that_begins_further_on_is_found() -> None:
    state = v3_state(ONE_TO_ONE, [Position(-6_000, -3_000, 10**18)], v3_pool(fee=3_000))
    result = uniswap_v3.quote(state, True, 10**15)

    assert state.liquidity == 0
    assert result.amount_in == 10**15
    assert result.ticks_crossed == 1
    assert -6_000 < result.tick < -3_000
    assert uniswap_v3.local_curve(state, True) is None


def test_a_swap_past_what_was_read_names_the_pool_and_the_side() -> None:
    state = replace(narrow_pool(), ticks={}, known_low=-300, known_high=300)
    with pytest.raises(TicksUnknownError) as caught:
        uniswap_v3.amount_out(state, True, 10**17)

    assert caught.value.facts == {
        "pool": state.pool.address,
        "toward_low": True,
        "known_low": -300,
        "known_high": 300,
    }
    assert isinstance(caught.value, LookupError)


def test_a_swap_that_ends_before_the_unknown_is_exact() -> None:
    state = replace(narrow_pool(), ticks={}, known_low=-300, known_high=300)

    assert uniswap_v3.quote(state, True, 10**15) == uniswap_v3.quote(narrow_pool(), True, 10**15)


@pytest.mark.parametrize("limit", [MIN_SQRT_RATIO, ONE_TO_ONE, ONE_TO_ONE + 1, 0])
def test_a_limit_on_the_wrong_side_of_the_price_is_refused(limit: int) -> None:
    with pytest.raises(MathsError, match="limit"):
        uniswap_v3.quote(narrow_pool(), True, 10**6, limit)


@pytest.mark.parametrize("amount", [0, 2**255, -(2**255)])
def test_an_amount_that_the_pool_would_not_take_is_refused(amount: int) -> None:
    with pytest.raises(MathsError, match="amount"):
        uniswap_v3.quote(narrow_pool(), True, amount)


def test_a_pool_without_a_price_is_refused() -> None:
    with pytest.raises(MathsError, match="not initialised"):
        uniswap_v3.quote(replace(narrow_pool(), sqrt_price_x96=0), True, 10**6)


def test_ticks_that_do_not_fit_the_liquidity_are_noticed() -> None:
    state = replace(narrow_pool(), ticks={-600: 2 * 10**18, 600: -(10**18)})
    with pytest.raises(MathsError, match="do not fit"):
        uniswap_v3.quote(state, True, 10**20)


def test_each_tick_that_is_crossed_costs_gas() -> None:
    inside = uniswap_v3.gas(narrow_pool(), True, 10**15)
    across = uniswap_v3.gas(
        v3_state(ONE_TO_ONE, [NARROW, Position(-1_200, 1_200, 10**18)], v3_pool(fee=3_000)), True, 7 * 10**16
    )

    assert across == inside + uniswap_v3.TICK_GAS


@pytest.mark.parametrize("zero_for_one", [True, False])
def test_a_pool_without_a_price_has_no_marginal_price(zero_for_one: bool) -> None:
    with pytest.raises(MathsError, match="not initialised"):
        uniswap_v3.marginal(V3State(v3_pool(), 0, 0, 0, {}, -887_272, 887_272), zero_for_one)
