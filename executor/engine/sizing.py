"""Which route, how much, and whose money."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial

from executor.chain.rpc import Rpc
from executor.config.settings import ChainSettings
from executor.domain.address import Address
from executor.domain.decision import Reason
from executor.domain.errors import (
    ExecutorError,
    MathsError,
    OpportunityError,
    PlanError,
    TicksUnknownError,
)
from executor.domain.market import PoolState
from executor.domain.opportunity import Opportunity
from executor.domain.pool import VenueKind
from executor.domain.route import POOL_LOANS, Funding, PayerName, Route, SizedRoute
from executor.domain.several import LeftOut, SizedSeveral
from executor.domain.split import Sized, SizedSplit
from executor.engine.market import Market, market_of, with_enough_ticks
from executor.plan import Tip, encode, encode_several
from executor.plan.compile import Outputs, compile_route
from executor.routing.candidates import Candidate, pick
from executor.routing.funding import (
    FundingChoice,
    able_lenders,
    choose_funding,
    funding_cap,
    name_of,
    premium_of,
)
from executor.routing.money import FundedSize, funded_sizes
from executor.routing.plan_gas import FURTHER_ROUTE, Touched, gas_in_plan, trade_gas
from executor.routing.sizing import forward
from executor.routing.split import SplitSize
from executor.routing.states import States
from executor.routing.ways import divided
from executor.submission.log import get_logger

_LOG = get_logger("executor.engine")

BPS, MOST_BPS = 100, 255
"""A basis point in millionths, and the most of them that the router computes a pair's output with."""


async def best_trade(
    rpc: Rpc, settings: ChainSettings, opportunity: Opportunity, market: Market
) -> Sized | None:
    """What nets most: the best route at its best size, or the pools of all routes side by side, where the
    router's own money pays; of several routes that were asked for, those that pay for their gas. None if
    nothing earns anything. Raises as `size` does.
    """
    if opportunity.routes is not None:
        return await _one_after_another(rpc, settings, opportunity, market)
    alone = await size(rpc, settings, opportunity, market)
    if opportunity.funding not in (None, Funding.INVENTORY):
        return alone
    if PayerName(Funding.INVENTORY) in market.refused:
        return alone
    if not market.purse.inventory:
        return alone
    cap = size_cap(settings, opportunity, market)
    most = market.purse.inventory if cap is None else min(cap, market.purse.inventory)
    best = partial(_side_by_side, market, most)
    try:
        found = await with_enough_ticks(rpc, market.states, market.head, best)
    except (TicksUnknownError, ArithmeticError) as error:
        if alone is None and isinstance(error, ExecutorError):
            raise
        # Whoever can put an odd pool beside the others must not be able to end the trade of one alone.
        _LOG.warning("not_divided", opportunity_id=opportunity.opportunity_id, because=repr(error))
        return alone
    if found is None:
        return alone
    if alone is not None:
        gas = market.gas_cost(trade_gas(alone, market.states))
        if alone.gross_profit - gas >= found.net:
            return alone
    return SizedSplit(found.route)


async def _one_after_another(
    rpc: Rpc, settings: ChainSettings, opportunity: Opportunity, market: Market
) -> SizedSeveral | None:
    """Each route at its own best size and paid by its own best means, without those that do not pay for what
    they add to the gas, or that cannot be traded; the best of these where none pays. None where none earns
    anything.

    Raises as `size` does where none can be had.
    """
    parts: dict[int, SizedRoute] = {}
    left: dict[int, str] = {}
    failed: list[ExecutorError] = []
    for place, route in enumerate(market.routes):
        own, capped = market_of(market, route), _capped(opportunity, market, place)
        try:
            sized = await size(rpc, settings, capped, own)
        except (OpportunityError, PlanError, TicksUnknownError, MathsError) as error:
            failed.append(error)
            left[place] = error.message
            continue
        if sized is None:
            left[place] = why_nothing(capped, own).message
            continue
        parts[place] = sized
    earned = _earning(parts, market, left)
    if not parts:
        if len(failed) == len(market.routes):
            raise failed[0]
        return None
    kept = [place for place in parts if place not in left] or [max(earned, key=lambda place: earned[place])]
    return SizedSeveral(
        tuple(parts[place] for place in kept),
        tuple(kept),
        tuple(LeftOut(place, left[place]) for place in sorted(left) if place not in kept),
    )


