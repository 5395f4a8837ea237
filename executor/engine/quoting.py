"""What a route would earn now, and where its money goes: hop by hop, lender, gas. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from executor import venues
from executor.chain.reading import read, read_all
from executor.chain.simulation import simulate
from executor.domain.decision import Reason, Simulation
from executor.domain.errors import ExecutorError, OpportunityError, RevertError, TicksUnknownError
from executor.domain.market import BlockHead, PoolState
from executor.domain.opportunity import Opportunity
from executor.domain.pool import Pool
from executor.domain.route import Funding, SizedRoute
from executor.domain.split import Sized, SizedSplit
from executor.domain.token import Token
from executor.engine.costs import call_data_cost
from executor.engine.dropping import with_place, without_failed
from executor.engine.fates import reason_of
from executor.engine.market import Market, newest, read_market, with_enough_ticks
from executor.engine.pools import none_found
from executor.engine.quoted_hops import Hop, hops_of
from executor.engine.quoted_means import Means, able, means_of
from executor.engine.resolution import Resolved, pair_tokens, resolve
from executor.engine.revalidation import available, cheapest_first, premium_again
from executor.engine.reverts import revert_names, revert_reason
from executor.engine.router import read_router
from executor.engine.session import Session
from executor.engine.sizing import best_trade, calldata_of, size_cap
from executor.policy.profit import Profit, profit_of
from executor.routing.candidates import routes as pair_routes
from executor.routing.cycle import MAX_AMOUNT, Terms
from executor.routing.funding import lender_of, premium_of
from executor.routing.paths import BestPath, best_path
from executor.routing.plan_gas import trade_gas
from executor.routing.searched_shortfall import shortfall_of
from executor.routing.sizing import forward
from executor.routing.split_shortfall import split_shortfall

SHARE_BPS = 9_500
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What another input up to `cap` would earn more before gas: `most`. Both in the settlement token's
    smallest unit; `cap` is None where nothing bounds the input.
    """

    most: int
    cap: int | None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a trade gives now: a route, or one that is divided over pools side by side, whichever the executor
    would take, or several routes, where they were asked about. `profit` is by the venues' maths, with the
    gas of the simulation where there is one, else of the model. `means` are all ways to pay it, the one taken
    first. `refusal` says why the router's own simulation of the call fails. `optimal`: of all routes that
    were looked for this one is proven to be the best; None where only this one was asked about. `shortfall`
    bounds what another input into the same route, or another division over its pools, would earn more; None
    where nothing proves a bound.
    """

    head: BlockHead
    sized: Sized
    hops: tuple[Hop, ...]
    means: tuple[Means, ...]
    profit: Profit
    settlement_usd: Fraction | None
    simulation: Simulation | None
    refusal: Reason | None
    optimal: bool | None = None
    shortfall: Shortfall | None = None


async def quote_opportunity(session: Session, opportunity: Opportunity) -> Quote:
    """The quote of an opportunity at the newest block. Raises as `resolve` and `quote` do."""
    now = await newest(session)
    resolved = await resolve(session.rpc, session.chain, opportunity, now)
    return await quote(session, opportunity, resolved, await read_market(session, now, resolved))


async def quote_pair(session: Session, opportunity: Opportunity) -> Quote:
    """The best cycle from the opportunity's `quote_token` through its `token`, over every pool of the two
    that the exchanges of the chain data have.

    Raises OpportunityError where there are not two of them, and as `quote` does.
    """
    now = await newest(session)
    start, through = await pair_tokens(session.rpc, session.chain, opportunity, now)
    pools = await _pools_of(session, now, start, through)
    ways = pair_routes(start, through, pools, pools)
    if not ways:
        raise OpportunityError(
            "pair",
            f"fewer than two pools of {start.symbol} and {through.symbol} are known on {session.chain.name}",
            fix="name the pools themselves, as a route",
        )
    resolved = Resolved(ways, "pair")
    market = await read_market(session, now, resolved)

    def search(states: Mapping[str, PoolState]) -> BestPath:
        found = best_path(
            pools, states, start, gas_cost=market.gas_cost, through=through, terms=Terms(opportunity.amount)
        )
        if found.unknown:
            raise found.unknown[0]
        return found

    best = await with_enough_ticks(session.rpc, market.states, now, search)
    if best.best is not None:
        market = replace(market, routes=(best.best.route,))
    return replace(await quote(session, opportunity, resolved, market), optimal=best.optimal)


async def _pools_of(session: Session, now: BlockHead, start: Token, through: Token) -> tuple[Pool, ...]:
    """The pools of two tokens at every exchange that can be asked."""
    dexes = [known.dex for known in session.chain.dexes.values() if known.dex.kind in venues.VENUES]
    asked = [none_found(venues.find(dex, start, through)) for dex in dexes]
    found = await read_all(session.rpc, asked, now)
    return tuple(pool for pools in found for pool in pools or ())


async def quote(session: Session, opportunity: Opportunity, resolved: Resolved, market: Market) -> Quote:
    """What the executor would do: the best of the market's routes at its best size, or their pools side by
    side; where nothing earns anything, the first route at the amount that was asked about, or at one whole
    token.

    Raises OpportunityError, MathsError where not even that can be traded, TicksUnknownError, PlanError,
    NodeError.
    """
    router = await read(session.rpc, read_router(session.router, session.sender), market.head)
    index = router.settlement_index(resolved.settlement, resolved.settlement_field)
    sized: Sized | None = await best_trade(session.rpc, session.settings, opportunity, market)
    shortfall = None
    if sized is None:
        sized = await _as_asked(session, opportunity, market)
    elif isinstance(sized, SizedRoute | SizedSplit):
        shortfall = await _shortfall(session, opportunity, sized, market)
    simulation, refusal, l1_fee = await _simulated(session, sized, market, index)
    while refusal and (rest := without_failed(sized, refusal, opportunity.funding, last=True)):
        sized = rest
        simulation, refusal, l1_fee = await _simulated(session, sized, market, index)
    means = tuple(means_of(opportunity, sized, market))
    gas = simulation.gas_used if simulation else trade_gas(sized, market.states)
    return Quote(
        head=market.head,
        sized=sized,
        hops=hops_of(sized, market.states),
        means=means,
        profit=profit_of(sized, gas=gas, fees=market.fees, rate=market.prices.rate, l1_fee=l1_fee),
        settlement_usd=market.prices.settlement_usd,
        simulation=simulation,
        refusal=refusal,
        shortfall=shortfall,
    )


async def _as_asked(session: Session, opportunity: Opportunity, market: Market) -> SizedRoute:
    """The first route at the amount that was asked about."""
    route = market.routes[0]
    amount = opportunity.amount or 10**market.prices.settlement.decimals

    def walk(states: Mapping[str, PoolState]) -> tuple[int, ...]:
        return forward(route, states, amount)

    amounts = await with_enough_ticks(session.rpc, market.states, market.head, walk)
    choices = able(opportunity, route, amount, market)
    if choices:
        return choices[0].sized(route, amounts)
    funding, purse = opportunity.funding or Funding.INVENTORY, market.purse
    lender = lender_of(funding, purse.terms)
    pool = purse.pools.get(lender.address) if lender else None
    return SizedRoute(route, amounts, funding, premium_of(funding, purse.terms, pool)(amounts[0]), pool)


async def _shortfall(
    session: Session, opportunity: Opportunity, sized: SizedRoute | SizedSplit, market: Market
) -> Shortfall | None:
    """What other inputs may earn more before gas; None where that is not known. Raises NodeError."""
    if isinstance(sized, SizedRoute) and not cheapest_first(sized, market.purse.terms):
        return None
    paid = market.purse.inventory if isinstance(sized, SizedSplit) else available(sized, market)
    caps = (size_cap(session.settings, opportunity, market), paid, MAX_AMOUNT)
    cap = min(cap for cap in caps if cap is not None)

    def bound(states: Mapping[str, PoolState]) -> int | None:
        if isinstance(sized, SizedSplit):
            return split_shortfall(sized.route, states, cap=cap)
        premium = premium_again(sized, market.purse.terms)
        return shortfall_of(sized.route, states, sized.amounts, cap=cap, premium=premium)

    try:
        most = await with_enough_ticks(session.rpc, market.states, market.head, bound)
    except TicksUnknownError:
        return None
    return None if most is None else Shortfall(most, cap if cap < MAX_AMOUNT else None)


async def _simulated(
    session: Session, sized: Sized, market: Market, index: int
) -> tuple[Simulation | None, Reason | None, int]:
    """What the router says to the call, why it refuses it where it does, and the data fee in wei."""
    if sized.gross_profit <= 0:
        nothing = Reason("not_profitable", "The route earns nothing, so the router would refuse it.", {})
        return None, nothing, 0
    try:
        calldata = calldata_of(
            sized,
            settlement_index=index,
            minimum_profit=max(1, sized.gross_profit * SHARE_BPS // 10_000),
            deadline=market.head.timestamp + DAY,
            tip=None,
            wrapped_native=session.chain.wrapped_native.address,
        )
        simulation = await simulate(
            session.rpc,
            sender=session.sender,
            to=session.router,
            calldata=calldata,
            block=market.head,
            gas_limit_multiplier_bps=session.settings.gas_limit_multiplier_bps,
            rules=session.chain.fees.gas,
            data_fee=session.chain.fees.data,
            decode=revert_names,
        )
    except RevertError as error:
        return None, with_place(revert_reason("simulation_reverted", error, calldata), sized), 0
    except ExecutorError as error:
        return None, reason_of(error), 0
    return simulation, None, (await call_data_cost(session, calldata, simulation, market)).charged
