"""Pools of DODO V2: vending machines (DVM), private (DPP), stable (DSP) and gas saving (GSP) pools.

Sources: `DVMTrader`, `DPPTrader`, `DSPTrader`, `GSPTrader` and the `PMMPricing` that they share. They differ
in this: a DVM has no target for its quote and is always above one; the others keep both targets and write
down the one that a change of state leaves behind. A GSP keeps the maintainer's part, beside its reserves,
and its compiler checks products that the others let overflow on purpose.

What stands at a pool above its reserves counts as input of the next sale, whoever sent it. A state is true of
its block only: no log tells what owners and fee models change. The maintainer's rate may be one of the
trader's own, which is whoever sent the transaction, or on some chains the router: read is anybody's.

No package holds DODO's bytecode: in the tests these maths are checked against a model of the pools, and the
model against the published source, compiled.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn, TypeVar

from executor.domain.address import Address
from executor.domain.errors import MathsError
from executor.domain.log import Log
from executor.domain.pool import Pool
from executor.venues.curve import Curve
from executor.venues.dodo_v2_maths import ONE, RState
from executor.venues.dodo_v2_reads import (
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
from executor.venues.dodo_v2_state import MOST_HELD, DodoV2State
from executor.venues.searching import least_input

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "DodoV2State",
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
]

FOLLOWABLE = False
TOPICS: frozenset[bytes] = frozenset()

GAS = 90_000
"""Gas of one sale as a leg, with the maintainer's transfer and a proxy of the kind that DODO's factories
make: the mean of 61 random routes over DVMs and DPPs of the published source, compiled, on a local node
(79,000 to 103,000).
"""

Value = TypeVar("Value")


def amount_out(state: DodoV2State, zero_for_one: bool, amount_in: int) -> int:
    """What the pool gives for `amount_in` and what is waiting at it, both in smallest units; 0 where that is
    too little.

    Raises MathsError if the pool's quotes are not these maths, if `amount_in` is not positive, or if the pool
    would refuse the sale.
    """
    return _sale(state, zero_for_one, amount_in)[0]


def amount_in(state: DodoV2State, zero_for_one: bool, amount_out: int) -> int:
    """An amount (at least 1) for which the pool gives at least `amount_out`, while for one unit less it does
    not; but for the pool's rounding it is the least. Raises as the function above does.
    """
    _require_exact(state)
    if amount_out <= 0:
        _refuse(state, "gives a positive amount only", amount_out=amount_out)
    base_in = state.sells_base(zero_for_one)

    def guess() -> int:
        gross = -(-amount_out * ONE // (ONE - state.lp_fee - state.mt_fee))
        return state.side(base_in).paying(gross) - state.waiting(base_in)

    about = _or_refuse(state, guess, amount_out=amount_out)
    return least_input(lambda amount: _sale(state, zero_for_one, amount)[0], about, amount_out)


def after(state: DodoV2State, zero_for_one: bool, amount_in: int) -> DodoV2State:
    """The pool after a sale of `amount_in`. Raises as `amount_out` does.

    Where rounding leaves the pool in a state that it cannot work with, that state is one to be refused.
    """
    traders, maintainers, r = _sale(state, zero_for_one, amount_in)
    base_in = state.sells_base(zero_for_one)
    base = state.base + state.base_waiting + (amount_in if base_in else -traders - maintainers)
    quote = state.quote + state.quote_waiting + (-traders - maintainers if base_in else amount_in)
    changed = replace(
        state,
        base=base,
        quote=quote,
        r=r if state.details.keeps_targets else state.r,
        base_waiting=0,
        quote_waiting=0,
    )
    try:
        return changed.adjusted()
    except ArithmeticError:
        return replace(changed, refused="cannot work out its targets")


def marginal(state: DodoV2State, zero_for_one: bool) -> tuple[int, int]:
    """What the very next unit gives, fees included, as numerator and denominator in smallest units. Raises
    MathsError if the pool cannot trade.
    """
    _require_exact(state)
    base_in = state.sells_base(zero_for_one)
    side, waiting = state.side(base_in), state.waiting(base_in)
    rise, run = _or_refuse(state, lambda: side.slope(waiting))
    if rise == 0 or run == 0:
        _refuse(state, "is empty")
    return rise * (ONE - state.lp_fee - state.mt_fee), run * ONE


def local_curve(state: DodoV2State, zero_for_one: bool) -> Curve | None:
    """None: the price follows a square, which no curve of that shape does. Raises MathsError if the pool is
    to be refused.
    """
    _require_exact(state)
    return None


def gas(state: DodoV2State, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one sale as a leg: the same for all."""
    return GAS


def emitters(pool: Pool) -> tuple[Address, ...]:
    """No log tells all that changes the pool."""
    return ()


def follow(state: DodoV2State, log: Log) -> DodoV2State | None:
    """Logs of others change nothing, a log of the pool asks for another reading."""
    return None if log.address == state.pool.address else state


def _sale(state: DodoV2State, zero_for_one: bool, amount_in: int) -> tuple[int, int, RState]:
    """The trader's part, the maintainer's, and the state that the pool is in afterwards."""
    _require_exact(state)
    if amount_in <= 0:
        _refuse(state, "takes a positive amount only", amount_in=amount_in)
    base_in = state.sells_base(zero_for_one)
    total = amount_in + state.waiting(base_in)
    sale = _or_refuse(state, lambda: state.sold(base_in, total), amount_in=amount_in)
    held_in, held_out, target_in = (
        (state.base, state.quote + state.quote_waiting, state.base_target)
        if base_in
        else (state.quote, state.base + state.base_waiting, state.quote_target)
    )
    left, changed = held_out - sale[0] - sale[1], state.details.keeps_targets and sale[2] is not state.r
    if left < 0:
        _refuse(state, "does not hold as much as it owes", amount_in=amount_in)
    if max(held_in + total, left) > MOST_HELD or (changed and target_in > MOST_HELD):
        _refuse(state, "cannot hold as much", amount_in=amount_in)
    return sale


def _require_exact(state: DodoV2State) -> None:
    if state.refused:
        raise MathsError(
            f"pool {state.pool.address} {state.refused}.",
            fix="simulate the trade, or use another pool",
            pool=state.pool.address,
        )


def _or_refuse(state: DodoV2State, worked_out: Callable[[], Value], **facts: object) -> Value:
    try:
        return worked_out()
    except ArithmeticError:
        _refuse(state, "would refuse the trade", **facts)


def _refuse(state: DodoV2State, problem: str, **facts: object) -> NoReturn:
    raise MathsError(
        f"pool {state.pool.address} {problem}.",
        fix="trade less, or use another pool",
        pool=state.pool.address,
        base=state.base,
        quote=state.quote,
        **facts,
    )
