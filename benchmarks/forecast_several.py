"""Random trades of several routes in one plan."""

from __future__ import annotations

from random import Random

from benchmarks.forecast_routes import FOREVER, SHARE_BPS, Forecast, Roads, next_forecast
from benchmarks.forecast_scene import Scene
from executor.domain.pool import VenueKind
from executor.domain.route import SizedRoute
from executor.domain.several import SizedSeveral
from executor.engine.sizing import outputs_of
from executor.plan import encode_several

MOST_ROUTES = 3
TRIES = 40
"""Further routes that are looked at for one trade before it is made of those that were found."""


async def next_several(scene: Scene, roads: Roads, random: Random) -> Forecast | None:
    """Two or three random routes from one settlement token that leave each other alone, each at a size of its
    own and paid in a way of its own; None where no two are found.
    """
    wanted, parts = random.randint(2, MOST_ROUTES), list[SizedRoute]()
    for _ in range(TRIES):
        found = await next_forecast(scene, roads, random)
        if found is None or not isinstance(found.sized, SizedRoute):
            continue
        if all(_apart(found.sized, part) for part in parts):
            parts.append(found.sized)
        if len(parts) == wanted:
            break
    return _encoded(scene, parts) if len(parts) > 1 else None


def _apart(first: SizedRoute, second: SizedRoute) -> bool:
    """Whether the one changes nothing that the other was sized by, wrapping aside."""
    if first.route.settlement != second.route.settlement:
        return False
    return not (_moved(first) & (_moved(second) | _lending(second)) or _moved(second) & _lending(first))


def _moved(sized: SizedRoute) -> set[str]:
    kinds = VenueKind.WRAPPED_NATIVE
    return {leg.pool.identity for leg in sized.route.legs if leg.pool.kind is not kinds}


def _lending(sized: SizedRoute) -> set[str]:
    return {payer.pool.identity for payer in sized.payers if payer.pool is not None}


def _encoded(scene: Scene, parts: list[SizedRoute]) -> Forecast:
    sized = SizedSeveral(tuple(parts), tuple(range(len(parts))))
    calldata = encode_several(
        parts,
        settlement_index=scene.settlements.index(sized.route.settlement),
        minimum_profit=max(1, sized.gross_profit * SHARE_BPS // 10_000),
        deadline=FOREVER,
        outputs=[outputs_of(part.route) for part in parts],
    )
    return Forecast(sized, sized.gross_profit, calldata)
