"""How much less than the true optimum a searched size may earn: told afterwards, by quotes on either side.

Derivation. Each leg gives what a concave, rising curve gives, within some whole units of what goes in and
some of what comes out (`slack`); a transfer fee is a straight line within one unit for each transfer. Let
every leg have those units more: the curve of the route is then concave, too, and stands above what whole
units give, at every input. Less the input and the premium it is P, and F is what is earned in whole units:
F <= P at all inputs, and P <= F + 2 E from half the size on. What the best input earns more than the one
that was found then follows from inputs on either side (`either_side`).

E. A unit more of an amount a becomes at most z / a at the end of a concave curve through zero that gives z
for it, and that share falls as the amount grows: asked at half the size, it holds from there on. Let k be
the sum over all legs of their units, each as a share of the amount at half the size less those units. All
amounts are then within a share e <= k (1 + e) of those without rounding, so that

       E <= k z (1 + e)^2 / (1 - e) + 2 <= k z / (1 - 4 k) + 2,

one for the premium of each of two lenders. What a second one asks beyond what the first has makes P bend down
there, which leaves it concave as long as the second is no cheaper.
"""

from collections.abc import Sequence
from fractions import Fraction

from executor.domain.errors import MathsError
from executor.domain.pool import VenueKind
from executor.domain.route import Route
from executor.routing.cycle import MAX_AMOUNT
from executor.routing.either_side import above
from executor.routing.moving_fees import moving_fee
from executor.routing.moving_shortfall import moving_shortfall
from executor.routing.premium import PremiumOf, no_premium
from executor.routing.shortfall import shortfall
from executor.routing.sizing import forward
from executor.routing.slack import slack
from executor.routing.states import States
from executor.routing.taxed import is_taxed, taken, transfers_into

MOST_SHARE = Fraction(1, 8)
"""Where rounding takes a greater part of the amounts, nothing is said of them."""


def searched_shortfall(
    route: Route,
    states: States,
    amounts: Sequence[int],
    *,
    cap: int = MAX_AMOUNT,
    premium: PremiumOf = no_premium,
) -> int | None:
    """A bound on what any input up to `cap` earns more than `amounts[0]` does, in the settlement token's
    smallest unit. `premium` is linear but for rounding, or rises faster from some input on.

    Where a fee moves as a pool is traded, it is told piece by piece (`moving_shortfall`). None where there is
    none: on routes of so few units that rounding decides, and where half the size earns as much but for
    rounding. Raises TicksUnknownError.
    """
    size = amounts[0]
    if any(moving_fee(states[leg.pool.key], leg.zero_for_one) for leg in route.legs):
        return moving_shortfall(route, states, size, cap=cap, premium=premium)

    def profit(given: int) -> int | None:
        try:
            return forward(route, states, given)[-1] - given - premium(given) if given else 0
        except MathsError:
            return None

    walled = not any(leg.pool.kind is VenueKind.SOLIDLY for leg in route.legs)
    top = size
    while (margin := _margin(route, states, size, top)) is not None:
        bound, asked = above(profit, size, cap, 2 * margin, least=(size + 1) // 2, walled=walled)
        if asked <= top:
            return bound
        top = asked
    return None


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


def _margin(route: Route, states: States, size: int, top: int) -> int | None:
    """E for inputs from half the size up to `top`, in the settlement token's smallest unit."""
    half = _amounts(route, states, size // 2)
    most = half if top == size else _amounts(route, states, top)
    if half is None or most is None:
        return None
    units = 1 if route.legs[0].taxed else 0
    share = Fraction(units, max(half[-1] - units, 1))
    for place, leg in enumerate(route.legs):
        reached = max(2 * half[place], most[place])
        found = slack(states[leg.pool.key], leg.zero_for_one, reached)
        if found is None:
            return None
        arrived = taken(route, place, half[place])
        rounded = found[0] + (transfers_into(route, place) if leg.taxed else 0)
        for count, amount in ((rounded, arrived), (found[1], half[place + 1])):
            if count >= amount:
                return None
            share += Fraction(count, amount - count)
    return 3 + int(half[-1] * share / (1 - 4 * share)) if share <= MOST_SHARE else None


def _amounts(route: Route, states: States, size: int) -> tuple[int, ...] | None:
    try:
        return forward(route, states, size) if size else None
    except MathsError:
        return None
