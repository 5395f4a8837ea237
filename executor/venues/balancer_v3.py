"""Weighted and stable pools of Balancer V3's Vault, without hooks that take part in swaps.

Source: `Vault.swap` and `ScalingHelpers` of Balancer's V3 repository. Amounts are scaled to 18 decimals and
by rates, down on the way in and out, with the rate of what comes out rounded up; the fee comes off what goes
in, rounded up. Wrapping and unwrapping in the Vault (ERC-4626 buffers) is none of these swaps.
"""

from dataclasses import replace
from typing import NamedTuple, NoReturn

from executor.domain.errors import MathsError
from executor.venues.balancer_curves import WeightedCurve
from executor.venues.balancer_maths import MAX_TRADE_RATIO, ONE, mul_up
from executor.venues.balancer_v3_events import (
    FOLLOWABLE,
    TOPICS,
    emitters,
    follow,
    followable,
    shared_mark,
)
from executor.venues.balancer_v3_reads import (
    belongs,
    details,
    extend,
    identify,
    lens_request,
    lens_state,
    read,
)
from executor.venues.balancer_v3_state import BalancerV3State
from executor.venues.curve import Curve, Stretch
from executor.venues.pairing import unlisted as find
from executor.venues.searching import least_input

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "BalancerV3State",
    "after",
    "amount_in",
    "amount_out",
    "belongs",
    "details",
    "emitters",
    "exact_out",
    "extend",
    "find",
    "follow",
    "followable",
    "gas",
    "identify",
    "lens_request",
    "lens_state",
    "local_curve",
    "marginal",
    "read",
    "shared_mark",
    "stretch",
]

MAX_BALANCE = 2**128 - 1
"""The Vault stores balances, as they are and live, in uint128."""

LEG_GAS, TOKEN_GAS, STABLE_GAS, RATE_GAS = 101_200, 11_000, 17_000, 6_000
"""Gas of one swap as a leg of the router with unlocking, settling and both transfers: that of a weighted pool
of two tokens by a fit over 480 random routes on a local node, the rest by its distance from that in single
trades. Every token adds to it, and every rate that is asked for; of neighbouring legs only one unlocks the
Vault.
"""


class _Given(NamedTuple):
    """What a swap gives, and the whole fee that it takes of the input, in 18 decimals."""

    amount: int
    fee: int


class _Asked(NamedTuple):
    """What is wanted and what is needed for it without fee, in 18 decimals, and what is asked in all."""

    wanted: int
    needed: int
    amount: int


def amount_out(state: BalancerV3State, zero_for_one: bool, amount_in: int) -> int:
    """What the Vault gives for `amount_in`; both in smallest units. 0 where that is too little for one unit,
    or less than the Vault trades (and would refuse).

    Raises MathsError where the pool refuses: more than 30 % of a weighted pool's balance, a paused pool, an
    empty one or one too far out of balance, more than the Vault can store.
    """
    return _given(state, zero_for_one, amount_in).amount


def exact_out(state: BalancerV3State, zero_for_one: bool, amount_out: int) -> int:
    """What the Vault itself asks for exactly `amount_out` (its EXACT_OUT). Raises MathsError as above, and
    for less than the Vault trades.
    """
    asked = _asked(state, zero_for_one, amount_out)
    if min(asked.wanted, asked.needed) < state.least_trade:
        _refuse(state, "does not trade so little", amount_out=amount_out)
    return asked.amount


