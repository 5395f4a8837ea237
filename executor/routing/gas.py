"""The gas of a trade by a static model, for choosing sizes, routes and money before anything is simulated.

gas = router + legs + what lies between them + tokens + means. Legs are the venues' own figures. The others
were fitted to some thousand random routes over every venue, paid by every means, on the local chains
(`benchmarks/forecast.py`), in a state in which no balance and no counter is written for the first time.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from executor.domain.pool import VenueKind
from executor.domain.route import Funding, Route
from executor.domain.token import Token
from executor.lenders import gas_overhead
from executor.plan.compile.direct import DIRECT
from executor.routing.states import States
from executor.venues import gas

ROUTER_GAS = 33_000
"""Gas of a call of the router without its legs: 21,000 for the transaction, calldata, guards and the profit
rule.
"""

LOOP_SHARE = 10_000
"""What each leg's figure holds of that which a route pays once, as the settlement token's way out and back:
venues are measured on routes of two legs, and each further one saves it.
"""

THROUGH_ROUTER = 3_000
FURTHER_THROUGH_ROUTER = 14_700
"""What tokens on their way cost more where not every pool can pay the next: the first, and each one more."""

SHARED_LOCKS: Mapping[VenueKind, tuple[int, int]] = {
    VenueKind.UNISWAP_V4: (14_000, 30_000),
    VenueKind.BALANCER_V3: (18_700, 42_500),
}
"""What a further leg of a venue that keeps accounts saves: it is unlocked already, and next to one of its own
nothing has to be taken out and paid in again.
"""


DEAR_POOLS: Mapping[Funding, int] = {Funding.UNISWAP_V2_FLASH: 7_000, Funding.UNISWAP_V3_FLASH: 4_000}
"""What the measured overhead of pools that lend holds for their other token, which is dear to look up."""


def route_gas(route: Route, states: States, amounts: Sequence[int]) -> int:
    """Estimated gas of the legs at these amounts, with what lies between them. Raises as quoting does."""
    legs = sum(
        gas(states[leg.pool.key], leg.zero_for_one, amount)
        for leg, amount in zip(route.legs, amounts, strict=False)
    )
    return legs + beside_legs(route)


def beside_legs(route: Route) -> int:
    """The part of `route_gas` that is the same for all amounts: what lies between the legs, dear tokens."""
    return between(route) + sum(leg.token_in.transfer_gas for leg in route.legs)


def between(route: Route) -> int:
    """Gas of carrying tokens from pool to pool, on top of the legs' own figures; negative where legs share
    what each of them was measured with.
    """
    further = max(0, len(route.legs) - 2)
    saved = LOOP_SHARE * further
    if all(leg.pool.kind in DIRECT and not leg.taxed for leg in route.legs):
        return -saved
    kinds = [leg.pool.kind for leg in route.legs]
    for kind, (unlocked, adjacent) in SHARED_LOCKS.items():
        saved += unlocked * max(0, kinds.count(kind) - 1)
        saved += adjacent * sum(first is second is kind for first, second in pairwise(kinds))
    return THROUGH_ROUTER + FURTHER_THROUGH_ROUTER * further - saved


def loan_gas(funding: Funding, token: Token) -> int:
    """Gas that a loan of the token adds over own money: it comes and goes once more."""
    return gas_overhead(funding) + token.transfer_gas * 2 // 3 - DEAR_POOLS.get(funding, 0)
