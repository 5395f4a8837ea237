"""Routes of which all inputs are tried, and the most that any of them earns."""

from __future__ import annotations

from collections.abc import Mapping

from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.domain.route import Leg, Route
from executor.routing.sizing import States, forward
from tests.support.market import states_of, v2_pool, v2_state


def cycle_beside_a_pair(
    state: PoolState, reserves: tuple[int, int], turned: bool
) -> tuple[Route, Mapping[str, PoolState]]:
    """A cycle over the pool and a pair of its tokens: through the pool first, or last if `turned`."""
    first, second = state.pool.token0, state.pool.token1
    pair = v2_state(*reserves, v2_pool(900, first, second, 500))
    pools = (pair.pool, state.pool) if turned else (state.pool, pair.pool)
    return Route((Leg(pools[0], first), Leg(pools[1], second))), states_of(state, pair)


def earned(route: Route, states: States, size: int) -> int:
    """What that input earns before gas; less than nothing where nothing comes back."""
    try:
        return forward(route, states, size)[-1] - size
    except MathsError:
        return -size


def most_earned(route: Route, states: States, top: int, *, noise: int = 0) -> int:
    """The most that any input up to `top` earns. All are tried, but for ranges in which even the output for
    the largest earns no more at the price of the smallest: a larger input gives no less, but for `noise`.
    """
    known: dict[int, int] = {}

    def profit(size: int) -> int:
        if size not in known:
            known[size] = earned(route, states, size)
        return known[size]

    best, ranges = 0, [(1, top)]
    while ranges:
        low, high = ranges.pop()
        best = max(best, profit(low), profit(high))
        if high - low > 1 and profit(high) + high + noise - low - 1 > best:
            middle = (low + high) // 2
            ranges += [(low, middle), (middle, high)]
    return best
