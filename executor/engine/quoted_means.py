"""Who could pay a trade and at what price, as a quote shows it."""

from dataclasses import dataclass, replace

from executor.domain.errors import ExecutorError
from executor.domain.opportunity import Opportunity
from executor.domain.route import Funding, PayerName, Route, SizedRoute
from executor.domain.several import SizedSeveral
from executor.domain.split import Sized, SizedSplit
from executor.engine.market import Market, market_of
from executor.routing.funding import FundingChoice, choose_funding, name_of, usable, why_not
from executor.routing.gas import route_gas
from executor.routing.plan_gas import gas_in_plan


@dataclass(frozen=True, slots=True)
class Means:
    """A way to pay the route: who pays, the second one what the first has not. `premium` is all that they ask
    together, in the settlement token's smallest unit, `gas` is over own money. `problem` says why it cannot
    be had; empty where it can. `place` is the route's among several that it would pay.
    """

    payers: tuple[PayerName, ...]
    premium: int = 0
    gas: int = 0
    problem: str = ""
    place: int = 0


def able(opportunity: Opportunity, route: Route, amount: int, market: Market) -> tuple[FundingChoice, ...]:
    """Who could pay, the cheapest first; nobody where it cannot be had."""
    try:
        return choose_funding(
            route,
            amount,
            inventory=market.purse.inventory,
            terms=market.purse.terms,
            gas_cost=market.gas_cost,
            requested=opportunity.funding,
            pools=market.purse.pools,
        )
    except ExecutorError:
        return ()


def means_of(opportunity: Opportunity, sized: Sized, market: Market) -> list[Means]:
    """Every way to pay the route, the one taken first, then the others from the cheapest on."""
    if isinstance(sized, SizedSeveral):
        return [
            replace(means, place=place)
            for place, part in zip(sized.places, sized.parts, strict=True)
            for means in means_of(opportunity, part, market_of(market, part.route))
        ]
    if isinstance(sized, SizedSplit):
        whole = "a divided trade is paid out of the router's own money"
        others = [Means((name_of(lender),), problem=whole) for lender in market.purse.terms]
        return [Means(_payers(sized)), *others]
    choices = able(opportunity, sized.route, sized.amount_in, market)
    found = [_of_choice(choice, sized) for choice in choices]
    if sized.second is not None and not any(pays(means, sized) for means in found):
        # Two lend where one alone could, if that is cheaper: no choice for an amount that is given.
        gas = gas_in_plan(sized, market.states) - route_gas(sized.route, market.states, sized.amounts)
        found.append(Means(_payers(sized), sized.premiums, gas))
    found.sort(key=lambda means: not pays(means, sized))
    named = {means.payers for means in found}
    return [*found, *(means for means in _unable(opportunity, sized, market) if means.payers not in named)]


def pays(means: Means, sized: Sized) -> bool:
    """Whether these are the means that the trade takes, or that of several routes which they would pay."""
    if isinstance(sized, SizedSeveral):
        sized = sized.parts[sized.places.index(means.place)]
    return means.payers == _payers(sized) and not means.problem


def _payers(sized: SizedRoute | SizedSplit) -> tuple[PayerName, ...]:
    return tuple(payer.name for payer in sized.payers)


def _of_choice(choice: FundingChoice, sized: SizedRoute) -> Means:
    paid = choice.sized(sized.route, sized.amounts)
    return Means(_payers(paid), paid.premiums, choice.gas)


def _unable(opportunity: Opportunity, sized: SizedRoute, market: Market) -> list[Means]:
    """The means that cannot be had, with why."""
    symbol, amount, inventory = sized.route.settlement.symbol, sized.amount_in, market.purse.inventory
    found = []
    if inventory < amount:
        problem = f"the router holds {inventory} of {symbol}"
        found.append(Means((PayerName(Funding.INVENTORY),), problem=problem))
    for lender in market.purse.terms:
        problem = why_not(lender, sized.route, amount, market.purse.pools)
        if not problem:
            within = f"is counted on for {usable(lender)} of {symbol}, as others may borrow too"
            problem = within if opportunity.funding is None else "was not asked for"
        found.append(Means((name_of(lender),), problem=problem))
    return found
