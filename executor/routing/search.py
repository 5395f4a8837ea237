"""Search for the maximum of a function of whole numbers that rises, then falls."""

from collections.abc import Callable

Profit = Callable[[int], int | None]
"""A value, or None where the argument is too large to have one."""

SCAN = 48
"""An interval of at most this many numbers is searched one by one."""

PRECISION_BITS = 40
"""Narrow until the interval is this many bits shorter than the numbers in it. Near its maximum a concave
profit is flat: a size off by 2**-40 of itself loses about 2**-80 of the amount traded, less than one unit.
"""


def better(candidate: int | None, than: int | None) -> bool:
    """True if `candidate` is a value and above the other."""
    return candidate is not None and (than is None or candidate > than)


def climb(profit: Profit, start: int, following: Callable[[int], int]) -> int:
    """Step from `start` by `following` as long as each step is better; returns the last that was."""
    best = start
    while (candidate := following(best)) != best and better(profit(candidate), profit(best)):
        best = candidate
    return best


def maximise(profit: Profit, low: int, high: int) -> int:
    """The argument in [low, high] with the best value found: golden section, then a descent by ever smaller
    steps.

    Exact where the function has no plateaus or teeth; with teeth (rounding) the result lies within a tooth of
    the maximum.
    """
    left, right = _section(profit, low, high)
    if right - left <= SCAN:
        return max(range(left, right + 1), key=lambda x: rank(profit(x)))
    best = max((left, (left + right) // 2, right), key=lambda x: rank(profit(x)))
    step = SCAN
    while step:
        best = max((max(best - step, low), best, min(best + step, high)), key=lambda x: rank(profit(x)))
        step //= 2
    return best


def rank(value: int | None) -> tuple[bool, int]:
    """A key by which to compare values: none is below every other."""
    return (value is not None, value or 0)


def _section(profit: Profit, low: int, high: int) -> tuple[int, int]:
    """Shrink [low, high] around the maximum by golden section: each step asks for one new point, the mirror
    of the one kept.
    """
    left, right = _golden_points(low, high)
    while high - low > max(SCAN, high >> PRECISION_BITS):
        if better(profit(right), profit(left)):
            low, kept = left, right
        else:
            high, kept = right, left
        left, right = sorted((kept, low + high - kept))
        if (right - left) * 8 < high - low or (right - left) * 3 > high - low:
            left, right = _golden_points(low, high)
    return low, high


def _golden_points(low: int, high: int) -> tuple[int, int]:
    """Two points that divide the interval by the golden ratio, as 610 / 987."""
    part = (high - low) * 610 // 987
    return high - part, low + part
