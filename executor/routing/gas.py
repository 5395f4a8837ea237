"""The gas of a trade by a static model, for choosing sizes, routes and money before anything is simulated.

gas = router + legs + what lies between them + dear tokens + means. A leg's figure holds one transfer of its
token and the two balances that its pool writes; the router's holds one transfer and one balance more, so that
pools that pay each other need nothing else. What a route does otherwise is counted here, from who pays whom.

The figures are a fit to 1,600 random routes over every venue, paid by every means, on the local chains
(`benchmarks/forecast.py`, seeds 41 and 42), and those of divided trades to 350 of such, in a state in which
no balance and no counter is written for the first time. They are judged on other seeds.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.route import Funding, Leg, Route
from executor.domain.split import SplitRoute
from executor.domain.token import Token
from executor.lenders import gas_overhead
from executor.plan.compile.direct import DIRECT
from executor.plan.compile.stepwise import KEEPS_OUTPUT, PAID_BEFORE
from executor.routing.states import States
from executor.venues import gas
from executor.venues.uniswap_v3 import is_slipstream

ROUTER_GAS = 35_300
"""Gas of a call of the router without its legs: 21,000 for the transaction, calldata, guards, the profit
rule, and the settlement token's way back.
"""

STEPWISE = 2_100
"""What a route costs more in which not every pool can pay the next."""

THROUGH_ROUTER = 8_900
"""A token that stops at the router on its way: one transfer, one balance and the tracking of it more."""

FURTHER_PART = 2_400
"""What a leg that stands beside another costs on top of its own: one transfer to the router more."""

FURTHER_IN_VAULT: Mapping[VenueKind, int] = {
    VenueKind.UNISWAP_V4: 16_500,
    VenueKind.BALANCER_V2: 12_200,
    VenueKind.BALANCER_V3: 15_600,
}
"""What each further leg of one vault saves in a divided trade: the vault and its balances were touched."""

SHARED_BALANCE = 9_900
"""What it saves that one vault keeps the token's balance of both the leg before and the one behind."""

VAULTS = frozenset({VenueKind.UNISWAP_V4, VenueKind.BALANCER_V2, VenueKind.BALANCER_V3})
"""Venues that keep the tokens of all their pools at one address."""

SHARED_LOCKS: Mapping[VenueKind, tuple[int, int]] = {
    VenueKind.UNISWAP_V4: (9_200, 26_000),
    VenueKind.BALANCER_V3: (11_600, 32_000),
}
"""What a further leg of a venue that keeps accounts saves: it is unlocked already, and next to one of its own
nothing has to be taken out and paid in again.
"""

EACH_TRANSFER_TENTHS = 3
"""How many tenths of a dear token's extra gas each transfer costs, on top of the whole for touching it."""

LENDER_ON_ROUTE = 7_000
"""What a loan saves of one of the vaults below that a leg trades with too."""
LENDING_VAULTS: Mapping[Funding, VenueKind] = {
    Funding.UNISWAP_V4: VenueKind.UNISWAP_V4,
    Funding.BALANCER_V2: VenueKind.BALANCER_V2,
    Funding.BALANCER_V3: VenueKind.BALANCER_V3,
}

OTHER_TOKEN: Mapping[Funding, int] = {Funding.UNISWAP_V2_FLASH: 12_000, Funding.UNISWAP_V3_FLASH: 10_300}
"""What the measured overhead of pools that lend holds for their other token, which was a dear one that no leg
moved.
"""

LENDING_FORKS: Mapping[V3Callback, int] = {V3Callback.PANCAKE: 5_500, V3Callback.ALGEBRA: -2_500}
LENDING_SLIPSTREAM = 26_000
"""What a loan of a fork's pool of the V3 shape costs more than one of Uniswap's."""


def route_gas(route: Route, states: States, amounts: Sequence[int]) -> int:
    """Estimated gas of the legs at these amounts, with what lies between them. Raises as quoting does."""
    legs = sum(
        gas(states[leg.pool.key], leg.zero_for_one, amount)
        for leg, amount in zip(route.legs, amounts, strict=False)
    )
    return legs + beside_legs(route)


def split_gas(route: SplitRoute, states: States) -> int:
    """As `route_gas`, of a divided route. Raises as quoting does."""
    parts = [part for stage in route.stages for part in stage]
    swaps = sum(gas(states[part.leg.pool.key], part.leg.zero_for_one, part.amount_in) for part in parts)
    return swaps + beside_parts([[part.leg for part in stage] for stage in route.stages])


