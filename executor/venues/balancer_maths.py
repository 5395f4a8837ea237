"""Balancer's fixed-point numbers with 18 decimals, its powers, and the curve of weighted pools.

Sources: `FixedPoint`, `LogExpMath` and `WeightedMath` of Balancer's V2 and V3 repositories, whose roundings
are repeated here integer for integer. Solidity divides toward zero, Python toward minus infinity: negative
logarithms are therefore worked out on their size, the sign apart.
"""

from collections.abc import Sequence

from executor.domain.errors import MathsError

ONE = 10**18
TWO, FOUR = 2 * ONE, 4 * ONE
ONE_20, ONE_36 = 10**20, 10**36
POWER_ERROR = 10_000
"""The relative error of a power, in parts of 1e18, by which it is moved to the safe side."""

MAX_TRADE_RATIO = 3 * 10**17
"""A weighted pool takes or gives at most this part (of 1e18) of a balance at once."""

MAX_EXPONENT, MIN_EXPONENT = 130 * ONE, -41 * ONE
LN_36_LOW, LN_36_HIGH = ONE - 10**17, ONE + 10**17
# e^(2^k) for falling k: the two largest as plain integers with their exponents in 18 decimals, the rest and
# their exponents in 20 decimals.
LARGEST = (
    (128 * ONE, 38877084059945950922200000000000000000000000000000000000),
    (64 * ONE, 6235149080811616882910000000),
)
FACTORS = (
    (32 * ONE_20, 7896296018268069516100000000000000),
    (16 * ONE_20, 888611052050787263676000000),
    (8 * ONE_20, 298095798704172827474000),
    (4 * ONE_20, 5459815003314423907810),
    (2 * ONE_20, 738905609893065022723),
    (ONE_20, 271828182845904523536),
    (ONE_20 // 2, 164872127070012814685),
    (ONE_20 // 4, 128402541668774148407),
)
FINE_FACTORS = (
    *FACTORS,
    (ONE_20 // 8, 113314845306682631683),
    (ONE_20 // 16, 106449445891785942956),
)
EXP_DIVISORS = tuple(ONE_20 * n for n in range(2, 13))


def mul_up(a: int, b: int) -> int:
    """a * b of 18 decimals, rounded up."""
    return -(-a * b // ONE)


def div_up(a: int, b: int) -> int:
    """a / b of 18 decimals, rounded up."""
    return -(-a * ONE // b)


def complement(x: int) -> int:
    """1 - x, at least 0."""
    return ONE - x if x < ONE else 0


def power(x: int, y: int) -> int:
    """x^y as `LogExpMath.pow` has it, x above 0. Raises MathsError out of its bounds."""
    if y == 0:
        return ONE
    if LN_36_LOW < x < LN_36_HIGH:
        logarithm, negative = _ln_36(x), x < ONE
        product = logarithm // ONE * y + logarithm % ONE * y // ONE
    else:
        logarithm, negative = _ln(x), x < ONE
        product = logarithm * y
    product //= ONE
    if product > (-MIN_EXPONENT if negative else MAX_EXPONENT):
        raise MathsError(
            "a power is out of the bounds of the pool's maths.", fix="trade less", base=x, exponent=y
        )
    result = _exp(product)
    # At zero the sign is lost, and so it is in Solidity; the reciprocal of one is one.
    return ONE_36 // result if negative else result


def power_up(x: int, y: int, shortcuts: bool) -> int:
    """x^y, not below the true value. `shortcuts`: exponents 1, 2 and 4 are multiplied out, as in all but the
    first pools.
    """
    if shortcuts:
        if y == ONE:
            return x
        if y == TWO:
            return mul_up(x, x)
        if y == FOUR:
            square = mul_up(x, x)
            return mul_up(square, square)
    raw = power(x, y)
    return raw + mul_up(raw, POWER_ERROR) + 1


def power_down(x: int, y: int) -> int:
    """x^y, not above the true value, with the exponents 1, 2 and 4 multiplied out."""
    if y == ONE:
        return x
    if y == TWO:
        return x * x // ONE
    if y == FOUR:
        square = x * x // ONE
        return square * square // ONE
    raw = power(x, y)
    return max(0, raw - mul_up(raw, POWER_ERROR) - 1)


def weighted_invariant(weights: Sequence[int], balances: Sequence[int]) -> int:
    """The product of all balances to the power of their weights, rounded down
    (`WeightedMath.computeInvariantDown`).
    """
    found = ONE
    for weight, balance in zip(weights, balances, strict=True):
        found = found * power_down(balance, weight) // ONE
    return found


def weighted_out(
    balance_in: int, weight_in: int, balance_out: int, weight_out: int, amount_in: int, shortcuts: bool = True
) -> int:
    """What a weighted pool gives for `amount_in`, all in 18 decimals (`WeightedMath.computeOutGivenExactIn`).

    Raises MathsError above the part of its balance that a pool takes at once.
    """
    if amount_in > balance_in * MAX_TRADE_RATIO // ONE:
        raise MathsError(
            "a weighted pool takes at most 30 % of its balance at once.",
            fix="trade less, or use another pool",
            balance_in=balance_in,
            amount_in=amount_in,
        )
    base = div_up(balance_in, balance_in + amount_in)
    kept = power_up(base, weight_in * ONE // weight_out, shortcuts)
    return balance_out * (ONE - kept) // ONE if kept < ONE else 0


def weighted_in(
    balance_in: int,
    weight_in: int,
    balance_out: int,
    weight_out: int,
    amount_out: int,
    shortcuts: bool = True,
) -> int:
    """What a weighted pool asks for `amount_out`, all in 18 decimals (`WeightedMath.computeInGivenExactOut`).

    Raises MathsError above the part of its balance that a pool gives at once.
    """
    if amount_out > balance_out * MAX_TRADE_RATIO // ONE:
        raise MathsError(
            "a weighted pool gives at most 30 % of its balance at once.",
            fix="trade less, or use another pool",
            balance_out=balance_out,
            amount_out=amount_out,
        )
    base = div_up(balance_out, balance_out - amount_out)
    return mul_up(balance_in, power_up(base, div_up(weight_out, weight_in), shortcuts) - ONE)


def _exp(x: int) -> int:
    """e^x for x of 18 decimals, from 0 up to MAX_EXPONENT."""
    first = 1
    for exponent, factor in LARGEST:
        if x >= exponent:
            x -= exponent
            first = factor
            break
    x *= 100
    product = ONE_20
    if x >= FACTORS[-1][0]:
        for exponent, factor in FACTORS:
            if x >= exponent:
                x -= exponent
                product = product * factor // ONE_20
    series, term = ONE_20 + x, x
    for divisor in EXP_DIVISORS:
        term = term * x // divisor
        if not term:
            break
        series += term
    return product * series // ONE_20 * first // 100


def _ln(a: int) -> int:
    """The size of ln(a), 18 decimals, for a away from 1."""
    if a < ONE:
        a = ONE_36 // a
    total = 0
    for exponent, factor in LARGEST:
        if a >= factor * ONE:
            a //= factor
            total += exponent
    total *= 100
    a *= 100
    for exponent, factor in FINE_FACTORS:
        if a >= factor:
            a = a * ONE_20 // factor
            total += exponent
    z = (a - ONE_20) * ONE_20 // (a + ONE_20)
    square = z * z // ONE_20
    series, numerator = z, z
    for divisor in (3, 5, 7, 9, 11):
        numerator = numerator * square // ONE_20
        series += numerator // divisor
    return (total + 2 * series) // 100


def _ln_36(x: int) -> int:
    """The size of ln(x), 36 decimals, for x of 18 decimals close to 1."""
    x *= ONE
    z = abs(x - ONE_36) * ONE_36 // (x + ONE_36)
    square = z * z // ONE_36
    series, numerator = z, z
    for divisor in (3, 5, 7, 9, 11, 13, 15):
        numerator = numerator * square // ONE_36
        if not numerator:
            break
        series += numerator // divisor
    return 2 * series
