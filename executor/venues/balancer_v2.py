"""Weighted and stable pools of Balancer V2's Vault.

Sources: Balancer's V2 repository, `BaseMinimalSwapInfoPool`, `BaseGeneralPool` and `ComposableStablePool`:
the fee comes off what goes in, rounded up; amounts are scaled to 18 decimals (and by rates), rounded down;
what comes out is scaled back, rounded down. `exact_out` rounds the other way.
"""

from dataclasses import replace
from functools import partial
from typing import NoReturn

from executor.domain.errors import MathsError
from executor.venues.balancer_curves import WeightedCurve
from executor.venues.balancer_maths import MAX_TRADE_RATIO, ONE, div_up
from executor.venues.balancer_v2_events import (
    FOLLOWABLE,
    TOPICS,
    emitters,
    follow,
    followable,
    shared_mark,
)
from executor.venues.balancer_v2_reads import (
    belongs,
    details,
    extend,
    identify,
    lens_request,
    lens_state,
    quote,
    read,
)
from executor.venues.balancer_v2_state import BalancerV2State
from executor.venues.curve import Curve, Stretch
from executor.venues.pairing import unlisted as find
from executor.venues.searching import least_input

MAX_BALANCE = 2**112 - 1
"""The Vault stores balances in uint112."""

WEIGHTED_GAS = 71_700
STABLE_GAS, STABLE_TOKEN_GAS, OWN_TOKEN_GAS = 59_600, 16_500, 20_000
"""Gas of one swap as a leg of the router, both transfers included: that of a weighted pool by a fit over 480
random routes on a local node, the others by their distance from it in single trades. Pools that list
their own token look after rates and fees besides.
"""

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "BalancerV2State",
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
    "quote",
    "read",
    "shared_mark",
    "stretch",
]


def amount_out(state: BalancerV2State, zero_for_one: bool, amount_in: int) -> int:
    """What the Vault gives for `amount_in`; both in smallest units. 0 where that is too little for one unit.

    Raises MathsError where the pool refuses: more than 30 % of a weighted pool's balance, a paused pool, an
    empty one, more than the Vault can store or holds itself.
    """
    return _given(state, zero_for_one, amount_in)


def _given(state: BalancerV2State, zero_for_one: bool, amount_in: int) -> int:
    i, j = state.places if zero_for_one else state.places[::-1]
    _require_open(state, amount_in)
    if state.balances[i] + amount_in > MAX_BALANCE:
        _refuse(state, "cannot hold so much of the token that goes in", amount_in=amount_in)
    live, constant = state.live()
    fee = -(-amount_in * state.swap_fee // ONE)
    given = (amount_in - fee) * state.scaling[i] // ONE
    scaled = state.curve.out(live, constant, i, j, given)
    amount = scaled * ONE // state.scaling[j] if scaled > 0 else 0
    if amount > state.balances[j] - state.managed[zero_for_one]:
        _refuse(state, "does not hold so much of the token that comes out", amount_out=amount)
    return amount


def exact_out(state: BalancerV2State, zero_for_one: bool, amount_out: int) -> int:
    """What the Vault itself asks for exactly `amount_out` (its GIVEN_OUT). Raises MathsError as above."""
    i, j = state.places if zero_for_one else state.places[::-1]
    _require_open(state, amount_out)
    if amount_out > state.balances[j] - state.managed[zero_for_one]:
        _refuse(state, "does not hold so much of the token that comes out", amount_out=amount_out)
    live, constant = state.live()
    scaled = state.curve.needed(live, constant, i, j, amount_out * state.scaling[j] // ONE)
    amount = div_up(div_up(scaled, state.scaling[i]), ONE - state.swap_fee)
    if state.balances[i] + amount > MAX_BALANCE:
        _refuse(state, "cannot hold so much of the token that goes in", amount_in=amount)
    return amount


def amount_in(state: BalancerV2State, zero_for_one: bool, amount_out: int) -> int:
    """The least amount that gives at least `amount_out`: the Vault's own answer, then down to where one unit
    less would not do. Raises MathsError as above.
    """
    guess = exact_out(state, zero_for_one, amount_out)
    return least_input(partial(_given, state, zero_for_one), guess, amount_out)


def after(state: BalancerV2State, zero_for_one: bool, amount_in: int) -> BalancerV2State:
    """The pool after a swap of `amount_in`. Raises as `amount_out` does."""
    i, j = state.places if zero_for_one else state.places[::-1]
    balances = list(state.balances)
    balances[j] -= amount_out(state, zero_for_one, amount_in)
    balances[i] += amount_in
    scaling = state.later_scaling or state.scaling
    return replace(state, balances=tuple(balances), scaling=scaling, later_scaling=None)


def marginal(state: BalancerV2State, zero_for_one: bool) -> tuple[int, int]:
    """What the very next unit gives, fee included, as numerator and denominator in smallest units."""
    i, j = state.places if zero_for_one else state.places[::-1]
    live, constant = state.live()
    above, below = state.curve.slope(live, constant, i, j)
    return above * state.scaling[i] * (ONE - state.swap_fee), below * state.scaling[j] * ONE


def stretch(state: BalancerV2State, zero_for_one: bool, index: int) -> Stretch | None:
    """The whole curve of a pool of two equal weights, which is that of x y = k; None of any other. Raises
    MathsError beyond it.
    """
    i, j = state.places if zero_for_one else state.places[::-1]
    if not isinstance(state.curve, WeightedCurve) or state.curve.weights[i] != state.curve.weights[j]:
        return None
    if index:
        _refuse(state, "has one stretch only", index=index)
    balance_in, balance_out, kept = state.balances[i], state.balances[j], ONE - state.swap_fee
    return Stretch(0, balance_in * MAX_TRADE_RATIO // kept, kept * balance_out, 0, kept, ONE * balance_in)


def local_curve(state: BalancerV2State, zero_for_one: bool) -> Curve | None:
    """The curve of a pool of two equal weights, in real numbers; None of any other."""
    piece = stretch(state, zero_for_one, 0)
    return None if piece is None else Curve(k=piece.a, m=piece.d, n=piece.c)


def gas(state: BalancerV2State, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one swap as a leg: by curve and number of tokens, the same for every amount."""
    if isinstance(state.curve, WeightedCurve):
        return WEIGHTED_GAS
    own = OWN_TOKEN_GAS if state.lists_itself else 0
    return STABLE_GAS + STABLE_TOKEN_GAS * len(state.balances) + own


def _require_open(state: BalancerV2State, amount: int) -> None:
    if amount <= 0:
        _refuse(state, "takes a positive amount only", amount=amount)
    if state.paused:
        _refuse(state, "is paused")


def _refuse(state: BalancerV2State, problem: str, **facts: object) -> NoReturn:
    raise MathsError(
        f"pool {state.pool.address} on {state.pool.dex} {problem}.",
        fix="trade less, or use another pool",
        pool=state.pool.address,
        balances=list(state.balances),
        **facts,
    )
