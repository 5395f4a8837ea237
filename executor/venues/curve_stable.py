"""The maths of Curve's StableSwap pools, in the order of divisions of their contracts.

Source: M. Egorov, "StableSwap - efficient mechanism for Stablecoin liquidity" (2019): A n^n sum(x) + D =
A D n^n + D^(n+1) / (n^n prod(x)), solved for D and for a balance by Newton's method; Curve's published pool
contracts for where they round, and for the fee that rises off the peg. Balances are scaled to 18 decimals by
each coin's rate. Pools without A's two decimals give the same integers as with them, as all divisions by them
are exact.

Model-checked: equal to `curvesim` from PyPI and to the pools of the local chain, since no package holds the
bytecode of these pools. The first generation, the one for lent coins and the newest also equal their
published sources, compiled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from executor.domain.pool import Pool
from executor.domain.pool_details import CurveShape
from executor.venues.curve_search import TooLittleError, least_input

RATE_UNIT = 10**18
FEE_UNIT = 10**10
A_UNIT = 100
ROUNDS = 255
KEPT_SECONDS = 600
KNOWN_INVARIANTS = 512
WORD = 2**256


@dataclass(frozen=True, slots=True)
class Rounding:
    """Where a generation of pools rounds: `divides_once` by n^n and not by n at each coin; `adds` one to each
    divisor of that product; `keeps` one unit of the scaled output; `late_view`: the pool's own quote (never
    its exchange) takes the fee after the scaling; `rebuilds`: the balances are computed back from the curve;
    `stops`: a search that does not settle ends with what it has, and not with a revert.
    """

    divides_once: bool = False
    adds: int = 0
    keeps: int = 1
    late_view: bool = False
    rebuilds: bool = False
    stops: bool = False


ROUNDINGS: Mapping[CurveShape, Rounding] = {
    CurveShape.STABLE: Rounding(),
    CurveShape.STABLE_ONCE: Rounding(divides_once=True),
    CurveShape.STABLE_CLASSIC: Rounding(late_view=True, stops=True),
    CurveShape.STABLE_FIRST: Rounding(adds=1, keeps=0, late_view=True, rebuilds=True, stops=True),
    CurveShape.STABLE_LENT: Rounding(adds=1, keeps=0, late_view=True),
}


@dataclass(frozen=True, slots=True)
class Ramp:
    """A change of A that is under way: from `before` to `after` (in parts of `unit`), from second `start` to
    `end`.
    """

    before: int
    after: int
    start: int
    end: int
    unit: int

    def amplification(self, timestamp: int) -> int:
        """A at that second, in hundredths."""
        if timestamp >= self.end:
            return self.after * A_UNIT // self.unit
        elapsed, duration = timestamp - self.start, self.end - self.start
        moved = abs(self.after - self.before) * elapsed // duration
        now = self.before + moved if self.after > self.before else self.before - moved
        return now * A_UNIT // self.unit


@dataclass(frozen=True, slots=True)
class KeptRate:
    """The worth of the last coin, a share of another pool: `fresh` is that pool's virtual price, `kept` what
    this pool wrote down of it at second `since` and goes by for ten minutes; both times 1e18.
    """

    kept: int
    fresh: int
    since: int

    def rate(self, timestamp: int) -> int:
        """What the pool goes by at that second."""
        return self.fresh if timestamp > self.since + KEPT_SECONDS else self.kept


@dataclass(frozen=True, slots=True)
class StableState:
    """`balances` in each coin's smallest unit, without the admin's part; `rates` 10^(36 - decimals), times
    what one of the coin is worth where that moves; `amplification` A n^(n-1) in hundredths; fees in parts of
    1e10, `offpeg` how many times the fee is asked far from the peg (0: the fee is flat).

    `amplification` and `rates` hold at the second of the block that was read; `ramp` and `kept_rate` are
    None where they do not depend on the second. `admin_fee` is None where the pool does not tell it.
    `settled` is False where the pool's next trade depends on what only the chain knows.
    """

    pool: Pool
    shape: CurveShape
    balances: tuple[int, ...]
    rates: tuple[int, ...]
    amplification: int
    fee: int
    admin_fee: int | None = None
    offpeg: int = 0
    ramp: Ramp | None = None
    kept_rate: KeptRate | None = None
    settled: bool = True


def at(state: StableState, timestamp: int) -> StableState:
    """The state as it stands at that second, where A ramps or a rate is kept for some time."""
    if state.ramp is not None:
        state = replace(state, amplification=state.ramp.amplification(timestamp))
    if state.kept_rate is not None:
        state = replace(state, rates=(*state.rates[:-1], state.kept_rate.rate(timestamp)))
    return state


def exchanged(state: StableState, i: int, j: int, dx: int) -> int:
    """What `exchange` gives of coin j for `dx` of coin i, in smallest units. Raises ArithmeticError where the
    pool would revert.
    """
    gross, charged = _output(state, i, j, dx)
    return (gross - charged) * RATE_UNIT // state.rates[j]


def viewed(state: StableState, i: int, j: int, dx: int) -> int:
    """What the pool's own `get_dy` says, which old pools round otherwise than their exchange."""
    if not ROUNDINGS[state.shape].late_view:
        return exchanged(state, i, j, dx)
    xp = scaled(state)
    x, y = _solved(state, xp, i, j, dx)
    dy = (xp[j] - y - ROUNDINGS[state.shape].keeps) * RATE_UNIT // state.rates[j]
    return dy - _fee(state, xp[i], x, xp[j], y) * dy // FEE_UNIT


