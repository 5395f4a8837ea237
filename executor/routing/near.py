"""Whole numbers of which is known between which bounds they lie, and how far they are from exact ones.

What a chain computes with divisions that are cut off is followed step by step beside the exact value of the
same formula. Both lie in `low` .. `high`, and they differ by `off` at most. So for a product
|x y - x' y'| <= |x| |y - y'| + |y'| |x - x'|, and likewise for a quotient, with one more for what is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from executor.venues.curve_cubic import SMALL_RADICAND, WAD, cube_root

WORD = 2**255
CUBIC_UNITS = 2
"""How far `cube_root` may be from the root, in units of what it scales by. Its first guess is between 0.79
and 1.001 of the root. An exact step of Newton's ends at or above it and leaves of a share e of the root at
most 1.4 e^2, and e^2 from above; what is cut off of a step is less than a unit. After seven no more is left.
"""


class UncertainError(ArithmeticError):
    """The bounds are too far apart to say anything."""


@dataclass(frozen=True, slots=True)
class Near:
    """Amounts of no unit."""

    low: int
    high: int
    off: int = 0

    @property
    def most(self) -> int:
        """The largest size of it."""
        return max(abs(self.low), abs(self.high))

    @property
    def least(self) -> int:
        """The smallest size of it. Raises UncertainError if it may be zero."""
        if self.low <= 0 <= self.high:
            raise UncertainError("may be zero")
        return min(abs(self.low), abs(self.high))

    def __add__(self, other: Near) -> Near:
        return Near(self.low + other.low, self.high + other.high, self.off + other.off)

    def __sub__(self, other: Near) -> Near:
        return Near(self.low - other.high, self.high - other.low, self.off + other.off)

    def __mul__(self, other: Near) -> Near:
        """The product. Raises UncertainError where a word of the contract may not hold it."""
        corners = [x * y for x in (self.low, self.high) for y in (other.low, other.high)]
        _within_word(self.most * other.most)
        return Near(min(corners), max(corners), self.most * other.off + other.most * self.off)

    def over(self, other: Near) -> Near:
        """The quotient, cut off. Raises UncertainError."""
        least = other.least
        corners = [x // y for x in (self.low, self.high) for y in (other.low, other.high)]
        off = -(-self.off // least) - (-self.most * other.off // (least * least)) + 1
        return Near(min(corners) - 1, max(corners) + 2, off)

    def times(self, factor: int) -> Near:
        """The product with an exact number. Raises UncertainError."""
        return self * Near(factor, factor)

    def cut(self, divisor: int) -> Near:
        """The quotient by an exact number, cut off."""
        return self.over(Near(divisor, divisor))

    def square(self) -> Near:
        """The product with itself."""
        _within_word(self.most**2)
        least = 0 if self.low <= 0 <= self.high else self.least
        return Near(least * least, self.most * self.most, 2 * self.most * self.off)

    def root(self) -> Near:
        """The square root, cut off. Raises UncertainError where it may have none."""
        if self.low <= 0:
            raise UncertainError("may have no root")
        low = isqrt(self.low)
        return Near(low, isqrt(self.high) + 1, 1 - (-self.off // (2 * low)))

    def cubic_root(self) -> Near:
        """The cube root as the contracts find it, in units of 1e18. Raises UncertainError."""
        if self.high < 0:
            turned = Near(-self.high, -self.low, self.off).cubic_root()
            return Near(-turned.high, -turned.low, turned.off)
        if self.low <= 0:
            raise UncertainError("may be zero")
        low, high = cube_root(self.low), cube_root(self.high)
        unit = CUBIC_UNITS * _scaled_by(self.high)
        low, high = low - unit, high + unit
        if low <= 0:
            raise UncertainError("may be zero")
        return Near(low, high, unit - (-self.off * WAD * WAD // (3 * low * low)))


def _scaled_by(radicand: int) -> int:
    if radicand >= SMALL_RADICAND * WAD:
        return 10**12
    return 10**6 if radicand >= SMALL_RADICAND else 1


def _within_word(value: int) -> None:
    if value >= WORD:
        raise UncertainError("a word may not hold it")
