"""What a block costs: a thousand cycles kept solved while some of their pools change."""

from __future__ import annotations

import random
import resource
from dataclasses import dataclass, replace
from time import perf_counter

from benchmarks.pools_in_memory import SPACING, cycles, market
from benchmarks.sizing_cases import CYCLES, STATES, cycle_of
from executor.domain.market import PoolState, V2State, V3State
from executor.routing.cycle import Terms, compiled
from executor.routing.cycles import Cycles
from executor.routing.sides import Sides
from executor.venues import after

POOLS, ROUTES, TOUCHED, BLOCKS = 200, 1_000, 10, 40
EVALUATIONS = 1_000_000
MIXED_EVERY = 20
"""One evaluation in so many is of a cycle through a V3 pool, whose price has moved each time."""


@dataclass(frozen=True)
class BlockFigures:
    """Milliseconds of each block that touched ten pools, and of each that touched all of them."""

    some: list[float]
    everything: list[float]
    solved: float
    """Cycles solved again after ten pools, on average."""
    earning: int
    """Cycles that earn something in the end."""


def blocks() -> BlockFigures:
    """Let blocks touch pools: swaps, and in a third of the V3 pools a position that changes their ticks, so
    that what was worked out from these is worked out anew. From new states to new sizes all is measured.
    """
    chance = random.Random(7)
    states = {state.pool.key: state for state in market(POOLS)}
    book = Cycles(cycles(list(states.values()), ROUTES), dict(states))
    some: list[float] = []
    everything: list[float] = []
    solved: list[int] = []
    for count, times, rounds in ((TOUCHED, some, BLOCKS), (POOLS, everything, BLOCKS // 4)):
        for _ in range(rounds):
            changed = [_touched(states[key], chance) for key in chance.sample(sorted(states), count)]
            states |= {state.pool.key: state for state in changed}
            started = perf_counter()
            again = book.update(changed)
            times.append((perf_counter() - started) * 1e3)
            if count == TOUCHED:
                solved.append(len(again))
    earning = sum(size is not None for size in book.sizes)
    return BlockFigures(some, everything, sum(solved) / len(solved), earning)


def growth() -> int:
    """Kibibytes by which the process grew over a million evaluations, each at another state."""
    solvers = {}
    for name in ("v2_v2", "v2_v3"):
        route = cycle_of(name).route
        sides = Sides({STATES[key].pool.key: STATES[key] for key in CYCLES[name]})
        solvers[name] = (sides, compiled(route, sides, Terms()))
    low, high, ticks = STATES["pair_low"], STATES["pair_high"], STATES["pool_low"]
    assert isinstance(low, V2State) and isinstance(high, V2State) and isinstance(ticks, V3State)
    before = 0
    for number in range(EVALUATIONS + EVALUATIONS // 10):
        if number == EVALUATIONS // 10:
            before = _resident()
        if number % MIXED_EVERY:
            sides, cycle = solvers["v2_v2"]
            sides.put(V2State(low.pool, low.reserve0 + number, low.reserve1))
        else:
            sides, cycle = solvers["v2_v3"]
            sides.put(replace(ticks, sqrt_price_x96=ticks.sqrt_price_x96 + number))
        cycle.solve()
    return _resident() - before


def _touched(state: PoolState, chance: random.Random) -> PoolState:
    if isinstance(state, V2State):
        return after(state, chance.random() < 0.5, chance.randint(1, state.reserve0 // 500))
    assert isinstance(state, V3State)
    if chance.random() < 1 / 3:
        lower = (state.tick // SPACING - chance.randint(1, 50)) * SPACING
        upper = (state.tick // SPACING + chance.randint(1, 50)) * SPACING
        amount = state.liquidity // 100
        ticks = dict(state.ticks)
        ticks[lower], ticks[upper] = ticks.get(lower, 0) + amount, ticks.get(upper, 0) - amount
        return replace(state, ticks=ticks, liquidity=state.liquidity + amount)
    return after(state, chance.random() < 0.5, chance.randint(1, 10**18))


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024
