"""One trade over several pools: no other division gives more, and every part pays its gas."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.errors import PlanError
from executor.domain.market import PoolState, V2State, V3State
from executor.domain.pool_details import CurveShape
from executor.domain.route import Leg, Route
from executor.domain.split import Part, SizedSplit, SplitRoute
from executor.routing.hops import Hop, hop
from executor.routing.parallel import ParallelHop, moved
from executor.routing.plan_gas import trade_gas
from executor.routing.sampled import SampledHop
from executor.routing.sizing import best_size
from executor.routing.split import SplitSize, best_split
from executor.venues import marginal
from executor.venues.curve_pools import StableState
from tests.support.curve_states import pool_of
from tests.support.market import (
    USDC,
    WETH,
    Position,
    states_of,
    v2_pool,
    v2_state,
    v3_pool,
    v3_state,
    v3_states,
)
from tests.support.moving_pools import TERMS, crypto
from tests.support.solidly_pools import pool_state

reserves = st.integers(10**15, 10**24)


def given_by(hops: Sequence[Hop], parts: Sequence[int]) -> int:
    return sum(each.out(part) for each, part in zip(hops, parts, strict=True) if part)


def free(gas: int) -> int:
    return 0


@given(st.lists(st.tuples(reserves, reserves), min_size=2, max_size=5), st.integers(10**6, 10**22), st.data())
def test_no_other_division_over_pairs_gives_more(
    pairs: list[tuple[int, int]], amount: int, data: st.DataObject
) -> None:
    hops = [
        hop(v2_state(first, second, v2_pool(100 + number)), True)
        for number, (first, second) in enumerate(pairs)
    ]
    together = ParallelHop(hops)
    parts = together.parts(amount)
    assert sum(parts) == amount and min(parts) >= 0
    most = together.out(amount)
    assert most == given_by(hops, parts)

    giver, taker = data.draw(st.permutations(range(len(hops))))[:2]
    shifted = data.draw(st.integers(0, parts[giver]))
    other = list(parts)
    other[giver], other[taker] = other[giver] - shifted, other[taker] + shifted
    assert given_by(hops, other) <= most + len(hops)


@settings(max_examples=60)
@given(
    v3_states(v3_pool(200, fee=3_000), near=0),
    v3_states(v3_pool(201, fee=500), near=30),
    st.integers(10**6, 10**20),
    st.data(),
)
def test_no_other_division_over_pools_with_ticks_gives_more(
    first: V3State, second: V3State, amount: int, data: st.DataObject
) -> None:
    pair = v2_state(10**20, 10**20, v2_pool(100))
    hops = [hop(first, True), hop(second, True), hop(pair, True)]
    together = ParallelHop(hops)
    parts = together.parts(amount)
    most = together.out(amount)
    assert sum(parts) == amount

    for _ in range(6):
        giver, taker = data.draw(st.permutations(range(3)))[:2]
        shifted = data.draw(st.integers(0, parts[giver]))
        other = list(parts)
        other[giver], other[taker] = other[giver] - shifted, other[taker] + shifted
        assert given_by(hops, other) <= most + 40


@given(v3_states(v3_pool(200, fee=3_000), near=0), st.integers(10**6, 10**19))
def test_a_pool_alone_is_its_own_split(state: V3State, amount: int) -> None:
    alone = hop(state, True)

    assert ParallelHop([alone]).out(amount) == alone.out(amount)
    assert ParallelHop([alone]).parts(amount) == (amount,)


def test_two_equal_pools_share_alike() -> None:
    first, second = (hop(v2_state(10**21, 10**21, v2_pool(number)), True) for number in (100, 101))
    parts = ParallelHop([first, second]).parts(10**19)

    assert abs(parts[0] - parts[1]) <= 2


def test_a_pool_whose_price_is_not_reached_is_left_out() -> None:
    good, bad = v2_state(10**21, 2 * 10**21, v2_pool(100)), v2_state(10**21, 10**21, v2_pool(101))

    assert ParallelHop([hop(good, True), hop(bad, True)]).parts(10**18) == (10**18, 0)


def test_an_input_for_an_output_gives_at_least_that() -> None:
    together = ParallelHop(
        [
            hop(v2_state(10**21, 3 * 10**12, v2_pool(100)), True),
            hop(v2_state(2 * 10**21, 61 * 10**11, v2_pool(101)), True),
        ]
    )
    for wanted in (10**3, 10**9, 10**12):
        amount = together.least_in(wanted)
        assert together.out(amount) >= wanted
        assert together.out(amount - amount // 10**6 - 10**10) < wanted


def market() -> tuple[tuple[Leg, ...], tuple[Leg, ...], dict[str, PoolState]]:
    """Two pools sell USDC for WETH's worth, three buy it back, all near 3,000 and of different depth."""
    pools = [v2_pool(100), v2_pool(101), v2_pool(102), v2_pool(103), v3_pool(200)]
    full = [Position(-887_220, 887_220, 10**17)]
    states: list[PoolState] = [
        v2_state(10**21, 3_100 * 10**9, pools[0]),
        v2_state(2 * 10**21, 6_190 * 10**9, pools[1]),
        v2_state(10**21, 2_990 * 10**9, pools[2]),
        v2_state(10**20, 298 * 10**9, pools[3]),
        v3_state(4339505179874779489431521, full, pools[4]),
    ]
    sell = tuple(Leg(pool, WETH) for pool in pools[:2])
    buy = tuple(Leg(pool, USDC) for pool in pools[2:])
    return sell, buy, {state.pool.key: state for state in states}


