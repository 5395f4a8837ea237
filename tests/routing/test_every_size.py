"""Where a fee moves as a pool is traded, all sizes of small pools are tried: what is proven holds."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.market import PoolState
from executor.domain.pool_details import CurveShape
from executor.domain.route import Leg, Route
from executor.routing.searched_shortfall import searched_shortfall
from executor.routing.shortfall import shortfall
from executor.routing.sizing import States, best_size
from executor.venues import curve_crypto
from executor.venues.curve_crypto import WAD, CryptoState
from executor.venues.curve_pools import StableState
from tests.support.all_sizes import most_earned
from tests.support.curve_states import pool_of
from tests.support.market import states_of, v2_pool, v2_state

SOME = settings(max_examples=25, deadline=None)
FAR = 4
"""Inputs are tried up to so many times what the pool holds."""

units = st.integers(20_000, 200_000)
places = st.integers(0, 2)
tilts = st.integers(80, 125)
gaps = st.integers(70, 140)


def beside_a_pair(state: PoolState, held: int, gap: int, turned: bool) -> tuple[Route, States]:
    """A cycle over the pool and a pair `gap` percent off: through the pool first, or last if `turned`."""
    first, second = state.pool.token0, state.pool.token1
    pair = v2_state(held * gap // 100, held, v2_pool(900, first, second, 500))
    pools = (pair.pool, state.pool) if turned else (state.pool, pair.pool)
    return Route((Leg(pools[0], first), Leg(pools[1], second))), states_of(state, pair)


def require_within_units(route: Route, states: States, top: int) -> None:
    """The size that is found earns what the best of all does, but for about a unit of each token, and no less
    than its bound says, where it has one.
    """
    best = best_size(route, states)
    found = best[-1] - best[0] if best else 0
    most = most_earned(route, states, top)

    assert found <= most
    assert most - found <= (shortfall(best) if best else 0)
    bound = None if best is None else searched_shortfall(route, states, best)
    assert bound is None or most - found <= bound


terms = st.tuples(
    st.sampled_from([400_000, 4_000_000, 20_000_000]),
    st.sampled_from([10**13, 145 * 10**12, 2 * 10**14]),
    st.sampled_from([10**6, 26 * 10**6]),
    st.sampled_from([23 * 10**13, 10**16]),
)
shapes = st.sampled_from([CurveShape.CRYPTO_TWO, CurveShape.CRYPTO_TWO_NG])


@SOME
@given(units, places, tilts, gaps, terms, shapes, st.booleans())
def test_a_size_through_a_crypto_pool_earns_what_the_best_of_all_does(
    held: int,
    decimals: int,
    tilt: int,
    gap: int,
    terms: tuple[int, int, int, int],
    shape: CurveShape,
    turned: bool,
) -> None:
    amplification, gamma, mid, fee_gamma = terms
    state = CryptoState(
        pool_of((decimals, decimals), shape),
        shape,
        (held, held * tilt // 100),
        (10 ** (18 - decimals),) * 2,
        (WAD,),
        0,
        amplification,
        gamma,
        mid,
        45 * 10**6,
        fee_gamma,
    )
    try:
        scaled = curve_crypto.scaled(state, state.balances)
        state = replace(state, d=curve_crypto.invariant(amplification, gamma, scaled))
    except ArithmeticError:
        assume(False)
    require_within_units(*beside_a_pair(state, held, gap, turned), FAR * held)


@SOME
@given(units, places, tilts, gaps, st.sampled_from([100_00, 2000_00]), st.integers(2, 10), st.booleans())
def test_a_size_through_a_pool_whose_fee_rises_off_the_peg_earns_what_the_best_of_all_does(
    held: int, decimals: int, tilt: int, gap: int, amplification: int, offpeg: int, turned: bool
) -> None:
    shape = CurveShape.STABLE
    state = StableState(
        pool_of((decimals, decimals), shape),
        shape,
        (held, held * tilt // 100),
        (10 ** (36 - decimals),) * 2,
        amplification,
        4_000_000,
        0,
        offpeg * 10**10,
    )
    require_within_units(*beside_a_pair(state, held, gap, turned), FAR * held)
