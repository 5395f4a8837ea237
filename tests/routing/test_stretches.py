"""Routes over pools with ticks: the piece of the optimum is found, and gas of crossed ticks is paid for."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.market import V3State
from executor.domain.route import Route
from executor.routing.candidates import route_gas
from executor.routing.hops import Hop, VenueHop, backward, forward, hop
from executor.routing.shortfall import shortfall
from executor.routing.sizing import States, best_size
from executor.routing.stretches import optimum, segment_at
from executor.venues import VENUES
from tests.support.market import (
    Position,
    states_of,
    two_legs,
    v2_pool,
    v2_state,
    v3_pool,
    v3_state,
    v3_states,
)

MANY = 2**112
near_a_gap = (v3_states(v3_pool(200, fee=3_000), near=0), v3_states(v3_pool(201, fee=500), near=150))


def hops_of(route: Route, states: States) -> list[Hop]:
    return [hop(states[leg.pool.key], leg.zero_for_one) for leg in route.legs]


def earned(amounts: Sequence[int]) -> int:
    return amounts[-1] - amounts[0]


def pieces_walked(hops: Sequence[Hop], amounts: Sequence[int]) -> list[int]:
    return [each.stretch_of(amount) + 1 for each, amount in zip(hops, amounts, strict=False)]


def staircase(ticks: int, centre: int = 0, number: int = 200) -> V3State:
    """A pool whose liquidity changes at each of its ticks around the price."""
    positions = [Position(-887_220, 887_220, 10**18)]
    positions += [
        Position(centre - 60 * step, centre + 60 * step, 10**17 + 10**15 * (step % 7))
        for step in range(1, ticks + 1)
    ]
    return v3_state(2**96, positions, v3_pool(number, fee=3_000))


@settings(max_examples=60)
@given(*near_a_gap, st.data())
def test_no_input_earns_more_than_the_bound_allows(
    first: V3State, second: V3State, data: st.DataObject
) -> None:
    route, states = two_legs(second.pool, first.pool), states_of(first, second)
    hops = hops_of(route, states)
    best = best_size(route, states)
    most = earned(best) + shortfall(best, pieces_walked(hops, best)) if best else 0
    reach = 2 * best[0] if best else 10**18
    for size in data.draw(st.lists(st.integers(1, reach), min_size=1, max_size=15)):
        amounts = forward(hops, size)
        assert amounts is None or earned(amounts) <= most
    for shift in range(0, 60, 6):
        amounts = forward(hops, best[0] + (1 << shift)) if best else None
        assert amounts is None or earned(amounts) <= most


@settings(max_examples=60)
@given(*near_a_gap)
def test_profit_falls_on_both_sides_of_the_optimum(first: V3State, second: V3State) -> None:
    route, states = two_legs(second.pool, first.pool), states_of(first, second)
    hops = hops_of(route, states)
    start = segment_at(hops, 0)
    assert start is not None
    found = optimum(hops, start, MANY)
    assume(found is not None and found.amount_in > 10**6)
    assert found is not None
    size = found.amount_in
    here, below, above = (forward(hops, size * part // 1_000) for part in (1_000, 990, 1_010))

    assert here is not None and below is not None
    assert earned(below) <= earned(here) + 4
    assert above is None or earned(above) <= earned(here) + 4


@pytest.mark.parametrize(("ticks", "passed"), [(1, 1), (30, 30), (400, 200)])
def test_the_optimum_behind_many_ticks_is_found_in_a_few_steps(
    ticks: int, passed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = staircase(ticks)
    pair = v2_state(10**24, 4 * 10**24, v2_pool(100))
    route, states = two_legs(v2_pool(100), pool.pool), states_of(pool, pair)
    hops = hops_of(route, states)
    start = segment_at(hops, 0)
    assert start is not None
    probes = []

    def counted(of: Sequence[Hop], amount_in: int) -> object:
        probes.append(amount_in)
        return segment_at(of, amount_in)

    monkeypatch.setattr("executor.routing.stretches.segment_at", counted)
    found = optimum(hops, start, MANY)

    assert found is not None and found.segment.crossed >= passed
    assert len(probes) < 25


def test_a_hop_of_any_venue_tells_the_piece_that_an_input_ends_in() -> None:
    state = staircase(12)
    quick = hop(state, True)
    plain = VenueHop(VENUES[state.pool.kind], state, True)

    for size in (1, 10**14, 10**15, 7 * 10**15, 10**16, 10**17):
        assert plain.stretch_of(size) == quick.stretch_of(size)
        assert plain.out(size) == quick.out(size)
    assert plain.least_in(10**15) == quick.least_in(10**15)


def test_an_amount_that_the_pools_never_give_has_no_least_input() -> None:
    pair = v2_state(10**18, 10**18, v2_pool(100))

    assert backward([hop(pair, True)], 10**18) is None
    assert forward([hop(pair, True)], 2**112) is None


def gap_behind_a_tick() -> tuple[Route, States]:
    """The best size crosses one tick for a little more profit: so little liquidity lies behind it."""
    pool = v3_state(
        isqrt((101 << 192) // 100),
        [Position(-887_220, 887_220, 10**19), Position(60, 120, 10**22)],
        v3_pool(200, fee=500),
    )
    pair = v2_state(10**24, 10**24, v2_pool(100))
    return two_legs(pool.pool, v2_pool(100)), states_of(pool, pair)


def test_a_tick_whose_gas_costs_more_than_lies_behind_it_is_not_crossed() -> None:
    route, states = gap_behind_a_tick()
    free = best_size(route, states)
    assert free is not None
    gas = route_gas(route, states, free)

    def dear(units: int) -> int:
        return units * 10**15

    paid = best_size(route, states, gas_cost=dear)
    assert paid is not None
    assert paid[0] < free[0]
    assert route_gas(route, states, paid) < gas
    assert earned(paid) - dear(route_gas(route, states, paid)) > earned(free) - dear(gas)
    longer = forward(hops_of(route, states), paid[0] + 1)
    assert longer is not None
    assert route_gas(route, states, longer) == gas


def test_a_tick_that_pays_its_gas_is_crossed() -> None:
    route, states = gap_behind_a_tick()

    assert best_size(route, states, gas_cost=lambda units: units // 10**6) == best_size(route, states)


@settings(max_examples=25)
@given(st.integers(2, 30), st.integers(0, 10**12), st.integers(101, 130))
def test_after_gas_no_end_of_a_piece_leaves_more(ticks: int, price: int, gap: int) -> None:
    pool = staircase(ticks)
    pair = v2_state(10**20, gap * 10**18, v2_pool(100))
    route, states = two_legs(v2_pool(100), pool.pool), states_of(pool, pair)
    hops = hops_of(route, states)

    def left(amounts: Sequence[int]) -> int:
        return earned(amounts) - price * route_gas(route, states, amounts)

    best = best_size(route, states, gas_cost=lambda units: units * price)
    assume(best is not None)
    assert best is not None
    bound = shortfall(best, pieces_walked(hops, best))
    for number in range(ticks):
        end = hops[1].stretch(number)
        assert end is not None and end.end is not None
        size = backward(hops[:1], end.end)
        if size is None or size < 2:
            break
        for tried in (forward(hops, size - 1), forward(hops, size)):
            assert tried is None or left(tried) <= left(best) + bound
