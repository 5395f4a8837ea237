"""Curves of any shape as pieces that are fitted through exact quotes, so that they can stand beside others.

The quotes stand at inputs that double, from one on where twice as much gives about twice as much: a pool
whose invariant is a little off gives some units for nothing, or nothing for some units. Between two of them
the curve is taken as the Moebius map through both, whose slope at the first is the geometric mean of the
chords on its two sides: such maps meet with one slope where a curve bends evenly. They decide how an amount
is divided; what comes out is asked of the pool.
"""

from collections.abc import Callable

from executor.domain.errors import MathsError
from executor.routing.hops import Hop
from executor.routing.moebius import root
from executor.venues.curve import Stretch

BITS = 64
ENOUGH = 1 << 16
"""The first quote is of the least power of two that gives so many units: fewer say little of a slope."""

LARGEST = 2**112


class SampledHop:
    """A hop whose venue knows no pieces. Amounts as for every `Hop`."""

    def __init__(self, hop: Hop) -> None:
        self._hop = hop
        self._inputs, self._outputs = [0], [0]
        self.out: Callable[[int], int] = hop.out
        self.least_in: Callable[[int], int] = hop.least_in

    def stretch(self, number: int) -> Stretch:
        """The fitted piece. Raises MathsError where the pool takes no more."""
        while len(self._inputs) <= number + 1:
            self._sample()
        start, given = self._inputs[number], self._outputs[number]
        width, rise = self._inputs[number + 1] - start, self._outputs[number + 1] - given
        before = number - 1 if number else 0
        width_before = self._inputs[before + 1] - self._inputs[before]
        rise_before = self._outputs[before + 1] - self._outputs[before]
        # Far out single units come for ever more: nearly flat, but never quite.
        slope = max(root((rise * rise_before << 2 * BITS) // (width * width_before)), 1)
        # y = given + slope t rise / (rise + (slope - rise / width) t), with t counted from the start.
        bend = max(slope * width - (rise << BITS), 1)
        a, d = slope * rise * width, rise * width << BITS
        d_moved = d - bend * start
        return Stretch(
            start, self._inputs[number + 1], given * bend + a, given * d_moved - a * start, bend, d_moved
        )

    def stretch_of(self, amount_in: int) -> int:
        """The number of the piece that an input ends in."""
        number = 0
        while (self.stretch(number).end or 0) < amount_in:
            number += 1
        return number

    def _sample(self) -> None:
        amount, given = self._following() if self._inputs[-1] else self._first()
        self._inputs.append(amount)
        self._outputs.append(given)

    def _following(self) -> tuple[int, int]:
        amount = 2 * self._inputs[-1]
        while amount <= LARGEST:
            given = self._hop.out(amount)
            if given > self._outputs[-1]:
                return amount, given
            amount *= 2
        raise _exhausted(amount)

    def _first(self) -> tuple[int, int]:
        """The first quote: where the curve is nowhere even, the first that gives enough."""
        enough: tuple[int, int] | None = None
        half, amount = 0, 1
        while amount <= LARGEST:
            try:
                given = self._hop.out(amount)
            except MathsError:
                if enough is not None:
                    return enough
                given = 0
            if given >= ENOUGH:
                enough = enough or (amount, given)
                if 15 * half <= 8 * given <= 17 * half:
                    return amount, given
            half, amount = given, 2 * amount
        if enough is None:
            raise _exhausted(amount)
        return enough


def _exhausted(amount: int) -> MathsError:
    return MathsError("nothing more comes out of the pool.", fix="trade less", amount_in=amount)
