"""Curve pools whose fee moves with the trade, as the output before the fee and the closeness of the balances
that the fee goes by.

Before the fee the output is concave. For Curve's crypto pools, in units in which D is n: with K0 the product
of the balances, the invariant says that their sum is n + h(1 - K0), with

    h(q) = q (g + q)^2 / (c g^2 (1 - q)),     c > 0, 0 <= q < 1 (the mean is not below the geometric mean),

a power series in q without a negative term. All balances but x and y stand still, so x + y = s(x y) with
s' <= 0 <= s''. Differentiated once, y' = -(1 - y s') / (1 - x s') < 0; twice,

    y'' (1 - x s') = s'' (y + x y')^2 + 2 s' y' >= 0.

So y is convex in x, and -y' lies between 1 and y / x. StableSwap's balance has both properties, too.

The fee is a function of K = n^n prod(x) / sum(x)^n <= 1 alone, which falls as K rises: in crypto pools at the
balances after the trade, where the fee rises off the peg at the means of those before and after it.

How far whole numbers are from that. StableSwap's search ends within a few units of 18 decimals (`slack`). A
crypto pool's search of Newton ends with a step below L, a part in 1e14 of what is searched in. Its function
F(y) = sum - D - D h / n is concave with F' >= 1, and a step is F / f, where f is F' with h taken from the
balances: f = F' + F m / y, with m <= 1 + 2 / g. Let l be L and what one step rounds, so that |F| <= f l at
the balance y from which the last step went; Y is the root.

- y > Y: f (1 - l m / y) <= F', and F >= F' (y - Y), so that y - Y <= l / (1 - l m / y).
- y < Y: f <= F', and F' falls by no more than e^(-(Y - y) (4 / g + 2) / y) on the way to Y, as h' is
  (g + q) (g + 3 q - 2 q^2) / (1 - q)^2 but for a factor. So Y - y <= 2 l while l (4 / g + 2) <= 3 y / 4.

The last step goes towards Y: what it finds is within 2 l of Y, too. One step rounds at most 4 + 2 / K0 units,
and K0 within n + 1 parts in 1e18 of what its factors may be, which moves the root by that share over K0. The
newer pools solve a cubic instead (`cubic_error`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.domain.pool_details import CurveDetails
from executor.routing.cubic_error import cubic_error
from executor.routing.slack import SEARCHED
from executor.venues import curve_crypto, curve_stable
from executor.venues.curve_crypto import FEE_UNIT, NEWTON, WAD
from executor.venues.curve_pools import CryptoState, StableState

CLOSE, WIDE = 10**15, 10**12
"""Parts of D within which the root of a cubic is shown to be, near the size and in any trade."""

UNIT = 10**36
"""Shares are whole numbers of this part."""


class Trade(NamedTuple):
    """`gross` and `out`: the output before and after the fee, in smallest units; `x`, `y`: the scaled
    balances of what goes in and out that the fee goes by.
    """

    gross: int
    out: int
    x: int
    y: int


class Errors(NamedTuple):
    """How far a trade may be from the real curve: its output before the fee in smallest units, the scaled
    balance that the fee goes by, and the fee, in parts of `UNIT`, beside its own last place.
    """

    gross: int
    y: int
    fee: int


class Slopes(NamedTuple):
    """Of the fee as a function of K, in parts of `UNIT`: how fast it falls at most, and how much it bends at
    most upwards and downwards.
    """

    falls: int
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class MovingFee:
    """A pool in one direction. `count`: how many balances K is of; `others`: the sum of those that stand
    still; `least`: the least fee, in parts of 1e10; `closeness`: K of two balances; `fee` and `slopes` of K;
    `errors` of all trades between two, `most_error` of the output before the fee in any trade. K and the fee
    are in parts of `UNIT`.
    """

    count: int
    others: int
    least: int
    trade: Callable[[int], Trade]
    closeness: Callable[[int, int], int]
    fee: Callable[[int], int]
    slopes: Callable[[int, int], Slopes]
    errors: Callable[[Trade, Trade], Errors | None]
    most_error: Callable[[], int | None]


def moving_fee(state: PoolState, zero_for_one: bool) -> MovingFee | None:
    """The pool as one whose fee moves; None where it does not, or nothing proves how far its whole numbers
    are from its curve.
    """
    if isinstance(state, StableState) and state.offpeg > FEE_UNIT:
        return _off_peg(state, *_coins(state, zero_for_one))
    if not isinstance(state, CryptoState):
        return None
    if state.out_fee >= state.mid_fee and (state.fee_gamma or len(state.balances) > 2):
        return _crypto(state, *_coins(state, zero_for_one))
    return None


def _coins(state: StableState | CryptoState, zero_for_one: bool) -> tuple[int, int]:
    details, pool = state.pool.details, state.pool
    assert isinstance(details, CurveDetails)
    first, second = details.index(pool.token0.address), details.index(pool.token1.address)
    return (first, second) if zero_for_one else (second, first)


def _off_peg(state: StableState, i: int, j: int) -> MovingFee:
    before = curve_stable.scaled(state)
    n, rate = len(before), state.rates[j]
    rounding = curve_stable.ROUNDINGS[state.shape]
    more = state.offpeg - FEE_UNIT

    def trade(amount: int) -> Trade:
        try:
            out = curve_stable.exchanged(state, i, j, amount)
            d = curve_stable.invariant(before, state.amplification, rounding)
            x = before[i] + amount * state.rates[i] // WAD
            others = [x if k == i else value for k, value in enumerate(before) if k != j]
            y = curve_stable.balance_for(d, state.amplification, others, n)
        except ArithmeticError as error:
            raise _refused(state, amount) from error
        gross = (before[j] - y) * WAD // rate
        return Trade(gross, out, (before[i] + x) // 2, (before[j] + y) // 2)

    def closeness(x: int, y: int) -> int:
        return int(4 * x * y * UNIT // (x + y) ** 2)

    def slopes(least: int, most: int) -> Slopes:
        # fee m / ((m - 1) K + 1), m being offpeg / FEE_UNIT, and its derivatives.
        part = more * least // UNIT + FEE_UNIT
        falls = -(-state.fee * state.offpeg * more * UNIT // (FEE_UNIT * part * part))
        return Slopes(falls, 2 * falls * more // part + 1, 0)

    def errors(low: Trade, high: Trade) -> Errors:
        moved = SEARCHED + 2 + _steepest(before[i], before[j])
        falls = slopes(0, UNIT).falls
        least = min(high.y, low.x)
        return Errors(2 - (-moved * WAD // rate), moved, falls // FEE_UNIT + 4 * falls * moved // least + 1)

    def fee(k: int) -> int:
        return state.fee * state.offpeg * UNIT**2 // (FEE_UNIT * (more * k + FEE_UNIT * UNIT))

    first = Trade(0, 0, before[i], before[j])
    return MovingFee(
        2, 0, state.fee, trade, closeness, fee, slopes, errors, lambda: errors(first, first).gross
    )


def _crypto(state: CryptoState, i: int, j: int) -> MovingFee:
    before = curve_crypto.scaled(state, state.balances)
    n, others = len(before), [value for k, value in enumerate(before) if k not in (i, j)]
    search = _Search(state, others, turned=n == 3 and 3 - i - j < i)
    spread, slopes = state.out_fee - state.mid_fee, _crypto_slopes(state)
    worth = state.precisions[j] * (state.price_scale[j - 1] if j else WAD)

    def trade(amount: int) -> Trade:
        held = tuple(value + amount if k == i else value for k, value in enumerate(state.balances))
        x = curve_crypto.scaled(state, held)
        try:
            out = curve_crypto.exchanged(state, i, j, amount)
            y = curve_crypto.balance_for(state, x, j)
        except ArithmeticError as error:
            raise _refused(state, amount) from error
        return Trade((before[j] - y) * WAD // worth, out, x[i], y)

    def closeness(x: int, y: int) -> int:
        return int(n**n * x * y * prod(others) * UNIT // (x + y + sum(others)) ** n)

    def errors(low: Trade, high: Trade) -> Errors | None:
        searched = search.off(low, high, min(low.x * low.y, high.x * high.y))
        if searched is None:
            return None
        moved = searched + 2 + _steepest(low.x, low.y)
        share = (2 * n + 1) * UNIT // WAD + 2 * n * moved * UNIT // min(high.y, low.x)
        fee = slopes(0, UNIT).falls * share // UNIT + spread * UNIT // 10**28 + 1
        return Errors(gross_error(searched, low), moved, fee)

    def gross_error(searched: int, low: Trade) -> int:
        return 2 - (-(searched + 2 + _steepest(low.x, low.y)) * WAD // worth)

    def fee(k: int) -> int:
        gamma = state.fee_gamma * UNIT // WAD
        kept = gamma * UNIT // (gamma + UNIT - k) if gamma else k
        return (state.out_fee * UNIT - spread * kept) // FEE_UNIT

    def most_error() -> int | None:
        # No pool trades to less than a hundredth of D, nor with K0 above 1 or a sum of the balances below D.
        least = state.d // 100
        many = max(100 * state.d ** (n - 1) // (n**n * prod(others)), before[i])
        fewest = max(state.d - sum(others) - least, before[i]) * least
        start, far = Trade(0, 0, before[i], before[j] + 1), Trade(0, 0, many, least)
        searched = search.off(start, far, min(start.x * start.y, fewest), WIDE)
        return None if searched is None else gross_error(searched, start)

    return MovingFee(n, sum(others), state.mid_fee, trade, closeness, fee, slopes, errors, most_error)


def _crypto_slopes(state: CryptoState) -> Callable[[int, int], Slopes]:
    """Of out - (out - mid) g / (g + 1 - K), or of a straight line where there is no g."""
    spread, gamma = state.out_fee - state.mid_fee, state.fee_gamma

    def slopes(least: int, most: int) -> Slopes:
        if not gamma:
            return Slopes(-(-spread * UNIT // FEE_UNIT), 0, 0)
        part = gamma * UNIT // WAD + UNIT - most
        falls = -(-spread * gamma * UNIT**3 // (FEE_UNIT * WAD * part * part))
        return Slopes(falls, 0, 2 * falls * UNIT // part + 1)

    return slopes


@dataclass(frozen=True, slots=True)
class _Search:
    """The pool's own search for a balance. `others`: the balances that stand still; `turned`: the one that
    does stands before that which moves.
    """

    state: CryptoState
    others: list[int]
    turned: bool

    def off(self, low: Trade, high: Trade, least_product: int, enough: int = CLOSE) -> int | None:
        """How far from the root it may end between two trades, in scaled units; `least_product` is that of
        both balances. Of a cubic's root no more is shown than a part of D in `enough`.
        """
        state = self.state
        if state.shape in NEWTON:
            return self._by_newton(low, high, least_product)
        beside = [(low.x, high.x), *((value, value) for value in self.others)]
        if self.turned:
            beside.reverse()
        found = cubic_error(state.amplification, state.gamma, state.d, beside, state.d // enough)
        if found is None or not found[1]:
            return found and found[0]
        newton = self._by_newton(low, high, least_product)
        return newton and max(newton, found[0])

    def _by_newton(self, low: Trade, high: Trade, least_product: int) -> int | None:
        n, d, gamma = len(self.state.balances), self.state.d, self.state.gamma
        limit = max(max([high.x, *self.others]) // 10**14, d // 10**14, low.y // 10**14, 100) + 1
        k0 = n**n * least_product * prod(self.others) * WAD // d**n * 9 // 10
        rounded = low.y * (8 + 2 * n * n * (1 + low.y // d)) // WAD + 50
        if k0 <= 0:
            return None
        searched = 3 * limit - (-rounded * WAD // k0)
        return searched if 4 * searched * (4 * WAD + 2 * gamma) <= 3 * gamma * high.y else None


def _steepest(x: int, y: int) -> int:
    """How much a balance may fall, in units, while the other rises by one."""
    return max(1, -(-y // x))


def _refused(state: StableState | CryptoState, amount: int) -> MathsError:
    return MathsError(
        f"pool {state.pool.address} on {state.pool.dex} would revert.", fix="trade less", amount_in=amount
    )
