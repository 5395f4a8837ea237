"""How much less than the true optimum a size may earn where a fee moves as a pool is traded.

What is left after such a fee need not be concave, but on each piece of the inputs every leg is within a known
distance of a straight line (`spread`). Straight lines put one into another are straight again: no input of
the piece earns more than the better of its ends, but for what the distances of all legs come to in the end.
With that the best is sought piece by piece (`pieces`).

The concave curve that is nowhere below: let each pool with such a fee ask no more than its least fee, and let
rounding add to each leg all that it may.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.domain.pool import VenueKind
from executor.domain.route import Route
from executor.routing.hops import hop
from executor.routing.moving_fees import moving_fee
from executor.routing.pieces import most_above
from executor.routing.premium import PremiumOf
from executor.routing.sizing import forward
from executor.routing.slack import slack
from executor.routing.spread import Spread, bulge, spread
from executor.routing.states import States
from executor.routing.taxed import received, taken, transfers_into
from executor.venues.curve_crypto import FEE_UNIT

PREMIUM = 2
"""Units by which rounding may take a premium, of two lenders, off its curve, and its chord."""


def moving_shortfall(route: Route, states: States, size: int, *, cap: int, premium: PremiumOf) -> int | None:
    """A bound on what any input up to `cap` earns more than `size` does, in the settlement token's smallest
    unit; None where nothing proves one. `premium` rises ever faster, or is linear, but for rounding. Raises
    TicksUnknownError.
    """
    errors = tuple(most_error(states[leg.pool.key], leg.zero_for_one) for leg in route.legs)
    # A stable pool of Solidly refuses what it quotes at single amounts: more need not be too much.
    walled = not any(leg.pool.kind is VenueKind.SOLIDLY for leg in route.legs)
    return most_above(_Profit(route, states, premium, errors, walled), size, cap)


def most_error(state: PoolState, zero_for_one: bool) -> int | None:
    """How far the output of a pool whose fee moves may be off its curve before the fee, in any trade; None
    where nothing proves it, and for other pools.
    """
    moving = moving_fee(state, zero_for_one)
    return None if moving is None else moving.most_error()


def concave_output(
    state: PoolState, zero_for_one: bool, amount: int, above: int, error: int | None
) -> tuple[int, int] | None:
    """What a pool gives for an amount at its least fee, and how much more it may give for up to `above` more,
    with all that rounding may add; None where nothing proves it. `error` is `most_error`'s. Raises MathsError
    where the pool cannot trade as much.
    """
    moving = moving_fee(state, zero_for_one)
    if moving is None:
        units = slack(state, zero_for_one, amount)
        if units is None or amount <= units[0]:
            return None
        given = hop(state, zero_for_one).out(amount)
        return given, 2 * units[1] - (-(2 * units[0] + above) * (given + units[1]) // (amount - units[0]))
    if error is None or amount < 2:
        return None
    gross, half = moving.trade(amount).gross, moving.trade(amount // 2).gross
    more = 2 + 2 * error - (-above * (gross - half + 2 * error) // (amount - amount // 2))
    return gross - moving.least * gross // FEE_UNIT, more


@dataclass(frozen=True, slots=True)
class _Profit:
    """What inputs into a route earn. `errors` are those of its legs (`most_error`)."""

    route: Route
    states: States
    premium: PremiumOf
    errors: tuple[int | None, ...]
    walled: bool

    def earned(self, size: int) -> int | None:
        """What the input earns; None where it cannot be traded."""
        try:
            return forward(self.route, self.states, size)[-1] - size - self.premium(size)
        except MathsError:
            return None

    def most(self, low: int, high: int) -> tuple[int, int, int] | None:
        """The most that an input of the piece may earn, and how much of that is above its ends, and noise."""
        line = Spread(low, high, 0, 0, 0)
        for index in range(len(self.route.legs) + 1):
            for found in self._steps(index, line):
                if found is None:
                    return None
                line = found
        inputs = (low, (low + high) // 2, high)
        first, middle, last = (-self.premium(size) for size in inputs)
        ends = (line.first - low + first, line.last - high + last)
        # Where the first of two lenders has no more a premium bends: between the ends its chord is too much.
        above = line.above + PREMIUM + bulge(inputs, (first, middle, last), PREMIUM)
        noise = line.noise + PREMIUM + bulge(inputs, (0, 0, 0), PREMIUM)
        return max(ends) + above, above, noise

    def concave(self, size: int) -> int | None:
        """The most that the input would earn at the least fees."""
        try:
            line = self._upper(size)
        except MathsError:
            return None
        return None if line is None else sum(line) - size - self.premium(size) + PREMIUM

    def _upper(self, size: int) -> tuple[int, int] | None:
        """What comes out at the least fees, and what may be missing of it."""
        amount, above, route = size, 0, self.route
        for place, leg in enumerate(route.legs):
            if leg.taxed:
                amount, above = taken(route, place, amount), above + transfers_into(route, place)
            state = self.states[leg.pool.key]
            found = concave_output(state, leg.zero_for_one, amount, above, self.errors[place])
            if found is None:
                return None
            amount, above = found
        return (received(route, amount), above + 1) if route.legs[0].taxed else (amount, above)

    def _steps(self, index: int, line: Spread) -> Iterator[Spread | None]:
        """What becomes of the amounts on the way to leg `index` and in its pool; last, on the way back."""
        route = self.route
        last = index == len(route.legs)
        leg = route.legs[0 if last else index]
        if leg.taxed:
            off, (low, high) = 1 if last else transfers_into(route, index), _reach(line)
            ends = [received(route, each) if last else taken(route, index, each) for each in (low, high)]
            line = _through(line, low, high, Spread(ends[0], ends[1], 2 * off, 2 * off, 2 * off))
            yield line
        if not last:
            low, high = _reach(line)
            found = spread(self.states[leg.pool.key], leg.zero_for_one, low, high) if low else None
            yield None if found is None else _through(line, low, high, found)


def _reach(line: Spread) -> tuple[int, int]:
    """The least and the most that the amounts may be."""
    return max(min(line.first, line.last) - line.below, 0), max(line.first, line.last) + line.above


def _through(line: Spread, low: int, high: int, pool: Spread) -> Spread:
    """A line of amounts, all from `low` to `high`, put through a pool that is near a line between those."""
    width, rise = high - low, pool.last - pool.first
    if not width:
        return pool
    first, last = (pool.first + rise * (end - low) // width for end in (line.first, line.last))
    over, under = (line.above, line.below) if rise >= 0 else (line.below, line.above)
    steep = abs(rise)
    rounding = 1 if low != line.first or high != line.last else 0
    return Spread(
        first,
        last,
        pool.below - (-steep * under // width),
        pool.above - (-steep * over // width) + rounding,
        pool.noise - (-steep * line.noise // width) + rounding,
    )
