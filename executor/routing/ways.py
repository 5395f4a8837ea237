"""The pools of several routes side by side, where a plan can be made of that."""

from collections.abc import Callable, Sequence

from executor.domain.errors import PlanError
from executor.domain.route import Leg, Route
from executor.domain.split import SplitRoute
from executor.plan.compile.several import compile_split
from executor.routing.split import SplitSize, Stages, best_split
from executor.routing.states import States


def divided(
    routes: Sequence[Route], states: States, *, gas_cost: Callable[[int], int], most: int
) -> SplitSize | None:
    """The pools of all `routes` side by side, at their best size; None where the routes cannot be put
    together, one line through them is best, no plan can be made of it, or nothing is earned before gas.

    It is paid out of the router's own money: `most` bounds it. `gas_cost` turns gas units into the settlement
    token's smallest unit, in which all amounts are. Raises TicksUnknownError as `best_size` does.
    """
    stages = stages_of(routes)
    found = None if stages is None else best_split(stages, states, gas_cost=gas_cost, cap=most)
    return found if found is not None and can_be_divided(found.route) else None


def stages_of(routes: Sequence[Route]) -> Stages | None:
    """The pools that the routes use at each place; None where there is nothing to divide, the routes pass
    other tokens, or a pool stands at two places: which of them it serves best is for the routes to find out.
    """
    if len({tuple(leg.token_in for leg in route.legs) for route in routes}) != 1:
        return None
    places: list[dict[str, Leg]] = [{} for _ in routes[0].legs]
    for route in routes:
        for place, leg in zip(places, route.legs, strict=True):
            place.setdefault(leg.pool.identity, leg)
    pools = [identity for place in places for identity in place]
    if len(set(pools)) != len(pools) or len(pools) == len(places):
        return None
    return tuple(tuple(place.values()) for place in places)


def can_be_divided(route: SplitRoute) -> bool:
    """Whether it is divided anywhere, and a plan can be made of it: not every venue can stand in one, nor a
    token that is taxed.
    """
    if all(len(stage) == 1 for stage in route.stages):
        return False
    try:
        compile_split(route)
    except PlanError:
        return False
    return True
