"""How far from a straight line a pool's output may be between two inputs.

Derivation. On a piece from a to b let w be how far along it an input is, from 0 to 1.

A concave curve g lies above its chord, and below it continued from the middle m on either side: by no more
than (g(m) - chord(m)) (b - a) / (the shorter part). A convex one likewise, below.

Where the fee moves (`moving_fees`), the output is C (1 - f), C concave. With C = chord + c, c >= 0, and
1 - f = chord + d it is the product of the chords, which is C_b - C_a times (f_b - f_a) w (1 - w) above the
chord of the output, and c (1 - f) + C d at most. It remains to bound d, for f a function of K:

    ln K = ln x + ln y - n ln S + constant,    S the sum of all balances,

along the chord of x and y. With X, Y, Z the changes of x, y and S on the piece, as shares of the least of
each, and l a bound on X - Y + n Z,

    K'' = K ((ln K)'^2 + (ln K)'') is at least -K (X^2 + Y^2) and at most K (l^2 + n Z^2),
    f'' = f_K K'' + f_KK K'^2, f_K <= 0, K <= 1.

A function whose second derivative is at most M lies no more than M / 8 below its chord. Last, y is convex:
below its chord by e at most, which moves f by no more than -f_K (1 / y + n / S) e.

What is asked is in whole numbers: each bound is wider by as much as those may be off the curve (`noise`).
A piece of half the length has a quarter of the rest.
"""

from dataclasses import dataclass
from typing import NamedTuple

from executor.domain.market import PoolState
from executor.routing.hops import hop
from executor.routing.moving_fees import UNIT, Errors, MovingFee, Trade, moving_fee
from executor.routing.slack import slack
from executor.venues.curve_crypto import FEE_UNIT


@dataclass(frozen=True, slots=True)
class Spread:
    """For each input of a piece the output is at most `below` under and at most `above` over the straight
    line from `first` to `last`, its ends; of which `noise` is left however short the piece. Smallest units.
    """

    first: int
    last: int
    below: int
    above: int
    noise: int


class _Fee(NamedTuple):
    """How much the fee may be above and below its chord, and how much it may rise or fall from one end of the
    piece to the other, in parts of `UNIT`.
    """

    above: int
    below: int
    rises: int
    falls: int


def spread(state: PoolState, zero_for_one: bool, low: int, high: int) -> Spread | None:
    """The spread between two positive inputs; None where nothing proves one. Raises MathsError where the pool
    cannot trade as much, TicksUnknownError.
    """
    moving = moving_fee(state, zero_for_one)
    if high - low <= 1:
        out = hop(state, zero_for_one).out
        return Spread(out(low), out(high), 0, 0, 0)
    return _concave(state, zero_for_one, low, high) if moving is None else _moving(moving, low, high)


def _concave(state: PoolState, zero_for_one: bool, low: int, high: int) -> Spread | None:
    units = slack(state, zero_for_one, high)
    if units is None or (units[0] and low <= units[0]):
        return None
    out, middle = hop(state, zero_for_one).out, (low + high) // 2
    first, last = out(low), out(high)
    noise = 2 * units[1]
    if units[0]:
        noise -= -2 * units[0] * (first + units[1]) // (low - units[0])
    above = bulge((low, middle, high), (first, out(middle), last), noise)
    return Spread(first, last, noise, noise + above, noise + bulge((low, middle, high), (0, 0, 0), noise))


def _moving(pool: MovingFee, low: int, high: int) -> Spread | None:
    inputs = (low, (low + high) // 2, high)
    first, middle, last = trades = (pool.trade(low), pool.trade(inputs[1]), pool.trade(high))
    errors = pool.errors(first, last)
    if errors is None or min(first.x, last.y) <= errors.y:
        return None
    over = bulge(inputs, (first.gross, middle.gross, last.gross), 2 * errors.gross)
    sag = bulge(inputs, (-first.y, -middle.y, -last.y), 2 * errors.y)
    fee = _fee(pool, trades, errors, sag)
    most = last.gross + errors.gross
    gained = max(last.gross - first.gross, 0) + 2 * errors.gross
    noise = 2 * errors.gross + 2 - (-most * (UNIT // FEE_UNIT + 2 * errors.fee) // UNIT)
    above = noise + over - (-gained * fee.rises // (4 * UNIT)) - (-most * fee.below // UNIT)
    below = noise - (-gained * fee.falls // (4 * UNIT)) - (-most * fee.above // UNIT)
    return Spread(first.out, last.out, below, above, noise + bulge(inputs, (0, 0, 0), 2 * errors.gross))


def _fee(pool: MovingFee, trades: tuple[Trade, Trade, Trade], errors: Errors, sag: int) -> _Fee:
    """The fee on a piece; `sag` is how much the balance that goes out may be below its own chord."""
    n, (first, _, last) = pool.count, trades
    off = errors.y
    x, y = first.x - off, last.y - off
    sums = [trade.x + trade.y + pool.others for trade in (first, last)]
    total = min(sums) - sag - 2 * off
    rising, falling = _share(last.x - first.x + 2 * off, x), _share(first.y - last.y + 2 * off, y)
    summed = _share(abs(sums[1] - sums[0]) + 4 * off, total)
    least_rise = (last.x - first.x - 2 * off) * UNIT // (last.x + off)
    least_fall = (first.y - last.y - 2 * off) * UNIT // (first.y + off)
    turn = max(rising - least_fall, falling - least_rise, 0) + n * summed
    bent, turned = _square(rising) + _square(falling), _square(turn)
    bowed = turned + n * _square(summed)
    pulled = (_share(1, y) + _share(n, total)) * sag
    at = [pool.closeness(trade.x, trade.y) for trade in (first, last)]
    wrong = 2 * n * _share(off, min(x, y)) + 1
    highest = min(UNIT, max(at) + wrong + bent // 8 + 1 + pulled)
    lowest = max(0, min(at) - wrong - bowed // 8 - 1 - pulled)
    slopes = pool.slopes(lowest, highest)
    moved = slopes.falls * pulled // UNIT + 2
    less = (slopes.falls * bent + slopes.up * turned) // (8 * UNIT) + moved
    more = (slopes.falls * bowed + slopes.down * turned) // (8 * UNIT) + moved
    change = pool.fee(at[1]) - pool.fee(at[0])
    unsure = 2 * slopes.falls * wrong // UNIT + 2
    return _Fee(more, less, max(unsure + change, 0), max(unsure - change, 0))


def bulge(inputs: tuple[int, int, int], outputs: tuple[int, int, int], noise: int) -> int:
    """How far above its chord a concave function may be that has these values but for the noise."""
    low, middle, high = inputs
    width = high - low
    on_chord = (outputs[0] * (high - middle) + outputs[2] * (middle - low)) // width
    return max(0, -(-(outputs[1] - on_chord + noise) * width // (middle - low)))


def _share(part: int, whole: int) -> int:
    return -(-part * UNIT // whole)


def _square(share: int) -> int:
    return -(-share * share // UNIT)