def beside_legs(route: Route) -> int:
    """The part of `route_gas` that is the same for all amounts: what lies between the legs, dear tokens."""
    tokens = sum(moving(leg.token_in, transfers) for leg, transfers in _transfers(route))
    return between(route) + tokens


def between(route: Route) -> int:
    """Gas of carrying tokens from pool to pool, on top of the legs' own figures; negative where legs share
    what each of them was measured with.
    """
    kinds = [leg.pool.kind for leg in route.legs]
    total = 0 if _is_direct(route) else STEPWISE
    for before, leg, transfers in _boundaries(route):
        if transfers > 1 and leg is not route.legs[0] and not _is_native(leg.token_in):
            total += THROUGH_ROUTER
        if transfers and before.pool.kind is leg.pool.kind and leg.pool.kind in VAULTS:
            total -= SHARED_BALANCE
    for kind, (unlocked, adjacent) in SHARED_LOCKS.items():
        total -= unlocked * max(0, kinds.count(kind) - 1)
        total -= adjacent * sum(first is second is kind for first, second in pairwise(kinds))
    return total


def beside_parts(stages: Sequence[Sequence[Leg]]) -> int:
    """As `beside_legs`, of stages that may be divided: all tokens of such a route stop at the router."""
    if all(len(stage) == 1 for stage in stages):
        return beside_legs(Route(tuple(stage[0] for stage in stages)))
    parts, between_stages = sum(map(len, stages)), len(stages) - 1
    outputs = (len(stages[-1]), *(len(stage) for stage in stages[:-1]))
    tokens = sum(
        moving(stage[0].token_in, len(stage) + given) for stage, given in zip(stages, outputs, strict=True)
    )
    kinds = [leg.pool.kind for stage in stages for leg in stage]
    shared = sum(saved * max(0, kinds.count(kind) - 1) for kind, saved in FURTHER_IN_VAULT.items())
    beside = (parts - len(stages)) * FURTHER_PART
    return STEPWISE + between_stages * THROUGH_ROUTER + beside - shared + tokens


def moving(token: Token, transfers: int) -> int:
    """What a dear token costs more than a plain one for so many transfers on a route."""
    return token.transfer_gas + token.transfer_gas * EACH_TRANSFER_TENTHS * transfers // 10


def loan_gas(funding: Funding, token: Token, *, route: Route | None = None, pool: Pool | None = None) -> int:
    """Gas that a loan of the token adds over own money: it comes and goes once more. `route` is what it pays
    for, `pool` the lender where pools lend.
    """
    legs = route.legs if route else ()
    vault = LENDING_VAULTS.get(funding)
    shared = LENDER_ON_ROUTE if any(leg.pool.kind is vault for leg in legs) else 0
    loan = gas_overhead(funding) + token.transfer_gas * 2 * EACH_TRANSFER_TENTHS // 10 - shared
    return loan - OTHER_TOKEN.get(funding, 0) + (_of_pool(funding, token, legs, pool) if pool else 0)


def _of_pool(funding: Funding, token: Token, legs: Sequence[Leg], pool: Pool) -> int:
    """What this pool's loan costs more than that of an ordinary one, whose tokens the route moves."""
    other = pool.other(token)
    total = 0 if any(leg.token_in == other for leg in legs) else other.transfer_gas
    if funding is Funding.UNISWAP_V3_FLASH:
        total += LENDING_SLIPSTREAM if is_slipstream(pool) else LENDING_FORKS.get(pool.callback, 0)
    return total


def _is_direct(route: Route) -> bool:
    """Whether all of the route's pools pay each other."""
    return all(leg.pool.kind in DIRECT and not leg.taxed for leg in route.legs)


def _is_native(token: Token) -> bool:
    return not int(token.address, 16)


def _transfers(route: Route) -> Iterator[tuple[Leg, int]]:
    for _, leg, transfers in _boundaries(route):
        yield leg, transfers + (leg.pool.kind is VenueKind.SOLIDLY)


def _boundaries(route: Route) -> Iterator[tuple[Leg, Leg, int]]:
    """Each leg with the one before, and how often the token between them is transferred: out of the one and
    into the other by way of the router, or straight, or not at all within one lock.
    """
    legs, direct = route.legs, _is_direct(route)
    yield legs[-1], legs[0], 2
    for before, leg in pairwise(legs):
        if before.pool.kind is leg.pool.kind and leg.pool.kind in SHARED_LOCKS:
            yield before, leg, 0
        elif direct or (leg.pool.kind in PAID_BEFORE and before.pool.kind not in KEEPS_OUTPUT):
            yield before, leg, 1
        else:
            yield before, leg, 2
