"""The best way round: as good as trying every cycle, and honest about what was left out."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.market import PoolState, V3State
from executor.domain.pool import Pool
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.routing.candidates import ROUTER_GAS, route_gas
from executor.routing.cycle import Terms
from executor.routing.paths import Effort, best_path
from executor.routing.sizing import best_size
from tests.support.market import (
    WETH,
    Position,
    states_of,
    token,
    two_legs,
    v2_pool,
    v2_state,
    v3_pool,
    v3_state,
)

GAS_PRICE = 10**9
TOKENS = [WETH, *(token(10 + number, f"T{number}") for number in range(5))]


def gas_cost(gas: int) -> int:
    return gas * GAS_PRICE


def market(pools: int, chance: random.Random, spread: int = 300) -> list[PoolState]:
    """Pools of six tokens of equal worth, pairs and V3 pools, up to `spread` millionths of ten off."""
    states: list[PoolState] = []
    for number in range(pools):
        first, second = sorted(chance.sample(range(len(TOKENS)), 2))
        size = chance.randint(10**18, 10**21)
        off = 10**4 + chance.randint(-spread, spread)
        if chance.random() < 0.6:
            pool = v2_pool(1_000 + number, TOKENS[first], TOKENS[second])
            states.append(v2_state(size, size * off // 10**4, pool))
        else:
            v3 = v3_pool(1_000 + number, TOKENS[first], TOKENS[second], chance.choice([500, 3_000]))
            positions = [Position(-887_200 // 60 * 60 + 60, 887_160, size), Position(-1_200, 1_200, 5 * size)]
            states.append(v3_state(2**96 * (2 * 10**4 + off) // (3 * 10**4), positions, v3))
    return states


def all_cycles(pools: Sequence[Pool], start: Token, longest: int = 4) -> list[Route]:
    """Every cycle from `start`, by going everywhere."""
    found: list[Route] = []

    def walk(legs: tuple[Leg, ...], held: Token) -> None:
        for pool in pools:
            if held not in (pool.token0, pool.token1) or pool in [leg.pool for leg in legs]:
                continue
            longer = (*legs, Leg(pool, held))
            if pool.other(held) == start:
                found.append(Route(longer))
            elif len(longer) < longest:
                walk(longer, pool.other(held))

    walk((), start)
    return found


def most_by_trying_all(
    routes: Sequence[Route], states: Mapping[str, PoolState], terms: Terms | None = None
) -> int | None:
    chosen = terms or Terms()
    most = None
    for route in routes:
        amounts = best_size(route, states, cap=chosen.cap, premium=chosen.premium, gas_cost=gas_cost)
        if amounts is not None:
            profit = amounts[-1] - amounts[0] - chosen.premium(amounts[0])
            net = profit - gas_cost(ROUTER_GAS + route_gas(route, states, amounts))
            most = net if most is None else max(most, net)
    return most


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 10), st.sampled_from([30, 300, 2_000]))
def test_no_cycle_nets_more_than_the_one_that_is_found(
    chance: random.Random, count: int, spread: int
) -> None:
    states = market(count, chance, spread)
    pools = [state.pool for state in states]
    found = best_path(pools, states_of(*states), WETH, gas_cost=gas_cost)

    assert found.optimal
    assert (found.best.net if found.best else None) == most_by_trying_all(
        all_cycles(pools, WETH), states_of(*states)
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_over_thirty_pools_it_is_the_best_of_all_and_few_are_sized(seed: int) -> None:
    states = market(30, random.Random(seed))
    pools = [state.pool for state in states]
    every = all_cycles(pools, WETH)
    found = best_path(pools, states_of(*states), WETH, gas_cost=gas_cost)

    assert found.optimal and found.best is not None
    assert found.best.net == most_by_trying_all(every, states_of(*states))
    assert found.sized < len(every) // 10


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(10**15, 10**18))
def test_under_a_cap_and_a_premium_it_is_the_best_too(chance: random.Random, cap: int) -> None:
    states = market(7, chance, 1_000)
    pools = [state.pool for state in states]
    terms = Terms(cap=cap)
    found = best_path(pools, states_of(*states), WETH, gas_cost=gas_cost, terms=terms)

    assert (found.best.net if found.best else None) == most_by_trying_all(
        all_cycles(pools, WETH), states_of(*states), terms
    )


def test_for_a_pair_the_cycle_passes_the_other_token() -> None:
    states = market(24, random.Random(3))
    pools = [state.pool for state in states]
    wanted = TOKENS[3]
    routes = [route for route in all_cycles(pools, WETH) if wanted in [leg.token_in for leg in route.legs]]
    found = best_path(pools, states_of(*states), WETH, gas_cost=gas_cost, through=wanted)

    assert found.best is not None
    assert wanted in [leg.token_in for leg in found.best.route.legs]
    assert found.best.net == most_by_trying_all(routes, states_of(*states))


def test_a_search_that_was_cut_short_does_not_claim_to_be_optimal() -> None:
    states = market(60, random.Random(4))
    pools = [state.pool for state in states]
    whole = best_path(pools, states_of(*states), WETH, gas_cost=gas_cost)
    few_starts = best_path(
        pools, states_of(*states), WETH, gas_cost=gas_cost, effort=Effort(starts=100, sizes=5_000)
    )
    few_sizes = best_path(pools, states_of(*states), WETH, gas_cost=gas_cost, effort=Effort(sizes=1))

    assert whole.optimal and whole.best is not None
    assert not few_starts.optimal and few_starts.bound is None
    assert not few_sizes.optimal
    assert few_sizes.sized == 1
    assert few_sizes.bound is not None and few_sizes.bound >= whole.best.net


def test_the_bound_of_a_proven_search_is_not_above_what_was_found() -> None:
    states = market(40, random.Random(5))
    found = best_path([state.pool for state in states], states_of(*states), WETH, gas_cost=gas_cost)

    assert found.optimal and found.best is not None and found.bound is not None
    assert found.bound <= found.best.net


def test_without_a_gap_there_is_no_path() -> None:
    states = market(12, random.Random(6), spread=0)
    found = best_path([state.pool for state in states], states_of(*states), WETH, gas_cost=gas_cost)

    assert found.best is None and found.optimal and found.bound == 0


def test_ticks_that_were_not_read_are_told_and_nothing_is_claimed() -> None:
    whole = v3_state(2**96, [Position(-887_220, 887_220, 10**21)], v3_pool(200, WETH, TOKENS[1]))
    narrow: V3State = replace(whole, ticks={}, known_low=-10, known_high=10)
    pair = v2_state(10**24, 2 * 10**24, v2_pool(100, WETH, TOKENS[1]))
    found = best_path([pair.pool, whole.pool], states_of(narrow, pair), WETH, gas_cost=gas_cost)

    assert found.best is None and not found.optimal
    assert [error.facts["pool"] for error in found.unknown] == [whole.pool.key]


def test_a_pool_without_a_state_is_passed_over() -> None:
    first, second = v2_pool(100), v2_pool(101)
    states = states_of(v2_state(10**21, 3 * 10**12, first), v2_state(10**21, 4 * 10**12, second))
    found = best_path([first, second, v2_pool(102)], states, WETH, gas_cost=gas_cost)

    assert found.best is not None
    assert found.best.route == two_legs(second, first)


def test_a_pool_that_was_created_but_never_given_a_price_is_passed_over() -> None:
    """Factories list such pools beside those in use; one of them must not cost all other cycles."""
    first, second = v2_pool(100), v2_pool(101)
    good = [v2_state(10**21, 3_100 * 10**9, first), v2_state(10**21, 3_000 * 10**9, second)]
    never_priced = V3State(v3_pool(200), 0, 0, 0, {}, -887_272, 887_272)
    alone = best_path([first, second], states_of(*good), WETH, gas_cost=gas_cost)
    states = states_of(never_priced, *good)
    found = best_path([never_priced.pool, first, second], states, WETH, gas_cost=gas_cost)

    assert found.best is not None
    assert found.best == alone.best
