"""The most that a cycle can earn, told without solving it."""

from collections.abc import Sequence

from executor.domain.errors import MathsError, TicksUnknownError
from executor.routing.cycle import Terms
from executor.routing.hops import Hop
from executor.routing.moebius import value
from executor.routing.premium import repaid
from executor.routing.sides import Side
from executor.routing.stretches import optimum, segment_at

SLACK = 2
"""Units of what a hop gives, for what is rounded down of it."""


def profit_bound(sides: Sequence[Side], terms: Terms) -> int | None:
    """An upper bound for what a cycle earns before gas, in the settlement token's smallest unit; None where
    no hop has a curve of known shape.

    All hops but one at their highest prices give no less than they do. With `before`
    and `after` as the products of those in front of and behind the one left, whose curve is f, no input x
    earns more than the maximum of `after f(before x) - r x`. That holds for each hop: the least counts.
    """
    rate = repaid(terms.premium)
    if rate is None:
        return None
    prices = [side.ceiling for side in sides]
    least: int | None = None
    for place, side in enumerate(sides):
        before, after = _product(prices[:place]), _product(prices[place + 1 :])
        try:
            bound = _through(side.hop, before, after, rate, terms.limit)
        except (MathsError, TicksUnknownError):
            continue
        if bound is not None and (least is None or bound < least):
            least = bound
    return least


def _through(
    hop: Hop, before: tuple[int, int], after: tuple[int, int], rate: tuple[int, int], limit: int
) -> int | None:
    """The maximum of `after f(u) - rate u / before` over u, rounded up; 0 where no u earns."""
    start = segment_at((hop,), 0)
    if start is None or not (before[0] and after[0]):
        return None
    cap = -(-limit * before[0] // before[1])
    best = optimum((hop,), start, cap, rate[0] * before[1] * after[1], rate[1] * before[0] * after[0])
    if best is None:
        return 1
    taken = best.amount_in
    # The optimum lies within one unit above; half a unit of the premium may be rounded away.
    given = value(best.segment.curve, taken + 1) + SLACK
    return -(-given * after[0] // after[1]) - taken * before[1] * rate[0] // (before[0] * rate[1]) + 1


def _product(prices: Sequence[tuple[int, int]]) -> tuple[int, int]:
    num = den = 1
    for price in prices:
        num, den = num * price[0], den * price[1]
    return num, den