def profit(route: SplitRoute) -> int:
    return route.gross_profit


def test_a_split_route_earns_more_than_any_of_its_routes_alone() -> None:
    sell, buy, states = market()
    split = best_split((sell, buy), states, gas_cost=free)
    assert split is not None
    singles = [best_size(Route((first, second)), states) for first in sell for second in buy]
    most = max(amounts[-1] - amounts[0] for amounts in singles if amounts)

    assert profit(split.route) > most * 3 // 2
    assert [len(stage) for stage in split.route.stages] == [2, 3]
    assert split.route.amount_into(1) == split.route.amount_out_of(0)


@settings(max_examples=30)
@given(st.randoms(use_true_random=False))
def test_no_other_amounts_of_a_split_route_earn_more(chance: random.Random) -> None:
    sell, buy, states = market()
    split = best_split((sell, buy), states, gas_cost=free)
    assert split is not None
    route = split.route

    def earned(first: list[int], shares: list[int]) -> int:
        hops = [hop(states[leg.pool.key], leg.zero_for_one) for leg in sell]
        middle = given_by(hops, first)
        parts = [middle * share // sum(shares) for share in shares]
        parts[0] += middle - sum(parts)
        back = [hop(states[leg.pool.key], leg.zero_for_one) for leg in buy]
        return given_by(back, parts) - sum(first)

    ins = [part.amount_in for part in route.stages[0]]
    shares = [part.amount_in for part in route.stages[1]]
    changed = [amount * chance.randint(950, 1_050) // 1_000 for amount in ins]
    shifted = [share * chance.randint(950, 1_050) // 1_000 for share in shares]
    assert earned(changed, shifted) <= route.gross_profit + 10**9


def test_parts_that_do_not_pay_their_gas_are_left_out() -> None:
    sell, buy, states = market()
    cheap = best_split((sell, buy), states, gas_cost=lambda gas: gas)
    dear = best_split((sell, buy), states, gas_cost=lambda gas: gas * 2 * 10**13)

    assert cheap is not None and dear is not None
    assert sum(map(len, dear.route.stages)) < sum(map(len, cheap.route.stages))
    assert dear.gas < cheap.gas
    cheap_at_dear = cheap.route.gross_profit - cheap.gas * 2 * 10**13
    assert dear.net > cheap_at_dear


def test_parts_stop_short_of_a_tick_that_does_not_pay_its_gas() -> None:
    """Behind the tick of the pool lies too little for the gas of crossing it."""
    thin = v3_state(
        isqrt((101 << 192) // 100),
        [Position(-887_220, 887_220, 10**19), Position(60, 120, 10**22)],
        v3_pool(200, fee=500),
    )
    pairs = [v2_state(3 * 10**22, 3 * 10**22, v2_pool(number)) for number in (100, 101)]
    legs = [Leg(state.pool, USDC) for state in pairs]
    states = states_of(thin, *pairs)

    def sized(price: int) -> SplitSize:
        found = best_split(((Leg(thin.pool, WETH),), legs), states, gas_cost=lambda gas: gas * price)
        assert found is not None
        return found

    price = 10**10
    free, paid = sized(0), sized(price)
    assert len(free.route.legs) == len(paid.route.legs) == 3
    assert paid.route.amount_in < free.route.amount_in
    assert paid.gas == free.gas - 25_000
    assert paid.net > free.net - price * free.gas


def test_under_a_cap_the_parts_take_no_more_than_it() -> None:
    sell, buy, states = market()
    split = best_split((sell, buy), states, gas_cost=free, cap=10**18)

    assert split is not None
    assert 10**18 - 10**10 < split.route.amount_in <= 10**18


def test_what_a_divided_trade_takes_of_gas_is_told_the_same_by_sizing_and_by_the_model() -> None:
    sell, buy, states = market()
    split = best_split((sell, buy), states, gas_cost=free)

    assert split is not None
    assert split.gas == trade_gas(SizedSplit(split.route), states)


@pytest.mark.parametrize("stage", [0, 1])
def test_a_pool_that_is_named_twice_is_refused_with_its_name(stage: int) -> None:
    first, second = Leg(v2_pool(100), WETH), Leg(v2_pool(101), USDC)
    states = states_of(v2_state(10**21, 3 * 10**12, first.pool), v2_state(10**21, 2 * 10**12, second.pool))
    stages: list[list[Leg]] = [[first], [second]]
    stages[stage].append(Leg(first.pool, USDC if stage else WETH))

    with pytest.raises(PlanError, match="traded twice") as caught:
        best_split(stages, states, gas_cost=free)
    assert caught.value.facts["pool"] == first.pool.identity
    assert "once" in caught.value.fix


def test_a_split_without_a_gap_is_none() -> None:
    first, second = v2_pool(100), v2_pool(101)
    states = states_of(v2_state(10**21, 3 * 10**12, first), v2_state(10**21, 3 * 10**12, second))

    assert best_split(((Leg(first, WETH),), (Leg(second, USDC),)), states, gas_cost=free) is None


def test_a_split_route_checks_itself() -> None:
    first, second = Leg(v2_pool(100), WETH), Leg(v2_pool(101), USDC)
    SplitRoute(((Part(first, 5, 4),), (Part(second, 4, 6),)))
    for stages, problem in (
        ((), "at least one part"),
        (((Part(first, 5, 0),), (Part(second, 4, 6),)), "positive amount"),
        (((Part(first, 5, 3),), (Part(second, 4, 6),)), "takes more"),
        (((Part(first, 5, 4),), (Part(first, 4, 6),)), "only once"),
        (((Part(first, 5, 4),),), "do not fit"),
    ):
        with pytest.raises(ValueError, match=problem):
            SplitRoute(stages)


def test_amounts_that_no_pool_takes_are_no_split() -> None:
    together = ParallelHop([hop(v2_state(10**18, 10**18, v2_pool(100)), True)])
    with pytest.raises(ArithmeticError):
        together.out(2**113)


MILLION = 10**6 * 10**18


def stable_and_pair() -> tuple[Leg, Leg, Leg, dict[str, PoolState]]:
    """A stable pool and a pair of the same tokens, and another pair where the second token is dear."""
    stable = pool_state(MILLION, MILLION, True, fee_bps=1)
    tokens = (stable.pool.token0, stable.pool.token1)
    pair, dear = v2_pool(300, *tokens, fee=500), v2_pool(301, *tokens)
    states: list[PoolState] = [
        stable,
        v2_state(50 * MILLION, 50 * MILLION, pair),
        v2_state(10 * MILLION, 9 * MILLION, dear),
    ]
    legs = Leg(stable.pool, tokens[0]), Leg(pair, tokens[0]), Leg(dear, tokens[1])
    return *legs, {state.pool.key: state for state in states}


def test_a_curve_of_another_shape_shares_with_a_pair() -> None:
    stable, pair, dear, states = stable_and_pair()
    split = best_split(((stable, pair), (dear,)), states, gas_cost=free)
    singles = [best_size(Route((leg, dear)), states) for leg in (stable, pair)]
    most = max(amounts[-1] - amounts[0] for amounts in singles if amounts)

    assert split is not None
    assert [len(stage) for stage in split.route.stages] == [2, 1]
    assert split.route.gross_profit > most
    for part in split.route.stages[0]:
        state = states[part.leg.pool.key]
        assert hop(state, part.leg.zero_for_one).out(part.amount_in) == part.amount_out


@given(st.integers(10**18, 10 * MILLION), st.integers(1, 10**6))
def test_moving_amounts_between_shapes_gives_no_more_than_a_millionth_of_a_part(
    amount: int, share: int
) -> None:
    stable, pair, _, states = stable_and_pair()
    hops = [hop(states[leg.pool.key], leg.zero_for_one) for leg in (stable, pair)]
    fitted = ParallelHop([SampledHop(hops[0]), hops[1]])
    parts = moved(hops, fitted.parts(amount))
    most = given_by(hops, parts)

    assert sum(parts) == amount
    other = [amount * share // 10**6, amount - amount * share // 10**6]
    assert given_by(hops, other) <= most + amount // 10**9


@given(st.integers(0, 100), st.integers(1, 10**9))
def test_fitted_pieces_are_close_to_the_curve_and_meet(doubling: int, where: int) -> None:
    stable, _, _, states = stable_and_pair()
    own = hop(states[stable.pool.key], stable.zero_for_one)
    fitted = SampledHop(own)
    number = doubling % 40
    piece = fitted.stretch(number)
    assert piece.end is not None
    amount = piece.start + max(1, (piece.end - piece.start) * where // 10**9)
    exact = own.out(amount)

    assert fitted.stretch_of(amount) == number
    assert fitted.out(amount) == exact
    at = (piece.a * amount + piece.b) // (piece.c * amount + piece.d)
    assert abs(at - exact) <= exact // 100 + 4


def test_a_pool_that_gives_single_units_for_ever_more_can_be_divided_with_others() -> None:
    sell, _, _ = market()
    exhausted = SampledHop(hop(v2_state(10**12, 10**12, sell[0].pool), True))
    whole = ParallelHop([exhausted, SampledHop(hop(v2_state(10**12, 10**12, sell[1].pool), True))])
    amount = 2**76

    assert sum(whole.parts(amount)) == amount
    assert whole.out(amount) <= 2 * 10**12


def test_a_pool_with_a_single_unit_of_a_token_breaks_nothing() -> None:
    shape = CurveShape.STABLE
    dust = StableState(
        pool_of((18, 18), shape), shape, (1, 4 * 10**30), (10**18, 10**18), 10_000, 4_000_000, 0, 0
    )
    first, second = dust.pool.token0, dust.pool.token1
    deep = pool_state(58228746853397667, 6672635396895341106104774, True)
    deep = replace(deep, pool=replace(deep.pool, token0=first, token1=second))
    split = best_split(
        ((Leg(dust.pool, first),), (Leg(deep.pool, second),)), states_of(dust, deep), gas_cost=free
    )

    assert split is None or split.route.gross_profit > 0


def test_an_empty_pool_takes_no_part() -> None:
    stable, pair, dear, states = stable_and_pair()
    empty = v2_state(0, 0, pair.pool)
    split = best_split(((stable, pair), (dear,)), {**states, pair.pool.key: empty}, gas_cost=free)

    assert split is not None
    assert [part.leg for part in split.route.stages[0]] == [stable]
    assert best_split(((pair,), (dear,)), {**states, pair.pool.key: empty}, gas_cost=free) is None


def between_two_pairs(state: PoolState, whole: int) -> tuple[tuple[list[Leg], list[Leg]], V2State, V2State]:
    """The pool beside a pair that is a little better, and a pair that takes what both give for 4 % more."""
    first, second = state.pool.token0, state.pool.token1
    price, unit = marginal(state, True)
    near = v2_state(whole, whole * price * 1001 // (unit * 1000), v2_pool(901, first, second, 500))
    far = v2_state(2 * whole, 2 * whole * price * 100 // (unit * 104), v2_pool(900, first, second, 500))
    return ([Leg(state.pool, first), Leg(near.pool, first)], [Leg(far.pool, second)]), near, far


def test_beside_a_crypto_pool_as_much_goes_in_as_earns_most() -> None:
    """Its price moves faster within a doubling of the input than a fitted piece knows."""
    whole = 10**24
    crypto_pool = crypto((whole, whole * 9 // 10), (18, 18), (10**18,), TERMS[0])
    stages, near, far = between_two_pairs(crypto_pool, whole)
    split = best_split(stages, states_of(crypto_pool, near, far), gas_cost=free)
    capped = best_split(stages, states_of(crypto_pool, near, far), gas_cost=free, cap=whole // 100)
    assert split is not None and capped is not None

    selling, buying = [hop(crypto_pool, True), hop(near, True)], hop(far, False)
    grid = [[whole * i // 1_000, whole * j // 1_000] for i in range(1, 20) for j in range(1, 20)]
    most = max(buying.out(given_by(selling, parts)) - sum(parts) for parts in grid)
    least = max(
        buying.out(given_by(selling, parts)) - sum(parts) for parts in grid if sum(parts) <= whole // 100
    )
    assert split.route.gross_profit >= most
    assert capped.route.gross_profit >= least
    assert capped.route.amount_in <= whole // 100


@pytest.mark.parametrize("off", [-(10**9), 0, 10**9])
def test_a_pool_whose_invariant_is_a_little_off_is_divided_with_others(off: int) -> None:
    """It gives some units for nothing, or nothing for some units."""
    whole = 10**24
    shape = CurveShape.CRYPTO_TWO_NG
    odd = crypto((whole, whole * 9 // 10), (18, 18), (10**18,), TERMS[0], shape)
    odd = replace(odd, d=odd.d + off)
    stages, near, far = between_two_pairs(odd, whole)
    split = best_split(stages, states_of(odd, near, far), gas_cost=free)

    assert split is not None
    assert [len(stage) for stage in split.route.stages] == [2, 1]
