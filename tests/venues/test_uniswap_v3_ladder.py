"""Sums over stops against the contract's own loop, step by step: the same wei, on odd pools, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.market import V3State
from executor.venues import uniswap_v3
from executor.venues.uniswap_v3_maths import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MAX_UINT128,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
)
from tests.support.market import FEE_TIERS, Position, v3_pool, v3_state
from tests.support.v3_walk import walked

Value = TypeVar("Value")
thousands = settings(max_examples=500)
directions = st.booleans()
amounts = st.integers(1, 40) | st.integers(1, 10**12) | st.integers(1, 10**30) | st.integers(1, 2**255 - 1)
liquidities = st.integers(1, 1_000) | st.integers(1, 10**24) | st.integers(1, MAX_UINT128 // 8)
REFUSED = object()


def answer(ask: Callable[..., Value], *asked: object) -> Value | object:
    """What it answers, or which kind of error it raises."""
    try:
        return ask(*asked)
    except TicksUnknownError as error:
        return error.facts["toward_low"], TicksUnknownError
    except MathsError:
        return REFUSED


def edges(state: V3State, side: int) -> st.SearchStrategy[int]:
    """Where a reading may have ended: anywhere, or just at, before or behind a stop of the pool."""
    word = 256 * state.pool.tick_spacing
    beyond = [tick for tick in state.ticks if (tick - state.tick) * side > 1]
    stops = st.sampled_from([*beyond, state.tick // word * word + side * word])
    return st.integers(0, 9_000).map(lambda far: state.tick + side * far) | st.builds(
        lambda stop, off: stop + off, stops, st.integers(-1, 1)
    )


@st.composite
def odd_states(draw: st.DrawFn) -> V3State:
    """Pools at any price, to the very ends, with gaps, with liquidity up to what a pool can hold, of which
    all or a part was read; every other one comes out of a swap, on a tick just crossed.
    """
    pool = v3_pool(fee=draw(st.sampled_from(sorted(FEE_TIERS))))
    spacing, outermost = pool.tick_spacing, MAX_TICK // pool.tick_spacing
    centre = draw(st.integers(-50_000, 50_000) | st.integers(MIN_TICK, MAX_TICK - 1))
    low, high = sqrt_ratio_at_tick(centre), sqrt_ratio_at_tick(centre + 1)
    price = draw(st.just(low) | st.integers(low, high - 1))
    compressed, positions = centre // spacing, []
    for _ in range(draw(st.integers(0, 6))):
        reach = draw(st.sampled_from([3, 60, 700, outermost]))
        ends = st.integers(max(-outermost, compressed - reach), min(outermost, compressed + reach))
        lower, upper = sorted((draw(ends), draw(ends)))
        if lower < upper:
            positions.append(Position(lower * spacing, upper * spacing, draw(liquidities)))
    state = v3_state(price, positions, pool)
    # Over all prices, ticks next to each other are thousands of words to walk: few of those pools are whole.
    if draw(st.integers(0, 7)) > (0 if spacing == 1 else 3):
        known = draw(edges(state, -1)), draw(edges(state, 1))
        ticks = {tick: net for tick, net in state.ticks.items() if known[0] <= tick <= known[1]}
        state = replace(state, ticks=ticks, known_low=known[0], known_high=known[1])
    if draw(directions):
        moved = answer(lambda: walked(state, draw(directions), draw(amounts)))
        if isinstance(moved, uniswap_v3.V3Quote):
            state = replace(
                state, sqrt_price_x96=moved.sqrt_price_x96, tick=moved.tick, liquidity=moved.liquidity
            )
    return state


@thousands
@given(odd_states(), directions, amounts, directions)
def test_a_quote_is_what_the_loop_does(
    state: V3State, zero_for_one: bool, amount: int, exact_in: bool
) -> None:
    specified = amount if exact_in else -amount

    assert answer(uniswap_v3.quote, state, zero_for_one, specified) == answer(
        walked, state, zero_for_one, specified
    )


@thousands
@given(odd_states(), directions, amounts)
def test_what_comes_out_is_what_the_loop_gives_for_the_whole_amount(
    state: V3State, zero_for_one: bool, amount: int
) -> None:
    expected = answer(walked, state, zero_for_one, amount)
    if isinstance(expected, uniswap_v3.V3Quote):
        filled = expected.amount_in == amount
        assert answer(uniswap_v3.amount_out, state, zero_for_one, amount) == (
            expected.amount_out if filled else REFUSED
        )
        if filled:
            assert uniswap_v3.gas(state, zero_for_one, amount) == (
                uniswap_v3.LEG_GAS + uniswap_v3.TICK_GAS * expected.ticks_crossed
            )
    else:
        assert answer(uniswap_v3.amount_out, state, zero_for_one, amount) == expected


@thousands
@given(odd_states(), directions, amounts, directions, st.data())
def test_a_limit_stops_where_the_loop_stops(
    state: V3State, zero_for_one: bool, amount: int, exact_in: bool, data: st.DataObject
) -> None:
    nearby = st.integers(max(MIN_TICK, state.tick - 9_000), min(MAX_TICK, state.tick + 9_000))
    on_a_tick = st.sampled_from(sorted(state.ticks) or [0]) | nearby
    limit = data.draw(
        on_a_tick.map(sqrt_ratio_at_tick)
        | st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO)
        | st.sampled_from([MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1])
    )
    specified = amount if exact_in else -amount

    assert answer(uniswap_v3.quote, state, zero_for_one, specified, limit) == answer(
        walked, state, zero_for_one, specified, limit
    )


@thousands
@given(odd_states(), directions, amounts)
def test_the_least_input_gives_enough_and_one_unit_less_does_not(
    state: V3State, zero_for_one: bool, wanted: int
) -> None:
    least = answer(uniswap_v3.amount_in, state, zero_for_one, wanted)
    assume(isinstance(least, int))
    assert isinstance(least, int)

    assert uniswap_v3.amount_out(state, zero_for_one, least) >= wanted
    assert least == 1 or uniswap_v3.amount_out(state, zero_for_one, least - 1) < wanted
    asked = answer(uniswap_v3.exact_out, state, zero_for_one, wanted)
    assert not isinstance(asked, int) or asked >= least


@settings(max_examples=300)
@given(odd_states(), st.lists(st.tuples(directions, amounts), min_size=2, max_size=8))
def test_states_that_share_a_ladder_answer_as_if_each_had_its_own(
    state: V3State, trades: list[tuple[bool, int]]
) -> None:
    for zero_for_one, amount in trades:
        done = answer(uniswap_v3.quote, state, zero_for_one, amount)
        alone = V3State(
            state.pool,
            state.sqrt_price_x96,
            state.tick,
            state.liquidity,
            dict(state.ticks),
            state.known_low,
            state.known_high,
        )
        assert done == answer(uniswap_v3.quote, alone, zero_for_one, amount)
        if not isinstance(done, uniswap_v3.V3Quote) or done.amount_in != amount:
            continue
        after = uniswap_v3.after(state, zero_for_one, amount)
        assert (after.sqrt_price_x96, after.tick, after.liquidity) == (
            done.sqrt_price_x96,
            done.tick,
            done.liquidity,
        )
        assert after.ladders is state.ladders
        state = after


@given(odd_states(), directions, amounts, st.integers(-5, 5))
def test_a_state_whose_liquidity_is_not_its_ladders_gets_ladders_of_its_own(
    state: V3State, zero_for_one: bool, amount: int, change: int
) -> None:
    answer(uniswap_v3.quote, state, zero_for_one, amount)
    other = replace(state, liquidity=max(0, state.liquidity + change))

    assert answer(uniswap_v3.quote, other, zero_for_one, amount) == answer(
        walked, other, zero_for_one, amount
    )


@given(odd_states(), directions, amounts, st.tuples(st.integers(0, 70_000), st.integers(0, 999_999)))
def test_a_fee_of_its_own_for_each_direction_is_taken(
    state: V3State, zero_for_one: bool, amount: int, fees: tuple[int, int]
) -> None:
    changed = replace(state, fees=fees)

    assert answer(uniswap_v3.quote, changed, zero_for_one, amount) == answer(
        walked, changed, zero_for_one, amount
    )


@pytest.mark.parametrize("amount", [2**98 + 7, 2**101 + 12_345, 2**104 + 1])
def test_where_the_contract_would_overflow_it_rounds_coarsely_and_so_does_a_quote(amount: int) -> None:
    """At high prices and far from the next tick the product of amount and price has more than 256 bits."""
    pool = replace(v3_pool(fee=3_000), tick_spacing=16_383)
    widest = Position(-54 * 16_383, 54 * 16_383, 2**120 + 12_345)
    for parts in ([widest], [replace(widest, lower=10 * 16_383), widest]):
        state = v3_state(sqrt_ratio_at_tick(880_001) + 77, parts, pool)
        walk = walked(state, True, amount)

        assert amount * state.sqrt_price_x96 * 997 // 1_000 > 2**256
        assert uniswap_v3.quote(state, True, amount) == walk
        assert uniswap_v3.amount_out(state, True, amount) == walk.amount_out
        least = uniswap_v3.amount_in(state, True, walk.amount_out)
        assert least <= amount
        assert uniswap_v3.amount_out(state, True, least) >= walk.amount_out
        assert uniswap_v3.amount_out(state, True, least - 1) < walk.amount_out


def test_a_pool_that_keeps_everything_as_its_fee_is_refused() -> None:
    state = replace(v3_state(2**96, [Position(-600, 600, 10**18)]), fees=(1_000_000, 3_000))

    with pytest.raises(MathsError, match="as its fee"):
        uniswap_v3.amount_out(state, True, 10**6)
    assert uniswap_v3.amount_out(state, False, 10**6) > 0


def test_an_amount_that_ends_just_where_the_liquidity_does_needs_nothing_beyond() -> None:
    """Behind that tick lie only pieces that cost nothing, up to what was not read."""
    whole = v3_state(2**96, [Position(-600, 600, 10**18)], v3_pool(fee=3_000))
    state = replace(whole, known_low=-20_000, known_high=20_000)
    end = uniswap_v3.stretch(state, True, 1).end

    assert end is not None
    assert uniswap_v3.amount_out(state, True, end) == uniswap_v3.amount_out(whole, True, end)
    assert uniswap_v3.after(state, True, end).tick == -601
    with pytest.raises(TicksUnknownError):
        uniswap_v3.amount_out(state, True, end + 1)


@pytest.mark.parametrize("outside", [-301, 301])
def test_a_price_outside_what_was_read_names_the_side_to_read(outside: int) -> None:
    moved = replace(
        v3_state(sqrt_ratio_at_tick(outside) + 1, [Position(-6_000, 6_000, 10**18)]),
        ticks={},
        known_low=-299,
        known_high=300,
    )
    for zero_for_one in (True, False):
        with pytest.raises(TicksUnknownError) as caught:
            uniswap_v3.amount_out(moved, zero_for_one, 10)
        assert caught.value.facts["toward_low"] is (outside < 0)
