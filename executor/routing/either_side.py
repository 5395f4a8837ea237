"""How much more than at one whole number a function may be at any other, told by its values beside it.

Derivation. F is what is asked, P a concave function with F <= P everywhere, and P <= F + 2 E where F is
asked. With l < s < r, s the size that was found:

1. If F(s) - F(l) >= 2 E, then P(l) <= P(s), and P falls from there on to the left: nothing below l earns
   more. Likewise beyond r.
2. Between s and r the line from l through s stands above P, and between l and s the one from r. So no input
   there earns more than

       F(s) + 2 E + (F(s) - F(l) + 2 E) (r - s) / (s - l),

   or the same with l and r changed over.
3. Where no r can be asked, since s is the most that may go in, the line through l and a point to its left
   stands above P between l and s.

l and r are sought by doubling the distance, so that the profit falls by a few E: the bound is a few E, too.
"""

from collections.abc import Callable

Profit = Callable[[int], int | None]


def above(
    profit: Profit, size: int, cap: int, twice: int, *, least: int, walled: bool
) -> tuple[int | None, int]:
    """A bound on what any input up to `cap` earns more than `size` does, and the largest input that was asked
    for it. `twice` is 2 E from `least` on; None for the bound where that earns as much but for rounding.
    `walled`: what is too much (None) stays too much; a stable pool of Solidly refuses what it quotes at
    single amounts, too.
    """
    best, left = profit(size), _left(profit, size, least, twice)
    if best is None or left is None:
        return None, size
    low = profit(left)
    right, high = _right(profit, size, cap, twice, walled=walled)
    assert low is not None
    bound = twice + _share(best - low + twice, right - size, size - left)
    if high is not None:
        return max(bound, twice + _share(best - high + twice, size - left, right - size)), right
    further = 2 * left - size
    lower = profit(further) if further >= least else None
    if lower is None:
        return None, size
    last = twice + low - best + _share(max(low - lower, 0) + twice, size - left, left - further)
    return max(bound, last), size


def _left(profit: Profit, size: int, least: int, twice: int) -> int | None:
    """An input not below `least` from which profit falls to the left; None if there is none."""
    best, step = profit(size), 1
    while best is not None and size > least:
        asked = max(size - step, least)
        earned = profit(asked)
        if earned is None or best - earned >= twice:
            return None if earned is None else asked
        if asked == least:
            return None
        step *= 2
    return None


def _right(profit: Profit, size: int, cap: int, twice: int, *, walled: bool) -> tuple[int, int | None]:
    """An input above the size from which profit falls, or beyond which there is none, and what it earns; None
    for what may not be had.
    """
    best, step = profit(size), 1
    while size + step <= cap:
        earned = profit(size + step)
        refused = earned is None and not walled
        if not refused and (earned is None or best is None or best - earned >= twice):
            return size + step, earned
        step *= 2
    return cap, None


def _share(rise: int, width: int, run: int) -> int:
    """`rise` for `run`, for as much as `width`, rounded up."""
    return -(-rise * width // run)