def _earning(parts: Mapping[int, SizedRoute], market: Market, left: dict[int, str]) -> dict[int, int]:
    """What each route earns beyond what it adds to the gas; `left` is told of those that earn nothing. They
    are looked at once more when it is known who lends to the others: that one lends cheaper to them, too.
    """
    earned: dict[int, int] = {}
    touched = Touched()
    for _ in range(2):
        for place, sized in parts.items():
            if earned.get(place, 0) > 0:
                continue
            gas = market.gas_cost(FURTHER_ROUTE + gas_in_plan(sized, market.states, touched))
            earned[place] = sized.gross_profit - gas
            if earned[place] > 0:
                touched.add(sized)
                left.pop(place, None)
            else:
                symbol = sized.route.settlement.symbol
                left[place] = f"It earns {sized.gross_profit} of {symbol}, its gas costs {gas}."
    return earned


def _capped(opportunity: Opportunity, market: Market, place: int) -> Opportunity:
    """The opportunity as the route at that place sees it."""
    caps = [cap for cap in (opportunity.amount, market.caps.get(place)) if cap is not None]
    return replace(opportunity, amount=min(caps, default=None))


def _side_by_side(market: Market, most: int, states: States) -> SplitSize | None:
    return divided(market.routes, states, gas_cost=market.gas_cost, most=most)


async def size(
    rpc: Rpc, settings: ChainSettings, opportunity: Opportunity, market: Market
) -> SizedRoute | None:
    """The route that nets most at its best size, with its funding; None if no size earns anything.

    Raises OpportunityError naming `funding` when the asked funding cannot be had, TicksUnknownError,
    NodeError.
    """
    terms = market.purse.terms
    cap = size_cap(settings, opportunity, market)

    def best(states: Mapping[str, PoolState]) -> Candidate | None:
        # Where pools lend, the cheapest tells the route, and each is tried at its own price afterwards.
        premium = premium_of(opportunity.funding, terms)
        return pick(market.routes, states, gas_cost=market.gas_cost, cap=cap, premium=premium)

    found = await with_enough_ticks(rpc, market.states, market.head, best)
    if found is None:
        if opportunity.funding is not None:
            _choices(opportunity, market, market.routes[0], 1)
        return None
    try:
        choices = _choices(opportunity, market, found.route, found.amounts[0])
    except OpportunityError:
        # Nobody has that much: a smaller trade may find its money.
        priced = await _priced(rpc, opportunity, market, found.route, cap)
        if priced:
            return _payable(priced)
        if _somebody_lends(opportunity, market, found.route):
            return None
        raise
    if _is_priced(opportunity.funding) and choices[0].cost(market.gas_cost):
        # The size that was found is that of a cheaper lender, or of free money; and less of what costs
        # nothing may leave more.
        priced = await _priced(rpc, opportunity, market, found.route, cap)
        return _payable(priced) if priced else None
    return _payable([choice.sized(found.route, found.amounts) for choice in choices])


def _choices(
    opportunity: Opportunity, market: Market, route: Route, amount: int
) -> tuple[FundingChoice, ...]:
    return choose_funding(
        route,
        amount,
        inventory=market.purse.inventory,
        terms=market.purse.terms,
        gas_cost=market.gas_cost,
        requested=opportunity.funding,
        pools=market.purse.pools,
        refused=market.refused,
    )


async def _priced(
    rpc: Rpc, opportunity: Opportunity, market: Market, route: Route, cap: int | None
) -> list[SizedRoute]:
    """The route at the size at which it pays each lender's price, the best first; nothing where one lender is
    asked for by name, as then the size has been found with its price.
    """
    requested = opportunity.funding
    if not _is_priced(requested):
        return []
    by_price = partial(_by_price, route, market, cap, requested)
    found = await with_enough_ticks(rpc, market.states, market.head, by_price)
    return [funded.sized for funded in found]


