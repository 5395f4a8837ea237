"""Which route, how much, and whose money."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from executor.chain.rpc import Rpc
from executor.config.settings import ChainSettings
from executor.domain.decision import Reason
from executor.domain.errors import MathsError
from executor.domain.market import BlockHead, PoolState
from executor.domain.opportunity import Opportunity
from executor.domain.route import Route, SizedRoute
from executor.engine.market import Purse, with_enough_ticks
from executor.engine.pricing import Prices
from executor.policy.fees import Fees
from executor.routing.candidates import Candidate, pick
from executor.routing.funding import choose_funding, funding_cap, premium_of
from executor.routing.sizing import forward


@dataclass(frozen=True, slots=True)
class Market:
    """All that was read for one opportunity, at the block `head`."""

    head: BlockHead
    routes: tuple[Route, ...]
    states: dict[str, PoolState]
    prices: Prices
    purse: Purse
    fees: Fees

    def gas_cost(self, gas: int) -> int:
        """`gas` at the next block's price, in the settlement token's smallest unit."""
        return self.prices.in_settlement(gas * self.fees.effective_price)


async def size(
    rpc: Rpc, settings: ChainSettings, opportunity: Opportunity, market: Market
) -> SizedRoute | None:
    """The route that nets most at its best size, with its funding; None if no size earns anything.

    Raises OpportunityError naming `funding` when the asked funding cannot be had, TicksUnknownError,
    NodeError.
    """
    terms, inventory = market.purse.terms, market.purse.inventory
    cap = size_cap(settings, opportunity, market)

    def best(states: Mapping[str, PoolState]) -> Candidate | None:
        premium = premium_of(opportunity.funding, terms)
        return pick(market.routes, states, gas_cost=market.gas_cost, cap=cap, premium=premium)

    found = await with_enough_ticks(rpc, market.states, market.head, best)
    route, amount = (found.route, found.amounts[0]) if found else (market.routes[0], 1)
    choices = choose_funding(
        route,
        amount,
        inventory=inventory,
        terms=terms,
        gas_cost=market.gas_cost,
        requested=opportunity.funding,
    )
    return None if found is None else SizedRoute(route, found.amounts, choices[0].funding, choices[0].premium)


def size_cap(settings: ChainSettings, opportunity: Opportunity, market: Market) -> int | None:
    """The most that may go in, in the settlement token's smallest unit; None is no bound.

    An amount that the opportunity names is taken at its word and judged against max_trade_size_usd later;
    where the executor chooses the size itself it stays within that limit.
    """
    caps = [opportunity.amount, funding_cap(opportunity.funding, market.purse.inventory, market.purse.terms)]
    price, largest = market.prices.settlement_usd, settings.max_trade_size_usd
    if opportunity.amount is None and largest is not None and price is not None:
        caps.append(int(Fraction(largest) / price * 10**market.prices.settlement.decimals))
    return min((cap for cap in caps if cap is not None), default=None)


def why_nothing(opportunity: Opportunity, market: Market) -> Reason:
    """The reason for declining when no size earns anything, with what the first route gives for a sample
    amount."""
    route = market.routes[0]
    sample = opportunity.amount or 10**market.prices.settlement.decimals
    facts: dict[str, object] = {"block_number": market.head.number, "amount_in": sample}
    told = ""
    try:
        given = forward(route, market.states, sample)[-1]
        facts |= {"amount_out": given, "profit": given - sample}
        told = f"; {sample} of {route.settlement.symbol} in gives {given} out"
    except (MathsError, LookupError):
        pass
    return Reason(
        "not_profitable", f"No size of this route earns anything at block {market.head.number}{told}.", facts
    )
