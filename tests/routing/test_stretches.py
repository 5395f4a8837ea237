"""Routes over pools with ticks: the piece of the optimum is found, and gas of crossed ticks is paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.errors import TicksUnknownError
from executor.domain.market import PoolState, V3State
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import BalancerV2Details
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.routing.candidates import route_gas
from executor.routing.hops import Hop, VenueHop, backward, forward, hop
from executor.routing.premium import no_premium
from executor.routing.probing import searched_size
from executor.routing.shortfall import shortfall
from executor.routing.sizing import States, best_size
from executor.routing.stretches import optimum, segment_at
from executor.venues import VENUES
from executor.venues.balancer_curves import WeightedCurve
from executor.venues.balancer_v2_state import BalancerV2State
from executor.venues.uniswap_v3_maths import tick_at_sqrt_ratio
from tests.support.market import (
    WETH,
    Position,
    address,
    states_of,
    token,
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


def free_size_beyond_where_dear_gas_stops(route: Route, states: States) -> tuple[int, ...]:
    """The best size where gas costs nothing; where it is dear, the size ends just short of the tick."""
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
    return free


def test_a_tick_whose_gas_costs_more_than_lies_behind_it_is_not_crossed() -> None:
    free_size_beyond_where_dear_gas_stops(*gap_behind_a_tick())


def beside_a_pool_that_is_searched() -> tuple[Route, States]:
    """The same gap, to a pool whose curve has no pieces."""
    route, states = gap_behind_a_tick()
    first = route.legs[0]
    details = BalancerV2Details(address(800), "0x" + "00" * 32, (WETH.address, first.token_out.address))
    pool = Pool("balancer_v2", VenueKind.BALANCER_V2, address(801), WETH, first.token_out, 0, details=details)
    curve = WeightedCurve((5 * 10**17, 5 * 10**17))
    weighted = BalancerV2State(pool, curve, (10**24, 10**24), (10**18, 10**18), 3 * 10**15, (0, 1))
    route = Route((first, Leg(pool, first.token_out)))
    return route, states_of(states[first.pool.key], weighted)


def test_a_searched_size_stops_short_of_a_tick_that_does_not_pay_its_gas_too() -> None:
    route, states = beside_a_pool_that_is_searched()
    free = free_size_beyond_where_dear_gas_stops(route, states)
    assert best_size(route, states, gas_cost=lambda units: units // 10**6) == free


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


COARSE = token(2, "COARSE", 6)
THIRD = token(3, "THIRD")
UNITS = {WETH.address: 10**18, COARSE.address: 3 * 10**9, THIRD.address: 10**18}


@st.composite
def pools_between(draw: st.DrawFn, number: int, one: Token, other: Token) -> PoolState:
    """A pair, or a pool with ticks of which sometimes only those near the price were read; up to 9 % off."""
    first, second = sorted((one, other), key=lambda each: each.address)
    price = (UNITS[second.address] * (10_000 + draw(st.integers(-900, 900))), UNITS[first.address] * 10_000)
    if draw(st.booleans()):
        whole = draw(st.integers(10**3, 10**9)) * UNITS[first.address] // 10**6
        return v2_state(max(2, whole), max(2, whole * price[0] // price[1]), v2_pool(number, first, second))
    pool = v3_pool(100 + number, first, second, draw(st.sampled_from([100, 500, 3_000, 10_000])))
    spacing, size = pool.tick_spacing, draw(st.integers(10**6, 10**20))
    sqrt_price = isqrt((price[0] << 192) // price[1])
    centre = tick_at_sqrt_ratio(sqrt_price) // spacing
    spans = draw(st.lists(st.tuples(st.integers(-300, 300), st.integers(1, 300)), min_size=1, max_size=8))
    positions = [
        Position((centre + low) * spacing, (centre + low + width) * spacing, draw(st.integers(1, 50 * size)))
        for low, width in spans
    ]
    if draw(st.booleans()):
        positions.append(
            Position(-887_272 // spacing * spacing + spacing, 887_272 // spacing * spacing, size)
        )
    return v3_state(sqrt_price, positions, pool)


def nearly(state: PoolState, reach: int) -> PoolState:
    """A pool of which only the ticks near its price were read."""
    if not isinstance(state, V3State):
        return state
    low, high = state.tick - reach, state.tick + reach
    known = {tick: net for tick, net in state.ticks.items() if low <= tick <= high}
    return replace(state, ticks=known, known_low=low, known_high=high)


@st.composite
def markets(draw: st.DrawFn) -> tuple[Route, States]:
    """A cycle of two or three pools, a coarse token among theirs."""
    tokens = draw(
        st.sampled_from([(WETH, COARSE), (COARSE, WETH), (WETH, COARSE, THIRD), (COARSE, THIRD, WETH)])
    )
    states = [
        draw(pools_between(100 + place, each, tokens[(place + 1) % len(tokens)]))
        for place, each in enumerate(tokens)
    ]
    legs = tuple(Leg(state.pool, each) for state, each in zip(states, tokens, strict=True))
    return Route(legs), states_of(*states)


def test_a_piece_that_ends_within_an_input_of_two_units_hides_nothing_behind_it() -> None:
    """Its end is rounded up, so that its own curve bends down before the next piece begins."""
    positions = [Position(-196_328, -196_299, 10_357_463), Position(-196_327, -196_299, 78_768_229_054)]
    pool = v3_state(4_324_072_494_674_008_814_939_097, positions, v3_pool(200, WETH, COARSE, fee=100))
    pair = v2_state(10**15, 3_009_000, v2_pool(101, WETH, COARSE))
    route, states = Route((Leg(pool.pool, COARSE), Leg(pair.pool, WETH))), states_of(pool, pair)
    best, searched = best_size(route, states), searched_size(route, states, MANY - 1, no_premium)
    assert best is not None
    assert searched is not None
    assert earned(searched) - 1 <= earned(best) <= earned(searched) == 19


@settings(max_examples=150, deadline=None)
@given(markets(), st.one_of(st.just(MANY), st.integers(1, 10**24)))
def test_piece_by_piece_no_less_is_found_than_by_search(market: tuple[Route, States], cap: int) -> None:
    route, states = market
    hops = hops_of(route, states)
    best = best_size(route, states, cap=cap)
    searched = searched_size(route, states, min(cap, MANY - 1), no_premium)
    more = best or searched

    if more is not None:
        walked = pieces_walked(hops, more)
        # Where nothing was found, units are missing below what the search found: each is worth a little more.
        missing = [2 * into + out for into, out in zip(walked, (0, *walked), strict=False)]
        below = [max(amount - units, 1) for amount, units in zip(more, missing, strict=False)]
        bound = shortfall(best or (*below, more[-1]), walked)
        assert (earned(searched) if searched else 0) <= (earned(best) if best else 0) + bound
    if best is not None:
        assert best == forward(hops, best[0])
        assert best[0] <= cap and earned(best) > 0


@settings(max_examples=100, deadline=None)
@given(markets(), st.integers(1, 3_000))
def test_what_is_sized_with_few_ticks_known_is_what_is_sized_with_all(
    market: tuple[Route, States], reach: int
) -> None:
    route, states = market
    fewer = {key: nearly(state, reach) for key, state in states.items()}
    try:
        best = best_size(route, fewer)
    except TicksUnknownError:
        return
    whole = best_size(route, states)
    assert (best is None) == (whole is None)
    if best is not None and whole is not None:
        assert abs(earned(best) - earned(whole)) <= shortfall(
            whole, pieces_walked(hops_of(route, states), whole)
        )
