"""Random trades that are divided over pools side by side."""

from __future__ import annotations

from random import Random

from benchmarks.forecast_routes import FOREVER, SHARE_BPS, Forecast, Roads, gains
from benchmarks.forecast_scene import Scene
from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.route import Leg, Route
from executor.domain.split import SizedSplit
from executor.plan import encode_several
from executor.routing.split import SplitSize, best_split
from executor.routing.ways import can_be_divided

TRIES = 3_000
MOST_BESIDE = 3
"""So many pools stand beside the first of a stage at most."""
STOPS = 8
"""Times that pools are read further for one trade before another is looked for."""


def free(gas: int) -> int:
    """Every part pays: how gas decides is no matter here."""
    return 0


async def next_divided(scene: Scene, roads: Roads, random: Random) -> Forecast | None:
    """A random trade over several pools that should earn something, sized and encoded, paid out of the
    router's own money; None where none is found.
    """
    for _ in range(TRIES):
        route = roads.route(random, random.choice(scene.settlements))
        if route is None or any(leg.taxed for leg in route.legs) or not gains(route, scene.states):
            continue
        stages = _stages(route, roads, random)
        if all(len(stage) == 1 for stage in stages):
            continue
        found = await _sized(scene, stages, random)
        if found is not None and found.net > 0 and can_be_divided(found.route):
            return _encoded(scene, SizedSplit(found.route))
    return None


def _stages(route: Route, roads: Roads, random: Random) -> tuple[tuple[Leg, ...], ...]:
    """The route's legs with some of the pools of the same tokens beside them, no pool twice."""
    used = {leg.pool.identity for leg in route.legs}
    stages = []
    for leg in route.legs:
        beside = [other for other in roads.beside(leg) if other.pool.identity not in used]
        more = random.sample(beside, min(len(beside), random.randint(0, MOST_BESIDE)))
        kept: list[Leg] = []
        for other in more:
            if other.pool.identity not in used:
                used.add(other.pool.identity)
                kept.append(other)
        stages.append((leg, *kept))
    return tuple(stages)


async def _sized(scene: Scene, stages: tuple[tuple[Leg, ...], ...], random: Random) -> SplitSize | None:
    """The stages at a random size up to their best, or up to what the router has."""
    most = scene.held[stages[0][0].token_in.address]
    for _ in range(STOPS):
        try:
            best = best_split(stages, scene.states, gas_cost=free, cap=most)
            if best is None or random.random() < 0.25:
                return best
            cap = max(1, int(best.route.amount_in * 10 ** random.uniform(-3, 0)))
            return best_split(stages, scene.states, gas_cost=free, cap=cap)
        except TicksUnknownError as error:
            await scene.further(error)
        except MathsError:
            return None
    return None


def _encoded(scene: Scene, sized: SizedSplit) -> Forecast:
    calldata = encode_several(
        sized.route,
        settlement_index=scene.settlements.index(sized.route.settlement),
        minimum_profit=max(1, sized.gross_profit * SHARE_BPS // 10_000),
        deadline=FOREVER,
    )
    return Forecast(sized, sized.gross_profit, calldata)
