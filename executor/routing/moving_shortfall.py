"""How much less than the true optimum a size may earn where a fee moves as a pool is traded.

What is left after such a fee need not be concave. So the inputs are divided into pieces, on each of which
every leg is within a known distance of a straight line (`spread`): straight lines put one into another are
straight again, and no input of the piece earns more than the better of its ends, but for what the distances
of all legs come to in the end. The piece that may hold the most is halved again and again. Far from the best
size pieces may be long, near it they are as short as they are close to it: a distance falls with the square
of the length, as does what a size loses that is not the best.

Only inputs between two that were found first can earn more at all. Let each pool with such a fee ask no more
than its least fee: the profit of that, with all that rounding may add, is concave, nowhere below what is
earned, and at the size that was found at least that. To the left of an input below it at which this profit is
no more than what was found nothing earns more, nor to the right of one above it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from executor.domain.errors import MathsError
from executor.domain.pool import VenueKind
from executor.domain.route import Route
from executor.routing.hops import hop
from executor.routing.moving_fees import moving_fee
from executor.routing.premium import PremiumOf
from executor.routing.sizing import forward
from executor.routing.slack import slack
from executor.routing.spread import Spread, spread
from executor.routing.states import States
from executor.routing.taxed import received, taken, transfers_into
from executor.venues.curve_crypto import FEE_UNIT

PIECES = 160
"""So many pieces are looked at; what is not excluded by then is the bound."""

UNKNOWN = -(2**256)
"""The loss of a piece of which nothing is known yet."""

LINEAR = 2
"""Units by which a premium may be off a straight line, and its chord."""


@dataclass(frozen=True, slots=True)
class _Terms:
    route: Route
    states: States
    premium: PremiumOf
    errors: tuple[int | None, ...]
    """How far the output of each leg whose fee moves may be off its curve before the fee, in any trade."""

    def earned(self, size: int) -> int | None:
        """What the input earns; None where it cannot be traded."""
        try:
            return forward(self.route, self.states, size)[-1] - size - self.premium(size)
        except MathsError:
            return None


class _Piece(NamedTuple):
    """The inputs from `low` to `high`, which earn at most `-loss`; `fine`: shorter ones tell no more."""

    loss: int
    low: int
    high: int
    fine: bool


def moving_shortfall(route: Route, states: States, size: int, *, cap: int, premium: PremiumOf) -> int | None:
    """A bound on what any input up to `cap` earns more than `size` does, in the settlement token's smallest
    unit; None where nothing proves one. `premium` is linear but for rounding. Raises TicksUnknownError.
    """
    moving = [moving_fee(states[leg.pool.key], leg.zero_for_one) for leg in route.legs]
    terms = _Terms(
        route, states, premium, tuple(None if each is None else each.most_error() for each in moving)
    )
    found = terms.earned(size)
    window = None if found is None else _window(terms, size, found, cap)
    if window is None or found is None:
        return None
    ends = ((window[0], size), (size, window[1]))
    pieces = [_piece(terms, low, high) for low, high in ends if low < high]
    heapify(pieces)
    for _ in range(PIECES):
        if not pieces or pieces[0].fine or -pieces[0].loss <= found:
            break
        piece = heappop(pieces)
        middle = (piece.low + piece.high) // 2
        heappush(pieces, _piece(terms, piece.low, middle))
        heappush(pieces, _piece(terms, middle, piece.high))
    if not pieces:
        return 0
    return None if pieces[0].loss == UNKNOWN else max(-pieces[0].loss - found, 0)


def _piece(terms: _Terms, low: int, high: int) -> _Piece:
    if high - low <= 1:
        ends = [earned for earned in map(terms.earned, (low, high)) if earned is not None]
        return _Piece(-max(ends, default=-high), low, high, fine=True)
    try:
        most = _most(terms, low, high)
    except MathsError:
        most = None
    if most is None:
        return _Piece(UNKNOWN, low, high, fine=False)
    earned, above, noise = most
    return _Piece(-earned, low, high, 2 * above <= 3 * noise)


def _most(terms: _Terms, low: int, high: int) -> tuple[int, int, int] | None:
    """The most that an input of the piece may earn, how much of that is above its ends, and what of this is
    noise; None where nothing proves it.
    """
    line = Spread(low, high, 0, 0, 0)
    for step in range(len(terms.route.legs) + 1):
        for found in _steps(terms, step, line):
            if found is None:
                return None
            line = found
    ends = (line.first - low - terms.premium(low), line.last - high - terms.premium(high))
    above = line.above + LINEAR
    return max(ends) + above, above, line.noise + LINEAR


def _steps(terms: _Terms, index: int, line: Spread) -> Iterator[Spread | None]:
    """What becomes of the amounts on the way to leg `index`, and in its pool."""
    route = terms.route
    last = index == len(route.legs)
    leg = route.legs[0 if last else index]
    low, high = max(min(line.first, line.last) - line.below, 0), max(line.first, line.last) + line.above
    if leg.taxed:
        off = 1 if last else transfers_into(route, index)
        ends = [received(route, each) if last else taken(route, index, each) for each in (low, high)]
        line = _through(line, low, high, Spread(ends[0], ends[1], 2 * off, 2 * off, 2 * off))
        yield line
        low, high = max(min(line.first, line.last) - line.below, 0), max(line.first, line.last) + line.above
    if not last:
        found = spread(terms.states[leg.pool.key], leg.zero_for_one, low, high) if low else None
        yield None if found is None else _through(line, low, high, found)


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


def _window(terms: _Terms, size: int, found: int, cap: int) -> tuple[int, int] | None:
    """Two inputs beside the size, beyond which nothing earns more than was found."""
    low, step = size, max(size >> 6, 1)
    most: int | None = found + 1
    while most is None or most > found:
        low, step = (size - step if 2 * step <= size else low // 2), 2 * step
        most = _at_least_fee(terms, low) if low else None
        if most is None:
            return None
    high = _right(terms, size, found, cap)
    return None if high is None else (low, high)


def _right(terms: _Terms, size: int, found: int, cap: int) -> int | None:
    """The input above the size beyond which nothing earns more, or can be traded."""
    step, last = max(size >> 6, 1), size
    while last < cap:
        high = min(size + step, cap)
        most = _at_least_fee(terms, high)
        if most is None:
            # A stable pool of Solidly refuses what it quotes at single amounts: more need not be too much.
            walled = not any(leg.pool.kind is VenueKind.SOLIDLY for leg in terms.route.legs)
            return _wall(terms, last, high) if walled else None
        if most <= found:
            return high
        last, step = high, 2 * step
    return cap


def _wall(terms: _Terms, low: int, high: int) -> int:
    """The largest input that can be traded: more stays too much."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if terms.earned(middle) is None else (middle, high)
    return low


