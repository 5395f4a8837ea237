"""Pools of the Solidly shape (Aerodrome, Velodrome), volatile and stable.

Source: `Pool` of Velodrome V2 and Aerodrome. The router lets the pool quote for itself, so what comes out is
the pool's `getAmountOut`, as far as its `swap` then accepts it: the stable curve's search stops early on some
pools and quotes more than the curve allows.

A state is true of its block only: the fee is the factory's, whose `setFee` changes that of all its pools
without a log.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn, TypeVar

from executor.domain.address import Address
from executor.domain.errors import MathsError
from executor.domain.log import Log
from executor.domain.pool import Pool
from executor.venues import solidly_maths as maths
from executor.venues.curve import Curve, Stretch
from executor.venues.solidly_maths import FEE_BASIS, Side
from executor.venues.solidly_reads import (
    belongs,
    details,
    extend,
    find,
    identify,
    lens_request,
    lens_state,
    quote,
    read,
)
from executor.venues.solidly_state import SolidlyState

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "SolidlyState",
    "after",
    "amount_in",
    "amount_out",
    "belongs",
    "details",
    "emitters",
    "extend",
    "find",
    "follow",
    "gas",
    "identify",
    "lens_request",
    "lens_state",
    "local_curve",
    "marginal",
    "quote",
    "read",
    "stretch",
]

FOLLOWABLE = False
TOPICS: frozenset[bytes] = frozenset()

VOLATILE_GAS = 118_600
"""Gas of one swap with both transfers, the fee's own and the pool's quote: 66,000 more than a pair of V2
takes in the same plan, measured on a local node. Once in half an hour a pool also stores its price: 80,000.
"""

STABLE_GAS = 128_300
ROUND_GAS = 2_007
"""The same of a stable pool, to which each round of its search adds."""

CLOSE = 64
"""How many single units are tried above the least input that the curve allows."""

Value = TypeVar("Value")


def amount_out(state: SolidlyState, zero_for_one: bool, amount_in: int) -> int:
    """What the pool gives for `amount_in`; both in the smallest units of their tokens.

    0 means that the pool gives nothing for so little (and would refuse the swap). Raises MathsError if the
    pool is empty, paused or of a fork with other maths, if `amount_in` is not positive, or if the pool would
    refuse what it quotes.
    """
    _require_usable(state)
    if amount_in <= 0:
        _refuse(state, "takes a positive amount only", amount_in=amount_in)
    return _or_refuse(state, lambda: _given(state, zero_for_one, amount_in), amount_in=amount_in)


def amount_in(state: SolidlyState, zero_for_one: bool, amount_out: int) -> int:
    """The smallest amount for which the pool gives at least `amount_out`. Raises as the function above does.

    Nothing below what the curve's own check allows can do; from there on every unit is tried, up to `CLOSE`.
    Only in pools that hold less than a few whole tokens is the answer further off: then it is an amount that
    does, where one unit less does not.
    """
    _require_usable(state)
    _, side_out = state.sides(zero_for_one)
    if not 0 < amount_out < side_out.reserve:
        _refuse(state, "gives a positive amount below its reserve only", amount_out=amount_out)
    return _or_refuse(state, lambda: _least(state, zero_for_one, amount_out), amount_out=amount_out)


def after(state: SolidlyState, zero_for_one: bool, amount_in: int) -> SolidlyState:
    """The pool after a swap of `amount_in`; the fee has left it. Raises as `amount_out` does."""
    given = amount_out(state, zero_for_one, amount_in)
    kept = maths.net_of_fee(amount_in, state.fee_bps)
    if zero_for_one:
        return replace(state, reserve0=state.reserve0 + kept, reserve1=state.reserve1 - given)
    return replace(state, reserve0=state.reserve0 - given, reserve1=state.reserve1 + kept)


def marginal(state: SolidlyState, zero_for_one: bool) -> tuple[int, int]:
    """What the very next unit gives, fee included, as numerator and denominator in smallest units.

    Of the stable curve the derivative of x^3 y + y^3 x = k. Raises MathsError if the pool cannot trade.
    """
    _require_usable(state)
    side_in, side_out = state.sides(zero_for_one)
    kept = FEE_BASIS - state.fee_bps
    if not state.stable:
        return side_out.reserve * kept, side_in.reserve * FEE_BASIS
    rise, run = maths.slope(maths.normalised(side_in), maths.normalised(side_out))
    if rise == 0 or run == 0:
        _refuse(state, "is empty")
    return rise * side_out.whole * kept, run * side_in.whole * FEE_BASIS


def stretch(state: SolidlyState, zero_for_one: bool, index: int) -> Stretch | None:
    """The whole curve of a volatile pool, which is one piece; None for a stable one. Raises MathsError
    beyond it, or if the pool cannot trade.
    """
    curve = local_curve(state, zero_for_one)
    if curve is None:
        return None
    if index:
        _refuse(state, "has one stretch only", index=index)
    return Stretch(0, None, curve.k, 0, curve.n, curve.m)


def local_curve(state: SolidlyState, zero_for_one: bool) -> Curve | None:
    """The whole curve of a volatile pool, in real numbers; None for a stable one. Raises MathsError if the
    pool cannot trade.
    """
    _require_usable(state)
    if state.stable:
        return None
    side_in, side_out = state.sides(zero_for_one)
    kept = FEE_BASIS - state.fee_bps
    return Curve(k=kept * side_out.reserve, m=FEE_BASIS * side_in.reserve, n=kept)


def gas(state: SolidlyState, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one swap as a leg, its pool's quote included. Raises as `amount_out` does."""
    if not state.stable:
        return VOLATILE_GAS
    _require_usable(state)
    return STABLE_GAS + ROUND_GAS * _or_refuse(
        state, lambda: state.rounds(zero_for_one, amount_in), amount_in=amount_in
    )


