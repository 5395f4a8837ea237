"""How far the whole units of each venue may be from its curve in real numbers.

A pool's constants (its invariant, its exponent, its rates) are whole numbers too, but the same for every
amount: they make a slightly different curve, which bends as the true one does.
"""

from typing import Any

from executor.domain.market import PoolState
from executor.domain.pool import VenueKind
from executor.domain.pool_details import CurveDetails
from executor.routing.hops import hop
from executor.venues.balancer_curves import WeightedCurve
from executor.venues.balancer_maths import ONE, POWER_ERROR
from executor.venues.curve_pools import StableState
from executor.venues.solidly_maths import UNIT, normalised
from executor.venues.solidly_state import SolidlyState

Units = tuple[int, int]
"""Smallest units of what goes in and of what comes out."""

SEARCHED = 5
"""Units of 18 decimals within which a balance is found by Newton's steps, the one that is kept back and the
rounding of the fee included.
"""
ROUNDED_ONCE = frozenset({VenueKind.UNISWAP_V2, VenueKind.ERC4626, VenueKind.MAKER_PSM})
IN_RANGES = frozenset({VenueKind.UNISWAP_V3, VenueKind.UNISWAP_V4})
BALANCER = frozenset({VenueKind.BALANCER_V2, VenueKind.BALANCER_V3})


def slack(state: PoolState, zero_for_one: bool, amount_in: int) -> Units | None:
    """How many units of an input up to `amount_in`, and of its output, rounding takes at most; None where the
    curve may bend the other way (`moving_fees`) or nobody knows.

    V2 pairs, vaults and peg stability modules round once. A range of ticks rounds what goes in up twice, as
    the amount and as the fee, and the output down. StableSwap and Balancer's stable pools search their
    balance of 18 decimals. Balancer's powers are moved to the safe side by 1e-14 of themselves and may be off
    by as much. Solidly's pools round the fee down and the output down, stable ones as `_of_stable_solidly`
    derives.
    """
    kind = state.pool.kind
    if kind in ROUNDED_ONCE:
        return 0, 1
    if kind is VenueKind.WRAPPED_NATIVE:
        return 0, 0
    if kind in IN_RANGES:
        pieces = hop(state, zero_for_one).stretch_of(amount_in) + 1
        return 2 * pieces, pieces
    if isinstance(state, SolidlyState):
        return _of_stable_solidly(state, zero_for_one) if state.stable else (1, 1)
    if kind is VenueKind.CURVE:
        return _of_curve(state, zero_for_one)
    return _of_balancer(state, zero_for_one) if kind in BALANCER else None


def _of_curve(state: PoolState, zero_for_one: bool) -> Units | None:
    if not isinstance(state, StableState) or state.offpeg:
        return None
    details = state.pool.details
    assert isinstance(details, CurveDetails)
    token = state.pool.token1 if zero_for_one else state.pool.token0
    return 1, 1 + _units(SEARCHED, state.rates[details.index(token.address)])


def _of_stable_solidly(state: SolidlyState, zero_for_one: bool) -> Units:
    """What the stable curve x^3 y + y^3 x = k gives less than in real numbers, k being what the pool works
    out of its reserves; -dy/dx rises with y / x, so that the curve is convex and the output concave.

    In units U of 18 decimals let f be the left side and g what the pool takes for it. Of its three divisions
    the first two are scaled by the other factor: f - g < E = ((x + y) / U)^2 + 1. Per unit of y, f rises by
    at least s = x (x^2 + 3 y^2) / U^3. The pool's search ends at a y

    - for which g(y) >= k, while g(y - 1) < k or g(y) = k: then y is above the real root Y by less than
      1 + E / s; or
    - one above a y for which g(y) < k, and k - g(y) is less than one step of Newton's, which is at most what
      f rises by there. f is convex in y, so y is not below Y, and above it by less than 1 + E / s.

    (x + y)^2 is at most 2 (x^2 + 3 y^2), and x at least the reserve h of before, so that
    E / s <= 2 U / h + (U / h)^3.
    """
    side_in, side_out = state.sides(zero_for_one)
    held = normalised(side_in)
    search = 1 - (-2 * UNIT // held) - (-(UNIT**3) // held**3) if held else 0
    return -(-side_in.whole // UNIT), 1 - (-search * side_out.whole // UNIT)


def _of_balancer(state: Any, zero_for_one: bool) -> Units:
    j = state.places[1] if zero_for_one else state.places[0]
    if state.pool.kind is VenueKind.BALANCER_V2:
        (live, _), scaling = state.live(), state.scaling[j]
    else:
        live, scaling = state.loaded().live, state.factors[j] * state.rates[j]
    searched = SEARCHED
    if isinstance(state.curve, WeightedCurve):
        searched = 2 + -(-live[j] * (2 * POWER_ERROR + 100) // ONE)
    return 1, 2 + _units(searched, scaling)


def _units(scaled: int, scaling: int) -> int:
    """Units of 18 decimals as smallest units, rounded up."""
    return -(-scaled * ONE // scaling)
