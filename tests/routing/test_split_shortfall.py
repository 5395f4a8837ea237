"""What a divided trade may miss is bounded by the prices of its tokens, and the bound holds."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import add

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.market import PoolState
from executor.domain.pool_details import CurveShape
from executor.domain.route import Leg
from executor.domain.split import Part, SplitRoute
from executor.routing.hops import Hop, hop
from executor.routing.split import best_split
from executor.routing.split_shortfall import split_shortfall
from executor.venues import marginal
from executor.venues.curve_crypto import CryptoState
from executor.venues.curve_pools import StableState
from tests.support.market import USDC, WETH, Position, states_of, v2_pool, v2_state, v3_pool, v3_state
from tests.support.moving_pools import TERMS, crypto, off_peg
from tests.support.solidly_pools import pool_state

SOME = settings(max_examples=30, deadline=None)
Market = Mapping[str, PoolState]
MILLION = 10**24


def free(gas: int) -> int:
    return 0


def divided(
    sell: Sequence[PoolState], buy: Sequence[PoolState], cap: int | None = None
) -> tuple[SplitRoute, Market] | None:
    """WETH into the first pools and back from the others."""
    states = states_of(*sell, *buy)
    start = sell[0].pool.token0
    stages = (
        [Leg(state.pool, start) for state in sell],
        [Leg(state.pool, state.pool.other(start)) for state in buy],
    )
    split = best_split(stages, states, gas_cost=free, cap=cap)
    return None if split is None else (split.route, states)


def hops_of(route: SplitRoute, states: Market) -> list[list[Hop]]:
    return [
        [hop(states[part.leg.pool.key], part.leg.zero_for_one) for part in stage] for stage in route.stages
    ]


def given_by(hops: Sequence[Hop], parts: Sequence[int]) -> int:
    return sum(each.out(part) for each, part in zip(hops, parts, strict=True) if part > 0)


def shared(first: Hop, second: Hop, top: int) -> list[int]:
    """The most that two pools give for each amount up to `top`, of all ways to divide it."""
    gives, others = ([each.out(part) if part else 0 for part in range(top + 1)] for each in (first, second))
    falling = others[::-1]
    return [max(map(add, gives, falling[top - amount :])) for amount in range(top + 1)]


units = st.integers(20_000, 40_000)


@settings(max_examples=12, deadline=None)
@given(units, units, units, st.integers(112, 120), st.one_of(st.none(), st.integers(500, 1_500)))
def test_no_inputs_at_all_in_any_division_earn_more_than_the_bound_allows(
    first: int, second: int, back: int, gap: int, cap: int | None
) -> None:
    top = 2_000 if cap is None else cap
    sell = [
        v2_state(first, first * gap // 100, v2_pool(100)),
        v2_state(second, second * gap // 100, v2_pool(101)),
    ]
    found = divided(sell, [v2_state(back, back, v2_pool(102))], top)
    assert found is not None
    route, states = found
    bound = split_shortfall(route, states, cap=top)
    stages = hops_of(route, states)
    assert bound is not None or route.gross_profit < 120, "of so few units rounding decides"
    assert len(stages[0]) == 2
    most = max(
        stages[1][0].out(given) - amount if given else 0
        for amount, given in enumerate(shared(stages[0][0], stages[0][1], top))
    )

    assert bound is None or most <= route.gross_profit + bound


def market(depth: int) -> tuple[list[PoolState], list[PoolState]]:
    """Two pools sell USDC for WETH's worth, three buy it back, all near 3,000 and of different depth."""
    whole = [Position(-887_220, 887_220, 10**14 * depth)]
    sell: list[PoolState] = [
        v2_state(depth * 10**18, 3_100 * depth * 10**6, v2_pool(100)),
        v2_state(2 * depth * 10**18, 6_190 * depth * 10**6, v2_pool(101)),
    ]
    buy: list[PoolState] = [
        v2_state(depth * 10**18, 2_990 * depth * 10**6, v2_pool(102)),
        v2_state(depth * 10**17, 298 * depth * 10**6, v2_pool(103)),
        v3_state(4339505179874779489431521, whole, v3_pool(200)),
    ]
    return sell, buy