def _somebody_lends(opportunity: Opportunity, market: Market, route: Route) -> bool:
    """Whether anybody may be asked for less than the route would take."""
    requested = opportunity.funding
    asked = [lender for lender in market.purse.terms if requested in (None, lender.funding)]
    left = [lender for lender in asked if name_of(lender) not in market.refused]
    return _is_priced(requested) and bool(able_lenders(route, left, market.purse.pools))


def _is_priced(requested: Funding | None) -> bool:
    """Whether several payers come into question, each at its own price."""
    return requested is None or requested in POOL_LOANS


def _by_price(
    route: Route, market: Market, cap: int | None, requested: Funding | None, states: States
) -> tuple[FundedSize, ...]:
    """The sizes at which the route pays each lender's price, the best first."""
    return funded_sizes(
        route,
        states,
        inventory=market.purse.inventory,
        terms=market.purse.terms,
        gas_cost=market.gas_cost,
        cap=cap,
        pools=market.purse.pools,
        refused=market.refused,
        requested=requested,
    )


def _payable(choices: Sequence[SizedRoute]) -> SizedRoute:
    """The first of the choices that a plan can be made of: not every route can pay itself out of its last
    swap. Raises PlanError of the last choice where there is none.
    """
    for sized in choices[:-1]:
        try:
            compile_route(sized, outputs=outputs_of(sized.route))
        except PlanError as error:
            if error.facts.get("field") != "funding":
                raise
            continue
        return sized
    compile_route(choices[-1], outputs=outputs_of(choices[-1].route))
    return choices[-1]


def calldata_of(
    sized: Sized,
    *,
    settlement_index: int,
    minimum_profit: int,
    deadline: int,
    tip: Tip | None,
    wrapped_native: Address,
) -> bytes:
    """The router's calldata for a trade of any shape. Arguments as of `plan.encode`. Raises
    PlanError.
    """
    if isinstance(sized, SizedSplit):
        return encode_several(
            sized.route,
            settlement_index=settlement_index,
            minimum_profit=minimum_profit,
            deadline=deadline,
            tip=tip,
            wrapped_native=wrapped_native,
        )
    if isinstance(sized, SizedSeveral):
        return encode_several(
            sized.parts,
            settlement_index=settlement_index,
            minimum_profit=minimum_profit,
            deadline=deadline,
            tip=tip,
            wrapped_native=wrapped_native,
            outputs=[outputs_of(part.route) for part in sized.parts],
        )
    return encode(
        sized,
        settlement_index=settlement_index,
        minimum_profit=minimum_profit,
        deadline=deadline,
        tip=tip,
        wrapped_native=wrapped_native,
        outputs=outputs_of(sized.route),
    )


def outputs_of(route: Route) -> Outputs:
    """How outputs of pairs stand in the plan: as computed on chain, but where a pair's fee is finer than the
    router computes with.
    """
    pairs = (leg.pool for leg in route.legs if leg.pool.kind is VenueKind.UNISWAP_V2)
    coarse = all(pool.fee % BPS == 0 and pool.fee // BPS <= MOST_BPS for pool in pairs)
    return "computed" if coarse else "literal"


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
    amount; of several routes, with what each of them gives.
    """
    if opportunity.routes is not None and len(market.routes) > 1:
        each = [why_nothing(opportunity, market_of(market, route)) for route in market.routes]
        told = " ".join(f"Route {place}: {reason.message}" for place, reason in enumerate(each))
        return Reason("not_profitable", told, each[0].facts)
    route = market.routes[0]
    sample = opportunity.amount or 10**market.prices.settlement.decimals
    facts: dict[str, object] = {"block_number": market.head.number, "amount_in": sample}
    told = ""
    try:
        given = forward(route, market.states, sample)[-1]
        facts |= {"amount_out": given, "profit": given - sample}
        told = f"; {sample} of {route.settlement.symbol} in gives {given} out"
        told += ", before what lenders ask" if given > sample else ""
    except MathsError as error:
        told = f"; {error.message}"
    except LookupError:
        pass
    return Reason(
        "not_profitable", f"No size of this route earns anything at block {market.head.number}{told}.", facts
    )
