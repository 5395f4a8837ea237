"""The most that any input into a route earns, by trying them all."""

from __future__ import annotations

from executor.domain.errors import MathsError
from executor.domain.route import Route
from executor.routing.sizing import States, forward


def earned(route: Route, states: States, size: int) -> int:
    """What that input earns before gas; less than nothing where nothing comes back."""
    try:
        return forward(route, states, size)[-1] - size
    except MathsError:
        return -size


def most_earned(route: Route, states: States, top: int, *, noise: int = 0) -> int:
    """The most that any input up to `top` earns. All are tried, but for ranges in which even the output for
    the largest earns no more at the price of the smallest: a larger input gives no less, but for `noise`.
    """
    known: dict[int, int] = {}

    def profit(size: int) -> int:
        if size not in known:
            known[size] = earned(route, states, size)
        return known[size]

    best, ranges = 0, [(1, top)]
    while ranges:
        low, high = ranges.pop()
        best = max(best, profit(low), profit(high))
        if high - low > 1 and profit(high) + high + noise - low - 1 > best:
            middle = (low + high) // 2
            ranges += [(low, middle), (middle, high)]
    return best
