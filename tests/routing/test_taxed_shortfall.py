"""What a size through tokens that keep a part of each transfer may miss: bounded, and the bound holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.market import PoolState
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import CurveShape
from executor.domain.route import Leg, Route
from executor.domain.token import Token, TransferFee
from executor.routing.searched_shortfall import searched_shortfall, shortfall_of
from executor.routing.sizing import best_size
from executor.venues.curve_pools import StableState
from tests.support.all_sizes import earned, most_earned
from tests.support.curve_states import pool_of
from tests.support.market import WETH, Position, states_of, token, v2_pool, v2_state, v3_pool, v3_state

MANY = settings(max_examples=60, deadline=None)
ONE = 10**18
FEW_UNITS = 100
Market = Mapping[str, PoolState]

fees = st.builds(TransferFee, st.integers(1, 2_000), st.booleans())
wholes = st.tuples(st.integers(5_000, 50_000), st.integers(5_000, 50_000))
gaps = st.integers(110, 400)


def taxed_token(fee: TransferFee, decimals: int = 18) -> Token:
    return replace(token(3, "TAX", decimals), transfer_fee=fee)


def cycle(first: PoolState, second: PoolState, start: Token) -> tuple[Route, Market]:
    """`start` into the first pool and back from the second, through a token that is taxed wherever its fee is
    known.
    """
    legs = []
    for state in (first, second):
        pool = state.pool
        sold = next(each for each in (pool.token0, pool.token1) if each.address == start.address)
        legs.append(Leg(pool, sold, taxed=sold.transfer_fee is not None))
        start = pool.other(sold)
    return Route(tuple(legs)), states_of(first, second)


def pairs(tax: Token, held: tuple[int, int], gap: int, start: Token) -> tuple[PoolState, PoolState]:
    """Two pairs, between which `gap` percent come back for `start`, before fees."""
    more = v2_state(held[0], held[1] * gap // 100, v2_pool(100, WETH, tax))
    less = v2_state(*held, v2_pool(101, WETH, tax))
    return (more, less) if start is WETH else (less, more)


@MANY
@given(fees, wholes, gaps, st.booleans())
def test_no_input_at_all_earns_more_than_the_bound_allows(
    fee: TransferFee, held: tuple[int, int], gap: int, settled_in_it: bool
) -> None:
    tax = taxed_token(fee)
    start = tax if settled_in_it else WETH
    route, states = cycle(*pairs(tax, held, gap, start), start)
    best = best_size(route, states)
    bound = None if best is None else shortfall_of(route, states, best)
    if best is not None and bound is not None:
        assert most_earned(route, states, 10**6) <= earned(route, states, best[0]) + bound


large = st.integers(10**19, 10**25)


@MANY
@given(fees, st.tuples(large, large), gaps, st.floats(0.001, 3), st.integers(1, 10**15))
def test_no_input_into_large_pools_earns_more_than_the_bound_allows(
    fee: TransferFee, held: tuple[int, int], gap: int, shift: float, near: int
) -> None:
    tax = taxed_token(fee)
    route, states = cycle(*pairs(tax, held, gap, WETH), WETH)
    best = best_size(route, states)
    assume(best is not None)
    assert best is not None
    bound = shortfall_of(route, states, best)
    most = earned(route, states, best[0]) + (bound or 0)
    for other in (int(best[0] * shift), best[0] + near, best[0] - near):
        assert other <= 0 or earned(route, states, other) <= most

    units = 8 + 8 * best[-1] // best[1]
    assert bound is not None
    assert bound <= 12 * units


def two_coins(fee: TransferFee) -> tuple[StableState, Pool]:
    """A stable pool of a plain coin of 18 decimals and a taxed one of 6, and the pair beside it."""
    shape = CurveShape.STABLE
    pool = pool_of((18, 6), shape)
    pool = replace(pool, token1=replace(pool.token1, transfer_fee=fee))
    balances = (9_000_000 * ONE, 12_000_000 * 10**6)
    state = StableState(pool, shape, balances, (ONE, 10**30), 200_00, 4_000_000)
    return state, v2_pool(900, pool.token0, pool.token1, 500)


@pytest.mark.parametrize("rounded_up", [False, True])
@pytest.mark.parametrize("venue", [VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3])
def test_the_bound_is_a_few_units_of_the_coarsest_token(rounded_up: bool, venue: VenueKind) -> None:
    """Beside a pair that is paid straight, or a pool with ticks that costs two transfers."""
    state, pair = two_coins(TransferFee(13, rounded_up))
    other: PoolState = v2_state(10_400_000 * ONE, 10_000_000 * 10**6, pair)
    if venue is VenueKind.UNISWAP_V3:
        full = [Position(-887_220, 887_220, 10**19)]
        price = (10**6 * 100 << 192) // (104 * ONE)
        pool = v3_pool(900, pair.token0, pair.token1, 500)
        other = v3_state(int(price**0.5), full, pool)
    route, states = cycle(state, other, pair.token0)
    best = best_size(route, states)
    assert best is not None
    bound = searched_shortfall(route, states, best)

    assert bound is not None
    assert bound <= FEW_UNITS * 10**12, "a unit of six decimals is 10**12 of eighteen"


def test_there_is_no_bound_where_the_share_that_is_kept_is_not_known() -> None:
    tax = token(3, "TAX")
    first, second = pairs(tax, (10**21, 10**21), 200, WETH)
    route = Route((Leg(first.pool, WETH), Leg(second.pool, tax, taxed=True)))

    assert searched_shortfall(route, states_of(first, second), (10**18, 10**18, 10**18)) is None
