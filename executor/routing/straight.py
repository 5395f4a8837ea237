"""A straight line beside curves: pools that give one price for all that they take, until they have no more.

Curves stand side by side by their marginal prices, and a line has only one: it is bent by so little that all
of it lies within a billionth of its price. That decides how an amount is divided; what comes out is asked of
the pool.
"""

from collections.abc import Callable

from executor.routing.hops import Hop
from executor.venues.curve import Stretch

BENT_BITS = 30
"""The price at the end of the line is lower by about twice this power of two of itself."""

FAR = 2**112
"""Where a line without an end is cut off."""


class StraightHop:
    """A hop whose first piece is a line through nothing. Amounts as for every `Hop`."""

    def __init__(self, hop: Hop, line: Stretch) -> None:
        self._hop, self._end = hop, FAR if line.end is None else line.end
        scale = self._end << BENT_BITS
        self._bent = Stretch(0, self._end, line.a * scale, 0, line.d, line.d * scale)
        self.out: Callable[[int], int] = hop.out
        self.least_in: Callable[[int], int] = hop.least_in

    def stretch(self, number: int) -> Stretch | None:
        """The line, hardly bent. Raises MathsError behind it."""
        return self._hop.stretch(number) if number else self._bent

    def stretch_of(self, amount_in: int) -> int:
        """The number of the piece that an input ends in."""
        return self._hop.stretch_of(amount_in)