@SOME
@given(st.randoms(use_true_random=False), st.integers(100, 100_000), st.booleans())
def test_no_other_amounts_of_a_split_route_earn_more_than_the_bound_allows(
    chance: random.Random, depth: int, capped: bool
) -> None:
    sell, buy = market(depth)
    cap = depth * 10**15 if capped else None
    found = divided(sell, buy, cap)
    assert found is not None
    route, states = found
    bound = split_shortfall(route, states) if cap is None else split_shortfall(route, states, cap=cap)
    assert bound is not None
    assert bound < 100 * 10**18 // (3 * 10**9), "a unit of USDC is 3.3 * 10**8 of WETH"
    assert route.stages[0][0].leg.token_out is USDC

    first, last = hops_of(route, states)
    for spread in (100_000, 1_000, 10):
        ins, shares = (
            [part.amount_in * chance.randint(10**7 - spread, 10**7 + spread) // 10**7 for part in stage]
            for stage in route.stages
        )
        if cap is None or sum(ins) <= cap:
            shares[0] += given_by(first, ins) - sum(shares)
            assert given_by(last, shares) - sum(ins) <= route.gross_profit + bound


def beside_a_stable_pool() -> tuple[list[PoolState], list[PoolState]]:
    stable = pool_state(MILLION, MILLION, True, fee_bps=1)
    tokens = (stable.pool.token0, stable.pool.token1)
    pair, dear = v2_pool(300, *tokens, fee=500), v2_pool(301, *tokens)
    sell: list[PoolState] = [stable, v2_state(50 * MILLION, 50 * MILLION, pair)]
    return sell, [v2_state(10 * MILLION, 9 * MILLION, dear)]


def test_between_pools_of_different_shapes_next_to_nothing_is_missed() -> None:
    """Fitted curves say about where the best amounts are, exact quotes where."""
    found = divided(*beside_a_stable_pool())
    assert found is not None
    route, states = found
    bound = split_shortfall(route, states)
    first, last = hops_of(route, states)
    parts = [part.amount_in for part in route.stages[0]]
    others = [[part * share // 1_000 for part in parts] for share in range(990, 1_020)]
    most = max(given_by(last, [given_by(first, other)]) - sum(other) for other in others)

    assert bound is not None
    assert most - route.gross_profit <= bound < route.gross_profit // 10**6


def test_a_worse_division_has_a_bound_that_says_so() -> None:
    sell, buy = market(1_000)
    found = divided(sell, buy)
    assert found is not None
    best, states = found
    hops = hops_of(best, states)
    ins = [best.stages[0][0].amount_in * 9 // 10, best.stages[0][1].amount_in]
    first = [
        replace(part, amount_in=amount, amount_out=each.out(amount))
        for part, amount, each in zip(best.stages[0], ins, hops[0], strict=True)
    ]
    short = sum(part.amount_out for part in first)
    last = [Part(part.leg, part.amount_in * short // best.amount_into(1), 1) for part in best.stages[1]]
    last = [
        replace(part, amount_out=each.out(part.amount_in)) for part, each in zip(last, hops[1], strict=True)
    ]
    worse = SplitRoute((tuple(first), tuple(last)))
    bound = split_shortfall(worse, states)

    assert bound is None or bound >= best.gross_profit - worse.gross_profit
    assert worse.settlement is WETH


@pytest.mark.parametrize(
    "state",
    [
        off_peg((MILLION, MILLION * 3 // 4), (18, 18), 2),
        off_peg((MILLION * 2 // 3, MILLION), (18, 18), 10, 2000_00),
        crypto((MILLION, MILLION * 9 // 10), (18, 18), (10**18,), TERMS[0]),
        crypto((MILLION, MILLION, MILLION), (18,) * 3, (10**18,) * 2, TERMS[3], CurveShape.CRYPTO_THREE_NG),
    ],
)
def test_beside_a_pool_whose_fee_moves_no_other_amounts_earn_more_than_the_bound_allows(
    state: CryptoState | StableState,
) -> None:
    chance = random.Random(11)
    first, second = state.pool.token0, state.pool.token1
    given_out, taken = marginal(state, True)
    reserve = state.balances[0]
    other = reserve * given_out // taken
    near = v2_state(reserve, other * 1001 // 1000, v2_pool(901, first, second, 500))
    found = divided(
        [state, near], [v2_state(2 * reserve, 2 * other * 100 // 104, v2_pool(900, first, second))]
    )
    assert found is not None
    route, states = found
    assert len(route.stages[0]) == 2
    bound = split_shortfall(route, states)
    assert bound is not None
    assert bound < route.gross_profit // 10**4
    selling, buying = hops_of(route, states)
    for power in (6, 4, 2):
        ins = [
            part.amount_in + int(part.amount_in * chance.uniform(-1, 1) / 10**power)
            for part in route.stages[0]
        ]
        assert given_by(buying, [given_by(selling, ins)]) - sum(ins) <= route.gross_profit + bound
