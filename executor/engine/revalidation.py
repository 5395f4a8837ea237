"""A trade judged again before it goes out, where a block has come in the meantime."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from executor.domain.lender import LenderTerms
from executor.domain.market import PoolState
from executor.domain.opportunity import Opportunity
from executor.domain.pool import Pool
from executor.domain.route import Funding, SizedRoute
from executor.domain.split import Sized
from executor.engine.market import Market, with_enough_ticks
from executor.engine.session import Session
from executor.engine.sizing import size_cap
from executor.policy.profit import Profit, usd_to_settlement
from executor.policy.revalidate import Bounds, Reread, Revalidation, revalidate
from executor.routing.funding import lender_of, premium_of
from executor.routing.premium import PremiumOf
from executor.routing.states import States


async def judge_again(
    session: Session,
    opportunity: Opportunity,
    sized: SizedRoute,
    before: Profit,
    markets: tuple[Market, Market],
    *,
    minimum_profit: int,
    l1_fee: int,
) -> Revalidation:
    """What to do with `sized` on the second of the two markets; it was sized on the first.

    `before` is its profit as simulated, `minimum_profit` what its call demands, both in the settlement
    token's smallest unit; `l1_fee` in wei. Raises TicksUnknownError, NodeError.
    """
    then, now = markets
    bounds = Bounds(minimum_profit, wanted_net(session, now))
    terms = now.purse.terms
    reread = Reread(
        states=None,
        fees=now.fees,
        premium=premium_again(sized, terms),
        available=available(sized, now),
        cap=size_cap(session.settings, opportunity, now),
        l1_fee=l1_fee,
    )
    if unmoved(sized, then.states, now.states):
        return revalidate(sized, before, reread, bounds)
    judge = partial(_judge, sized, before, reread, bounds)
    return await with_enough_ticks(session.rpc, now.states, now.head, judge)


def _judge(sized: SizedRoute, before: Profit, reread: Reread, bounds: Bounds, states: States) -> Revalidation:
    return revalidate(sized, before, replace(reread, states=states), bounds)


def unmoved(sized: Sized, then: dict[str, PoolState], now: dict[str, PoolState]) -> bool:
    """Whether every pool of the route is as it was. Ticks that were read further count as moved."""
    return all(then[leg.pool.key] == now[leg.pool.key] for leg in sized.route.legs)


def premium_again(sized: SizedRoute, terms: Sequence[LenderTerms]) -> PremiumOf:
    """What the lenders of the call ask for an input now: the second is asked for what the first does not
    lend.
    """
    of_first = premium_of(sized.funding, terms, sized.lender_pool)
    if sized.second is None:
        return of_first
    of_second, first_loan = premium_of(sized.second.funding, terms, sized.second.pool), sized.first_loan

    def together(amount: int) -> int:
        return of_first(min(amount, first_loan)) + of_second(max(amount - first_loan, 0))

    return together


def cheapest_first(sized: SizedRoute, terms: Sequence[LenderTerms]) -> bool:
    """Whether a second lender asks no less for each unit than the first one: only then does the premium rise
    ever faster.
    """
    if sized.second is None:
        return True
    first = lender_of(sized.funding, terms, sized.lender_pool)
    second = lender_of(sized.second.funding, terms, sized.second.pool)
    if first is None or second is None:
        return False
    return first.rate * second.rate_unit <= second.rate * first.rate_unit


def available(sized: SizedRoute, market: Market) -> int | None:
    """The most that those who pay the call can pay, in the settlement token's smallest unit; None for no
    bound. Of two loans each counts up to the amount that the call takes there.
    """
    if sized.funding is Funding.CALLBACK_CHAIN:
        return None
    if sized.funding is Funding.INVENTORY:
        return market.purse.inventory
    first, second = _lendable(sized.funding, market, sized.lender_pool), sized.second
    if second is None:
        return first
    return min(first, sized.first_loan) + min(_lendable(second.funding, market, second.pool), second.amount)


def _lendable(funding: Funding, market: Market, pool: Pool | None) -> int:
    lender = lender_of(funding, market.purse.terms, pool)
    return lender.available if lender is not None and lender.enabled else 0


def wanted_net(session: Session, market: Market) -> int:
    """What must be left after gas, in the settlement token's smallest unit; 0 where it has no price."""
    price = market.prices.settlement_usd
    if price is None:
        return 0
    return usd_to_settlement(
        session.settings.min_profit_usd,
        settlement_usd=price,
        settlement_decimals=market.prices.settlement.decimals,
    )
