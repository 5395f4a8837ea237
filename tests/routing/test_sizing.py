"""The size of a trade: against brute force where that is possible, else against its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.market import V3State
from executor.domain.route import Leg, Route
from executor.routing.shortfall import shortfall
from executor.routing.sizing import States, best_size, forward, no_premium, route_curve
from tests.support.market import (
    DAI,
    USDC,
    WETH,
    Position,
    states_of,
    two_legs,
    v2_pool,
    v2_state,
    v3_pool,
    v3_state,
    v3_states,
)

FIRST, SECOND, THIRD = v2_pool(100), v2_pool(101), v2_pool(102)
ROUTE = two_legs(FIRST, SECOND)
small = st.integers(100, 1_000)
large = st.integers(10**18, 10**27)


def profit(amounts: Sequence[int] | None) -> int:
    return amounts[-1] - amounts[0] if amounts else 0


def most_by_brute_force(
    route: Route, states: States, highest: int, premium: Callable[[int], int] = no_premium
) -> int:
    most = 0
    for size in range(1, highest + 1):
        try:
            amounts = forward(route, states, size)
        except MathsError:
            continue
        most = max(most, profit(amounts) - premium(size))
    return most


def v2_market(a: int, b: int, c: int, d: int) -> States:
    return states_of(v2_state(a, b, FIRST), v2_state(c, d, SECOND))


def gap_between_v2_and_v3() -> tuple[Route, V3State, States]:
    """WETH is one per cent dearer on the pair; the V3 pool holds three positions around 3,030 USDC."""
    pool, pair = v3_pool(200), v2_pool(100)
    sqrt_price = isqrt((3_030 * 10**6 << 192) // 10**18)
    centre = 60 * -3_266
    state = v3_state(
        sqrt_price,
        [
            Position(-887_220, 887_220, 10**15),
            Position(centre - 600, centre + 1_200, 3 * 10**17),
            Position(centre - 120, centre + 120, 2 * 10**16),
        ],
        pool,
    )
    return two_legs(pool, pair), state, states_of(state, v2_state(10**21, 2_990_000 * 10**6, pair))


@given(small, small, small, small)
def test_on_small_pairs_nothing_earns_more(a: int, b: int, c: int, d: int) -> None:
    states = v2_market(a, b, c, d)

    assert profit(best_size(ROUTE, states)) == most_by_brute_force(ROUTE, states, 2_000)


@given(small, small, small, small, st.integers(1, 500), st.integers(0, 50))
def test_on_small_pairs_nothing_earns_more_under_a_cap_and_after_a_premium(
    a: int, b: int, c: int, d: int, cap: int, rate: int
) -> None:
    states = v2_market(a, b, c, d)

    def premium(size: int) -> int:
        return -(-size * rate // 1_000)

    best = best_size(ROUTE, states, cap=cap, premium=premium)
    found = profit(best) - premium(best[0]) if best else 0
    assert found == most_by_brute_force(ROUTE, states, cap, premium)
    assert best is None or best[0] <= cap


@given(small, small, small, small, small, small)
def test_on_three_small_pairs_nothing_earns_more(a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    second, third = v2_pool(101, USDC, DAI), v2_pool(102, WETH, DAI)
    route = Route((Leg(FIRST, WETH), Leg(second, USDC), Leg(third, DAI)))
    states = states_of(v2_state(a, b, FIRST), v2_state(c, d, second), v2_state(e, f, third))

    assert profit(best_size(route, states)) == most_by_brute_force(route, states, 2_000)


@given(large, large, large, large, st.integers(-(2**20), 2**20))
def test_on_large_pairs_no_other_size_earns_more_than_the_bound_allows(
    a: int, b: int, c: int, d: int, offset: int
) -> None:
    states = v2_market(a, b, c, d)
    best = best_size(ROUTE, states)
    assume(best is not None and best[0] + offset > 0)
    assert best is not None

    for size in (best[0] + offset, best[0] - best[0] // 1_000, best[0] + best[0] // 1_000):
        assert profit(forward(ROUTE, states, size)) <= profit(best) + shortfall(best)


@given(large, large, large, large)
def test_on_pairs_the_size_is_that_of_the_closed_form(a: int, b: int, c: int, d: int) -> None:
    states = v2_market(a, b, c, d)
    curve = route_curve(ROUTE, states)
    best = best_size(ROUTE, states)
    assert curve is not None
    if best is None:
        assert curve.optimum < 10**6
        return

    assert profit(forward(ROUTE, states, max(curve.optimum, 1))) <= profit(best) + shortfall(best)
    assert abs(best[0] - curve.optimum) <= 10**9 + best[0] // 10**6


@given(large, large, large, large)
def test_a_round_trip_that_loses_on_its_first_unit_has_no_size(a: int, b: int, c: int, d: int) -> None:
    states = v2_market(a, b, c, d)
    curve = route_curve(ROUTE, states)
    assert curve is not None
    assume(not curve.gains)

    assert best_size(ROUTE, states) is None


@settings(max_examples=40)
@given(v3_states(v3_pool(200, fee=3_000), near=0), v3_states(v3_pool(201, fee=500), near=150), st.data())
def test_between_v3_pools_no_tried_size_earns_more_than_a_few_units_more(
    first: V3State, second: V3State, data: st.DataObject
) -> None:
    route, states = two_legs(second.pool, first.pool), states_of(first, second)
    best = best_size(route, states)
    most = profit(best)
    reach = 4 * best[0] if best else 10**18
    for size in data.draw(st.lists(st.integers(1, reach), min_size=1, max_size=20)):
        try:
            assert profit(forward(route, states, size)) <= most + 4
        except MathsError:
            continue


def test_every_amount_is_what_the_pools_give_for_the_one_before() -> None:
    route, _, states = gap_between_v2_and_v3()
    best = best_size(route, states)

    assert best is not None
    assert best == forward(route, states, best[0])
    assert profit(best) > 10**15


def test_where_the_token_on_the_way_is_coarse_no_wei_is_spent_for_nothing() -> None:
    route, _, states = gap_between_v2_and_v3()
    best = best_size(route, states)

    assert best is not None
    assert forward(route, states, best[0] - 1)[1] < best[1]


def test_of_sizes_that_earn_the_same_the_smallest_is_taken() -> None:
    states = v2_market(500, 1_000, 1_000, 1_100)
    best = best_size(ROUTE, states)

    assert best is not None
    sizes = [size for size in range(1, 1_000) if _profit_or_less(states, size) == profit(best)]
    assert best[0] == min(sizes)


def _profit_or_less(states: States, size: int) -> int:
    try:
        return profit(forward(ROUTE, states, size))
    except MathsError:
        return -size


def test_an_optimum_above_the_cap_is_cut_to_the_cap() -> None:
    route, _, states = gap_between_v2_and_v3()
    free = best_size(route, states)
    assert free is not None
    capped = best_size(route, states, cap=free[0] // 3)

    assert capped is not None
    assert free[0] // 3 - 10**12 < capped[0] <= free[0] // 3


@pytest.mark.parametrize("cap", [0, -1])
def test_without_money_there_is_no_size(cap: int) -> None:
    route, _, states = gap_between_v2_and_v3()

    assert best_size(route, states, cap=cap) is None


def test_a_premium_makes_the_best_size_smaller() -> None:
    route, _, states = gap_between_v2_and_v3()
    free = best_size(route, states)
    lent = best_size(route, states, premium=lambda size: size * 5 // 10_000)

    assert free is not None
    assert lent is not None
    assert lent[0] < free[0]


def test_a_premium_above_the_gap_leaves_no_size() -> None:
    route, _, states = gap_between_v2_and_v3()

    assert best_size(route, states, premium=lambda size: size // 20) is None


def test_ticks_that_were_not_read_are_asked_for_where_the_optimum_may_lie_there() -> None:
    route, state, _ = gap_between_v2_and_v3()
    narrow = replace(state, ticks={}, known_low=state.tick - 10, known_high=state.tick + 10)
    states = states_of(narrow, v2_state(10**21, 2_990_000 * 10**6, v2_pool(100)))

    with pytest.raises(TicksUnknownError) as caught:
        best_size(route, states)
    assert caught.value.facts["pool"] == state.pool.address
    assert caught.value.facts["toward_low"] is True


def test_ticks_that_were_not_read_are_not_asked_for_where_profit_falls_before_them() -> None:
    route, state, states = gap_between_v2_and_v3()
    low = state.tick - 300
    known = {tick: net for tick, net in state.ticks.items() if low <= tick <= state.tick + 300}
    partly = replace(state, ticks=known, known_low=low, known_high=state.tick + 300)
    fewer = states_of(partly, v2_state(10**21, 2_990_000 * 10**6, v2_pool(100)))

    with pytest.raises(TicksUnknownError):
        forward(route, fewer, 10**20)
    assert best_size(route, fewer) == best_size(route, states)


def test_a_size_under_the_cap_needs_no_more_ticks_than_the_cap_does() -> None:
    route, state, states = gap_between_v2_and_v3()
    narrow = replace(state, ticks={}, known_low=state.tick - 10, known_high=state.tick + 10)
    fewer = states_of(narrow, v2_state(10**21, 2_990_000 * 10**6, v2_pool(100)))

    assert best_size(route, fewer, cap=10**15) == best_size(route, states, cap=10**15)


def test_a_pool_whose_liquidity_begins_further_on_is_sized_without_a_first_guess() -> None:
    pool = v3_pool(200, WETH, DAI)
    gone = v3_state(2**96, [Position(3_000, 6_000, 10**21)], pool)
    pair = v2_pool(100, WETH, DAI)
    route, states = two_legs(pair, pool), states_of(gone, v2_state(10**19, 3 * 10**19, pair))
    best = best_size(route, states)

    assert route_curve(route, states) is None
    assert best is not None
    for size in (best[0] * 99 // 100, best[0] * 101 // 100):
        assert profit(forward(route, states, size)) < profit(best)


@pytest.mark.parametrize("reserves", [(0, 0), (0, 10**18), (10**18, 0)])
def test_a_route_through_an_empty_pool_has_no_size(reserves: tuple[int, int]) -> None:
    assert best_size(ROUTE, v2_market(*reserves, 10**18, 10**18)) is None


def test_a_leg_that_gives_nothing_for_dust_is_named() -> None:
    with pytest.raises(MathsError, match="leg 0 gives nothing") as caught:
        forward(ROUTE, v2_market(10**18, 10**6, 10**6, 10**18), 1)

    assert caught.value.facts["leg"] == 0
