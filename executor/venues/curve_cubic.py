"""A balance of Curve's newer crypto pools as the root of a cubic: what their mathematics contracts do.

Source: Curve's published "CurveTricryptoMathOptimized" and "CurveTwocryptoMathOptimized" (`get_y`): K0
solves a K0^3 + b K0^2 + c K0 + d = 0, by Cardano's formula with signed whole numbers that are scaled down so
as to fit into a word. Divisions round towards zero, as the chain's do. Where the discriminant is not
positive the contracts go back to Newton's method, and None is returned.
"""

from math import isqrt

WAD = 10**18
A_UNIT = 10_000
WORD = 2**256
HALF_WORD = 2**255
SMALL_RADICAND = 115792089237316195423570985008687907853269
"""Radicands below this are taken times 1e36, those below 1e18 times as much times 1e18."""

THREE_STEPS = (
    *((10**power, 10 ** (power - 18)) for power in range(48, 23, -4)),
    (10**20, 10**2),
)
TWO_STEPS = (
    (10**48, 10**30),
    *((10**power, 10 ** (power - 18)) for power in range(46, 25, -2)),
    (10**24, 10**6),
    (10**20, 10**2),
)
"""What the coefficients are divided by where the number that decides is above a bound: (bound, divisor)."""


def root_of_three(ann: int, gamma: int, others: list[int], d: int) -> int | None:
    """The third scaled balance beside two `others`, in their order. Raises ArithmeticError where the contract
    would revert.
    """
    x_j, x_k = others
    gamma2 = gamma * gamma
    a = 10**36 // 27
    b = (
        10**36 // 9
        + 2 * WAD * gamma // 27
        - _fits(_wrapped(d * d // x_j * gamma2) * ann) // 27**2 // A_UNIT // x_k
    )
    c = (
        10**36 // 9
        + gamma * (gamma + 4 * WAD) // 27
        + _quotient(_quotient(_wrapped(_quotient(_fits(gamma2 * (x_j + x_k - d)), d) * ann), 27), A_UNIT)
    )
    e = (WAD + gamma) ** 2 // 27
    divider = _divider(abs(_quotient(_fits(3 * a * c), b) - b), THREE_STEPS)
    if a > abs(b):
        more = abs(_quotient(a, b))
        a = a * more // divider
        b, c, e = (_quotient(_fits(value * more), divider) for value in (b, c, e))
    else:
        more = abs(_quotient(b, a))
        a = a // more // divider
        b, c, e = (_quotient(_quotient(value, more), divider) for value in (b, c, e))
    triple = _fits(3 * a * c)
    delta0 = _quotient(triple, b) - b
    delta1 = _quotient(_fits(3 * triple), b) - 2 * b - _quotient(_fits(_quotient(_fits(27 * a**2), b) * e), b)
    radicand = _fits(_fits(delta1**2) + _fits(_quotient(_fits(4 * delta0**2), b) * delta0))
    if radicand <= 0:
        return None
    first = _signed_cube_root(b)
    second = _half_cube_root(delta1, isqrt(radicand))
    c1 = _quotient(_fits(_fits(first * first) // WAD * second), WAD)
    root = _quotient(b + _quotient(_fits(b * delta0), c1) - c1, 3)
    y = _quotient(_fits(_fits(_fits(d * d) // 27 // x_k * d) // x_j * root), a)
    return _positive(y)


def root_of_two(ann: int, gamma: int, x_j: int, d: int) -> int | None:
    """The second scaled balance beside `x_j`. Raises ArithmeticError where the contract would revert."""
    gamma2 = gamma * gamma
    ann_gamma2 = ann * gamma2
    a = 10**32
    b = _fits(d * ann_gamma2) // 400_000_000 // x_j - 3 * 10**32 - 2 * gamma * 10**14
    c = (
        3 * 10**32
        + 4 * gamma * 10**14
        + gamma2 // 10**4
        + _fits(4 * ann_gamma2 // 400_000_000 * x_j) // d
        - 4 * ann_gamma2 // 400_000_000
    )
    e = -((WAD + gamma) ** 2 // 10**4)
    delta0 = _quotient(_fits(3 * a * c), b) - b
    delta1 = 3 * delta0 + b - _quotient(_fits(_quotient(27 * a**2, b) * e), b)
    divider = _divider(min(abs(delta0), abs(delta1), a), TWO_STEPS)
    a, b, c, e = (_quotient(value, divider) for value in (a, b, c, e))
    delta0 = _quotient(_wrapped(3 * a * c), b) - b
    delta1 = 3 * delta0 + b - _quotient(_wrapped(_quotient(_wrapped(27 * a**2), b) * e), b)
    radicand = _fits(_fits(delta1**2) + _wrapped(_quotient(_fits(4 * delta0**2), b) * delta0))
    if radicand <= 0:
        return None
    first = _signed_cube_root(b)
    second = _half_cube_root(delta1, isqrt(radicand))
    c1 = _quotient(_wrapped(_fits(first**2) // WAD * second), WAD)
    upper = _wrapped(WAD * c1) - _wrapped(WAD * b) - _fits(_quotient(_wrapped(WAD * b), c1) * delta0)
    root = _positive(_quotient(upper, 3 * a))
    return _positive(_quotient(_quotient(_wrapped(_fits(d**2) // x_j * root), 4), WAD))


def cube_root(x: int) -> int:
    """The cube root in units of 1e18 of a number in units of 1e18, by seven of Newton's steps."""
    if x >= SMALL_RADICAND * WAD:
        radicand, factor = x, 10**12
    elif x >= SMALL_RADICAND:
        radicand, factor = x * WAD, 10**6
    else:
        radicand, factor = x * 10**36, 1
    power, rest = divmod(max(radicand.bit_length() - 1, 0), 3)
    root: int = (1 << power) * 1260**rest // 1000**rest
    for _ in range(7):
        root = (2 * root + radicand // (root * root)) // 3 if root else 0
    return root * factor


def _signed_cube_root(x: int) -> int:
    return cube_root(x) if x >= 0 else -cube_root(-x)


def _half_cube_root(delta1: int, root: int) -> int:
    """Of (delta1 + root) / 2, with the sign that keeps digits."""
    return cube_root((delta1 + root) // 2) if delta1 > 0 else -cube_root((root - delta1) // 2)


def _divider(size: int, steps: tuple[tuple[int, int], ...]) -> int:
    return next((divider for above, divider in steps if size > above), 1)


def _quotient(x: int, y: int) -> int:
    """Rounded towards zero."""
    return x // y if (x >= 0) == (y > 0) else -(-x // y)


def _fits(value: int) -> int:
    """Where the contract checks that a signed word holds the value."""
    if not -HALF_WORD <= value < HALF_WORD:
        raise OverflowError("more than a word of the contract holds")
    return value


def _wrapped(value: int) -> int:
    """Where the contract does not check it."""
    return (value + HALF_WORD) % WORD - HALF_WORD


def _positive(value: int) -> int:
    if value < 0:
        raise ArithmeticError("no balance is below zero")
    return value
