"""Where the money of a quoted trade goes, swap by swap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from executor import venues
from executor.domain.pool import FEE_UNIT, VenueKind
from executor.domain.route import Leg, SizedRoute
from executor.domain.several import SizedSeveral
from executor.domain.split import Sized, SizedSplit
from executor.routing.states import States
from executor.venues.maker_psm_state import WAD


@dataclass(frozen=True, slots=True)
class Hop:
    """One swap. Amounts in the smallest units of their tokens. `stage` is its place in the route: hops of one
    stage stand side by side; `place` is the route's among several, 0 where there is one. `fee` is what the
    pool keeps of what goes in, None where that is part of its curve; `impact` how much less comes out than at
    the price before the trade, as a share; `gas` by the model that sizing uses.
    """

    leg: Leg
    stage: int
    amount_in: int
    amount_out: int
    fee: int | None
    impact: Fraction
    gas: int
    place: int = 0


def hops_of(sized: Sized, states: States) -> tuple[Hop, ...]:
    """The swaps of a trade in their order, in the `states` before it. Raises MathsError."""
    if isinstance(sized, SizedSeveral):
        return tuple(
            replace(hop, place=place)
            for place, part in zip(sized.places, sized.parts, strict=True)
            for hop in hops_of(part, states)
        )
    return tuple(_hop(*swap, states) for swap in _swaps(sized))


def _swaps(sized: SizedRoute | SizedSplit) -> Iterator[tuple[Leg, int, int, int]]:
    """Each leg with its stage, what goes into it and what comes out."""
    if isinstance(sized, SizedSplit):
        for stage, parts in enumerate(sized.route.stages):
            for part in parts:
                yield part.leg, stage, part.amount_in, part.amount_out
        return
    for stage, leg in enumerate(sized.route.legs):
        yield leg, stage, sized.amounts[stage], sized.amounts[stage + 1]


def _hop(leg: Leg, stage: int, amount_in: int, amount_out: int, states: States) -> Hop:
    state = states[leg.pool.key]
    given, taken = venues.marginal(state, leg.zero_for_one)
    at_once = Fraction(amount_in * given, taken)
    impact = 1 - amount_out / at_once if at_once else Fraction(0)
    share = _fee_share(state, leg)
    return Hop(
        leg,
        stage,
        amount_in,
        amount_out,
        None if share is None else int(amount_in * share),
        max(impact, Fraction(0)),
        venues.gas(state, leg.zero_for_one, amount_in),
    )


def _fee_share(state: Any, leg: Leg) -> Fraction | None:
    """The part of the input that the pool keeps, as far as it is one number."""
    found = _FEES.get(leg.pool.kind)
    return None if found is None else found(state, leg)


def _millionths(state: Any, leg: Leg) -> Fraction:
    told = getattr(state, "fee", None)
    return Fraction(told(leg.zero_for_one) if callable(told) else leg.pool.fee, FEE_UNIT)


def _of_peg_module(state: Any, leg: Leg) -> Fraction:
    """Of a purchase it is asked for on top of what the gem is worth."""
    fee = state.fee(leg.zero_for_one)
    return Fraction(fee, WAD + fee if state.buys(leg.zero_for_one) else WAD)


_FEES: Mapping[VenueKind, Callable[[Any, Leg], Fraction | None]] = {
    VenueKind.UNISWAP_V2: _millionths,
    VenueKind.UNISWAP_V3: _millionths,
    VenueKind.UNISWAP_V4: _millionths,
    VenueKind.SOLIDLY: lambda state, leg: Fraction(state.fee_bps, 10**4),
    VenueKind.BALANCER_V2: lambda state, leg: Fraction(state.swap_fee, 10**18),
    VenueKind.BALANCER_V3: lambda state, leg: Fraction(state.swap_fee, 10**18),
    VenueKind.MAKER_PSM: _of_peg_module,
    VenueKind.WRAPPED_NATIVE: lambda state, leg: Fraction(0),
}
"""Curve and DODO take their fee from what comes out, a vault in its rate: part of the curve."""