def traded(state: StableState, i: int, j: int, dx: int) -> StableState:
    """The state after the exchange; not settled where the admin's fee is not known."""
    gross, charged = _output(state, i, j, dx)
    dy = (gross - charged) * RATE_UNIT // state.rates[j]
    admin = charged * (state.admin_fee or 0) // FEE_UNIT
    balances = list(state.balances)
    balances[i] += dx
    if ROUNDINGS[state.shape].rebuilds:
        y = scaled(state)[j] - gross
        balances[j] = (y + charged - admin) * RATE_UNIT // state.rates[j]
    else:
        balances[j] -= dy + admin * RATE_UNIT // state.rates[j]
    return replace(state, balances=tuple(balances), settled=state.settled and state.admin_fee is not None)


def least_in(state: StableState, i: int, j: int, wanted: int) -> int:
    """The least of coin i for which `exchange` gives at least `wanted` of coin j.

    The output never falls as the input grows, but where a fee rises off the peg: there it falls back a
    little at each step of the fee, and of the inputs that reach `wanted` again and again this is found from
    below. Raises ArithmeticError where none gives that much.
    """
    try:
        guess = view_in(state, i, j, wanted)
    except TooLittleError:
        guess = 1
    return least_input(lambda dx: exchanged(state, i, j, dx), wanted, guess)