def emitters(pool: Pool) -> tuple[Address, ...]:
    """No log tells all that changes the pool."""
    return ()


def follow(state: SolidlyState, log: Log) -> SolidlyState | None:
    """Logs of others change nothing, a log of the pool asks for another reading."""
    return None if log.address == state.pool.address else state


def _given(state: SolidlyState, zero_for_one: bool, amount_in: int) -> int:
    """What the pool gives; ArithmeticError where it would revert."""
    given = state.quoted(zero_for_one, amount_in)
    if given and not _accepts(state, zero_for_one, amount_in, given):
        raise ArithmeticError("the pool refuses what it quotes")
    return given


def _accepts(state: SolidlyState, zero_for_one: bool, amount_in: int, amount_out: int) -> bool:
    """The check in `swap`: the product of what the pool then holds may not be less."""
    side_in, side_out = state.sides(zero_for_one)
    if amount_out >= side_out.reserve:
        return False
    more = Side(side_in.reserve + maths.net_of_fee(amount_in, state.fee_bps), side_in.whole)
    less = Side(side_out.reserve - amount_out, side_out.whole)
    held = maths.invariant(state.stable, side_in, side_out)
    return maths.invariant(state.stable, more, less) >= held


def _least(state: SolidlyState, zero_for_one: bool, amount_out: int) -> int:
    side_in, side_out = state.sides(zero_for_one)
    if not state.stable:
        net = maths.volatile_in(amount_out, side_in, side_out)
        needed = maths.gross_of_fee(net, state.fee_bps)
        maths.invariant(False, Side(side_in.reserve + net, 1), side_out)
        return needed
    guess = _guess(state, side_in, side_out, amount_out)
    bound = _boundary(lambda amount: _accepts(state, zero_for_one, amount, amount_out), guess)

    def gives(amount: int) -> bool:
        try:
            return _given(state, zero_for_one, amount) >= amount_out
        except ArithmeticError:
            return False

    for amount in range(bound, bound + CLOSE):
        if gives(amount):
            return amount
    return _boundary(gives, bound + CLOSE)


def _guess(state: SolidlyState, side_in: Side, side_out: Side, amount_out: int) -> int:
    left = Side(side_out.reserve - amount_out, side_out.whole)
    try:
        net = maths.stable_in(side_in, side_out, left)
    except ArithmeticError:
        return 1
    return maths.gross_of_fee(max(net, 1), state.fee_bps)


def _boundary(holds: Callable[[int], bool], guess: int) -> int:
    """An amount near `guess` that holds where one less does not, 1 being the least. Raises ArithmeticError
    where none is found.
    """
    low, step = guess, 1
    while low > 0 and holds(low):
        low, step = low - step, step * 2
    low = max(low, 0)
    high, step = max(guess, 1), 1
    while not holds(high):
        if step.bit_length() > 256:
            raise ArithmeticError("no amount is enough")
        low, high, step = high, high + step, step * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _require_usable(state: SolidlyState) -> None:
    if not state.exact:
        raise MathsError(
            f"pool {state.pool.address} on {state.pool.dex} does not quote as Velodrome's pools do.",
            fix="simulate the trade, or use another pool",
            pool=state.pool.address,
        )
    if state.paused:
        _refuse(state, "is paused")
    if state.reserve0 <= 0 or state.reserve1 <= 0:
        _refuse(state, "is empty")


def _or_refuse(state: SolidlyState, worked_out: Callable[[], Value], **facts: object) -> Value:
    try:
        return worked_out()
    except ArithmeticError:
        _refuse(state, "would refuse the trade", **facts)


def _refuse(state: SolidlyState, problem: str, **facts: object) -> NoReturn:
    raise MathsError(
        f"pool {state.pool.address} on {state.pool.dex} {problem}.",
        fix="trade less, or use another pool",
        pool=state.pool.address,
        reserve0=state.reserve0,
        reserve1=state.reserve1,
        **facts,
    )
