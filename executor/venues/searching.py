"""The least input that gives what is wanted, for venues whose own answer is not the least."""

from collections.abc import Callable

from executor.domain.errors import MathsError

SECANT_STEPS = 4
STRIDE = 16


def least_input(output: Callable[[int], int], guess: int, wanted: int) -> int:
    """An input (at least 1) that gives `wanted` while one unit less does not, searched from `guess`.

    `output` rises with its argument but for rounding noise; what it raises goes through where no
    amount between gives what is wanted.
    """
    amount = max(1, guess)
    given = output(amount)
    # The average price is never worse than the last unit's: these steps stop short of the answer, above it.
    for _ in range(SECANT_STEPS):
        less = (given - wanted) * amount // given if given > wanted else 0
        if not 0 < less < amount or (fewer := output(amount - less)) < wanted:
            break
        amount, given = amount - less, fewer
    low, high = (_bracket_below if given >= wanted else _bracket_above)(output, amount, wanted)
    while high - low > 1:
        middle = (low + high) // 2
        if output(middle) >= wanted:
            high = middle
        else:
            low = middle
    return high


def _bracket_below(output: Callable[[int], int], enough: int, wanted: int) -> tuple[int, int]:
    """A larger amount that is enough, a smaller that is not (0 is never asked about)."""
    step = 1
    while True:
        lower = enough - step
        if lower <= 0:
            return 0, enough
        if output(lower) < wanted:
            return lower, enough
        enough = lower
        step *= STRIDE


def _bracket_above(output: Callable[[int], int], too_little: int, wanted: int) -> tuple[int, int]:
    step = 1
    while True:
        higher = too_little + step
        try:
            enough = output(higher) >= wanted
        except MathsError:
            if step == 1:
                raise
            # Too far for the pool: what is wanted may lie before its limit.
            step = 1
            continue
        if enough:
            return too_little, higher
        too_little = higher
        step *= STRIDE
