"""The shape that a swap has near the present price, for a first guess at sizes; amounts themselves come from
the venues.
"""

from dataclasses import dataclass
from math import isqrt


@dataclass(frozen=True, slots=True)
class Stretch:
    """One piece of a pool's curve, in real numbers: a total input x in (`start`, `end`], counted from the
    present price, gives `(a * x + b) / (c * x + d)` in all.

    `end` is None where the piece has no end; `crossed` counts the initialised ticks passed before it.
    """

    start: int
    end: int | None
    a: int
    b: int
    c: int
    d: int
    crossed: int = 0


@dataclass(frozen=True, slots=True)
class Curve:
    """In real numbers, `k * x / (m + n * x)` comes out for `x`; k, m and n are non-negative and share any
    scale.

    Composition and optimum of such curves: the product of Moebius maps, as for a row of constant-product
    pools.
    """

    k: int
    m: int
    n: int

    def then(self, following: "Curve") -> "Curve":
        """The curve of this swap followed by `following`."""
        return Curve(following.k * self.k, following.m * self.m, following.m * self.n + following.n * self.k)

    @property
    def gains(self) -> bool:
        """True if the very first unit that goes in gives back more than itself."""
        return self.k > self.m

    @property
    def optimum(self) -> int:
        """The input at which output minus input is largest, rounded down; 0 if nothing gains.

        From d/dx (kx / (m + nx)) = 1: x = (sqrt(km) - m) / n.
        """
        if not self.gains or self.n == 0:
            return 0
        return (isqrt(self.k * self.m) - self.m) // self.n