def view_in(state: StableState, i: int, j: int, wanted: int) -> int:
    """What the newest pools' `get_dx` says: near the input that `wanted` takes, as it reckons with the fee
    before the trade. Raises ArithmeticError where the pool would revert.
    """
    xp = scaled(state)
    with_fee = (
        (wanted * state.rates[j] // RATE_UNIT + 1) * FEE_UNIT // (FEE_UNIT - _fee_at(state, xp[i], xp[j]))
    )
    y = xp[j] - with_fee
    if y <= 0:
        raise ArithmeticError("the pool does not hold so much")
    d = invariant(xp, state.amplification, ROUNDINGS[state.shape])
    others = (y if k == j else value for k, value in enumerate(xp) if k != i)
    x = balance_for(d, state.amplification, others, len(xp))
    if x < xp[i]:
        raise TooLittleError("less than a unit would go in")
    return (x - xp[i]) * RATE_UNIT // state.rates[i]


def slope(state: StableState, i: int, j: int) -> tuple[int, int]:
    """What the next infinitesimal unit of coin i gives of coin j, fee included: numerator, denominator.

    From the derivatives of the invariant: (A n^n + p / x_i) / (A n^n + p / x_j) with
    p = D^(n+1) / (n^n prod(x)).
    """
    xp = scaled(state)
    n = len(xp)
    d = invariant(xp, state.amplification, ROUNDINGS[state.shape])
    ann = state.amplification * n
    power, product = d ** (n + 1) * A_UNIT, n**n
    for x in xp:
        product *= x
    kept = FEE_UNIT - _fee_at(state, xp[i], xp[j])
    numerator = xp[j] * (ann * xp[i] * product + power) * kept * state.rates[i]
    denominator = xp[i] * (ann * xp[j] * product + power) * FEE_UNIT * state.rates[j]
    return numerator, denominator


def scaled(state: StableState) -> tuple[int, ...]:
    """The balances in 18 decimals of what they are worth."""
    return tuple(
        balance * rate // RATE_UNIT for balance, rate in zip(state.balances, state.rates, strict=True)
    )


def invariant(xp: tuple[int, ...], amplification: int, rounding: Rounding) -> int:
    """D of the scaled balances. Raises ArithmeticError where the pool's own search fails."""
    return _invariant(xp, amplification, rounding)[0]


def balance_for(d: int, amplification: int, others: Iterable[int], n: int) -> int:
    """The scaled balance that keeps `d` beside the `others`. Raises ArithmeticError as `invariant` does."""
    return _balance_for(d, amplification, others, n)[0]


def rounds(state: StableState, i: int, j: int, dx: int) -> int:
    """How many of Newton's steps the pool takes in the trade, for D and for the balance."""
    xp = scaled(state)
    d, first = _invariant(xp, state.amplification, ROUNDINGS[state.shape])
    x = xp[i] + dx * state.rates[i] // RATE_UNIT
    others = (x if k == i else value for k, value in enumerate(xp) if k != j)
    return first + _balance_for(d, state.amplification, others, len(xp))[1]


@lru_cache(maxsize=KNOWN_INVARIANTS)
def _invariant(xp: tuple[int, ...], amplification: int, rounding: Rounding) -> tuple[int, int]:
    """D, and in how many steps it was found; kept for further trades in the same state."""
    n, total = len(xp), sum(xp)
    ann = amplification * n
    linear, slope_d, power = ann * total // A_UNIT, ann - A_UNIT, n**n
    divisors = xp if rounding.divides_once else [x * n + rounding.adds for x in xp]
    d = total
    _within_word((d * d, linear * d))
    for step in range(1, ROUNDS + 1):
        product = d
        for divisor in divisors:
            product = product * d // divisor
        if rounding.divides_once:
            product //= power
        previous = d
        d = (linear + product * n) * d // (slope_d * d // A_UNIT + (n + 1) * product)
        if -1 <= d - previous <= 1:
            return d, step
    if rounding.stops:
        return d, ROUNDS
    raise ArithmeticError("the invariant does not settle")


def _balance_for(d: int, amplification: int, others: Iterable[int], n: int) -> tuple[int, int]:
    """The balance, and in how many steps it was found."""
    ann = amplification * n
    c = d
    total = 0
    for x in others:
        total += x
        c = c * d // (x * n)
    _within_word((c * d * A_UNIT,))
    c = c * d * A_UNIT // (ann * n)
    b = total + d * A_UNIT // ann - d
    y = d
    for step in range(1, ROUNDS + 1):
        previous = y
        y = (y * y + c) // (2 * y + b)
        if -1 <= y - previous <= 1:
            _within_word((y * y + c,))
            return y, step
    raise ArithmeticError("the balance does not settle")


def _output(state: StableState, i: int, j: int, dx: int) -> tuple[int, int]:
    """Output before the fee, and the fee, both scaled."""
    xp = scaled(state)
    x, y = _solved(state, xp, i, j, dx)
    gross = xp[j] - y - ROUNDINGS[state.shape].keeps
    if gross < 0:
        raise TooLittleError("less than a unit would come out")
    charged = gross * _fee(state, xp[i], x, xp[j], y) // FEE_UNIT
    if charged > gross:
        raise ArithmeticError("the fee is more than what comes out")
    return gross, charged


def _solved(state: StableState, xp: tuple[int, ...], i: int, j: int, dx: int) -> tuple[int, int]:
    """The scaled balances of both coins after the trade, before the fee."""
    d = invariant(xp, state.amplification, ROUNDINGS[state.shape])
    x = xp[i] + dx * state.rates[i] // RATE_UNIT
    _within_word((dx * state.rates[i],))
    others = (x if k == i else value for k, value in enumerate(xp) if k != j)
    return x, balance_for(d, state.amplification, others, len(xp))


def _fee(state: StableState, x_before: int, x: int, y_before: int, y: int) -> int:
    """The fee at the mean balances of the trade."""
    return _fee_at(state, (x_before + x) // 2, (y_before + y) // 2)


def _fee_at(state: StableState, x: int, y: int) -> int:
    """fee m / ((m - 1) 4 x y / (x + y)^2 + 1), in parts of 1e10."""
    if state.offpeg <= FEE_UNIT:
        return state.fee
    closeness = (state.offpeg - FEE_UNIT) * 4 * x * y // (x + y) ** 2
    return state.offpeg * state.fee // (closeness + FEE_UNIT)


def _within_word(values: Iterable[int]) -> None:
    for value in values:
        if value >= WORD:
            raise OverflowError("more than a word of the contract holds")
