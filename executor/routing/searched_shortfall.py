"""How much less than the true optimum a searched size may earn: told afterwards, by quotes on either side.

Derivation. Let P be the profit of the route's real curve, concave and 0 at 0, and F what whole units leave of
it, nowhere more than E away. With l < s < r, s the size that was found:

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

from collections.abc import Callable, Sequence

from executor.domain.errors import MathsError
from executor.domain.pool import VenueKind
from executor.domain.route import Route
from executor.routing.cycle import MAX_AMOUNT
from executor.routing.premium import PremiumOf, no_premium
from executor.routing.shortfall import shortfall
from executor.routing.sizing import forward
from executor.routing.slack import slack
from executor.routing.states import States
from executor.routing.taxed import is_taxed

Profit = Callable[[int], int | None]


def searched_shortfall(
    route: Route,
    states: States,
    amounts: Sequence[int],
    *,
    cap: int = MAX_AMOUNT,
    premium: PremiumOf = no_premium,
) -> int | None:
    """A bound on what any input up to `cap` earns more than `amounts[0]` does, in the settlement token's
    smallest unit. `premium` is linear but for rounding.

    None where there is none: on routes through pools whose fee moves as they are traded (Curve's crypto pools
    and those with a fee that rises off the peg), through tokens that keep a part of each transfer, and where
    half the size earns as much but for rounding. Raises TicksUnknownError.
    """
    size = amounts[0]
    margin = _margin(route, states, size)
    if margin is None:
        return None

    def profit(given: int) -> int | None:
        try:
            return forward(route, states, given)[-1] - given - premium(given) if given else 0
        except MathsError:
            return None

    walled = not any(leg.pool.kind is VenueKind.SOLIDLY for leg in route.legs)
    return _bound(profit, size, cap, 2 * margin, walled=walled)


def shortfall_of(
    route: Route,
    states: States,
    amounts: Sequence[int],
    *,
    cap: int = MAX_AMOUNT,
    premium: PremiumOf = no_premium,
) -> int | None:
    """A bound on what another input up to `cap` earns more before gas than the best one that was found, in
    the settlement token's smallest unit: that of the closed form for routes over V2 pairs alone, else the
    searched one. None and errors as there.
    """
    in_closed_form = all(leg.pool.kind is VenueKind.UNISWAP_V2 for leg in route.legs)
    if in_closed_form and not is_taxed(route) and premium is no_premium:
        return shortfall(tuple(amounts))
    return searched_shortfall(route, states, amounts, cap=cap, premium=premium)


def _margin(route: Route, states: States, size: int) -> int | None:
    """How far whole units may be from the real curve, in the settlement token's smallest unit, for inputs
    from half the size on: each unit that a pool rounds away at what it would have become. On average a unit
    becomes more on smaller inputs, so it is asked at the half.
    """
    if is_taxed(route):
        return None
    try:
        half = forward(route, states, size // 2) if size > 1 else ()
    except MathsError:
        return None
    if not half:
        return None
    lost, end = 1, half[-1]
    for place, leg in enumerate(route.legs):
        units = slack(states[leg.pool.key], leg.zero_for_one, 2 * half[place])
        if units is None:
            return None
        lost += -(-units[0] * end // half[place]) - (-units[1] * end // half[place + 1])
    return lost


def _bound(profit: Profit, size: int, cap: int, twice: int, *, walled: bool) -> int | None:
    best, left = profit(size), _left(profit, size, twice)
    if best is None or left is None:
        return None
    low = profit(left)
    right, high = _right(profit, size, cap, twice, walled=walled)
    assert low is not None
    bound = twice + _share(best - low + twice, right - size, size - left)
    if high is not None:
        return max(bound, twice + _share(best - high + twice, size - left, right - size))
    further = 2 * left - size
    lower = profit(further) if 2 * further >= size else None
    if lower is None:
        return None
    return max(bound, twice + low - best + _share(max(low - lower, 0) + twice, size - left, left - further))


def _left(profit: Profit, size: int, twice: int) -> int | None:
    """An input not below half the size from which profit falls to the left; None if there is none."""
    best, step = profit(size), 1
    while best is not None and step <= size // 2:
        earned = profit(size - step)
        if earned is None or best - earned >= twice:
            return None if earned is None else size - step
        step *= 2
    return None


def _right(profit: Profit, size: int, cap: int, twice: int, *, walled: bool) -> tuple[int, int | None]:
    """An input above the size from which profit falls, or beyond which there is none, and what it earns; None
    for what may not be had. `walled`: what is too much stays too much; a stable pool of Solidly refuses what
    it quotes at single amounts, too.
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
