"""The gas of a whole trade by the static model: of one route with whoever pays it, of one that is divided, of
several routes in one plan.

What an earlier route of a plan has touched is cheaper for a later one. Those figures are a fit to 240 random
plans of two or three routes (`benchmarks/forecast.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from executor.domain.address import Address
from executor.domain.pool import VenueKind
from executor.domain.route import OWN_MEANS, Funding, Payer, SizedRoute
from executor.domain.split import Sized, SizedSplit
from executor.domain.token import Token
from executor.routing.funding import chain_gas
from executor.routing.gas import LENDING_VAULTS, ROUTER_GAS, VAULTS, loan_gas, route_gas, split_gas
from executor.routing.states import States

FURTHER_ROUTE = 2_100
"""What each further route of a plan costs beyond its legs and whoever pays it, measured."""

LENT_BEFORE: Mapping[Funding, int] = {
    Funding.AAVE_V3: 75_300,
    Funding.SPARK: 75_300,
    Funding.BALANCER_V2: 12_300,
    Funding.BALANCER_V3: 5_800,
    Funding.MORPHO_BLUE: 5_900,
    Funding.UNISWAP_V4: 3_800,
    Funding.UNISWAP_V3_FLASH: 26_400,
    Funding.UNISWAP_V2_FLASH: 32_300,
}
"""What a loan saves whose lender has lent to an earlier route of the plan, measured; a vault's balance is
in it.
"""

VAULT_BEFORE = 9_500
"""What a route saves that trades with a vault which an earlier one has traded with."""

VAULT_SHARED = 5_200
"""What it saves that a vault has lent to an earlier route and a later one trades with it, or the other way
round.
"""

VAULT_BALANCE_BEFORE = 5_200
"""What each balance of a vault saves that an earlier route has moved."""

TOKEN_BEFORE = 2_500
"""What a token saves, over what makes it dear, that an earlier route has moved; the settlement token's share
is in what a further route costs.
"""


@dataclass(slots=True)
class Touched:
    """What the earlier routes of a plan have touched."""

    payers: set[Payer] = field(default_factory=set)
    traded: set[VenueKind] = field(default_factory=set)
    lent: set[VenueKind] = field(default_factory=set)
    balances: set[tuple[VenueKind, Address]] = field(default_factory=set)
    tokens: set[Address] = field(default_factory=set)

    def add(self, sized: SizedRoute) -> None:
        """Counts one more route of the plan."""
        self.payers.update(sized.payers)
        self.traded |= _traded(sized)
        self.lent |= _lent(sized)
        self.balances |= _balances(sized)
        self.tokens.update(token.address for token in _tokens(sized))


def trade_gas(sized: Sized, states: States) -> int:
    """The gas that the static model takes the whole trade to need. Raises as quoting does."""
    if isinstance(sized, SizedSplit):
        return ROUTER_GAS + split_gas(sized.route, states)
    if isinstance(sized, SizedRoute):
        return ROUTER_GAS + gas_in_plan(sized, states)
    total, touched = ROUTER_GAS - FURTHER_ROUTE, Touched()
    for part in sized.parts:
        total += FURTHER_ROUTE + gas_in_plan(part, states, touched)
        touched.add(part)
    return total


def gas_in_plan(sized: SizedRoute, states: States, touched: Touched | None = None) -> int:
    """The gas that a route and whoever pays it add to a plan; `touched` is what earlier routes of it have.
    Raises as quoting does.
    """
    route = sized.route
    money = chain_gas(route) if sized.funding is Funding.CALLBACK_CHAIN else 0
    for payer in sized.payers:
        if payer.funding not in OWN_MEANS:
            money += loan_gas(payer.funding, route.settlement, route=route, pool=payer.pool)
    return route_gas(route, states, sized.amounts) + money - (_saved(sized, touched) if touched else 0)


def _saved(sized: SizedRoute, touched: Touched) -> int:
    """What the earlier routes save this one."""
    traded, lent = _traded(sized), _lent(sized)
    shared = len(traded & touched.lent - touched.traded) + len(lent & touched.traded - touched.lent)
    saved = sum(LENT_BEFORE.get(payer.funding, 0) for payer in sized.payers if payer in touched.payers)
    saved += VAULT_BEFORE * len(traded & touched.traded) + VAULT_SHARED * shared
    measured = {(kind, sized.route.settlement.address) for kind in lent & touched.lent}
    saved += VAULT_BALANCE_BEFORE * len((_balances(sized) & touched.balances) - measured)
    again = [token for token in _tokens(sized) if token.address in touched.tokens]
    return saved + sum(
        token.transfer_gas + TOKEN_BEFORE * (token != sized.route.settlement) for token in again
    )


def _traded(sized: SizedRoute) -> set[VenueKind]:
    """The vaults that the route trades with."""
    return {leg.pool.kind for leg in sized.route.legs} & VAULTS


def _lent(sized: SizedRoute) -> set[VenueKind]:
    """The vaults that lend to it."""
    return {LENDING_VAULTS[payer.funding] for payer in sized.payers if payer.funding in LENDING_VAULTS}


def _balances(sized: SizedRoute) -> set[tuple[VenueKind, Address]]:
    """The vaults' balances that it moves."""
    legs = (leg for leg in sized.route.legs if leg.pool.kind in VAULTS)
    moved = {(leg.pool.kind, token.address) for leg in legs for token in (leg.token_in, leg.token_out)}
    return moved | {(kind, sized.route.settlement.address) for kind in _lent(sized)}


def _tokens(sized: SizedRoute) -> set[Token]:
    return {leg.token_in for leg in sized.route.legs}
