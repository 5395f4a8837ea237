"""What came in. Parsed and checked, not yet resolved to pools."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from executor.domain.route import Funding


@dataclass(frozen=True, slots=True)
class LegRequest:
    """One explicit leg: a pool by address (a V4 pool by its id) and the token that goes in. `dex` names the
    venue in the chain data where given; `kind` and `fee` (millionths) may stand in for it where the pool is
    of no known venue. `fee`, `tick_spacing` and `hooks` name a V4 pool.
    """

    pool: str
    token_in: str
    dex: str | None = None
    kind: str | None = None
    fee: int | None = None
    tick_spacing: int | None = None
    hooks: str | None = None


_LEG_FIELDS = {field.name for field in fields(LegRequest)}


@dataclass(frozen=True, slots=True)
class Opportunity:
    """An opportunity on one chain, in one of three forms.

    Explicit: `legs` names pools in order. Several: `routes` does so for each of them. High-level: `token`,
    `quote_token`, `buy_dex`, `sell_dex` (buy = quote token -> token at `buy_dex`; `quote_token` is the
    settlement token). `amount` is the input in the settlement token's smallest unit, None = find the optimum;
    where given, it is a cap that is only lowered if less earns more, for each of several routes. Estimates
    are carried for the record, never trusted. Legs in `routes` may be mappings, as stored JSON has them.
    """

    opportunity_id: str
    chain: str
    legs: tuple[LegRequest, ...] = ()
    token: str | None = None
    quote_token: str | None = None
    buy_dex: str | None = None
    sell_dex: str | None = None
    amount: int | None = None
    funding: Funding | None = None
    estimated_net_profit_usd: Decimal | None = None
    deadline: int | None = None
    routes: tuple[tuple[LegRequest, ...], ...] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.routes, list | tuple):
            object.__setattr__(self, "routes", tuple(_legs(route) for route in self.routes))

    @property
    def is_explicit(self) -> bool:
        """Whether the pools are named one by one."""
        return bool(self.legs)


def _legs(route: Any) -> Any:
    """The legs of a route; what is none stays as it is, for whoever checks it to name."""
    return tuple(_leg_request(leg) for leg in route) if isinstance(route, list | tuple) else route


def _leg_request(leg: Any) -> Any:
    if not isinstance(leg, Mapping) or not {"pool", "token_in"} <= set(leg) <= _LEG_FIELDS:
        return leg
    return LegRequest(**leg)
