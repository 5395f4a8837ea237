"""Peg stability modules of Maker and Sky (LitePSM, and its wrapper for USDS): DAI or USDS against a coarser
dollar, the gem, one for one less a fee.

Sources: those named in `maker_psm_reads`. With F the worth of a unit of the gem in units of the other token
and W = 10^18,

    sold:    out = a F - floor(a F tin / W) = floor((a F (W - tin) + W - 1) / W)
    bought:  in(g) = g F + floor(g F tout / W), and the most g with in(g) <= a
             is floor((a W + W - 1) / (F (W + tout))),

the router spending in(g) and keeping the rest of `a`, which is less than one unit of the gem costs. So the
output is floor((a n + W - 1) / d) either way, at a price of n / d. Whoever keeps the pocket moves its gem
without a log of the module: a state holds for its block only.
"""

from dataclasses import replace
from typing import NoReturn

from executor.domain.address import Address
from executor.domain.errors import MathsError
from executor.domain.log import Log
from executor.domain.pool import Pool
from executor.venues.curve import Curve, Stretch
from executor.venues.maker_psm_reads import (
    belongs,
    details,
    extend,
    find,
    identify,
    lens_request,
    lens_state,
    read,
)
from executor.venues.maker_psm_state import HALTED, WAD, MakerPSMState

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "MakerPSMState",
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
    "read",
    "stretch",
]

FOLLOWABLE = False
TOPICS: frozenset[bytes] = frozenset()

SELL_GAS = 41_000
BUY_GAS = 47_000
WRAPPED_SELL_GAS = 110_000
WRAPPED_BUY_GAS = 120_000
"""Gas of a leg with plain tokens: what the router's own simulation told of the first trade of a plan, at
modules compiled from the published source, less what is paid back for slots that end as they began. Of 30
random routes over a LitePSM of that source the first two were off by 300 in the mean; no local chain has the
wrapper's dollar.
"""


def amount_out(state: MakerPSMState, zero_for_one: bool, amount_in: int) -> int:
    """What comes out for `amount_in`, in smallest units; 0 where that is too little for one unit.

    Raises MathsError if the direction is halted, if `amount_in` is not positive, or if the module holds less
    than would come out.
    """
    given, paid = _price(state, zero_for_one)
    _require_taken(state, zero_for_one, amount_in)
    return (amount_in * given + WAD - 1) // paid


def amount_in(state: MakerPSMState, zero_for_one: bool, amount_out: int) -> int:
    """The smallest amount for which at least `amount_out` comes out. Raises as `amount_out` does."""
    given, paid = _price(state, zero_for_one)
    if amount_out <= 0:
        _refuse(state, "gives a positive amount only", amount=amount_out)
    needed = -((WAD - 1 - amount_out * paid) // given)
    _require_taken(state, zero_for_one, needed)
    return needed


def after(state: MakerPSMState, zero_for_one: bool, amount_in: int) -> MakerPSMState:
    """The module after that trade. Raises as `amount_out` does."""
    given = amount_out(state, zero_for_one, amount_in)
    if not state.buys(zero_for_one):
        return replace(state, cash=state.cash - given, gems=state.gems + amount_in)
    spent = given * _price(state, zero_for_one)[1] // WAD
    allowed = state.allowed if state.allowed == HALTED else state.allowed - given
    return replace(state, cash=state.cash + spent, gems=state.gems - given, allowed=allowed)


def marginal(state: MakerPSMState, zero_for_one: bool) -> tuple[int, int]:
    """What the very next unit gives, as numerator and denominator in smallest units: the same for all. Raises
    MathsError if the direction is halted.
    """
    return _price(state, zero_for_one)


def stretch(state: MakerPSMState, zero_for_one: bool, index: int) -> Stretch:
    """The straight line up to what the module can pay. Raises MathsError beyond it, or if it is halted."""
    given, paid = _price(state, zero_for_one)
    if index:
        _refuse(state, "has one stretch only", index=index)
    return Stretch(0, _most(state, zero_for_one), given, 0, 0, paid)


def local_curve(state: MakerPSMState, zero_for_one: bool) -> Curve:
    """The straight line, in real numbers. Raises MathsError if the direction is halted."""
    given, paid = _price(state, zero_for_one)
    return Curve(k=given, m=paid, n=0)


def gas(state: MakerPSMState, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one trade as a leg."""
    if state.details.wrapped:
        return WRAPPED_BUY_GAS if state.buys(zero_for_one) else WRAPPED_SELL_GAS
    return BUY_GAS if state.buys(zero_for_one) else SELL_GAS


def emitters(pool: Pool) -> tuple[Address, ...]:
    """No log of the module tells what its pocket holds."""
    return ()


def follow(state: MakerPSMState, log: Log) -> MakerPSMState | None:
    """Logs of others change nothing, a log of the module or its till asks for another reading."""
    return None if log.address in (state.pool.address, state.details.till) else state


def _price(state: MakerPSMState, zero_for_one: bool) -> tuple[int, int]:
    """What comes out for what goes in; more than nothing."""
    if state.fee(zero_for_one) == HALTED:
        _refuse(state, f"{'sells' if state.buys(zero_for_one) else 'takes'} no gem now: it is halted")
    price = state.price(zero_for_one)
    if price[0] == 0:
        _refuse(state, "keeps all that it is sold as its fee")
    return price


def _most(state: MakerPSMState, zero_for_one: bool) -> int:
    """The largest amount for which no more comes out than there is."""
    given, paid = state.price(zero_for_one)
    return ((state.held(zero_for_one) + 1) * paid - WAD) // given


def _require_taken(state: MakerPSMState, zero_for_one: bool, amount: int) -> None:
    if amount <= 0:
        _refuse(state, "takes a positive amount only", amount=amount)
    if amount > _most(state, zero_for_one):
        _refuse(state, f"can pay {state.held(zero_for_one)} now, and no more", amount=amount)


def _refuse(state: MakerPSMState, problem: str, **facts: object) -> NoReturn:
    raise MathsError(
        f"peg stability module {state.pool.address} {problem}.",
        fix="trade less, or use another pool",
        pool=state.pool.address,
        **facts,
    )
