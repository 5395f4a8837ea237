"""A divided trade whose curves were fitted, moved to where exact quotes say that it earns most.

Fitted pieces tell about how an amount is divided, and less well how much should go in: where a price moves
fast, as beside a crypto pool, a tenth of the profit was missed. So the parts are moved by Newton's method on
what the pools really give: each by as much as its next unit gives more than the stage's price, over how fast
that falls. The price is the one at which all of what the stage before gives is taken, in the first stage that
at which nothing more is earned by more.
"""

from collections.abc import Sequence
from fractions import Fraction

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.split import Part, SplitRoute
from executor.routing.hops import Hop, hop
from executor.routing.slopes import Slope, settled, slope, slope_of
from executor.routing.states import States

ROUNDS = 8


def tuned(route: SplitRoute, states: States, cap: int) -> SplitRoute:
    """The route with its parts moved as long as that earns more before gas; `cap` bounds the input."""
    hops = [
        [hop(states[part.leg.pool.key], part.leg.zero_for_one) for part in stage] for stage in route.stages
    ]
    for _ in range(ROUNDS):
        try:
            following = _moved(route, hops, cap)
        except (MathsError, TicksUnknownError, ValueError):
            # A part that gives nothing, or that its pool cannot take: the step goes too far.
            return route
        if following is None or following.gross_profit <= route.gross_profit:
            return route
        route = following
    return route


def _moved(route: SplitRoute, hops: Sequence[Sequence[Hop]], cap: int) -> SplitRoute | None:
    stages = [
        list(zip(stage, through, strict=True)) for stage, through in zip(route.stages, hops, strict=True)
    ]
    slopes = [slope_of(stage) for stage in stages]
    known = [each for each in slopes if each is not None]
    if len(known) < len(slopes):
        return None
    into, moved = _wanted(route, known, cap), []
    for stage in stages:
        amounts = _shares(stage, into)
        parts = [
            Part(part.leg, amount, through.out(amount))
            for (part, through), amount in zip(stage, amounts, strict=True)
        ]
        into = sum(part.amount_out for part in parts)
        moved.append(tuple(parts))
    return SplitRoute(tuple(moved))


def _wanted(route: SplitRoute, slopes: Sequence[Slope], cap: int) -> int:
    """What should go in: at most twice as much as now, at least half."""
    (steep, bend), price = slopes[0], settled(slopes)[0][0]
    wanted = route.amount_in + int((steep - price) / bend)
    return min(max(wanted, route.amount_in // 2), 2 * route.amount_in, max(cap, 1))


def _shares(stage: Sequence[tuple[Part, Hop]], amount: int) -> list[int]:
    """How the parts take an amount; none falls below half of what it takes."""
    slopes = [slope(part, through) or (Fraction(0), Fraction(1)) for part, through in stage]
    weights = sum(1 / bend for _, bend in slopes)
    missing = amount - sum(part.amount_in for part, _ in stage)
    price = (sum(steep / bend for steep, bend in slopes) - missing) / weights
    shares = [
        max(part.amount_in + int((steep - price) / bend), part.amount_in // 2)
        for (part, _), (steep, bend) in zip(stage, slopes, strict=True)
    ]
    largest = shares.index(max(shares))
    shares[largest] += amount - sum(shares)
    return shares
