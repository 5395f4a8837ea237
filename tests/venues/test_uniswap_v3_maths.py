"""Ticks and prices, and the steps of the contract that quotes are held against."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.errors import MathsError
from executor.venues.uniswap_v3_maths import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from tests.support.v3_steps import (
    amount0_delta,
    amount1_delta,
    next_price_from_input,
    next_price_from_output,
    swap_step,
)

ticks = st.integers(MIN_TICK, MAX_TICK)
prices = st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1)
liquidities = st.integers(1, 2**128 - 1)
amounts = st.integers(0, 2**127)


# TickMath.spec.ts of v3-core: the ends of the range and ticks in between.
@pytest.mark.parametrize(
    ("tick", "price"),
    [
        (MIN_TICK, 4295128739),
        (MIN_TICK + 1, 4295343490),
        (MAX_TICK, 1461446703485210103287273052203988822378723970342),
        (MAX_TICK - 1, 1461373636630004318706518188784493106690254656249),
        (0, 2**96),
    ],
)
def test_a_tick_has_the_price_that_the_contract_gives_it(tick: int, price: int) -> None:
    assert sqrt_ratio_at_tick(tick) == price


@given(ticks)
def test_a_tick_comes_back_from_its_price(tick: int) -> None:
    if tick < MAX_TICK:
        assert tick_at_sqrt_ratio(sqrt_ratio_at_tick(tick)) == tick


@given(prices)
def test_the_tick_of_a_price_is_the_greatest_that_is_not_above_it(price: int) -> None:
    tick = tick_at_sqrt_ratio(price)

    assert sqrt_ratio_at_tick(tick) <= price < sqrt_ratio_at_tick(tick + 1)


@given(ticks)
def test_the_price_just_below_a_tick_belongs_to_the_tick_before(tick: int) -> None:
    if tick > MIN_TICK:
        assert tick_at_sqrt_ratio(sqrt_ratio_at_tick(tick) - 1) == tick - 1


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_a_tick_out_of_range_is_refused(tick: int) -> None:
    with pytest.raises(MathsError):
        sqrt_ratio_at_tick(tick)


@pytest.mark.parametrize("price", [0, MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO])
def test_a_price_out_of_range_is_refused(price: int) -> None:
    with pytest.raises(MathsError):
        tick_at_sqrt_ratio(price)


@given(prices, prices, liquidities)
def test_amounts_between_prices_are_rounded_by_less_than_two_units(a: int, b: int, liquidity: int) -> None:
    exact0 = Fraction(liquidity * 2**96 * abs(a - b), a * b)
    exact1 = Fraction(liquidity * abs(a - b), 2**96)

    assert amount0_delta(a, b, liquidity, False) <= exact0 <= amount0_delta(a, b, liquidity, True)
    assert exact0 - amount0_delta(a, b, liquidity, False) < 2
    assert amount0_delta(a, b, liquidity, True) - exact0 < 2
    assert amount1_delta(a, b, liquidity, True) == -(-exact1.numerator // exact1.denominator)
    assert amount1_delta(a, b, liquidity, False) == exact1.numerator // exact1.denominator


@given(prices, liquidities, amounts, st.booleans())
def test_what_goes_in_pays_for_the_price_that_it_reaches(
    price: int, liquidity: int, amount: int, zero_for_one: bool
) -> None:
    try:
        reached = next_price_from_input(price, liquidity, amount, zero_for_one)
    except MathsError:
        return

    assert reached <= price if zero_for_one else reached >= price
    delta = amount0_delta if zero_for_one else amount1_delta
    assert delta(price, reached, liquidity, True) <= amount


@given(prices, liquidities, amounts, st.booleans())
def test_the_price_after_an_output_has_moved_far_enough_to_give_it(
    price: int, liquidity: int, amount: int, zero_for_one: bool
) -> None:
    try:
        reached = next_price_from_output(price, liquidity, amount, zero_for_one)
    except MathsError:
        return

    delta = amount1_delta if zero_for_one else amount0_delta
    assert delta(price, reached, liquidity, False) >= amount


def test_an_output_above_what_the_liquidity_holds_is_refused() -> None:
    price, liquidity = sqrt_ratio_at_tick(0), 10**18
    with pytest.raises(MathsError, match="out of range"):
        next_price_from_output(price, liquidity, 10**18, True)
    with pytest.raises(MathsError, match="out of range"):
        next_price_from_output(price, liquidity, 10**18, False)


def test_an_input_that_would_overflow_the_product_takes_the_coarser_formula() -> None:
    price, liquidity = MAX_SQRT_RATIO - 1, 1
    # SqrtPriceMath.spec.ts: "any input amount cannot underflow the price".
    assert next_price_from_input(sqrt_ratio_at_tick(0), 1, 2**255, True) == 1
    assert next_price_from_input(price, liquidity, 2**120, True) >= 1


@given(prices, prices, st.integers(0, 2**128 - 1), st.integers(-(2**127), 2**127), st.integers(1, 999_999))
def test_one_step_keeps_the_promises_of_swap_math(
    price: int, target: int, liquidity: int, remaining: int, fee: int
) -> None:
    """The invariants that SwapMathEchidnaTest of v3-core states."""
    try:
        step = swap_step(price, target, liquidity, remaining, fee)
    except MathsError:
        return

    if remaining < 0:
        assert step.amount_out <= -remaining
    else:
        assert step.amount_in + step.fee <= remaining
    if price == target:
        assert (step.amount_in, step.amount_out, step.fee, step.sqrt_price_x96) == (0, 0, 0, target)
    if step.sqrt_price_x96 != target:
        assert step.amount_out == -remaining if remaining < 0 else step.amount_in + step.fee == remaining
    low, high = sorted((price, target))
    assert low <= step.sqrt_price_x96 <= high
