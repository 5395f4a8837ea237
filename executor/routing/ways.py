"""The pools of several routes side by side, where a plan can be made of that."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from executor.domain.errors import MathsError, PlanError
from executor.domain.route import Leg, Route
from executor.domain.split import SplitRoute
from executor.plan.compile.several import compile_split
from executor.routing.split import SplitSize, Stages, best_split
from executor.routing.states import States
from executor.venues import marginal

Places = tuple[dict[str, Leg], ...]
"""The legs that may be taken at each place of a route, by their pools."""


def divided(
    routes: Sequence[Route], states: States, *, gas_cost: Callable[[int], int], most: int
) -> SplitSize | None:
    """The pools of all `routes` side by side, at their best size; None where the routes cannot be put
    together, one line through them is best, no plan can be made of it, or nothing is earned before gas.

    It is paid out of the router's own money: `most` bounds it. `gas_cost` turns gas units into the settlement
    token's smallest unit, in which all amounts are. Raises TicksUnknownError as `best_size` does.
    """
    stages = stages_of(routes, states)
    try:
        found = None if stages is None else best_split(stages, states, gas_cost=gas_cost, cap=most)
    except MathsError:
        # One of the pools is too odd to be divided with others; a route that leaves it out may still earn.
        return None
    return found if found is not None and can_be_divided(found.route) else None


def stages_of(routes: Sequence[Route], states: States) -> Stages | None:
    """The pools that the routes use at each place; None where there is nothing to divide, or the routes pass
    other tokens. A pool that stands at several places is left where its next unit gives most, compared with
    the best of the others there; where that leaves a place empty, there is nothing to divide either.
    """
    if len({tuple(leg.token_in for leg in route.legs) for route in routes}) != 1:
        return None
    places: Places = tuple({} for _ in routes[0].legs)
    for route in routes:
        for place, leg in zip(places, route.legs, strict=True):
            place.setdefault(leg.pool.identity, leg)
    stages = tuple(
        tuple(leg for identity, leg in place.items() if _best_place(identity, places, states) == number)
        for number, place in enumerate(places)
    )
    return stages if all(stages) and any(len(stage) > 1 for stage in stages) else None


def _best_place(identity: str, places: Places, states: States) -> int:
    """The place at which the pool is worth most."""
    standing = [number for number, place in enumerate(places) if identity in place]
    if len(standing) == 1:
        return standing[0]

    def worth(number: int) -> Fraction:
        legs = places[number]
        others = [_price(leg, states) for other, leg in legs.items() if other != identity]
        best = max(others, default=Fraction(0))
        return _price(legs[identity], states) / best if best else Fraction(0)

    return max(standing, key=worth)


def _price(leg: Leg, states: States) -> Fraction:
    """What the very next unit gives; nothing where the pool cannot trade."""
    try:
        given, taken = marginal(states[leg.pool.key], leg.zero_for_one)
    except MathsError:
        return Fraction(0)
    return Fraction(given, taken) if taken else Fraction(0)


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
