"""A divided trade with the amounts that its pools really spend.

A peg stability module sells whole units of its gem and leaves the rest of what it was given with the router.
In the first stage that rest is no input; in a later one the stage's last part, which takes all that is left,
gets it, and so must be one whose pool has room for it. Otherwise both would come on top of what was forecast,
and a pool at its limit would revert.
"""

from contextlib import suppress

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.pool import VenueKind
from executor.domain.split import Part, SplitRoute
from executor.routing.states import States
from executor.venues import amount_in, amount_out

LEAVES_REST = frozenset({VenueKind.MAKER_PSM})
"""Venues that may spend less than they were given."""


def spent(route: SplitRoute, states: States) -> SplitRoute | None:
    """The route with what its pools spend and give by the plan; the same where all of it is spent. Of a later
    stage another part may come last; None where none of them can take what is left.
    """
    if not any(leg.pool.kind in LEAVES_REST for leg in route.legs):
        return route
    stages = [tuple(_exact(part, states) for part in route.stages[0])]
    for stage in route.stages[1:]:
        there = sum(part.amount_out for part in stages[-1])
        taken = _taken(stage, there, states)
        if taken is None:
            return None
        stages.append(taken)
    return SplitRoute(tuple(stages))


def _taken(stage: tuple[Part, ...], there: int, states: States) -> tuple[Part, ...] | None:
    """The stage's parts, the last of which takes what the others leave of all that is there."""
    exact = [_exact(part, states) for part in stage]
    for place in reversed(range(len(stage))):
        others = (*exact[:place], *exact[place + 1 :])
        rest = there - sum(part.amount_in for part in others)
        with suppress(MathsError, TicksUnknownError):
            return (*others, _given(stage[place], rest, states))
    return None


def _exact(part: Part, states: States) -> Part:
    """The part with the least that gives as much."""
    leg = part.leg
    if leg.pool.kind not in LEAVES_REST:
        return part
    return Part(leg, amount_in(states[leg.pool.key], leg.zero_for_one, part.amount_out), part.amount_out)


def _given(part: Part, amount: int, states: States) -> Part:
    """The part with another amount. Raises as quoting does."""
    if amount == part.amount_in:
        return part
    leg = part.leg
    return Part(leg, amount, amount_out(states[leg.pool.key], leg.zero_for_one, amount))
