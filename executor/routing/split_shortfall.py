"""How much less than the true optimum a divided trade may earn: told afterwards, by prices of its tokens.

Derivation. Let p_k be any prices of the tokens before each stage, p_0 >= 1 of the settlement token that goes
in and p_n = 1 of that which comes out. No stage takes more than the one before gives, and no more than the
cap goes in. So, whatever goes in and however it is divided, the profit

    sum of all F in the last stage - sum of all x in the first
        <= sum over all parts, of stage k, of (p_(k+1) F(x) - p_k x) + (p_0 - 1) cap,

F(x) being what the part's pool gives for x. Each part stands alone there: what it may be worth more at any x
than at its own is bounded by its values on either side (`either_side`). With p_(k+1) / p_k near what the next
unit gives in the pools of stage k, each is worth most near its own amount, and the bound is small; where
they differ by a share d, that costs about d^2 of the price over the bend of the curve. p_0 is 1 where
nothing more is earned by putting more in; the other prices are taken as they would be there.

A pool gives what a concave curve gives within u units of what goes in and v of what comes out (`slack`), so
that with all of them more it gives at most 2 v + 2 u (F(h) + v) / (h - u) more than it does, for all inputs
from h on, since a unit more gives no more than the average does. Where the fee of a pool moves, its part is
bounded piece by piece (`pieces`). What is left after such a fee may bend upwards where another pool makes up
for it: then these prices say less than might be said, but nothing that is not so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.domain.split import Part, SplitRoute
from executor.routing.cycle import MAX_AMOUNT
from executor.routing.either_side import above
from executor.routing.hops import Hop, hop
from executor.routing.moving_fees import moving_fee
from executor.routing.moving_shortfall import concave_output, most_error
from executor.routing.pieces import most_above
from executor.routing.search import maximise
from executor.routing.slack import slack
from executor.routing.slopes import Slope, Stage, settled, slope_of
from executor.routing.spread import spread
from executor.routing.states import States

BITS = 256
ONE = 1 << BITS
"""Prices are whole numbers of this part of the settlement token's smallest unit."""


def split_shortfall(route: SplitRoute, states: States, *, cap: int = MAX_AMOUNT) -> int | None:
    """A bound on what any inputs up to `cap` in all, divided over the same pools in any way, earn more than
    the route does, before gas, in the settlement token's smallest unit.

    None where there is none: where rounding takes a great part of an amount, or a token keeps a part of each
    transfer, of which no plan is made. Raises TicksUnknownError.
    """
    if any(part.leg.taxed for stage in route.stages for part in stage):
        return None
    stages = [
        [(part, hop(states[part.leg.pool.key], part.leg.zero_for_one)) for part in s] for s in route.stages
    ]
    slopes = [slope_of(stage) for stage in stages]
    if None in slopes:
        return None
    known = [slope for slope in slopes if slope is not None]
    bounds = []
    for prices in (_prices(known), (ONE, *_prices(settled(known))[1:])):
        bound = _at_prices(route, stages, states, prices, cap) if prices[0] >= ONE else None
        if bound is not None:
            bounds.append(bound)
    return min(bounds, default=None)


def _prices(slopes: Sequence[Slope]) -> tuple[int, ...]:
    """The prices of all tokens by what the next unit gives in each stage."""
    prices = [Fraction(1)]
    for steep, _ in reversed(slopes):
        prices.insert(0, prices[0] * steep)
    return tuple(int(price * ONE) for price in prices)


def _at_prices(
    route: SplitRoute, stages: Sequence[Stage], states: States, prices: Sequence[int], cap: int
) -> int | None:
    """The bound by these prices."""
    total = (prices[0] - ONE) * (cap - route.amount_in)
    for number, stage in enumerate(stages):
        if number:
            total += prices[number] * (route.amount_out_of(number - 1) - route.amount_into(number))
        for part, through in stage:
            most = cap if number == 0 else MAX_AMOUNT
            more = _more(part, through, states, prices[number : number + 2], most)
            if more is None:
                return None
            total += more
    return -(-total // ONE)


def _more(part: Part, through: Hop, states: States, prices: Sequence[int], cap: int) -> int | None:
    """What the part may be worth more at another amount, as a price."""
    state = states[part.leg.pool.key]
    error = most_error(state, part.leg.zero_for_one)
    worth = _Worth(part, through, state, prices[0], prices[1], error)
    if moving_fee(state, part.leg.zero_for_one):
        return _beyond(worth, cap, lambda best: most_above(worth, best, cap))

    def beside(best: int) -> int | None:
        top = max(part.amount_in, best)
        while (found := _units(part, through, states, top)) is not None:
            twice = prices[1] * found[0]
            bound, asked = above(worth.earned, best, cap, twice, least=found[1], walled=False)
            if bound is None or asked <= top:
                return bound
            top = asked
        return None

    return _beyond(worth, cap, beside)


def _beyond(worth: _Worth, cap: int, bound: Callable[[int], int | None]) -> int | None:
    """What any amount may be worth more than the part's own, by a bound beside one that is worth the most."""
    amount = worth.part.amount_in
    best = maximise(worth.earned, amount // 2, min(2 * amount, max(cap, amount)))
    most, own = worth.earned(best), worth.earned(amount)
    if own is None:
        return None
    if most is None or most <= own:
        best, most = amount, own
    more = bound(best)
    return None if more is None else more + most - own


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a part is worth at any amount, at these prices of what goes in and comes out. `error` is
    `most_error`'s of its pool.
    """

    part: Part
    through: Hop
    state: PoolState
    taken: int
    given: int
    error: int | None
    walled: bool = True

    def earned(self, amount: int) -> int | None:
        """What the amount is worth; None where it cannot be traded."""
        try:
            return self.given * self.through.out(amount) - self.taken * amount if amount else 0
        except MathsError:
            return None

    def most(self, low: int, high: int) -> tuple[int, int, int] | None:
        """The most that an amount of a piece may be worth, and how much is above its ends, and noise."""
        line = spread(self.state, self.part.leg.zero_for_one, low, high) if low else None
        if line is None:
            return None
        over, given, taken = self.given * line.above, self.given, self.taken
        ends = max(given * line.first - taken * low, given * line.last - taken * high)
        return ends + over, over, given * line.noise

    def concave(self, amount: int) -> int | None:
        """The most that the amount would be worth at the least fee."""
        try:
            found = concave_output(self.state, self.part.leg.zero_for_one, amount, 0, self.error)
        except MathsError:
            return None
        return None if found is None else self.given * sum(found) - self.taken * amount


def _units(part: Part, through: Hop, states: States, top: int) -> tuple[int, int] | None:
    """How much of its output a pool may lack of its curve, for inputs up to `top`, and from which on."""
    found, least = slack(states[part.leg.pool.key], part.leg.zero_for_one, top), part.amount_in // 4
    if found is None or (found[0] and least <= found[0]):
        return None
    taken, given = found
    if not taken:
        return 2 * given, 0
    try:
        most = through.out(least) + given
    except MathsError:
        return None
    return 2 * given - (-2 * taken * most // (least - taken)), least
