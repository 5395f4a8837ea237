"""One route alone, or the pools of all routes side by side: whichever nets more."""

from collections.abc import Callable, Sequence

from executor.domain.errors import PlanError
from executor.domain.route import Leg, Route
from executor.domain.split import SplitRoute
from executor.plan.compile.several import compile_split
from executor.routing.candidates import ROUTER_GAS, Candidate, pick
from executor.routing.premium import no_premium
from executor.routing.split import SplitSize, Stages, best_split
from executor.routing.states import States


def best_way(
    routes: Sequence[Route],
    states: States,
    *,
    gas_cost: Callable[[int], int],
    inventory: int,
    cap: int | None = None,
    premium: Callable[[int], int] = no_premium,
    overhead_gas: int = ROUTER_GAS,
) -> Candidate | SplitSize | None:
    """The way that nets most through `routes`, which pass the same tokens; None if none earns anything before
    gas.

    A divided trade is paid out of the router's own money: `inventory` bounds it, and it carries no premium. A
    route alone is sized as `pick` does, with `premium` by whatever means. `gas_cost` turns gas units into the
    settlement token's smallest unit, in which all amounts are; `cap` bounds any input. Raises
    TicksUnknownError as `best_size` does.
    """
    alone = pick(routes, states, gas_cost=gas_cost, cap=cap, premium=premium, overhead_gas=overhead_gas)
    stages = stages_of(routes)
    if stages is None:
        return alone
    most = inventory if cap is None else min(inventory, cap)
    divided = best_split(stages, states, gas_cost=gas_cost, cap=most, overhead_gas=overhead_gas)
    if divided is None or not can_be_divided(divided.route):
        return alone
    return divided if alone is None or divided.net > alone.net else alone


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
