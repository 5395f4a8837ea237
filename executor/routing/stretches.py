"""Where a route over pieces of Moebius curves earns most.

Each pool's curve is made of pieces (a V3 pool's: one for each range between its stops), each a Moebius map.
While no hop leaves its piece the route is the product of these maps, whose optimum is known; the whole is
concave, for the price only ever falls. So a probe at one input settles a whole segment: either the optimum
lies within, or all of it lies on one side. The next probe goes where the segment's own map has its optimum,
and to the middle of what is left when that does not help: many ticks are passed in a few steps.
"""

from collections.abc import Sequence
from math import isqrt
from typing import NamedTuple

from executor.domain.errors import MathsError, TicksUnknownError
from executor.routing.hops import Hop
from executor.routing.moebius import Map, inverse, rises, stationary, then, value
from executor.venues.curve import Stretch


class Segment(NamedTuple):
    """The inputs, from over `low` to `high`, for which every hop stays in its piece, by `numbers`; the
    route's map there. `high` is None where it has no end; `crossed` ticks are passed on the way.
    """

    low: int
    high: int | None
    curve: Map
    numbers: tuple[int, ...]
    crossed: int


class Optimum(NamedTuple):
    """The input at which the route earns most in real numbers, rounded down, and its segment."""

    amount_in: int
    segment: Segment


def segment_at(hops: Sequence[Hop], amount_in: int) -> Segment | None:
    """The segment that an input lies in; None if a hop has no pieces. Raises MathsError, TicksUnknownError
    where a hop cannot take what reaches it.
    """
    curve: Map | None = None
    low, high, amount, crossed = 0, None, amount_in, 0
    numbers = []
    for hop in hops:
        number = hop.stretch_of(amount or 1)
        piece = hop.stretch(number)
        if piece is None:
            return None
        start, end = _seen_from_start(curve, piece)
        if start > low:
            low = start
        high = end if high is None or (end is not None and end < high) else high
        piece_map = (piece.a, piece.b, piece.c, piece.d)
        amount = value(piece_map, amount)
        curve = piece_map if curve is None else then(curve, piece_map)
        crossed += piece.crossed
        numbers.append(number)
    assert curve is not None
    return Segment(low, high, curve, tuple(numbers), crossed)


def optimum(hops: Sequence[Hop], start: Segment, cap: int, num: int = 1, den: int = 1) -> Optimum | None:
    """Where the route earns most if `num / den` of the input must come back, up to `cap`; None if nothing
    earns. `start` is the segment at the present prices.

    Raises TicksUnknownError if profit still rises where nothing was read any more.
    """
    if cap <= 0 or not rises(start.curve, 0, num, den):
        return None
    search = _Search(start, cap, num, den)
    following = search.settle(start, 0)
    while following is not None:
        try:
            segment = segment_at(hops, following)
        except (MathsError, TicksUnknownError) as wall:
            following = search.stop(following, wall)
        else:
            assert segment is not None
            following = search.settle(segment, following)
    return search.found()


class _Search:
    """Profit rises up to `low`, which lies in `best` or at its end; the optimum is not above `high`."""

    def __init__(self, start: Segment, cap: int, num: int, den: int) -> None:
        self._num, self._den = num, den
        self._low, self._high, self._best = 0, cap, start
        self._wall: Exception | None = None
        self._probes = 0

    def settle(self, segment: Segment, amount_in: int) -> int | None:
        """Take note of the segment that an input lies in; the next input to ask for, None if none is."""
        peak = stationary(segment.curve, self._num, self._den)
        if peak is None:
            peak = self._high + 1 if rises(segment.curve, amount_in, self._num, self._den) else -1
        end = self._high if segment.high is None else min(segment.high, self._high)
        # A piece's end is rounded up twice, for the amount and its fee: a peak so near may lie behind it.
        if peak > end - 2 and (peak > end or segment.high == end):
            self._low, self._best = max(self._low, end, amount_in), segment
        elif peak >= segment.low:
            self._low = self._high = max(self._low, peak)
            self._best, self._wall = segment, None
        else:
            self._high, self._wall = max(self._low, min(segment.low, amount_in - 1)), None
        return self._following(peak)

    def stop(self, amount_in: int, wall: Exception) -> int | None:
        """Take note that an input is too large; the next input to ask for."""
        self._high, self._wall = max(self._low, amount_in - 1), wall
        return self._following(self._low + 1)

    def found(self) -> Optimum:
        """The optimum, when no input is left to ask for."""
        if isinstance(self._wall, TicksUnknownError):
            raise self._wall
        return Optimum(self._low, self._best)

    def _following(self, guess: int) -> int | None:
        if self._low >= self._high:
            return None
        self._probes += 1
        if self._low < guess <= self._high and self._probes % 3:
            return guess
        low = max(self._low, 1)
        middle = isqrt(low * self._high) if self._high > 4 * low else (low + self._high) // 2
        return max(self._low + 1, min(middle, self._high))


def _seen_from_start(before: Map | None, piece: Stretch) -> tuple[int, int | None]:
    """The ends of a piece as inputs of the whole route."""
    if before is None:
        return piece.start, piece.end
    start = inverse(before, piece.start) or 0
    return start, None if piece.end is None else inverse(before, piece.end)
