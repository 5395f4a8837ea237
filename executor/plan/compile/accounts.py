"""Venues that keep accounts while they are unlocked: hops net out, what comes out is taken, what went in is
paid before the lock ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from executor.domain.address import Address
from executor.domain.errors import PlanError
from executor.domain.pool import VenueKind
from executor.domain.pool_details import V4Details
from executor.domain.route import Funding, Leg
from executor.plan.format import Opcode, Payer, Recipient
from executor.plan.steps import (
    BalancerV3Send,
    BalancerV3Settle,
    BalancerV3Swap,
    BalancerV3Unlock,
    Step,
    V4Settle,
    V4Swap,
    V4Take,
    V4Unlock,
)

Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class AccountVenue:
    """How a venue's lock is opened, and what is done within. Amounts of None: what the last step gave.

    `loan` is the opcode of its loans, `funding` their name.
    """

    funding: Funding
    loan: Opcode
    unlock: Callable[[Steps], Step]
    swap: Callable[[Leg, int | None], Step]
    take: Callable[[Address, int | None, Recipient, Address | None], Step]
    settle: Callable[[Payer, Address | None, int | None], Step]


def _v4_swap(leg: Leg, amount: int | None) -> Step:
    key = leg.pool.details
    if not isinstance(key, V4Details):
        raise PlanError(
            f"The V4 pool of {leg.pool.token0.symbol} and {leg.pool.token1.symbol} has no key.",
            fix="give the pool its V4Details",
            field="details",
        )
    return V4Swap(
        leg.pool.token0.address,
        leg.pool.token1.address,
        key.key_fee,
        key.tick_spacing,
        key.hooks,
        leg.zero_for_one,
        amount,
    )


ACCOUNTS: Mapping[VenueKind, AccountVenue] = {
    VenueKind.UNISWAP_V4: AccountVenue(
        Funding.UNISWAP_V4,
        Opcode.UNISWAP_V4_LOAN,
        V4Unlock,
        _v4_swap,
        lambda token, amount, recipient, to: V4Take(token, recipient, amount, to),
        lambda payer, token, amount: V4Settle(payer, amount, token),
    ),
    VenueKind.BALANCER_V3: AccountVenue(
        Funding.BALANCER_V3,
        Opcode.BALANCER_V3_LOAN,
        BalancerV3Unlock,
        lambda leg, amount: BalancerV3Swap(
            leg.pool.address, leg.token_in.address, leg.token_out.address, amount
        ),
        lambda token, amount, recipient, to: BalancerV3Send(token, recipient, amount, to),
        lambda payer, token, amount: BalancerV3Settle(payer, amount, token),
    ),
}