def _at_least_fee(terms: _Terms, size: int) -> int | None:
    """The most that the input would earn at the least fees, with all that rounding may add; None where it
    cannot be traded, or nothing proves it.
    """
    try:
        line = _upper(terms, size)
    except MathsError:
        return None
    return None if line is None else sum(line) - size - terms.premium(size) + 1


def _upper(terms: _Terms, size: int) -> tuple[int, int] | None:
    """What comes out at the least fees, and what may be missing of it."""
    amount, above, route = size, 0, terms.route
    for place, leg in enumerate(route.legs):
        if leg.taxed:
            amount = taken(route, place, amount)
            above += transfers_into(route, place)
        state = terms.states[leg.pool.key]
        moving = moving_fee(state, leg.zero_for_one)
        if moving is None:
            units = slack(state, leg.zero_for_one, amount)
            if units is None or amount <= units[0]:
                return None
            given = hop(state, leg.zero_for_one).out(amount)
            above = 2 * units[1] - (-(2 * units[0] + above) * (given + units[1]) // (amount - units[0]))
        else:
            most_error = terms.errors[place]
            if most_error is None or amount < 2:
                return None
            gross, half = moving.trade(amount).gross, moving.trade(amount // 2).gross
            rise = gross - half + 2 * most_error
            given = gross - moving.least * gross // FEE_UNIT
            above = 2 + 2 * most_error - (-above * rise // (amount - amount // 2))
        amount = given
    if route.legs[0].taxed:
        amount, above = received(route, amount), above + 1
    return amount, above
