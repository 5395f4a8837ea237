"""Many cycles kept solved: the same sizes as if each were solved alone, and nothing solved for nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.market import PoolState, V3State
from executor.domain.route import Leg, Route
from executor.routing.cycle import Terms
from executor.routing.cycles import Cycles
from executor.routing.sizing import best_size
from executor.venues import after
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


def market() -> list[PoolState]:
    """Six pools of three tokens at about the same prices, in units of 18 decimals each."""
    unit = 10**21
    wide = [Position(-887_220, 887_220, 10**21), Position(-600, 600, 10**22)]
    return [
        v2_state(100 * unit, 101 * unit, v2_pool(100, WETH, USDC)),
        v2_state(80 * unit, 78 * unit, v2_pool(101, WETH, USDC)),
        v2_state(50 * unit, 51 * unit, v2_pool(102, USDC, DAI)),
        v2_state(60 * unit, 58 * unit, v2_pool(103, WETH, DAI)),
        v3_state(2**96, wide, v3_pool(200, WETH, USDC)),
        v3_state(2**96 + 2**88, wide, v3_pool(201, USDC, DAI)),
    ]


def cycles_of(states: list[PoolState]) -> list[Route]:
    """Every cycle of two or three pools from WETH."""
    pools = [state.pool for state in states]
    found = []
    for length in (2, 3):
        for chosen in permutations(pools, length):
            token, legs = WETH, []
            for pool in chosen:
                if token not in (pool.token0, pool.token1):
                    break
                legs.append(Leg(pool, token))
                token = pool.other(token)
            if len(legs) == length and token == WETH:
                found.append(Route(tuple(legs)))
    return found


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_after_any_traffic_the_sizes_are_those_of_the_latest_states(traffic: random.Random) -> None:
    states = {state.pool.key: state for state in market()}
    routes = cycles_of(market())
    cycles = Cycles(routes, dict(states))
    for _ in range(6):
        changed = {}
        for key in traffic.sample(sorted(states), traffic.randint(1, 3)):
            states[key] = changed[key] = after(
                states[key], traffic.random() < 0.5, traffic.randint(1, 10**21)
            )
        cycles.update(changed.values())

        assert cycles.sizes == [best_size(route, states) for route in routes]


def test_only_routes_through_pools_that_changed_are_solved_again() -> None:
    states = market()
    routes = cycles_of(states)
    cycles = Cycles(routes, states_of(*states))
    changed = after(states[2], True, 10**18)

    solved = cycles.update([changed])
    assert solved == tuple(
        number for number, route in enumerate(routes) if changed.pool in [leg.pool for leg in route.legs]
    )
    assert 0 < len(solved) < len(routes)


def test_a_pool_that_no_route_passes_through_changes_nothing() -> None:
    states = market()
    cycles = Cycles(cycles_of(states[:2]), states_of(*states))
    before = list(cycles.sizes)

    assert cycles.update([after(states[5], True, 10**20)]) == ()
    assert cycles.sizes == before


def test_a_route_that_needs_ticks_says_so_until_they_are_there() -> None:
    pool, pair = v3_pool(200, WETH, USDC), v2_pool(100, WETH, USDC)
    whole = v3_state(2**96, [Position(-887_220, 887_220, 10**21)], pool)
    narrow = replace(whole, ticks={}, known_low=-10, known_high=10)
    states = states_of(narrow, v2_state(10**24, 2 * 10**24, pair))
    cycles = Cycles([two_legs(pair, pool)], states)

    assert cycles.sizes == [None]
    assert cycles.unknown[0].facts["pool"] == pool.key
    cycles.update([whole])
    assert cycles.unknown == {}
    assert cycles.sizes[0] is not None


def test_a_route_without_the_state_of_a_pool_is_refused() -> None:
    with pytest.raises(KeyError):
        Cycles([two_legs(v2_pool(100), v2_pool(101))], {})


@settings(max_examples=30)
@given(
    v3_states(v3_pool(200, fee=3_000), near=0), v3_states(v3_pool(201, fee=500), near=90), st.integers(1, 40)
)
def test_a_cap_and_a_premium_hold_for_all_routes(first: V3State, second: V3State, rate: int) -> None:
    def premium(amount: int) -> int:
        return amount * rate // 10_000

    route, states = two_legs(second.pool, first.pool), states_of(first, second)
    cycles = Cycles([route], states, Terms(cap=10**15, premium=premium))

    assert cycles.sizes == [best_size(route, states, cap=10**15, premium=premium)]