def amount_in(state: BalancerV3State, zero_for_one: bool, amount_out: int) -> int:
    """The least amount that gives at least `amount_out`: the Vault's own answer, then down to where one unit
    less would not do. Raises MathsError as above.
    """
    i = state.places[not zero_for_one]
    guess = _asked(state, zero_for_one, amount_out).amount
    least = -(-state.least_trade * ONE // (state.factors[i] * state.rates[i]))
    guess = max(guess, least)
    return least_input(lambda amount: _given(state, zero_for_one, amount).amount, guess, amount_out)


def after(state: BalancerV3State, zero_for_one: bool, amount_in: int) -> BalancerV3State:
    """The pool after a swap of `amount_in`; the protocol's fees have left it. Raises as `amount_out` does."""
    i, j = state.places if zero_for_one else state.places[::-1]
    given, loaded = _given(state, zero_for_one, amount_in), state.loaded()
    fee = given.fee * ONE // (state.factors[i] * state.rates[i])
    balances = list(loaded.balances)
    balances[i] += amount_in - (0 if state.recovery else fee * state.aggregate_swap_fee // ONE)
    balances[j] -= given.amount
    last = tuple(
        state.to_live(place, balance) if state.pays_yield[place] else 0
        for place, balance in enumerate(balances)
    )
    return replace(state, balances=tuple(balances), last_live=last)


def marginal(state: BalancerV3State, zero_for_one: bool) -> tuple[int, int]:
    """What the very next unit gives, fee included, as numerator and denominator in smallest units."""
    i, j = state.places if zero_for_one else state.places[::-1]
    loaded = state.loaded()
    above, below = state.curve.slope(loaded.live, loaded.constant, i, j)
    return (
        above * state.factors[i] * state.rates[i] * (ONE - state.swap_fee),
        below * state.factors[j] * _rounded_up(state.rates[j]) * ONE,
    )


def stretch(state: BalancerV3State, zero_for_one: bool, index: int) -> Stretch | None:
    """The whole curve of a pool of two equal weights, which is that of x y = k; None of any other. Raises
    MathsError beyond it.
    """
    i, j = state.places if zero_for_one else state.places[::-1]
    if not isinstance(state.curve, WeightedCurve) or state.curve.weights[i] != state.curve.weights[j]:
        return None
    if index:
        _refuse(state, "has one stretch only", index=index)
    balances, kept = state.loaded().balances, ONE - state.swap_fee
    return Stretch(0, balances[i] * MAX_TRADE_RATIO // kept, kept * balances[j], 0, kept, ONE * balances[i])


def local_curve(state: BalancerV3State, zero_for_one: bool) -> Curve | None:
    """The curve of a pool of two equal weights, in real numbers; None of any other."""
    piece = stretch(state, zero_for_one, 0)
    return None if piece is None else Curve(k=piece.a, m=piece.d, n=piece.c)


def gas(state: BalancerV3State, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one swap as a leg: by curve, tokens and rates, the same for every amount."""
    rated = sum(rate != ONE for rate in state.rates)
    stable = 0 if isinstance(state.curve, WeightedCurve) else STABLE_GAS
    return LEG_GAS + TOKEN_GAS * len(state.balances) + RATE_GAS * rated + stable


def _given(state: BalancerV3State, zero_for_one: bool, amount_in: int) -> _Given:
    i, j = state.places if zero_for_one else state.places[::-1]
    _require_open(state, amount_in)
    scaled = amount_in * state.factors[i] * state.rates[i] // ONE
    fee = -(-scaled * state.swap_fee // ONE)
    if scaled - fee < state.least_trade:
        return _Given(0, fee)
    balances, live, constant = state.loaded()
    if balances[i] + amount_in > MAX_BALANCE or live[i] + scaled > MAX_BALANCE:
        _refuse(state, "cannot hold so much of the token that goes in", amount_in=amount_in)
    out = state.curve.out(live, constant, i, j, scaled - fee)
    if out < state.least_trade:
        return _Given(0, fee)
    return _Given(out * ONE // (state.factors[j] * _rounded_up(state.rates[j])), fee)


def _asked(state: BalancerV3State, zero_for_one: bool, amount_out: int) -> _Asked:
    i, j = state.places if zero_for_one else state.places[::-1]
    _require_open(state, amount_out)
    loaded = state.loaded()
    wanted = mul_up(amount_out * state.factors[j], _rounded_up(state.rates[j]))
    needed = state.curve.needed(loaded.live, loaded.constant, i, j, wanted)
    scaled = needed - (-needed * state.swap_fee // (ONE - state.swap_fee))
    return _Asked(wanted, needed, -(-scaled * ONE // (state.factors[i] * state.rates[i])))


def _rounded_up(rate: int) -> int:
    """A rate of what leaves the Vault: one more, unless it is whole."""
    return rate + 1 if rate % ONE else rate


def _require_open(state: BalancerV3State, amount: int) -> None:
    if amount <= 0:
        _refuse(state, "takes a positive amount only", amount=amount)
    if state.paused:
        _refuse(state, "is paused")


def _refuse(state: BalancerV3State, problem: str, **facts: object) -> NoReturn:
    raise MathsError(
        f"pool {state.pool.address} on {state.pool.dex} {problem}.",
        fix="trade less, or use another pool",
        pool=state.pool.address,
        balances=list(state.balances),
        **facts,
    )
