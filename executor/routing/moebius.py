"""Curves of the shape `(a x + b) / (c x + d)`: how they follow each other, and where one earns most.

A constant-product pool is such a curve, and so is each range of a V3 pool once its start is moved; a row of
them is one again, whose matrix is the product of theirs. Maps are plain tuples of whole numbers, which share
any scale, and have `a d > b c` (more goes in, more comes out).
"""

from math import isqrt

Map = tuple[int, int, int, int]
"""a, b, c, d."""


def then(first: Map, following: Map) -> Map:
    """What comes out of `following` for what goes into `first`."""
    a, b, c, d = first
    e, f, g, h = following
    return e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d


def value(curve: Map, x: int) -> int:
    """What comes out for `x`, rounded down."""
    a, b, c, d = curve
    return (a * x + b) // (c * x + d)


def inverse(curve: Map, y: int) -> int | None:
    """The input for which `y` comes out, rounded down; None where the curve never gives so much."""
    a, b, c, d = curve
    slope = a - c * y
    return (d * y - b) // slope if slope > 0 else None


def rises(curve: Map, x: int, num: int = 1, den: int = 1) -> bool:
    """True if a unit above `x` gives more than `num / den`: by the derivative,
    `(ad - bc) / (cx + d)**2`.
    """
    a, b, c, d = curve
    below = c * x + d
    return (a * d - b * c) * den > num * below * below


def stationary(curve: Map, num: int = 1, den: int = 1) -> int | None:
    """The input, rounded down, at which a further unit gives just `num / den`; None for a straight line.

    From the derivative: `x = (sqrt((ad - bc) den / num) - d) / c`. It may be negative.
    """
    a, b, c, d = curve
    if c == 0:
        return None
    return (root((a * d - b * c) * den // num) - d) // c


def root(square: int) -> int:
    """A square root of a whole number, too large by less than 1 + root / 2**62.

    One of Newton's steps from 31 good bits is worth two 64-bit words and costs half of `isqrt` of 500 bits.
    A size that is off by 2**-62 of itself loses 2**-124 of what is traded, since profit is flat at its top.
    """
    shift = square.bit_length() - 63 >> 1
    if shift <= 0:
        return isqrt(square)
    near = isqrt(square >> 2 * shift) << shift
    return (near + square // near) >> 1
