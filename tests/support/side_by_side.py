"""A market in which pools side by side earn more than the best route alone."""

from __future__ import annotations

from executor.domain.market import PoolState
from executor.domain.route import Leg, Route
from tests.support.market import USDC, WETH, v2_pool, v2_state

RICH = 10**24
"""More WETH than any trade takes, in wei."""

States = dict[str, PoolState]


def free(gas: int) -> int:
    """Gas that costs nothing."""
    return 0


def parallel_routes() -> tuple[list[Route], States]:
    """Two pairs where WETH is dear, three where it is cheap: six routes."""
    reserves = ((10**21, 3_100), (2 * 10**21, 6_190), (10**21, 2_990), (10**20, 298), (10**21, 2_995))
    states = [v2_state(weth, usd * 10**9, v2_pool(100 + i)) for i, (weth, usd) in enumerate(reserves)]
    routes = [
        Route((Leg(first.pool, WETH), Leg(second.pool, USDC)))
        for first in states[:2]
        for second in states[2:]
    ]
    return routes, {state.pool.key: state for state in states}


def without_gap(states: States) -> States:
    """The same pools, all at one price."""
    return {key: v2_state(10**21, 3 * 10**12, state.pool) for key, state in states.items()}
