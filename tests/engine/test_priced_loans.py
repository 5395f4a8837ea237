"""What lenders ask decides the size, the second one too, and where it eats the gap nothing is traded."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from executor.chain.rpc import Rpc
from executor.config.settings import Settings
from executor.domain.errors import OpportunityError
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.market import BlockHead
from executor.domain.opportunity import Opportunity
from executor.domain.route import Funding, PayerName, SizedRoute
from executor.engine.gas_market import GasMarket
from executor.engine.market import Market, Purse
from executor.engine.pricing import Prices
from executor.engine.sizing import best_trade, why_nothing
from executor.policy.fees import Fees
from executor.routing.money import funded_sizes
from executor.routing.plan_gas import trade_gas
from executor.routing.sizing import best_size
from tests.support.market import WETH, address, states_of, two_legs, v2_pool, v2_state, v3_pool

NOBODY_URL = "http://127.0.0.1:9"
SETTINGS = Settings.from_mapping({"chains": {"ethereum": {"rpc_url": NOBODY_URL}}}).chain("ethereum")
DEAR, CHEAP = v2_pool(100), v2_pool(101)
ROUTE = two_legs(DEAR, CHEAP)
GAP = states_of(v2_state(10**21, 3_045 * 10**9, DEAR), v2_state(10**21, 3_000 * 10**9, CHEAP))
NARROW = states_of(v2_state(10**21, 302_012 * 10**7, DEAR), v2_state(10**21, 3_000 * 10**9, CHEAP))
"""The pools' own fees leave 6 basis points of it."""
AAVE = LenderTerms(Funding.AAVE_V3, address(1), WETH.address, 9, 10_000, Rounding.UP, 10**22)
NO_CHAIN = frozenset({PayerName(Funding.CALLBACK_CHAIN)})


def free_size(states: Any = GAP) -> int:
    """The best size of money that costs nothing."""
    amounts = best_size(ROUTE, states)
    assert amounts is not None
    return amounts[0]


def short_ones(tenths: int, states: Any = GAP) -> tuple[LenderTerms, LenderTerms]:
    """A lender that asks nothing and has so many tenths of what the route takes of free money, and a dear one
    that has hardly more than the rest of it.
    """
    size = free_size(states)
    free = LenderTerms(Funding.MORPHO_BLUE, address(4), WETH.address, 0, 1, Rounding.UP, size * tenths // 10)
    return free, replace(AAVE, available=size * (21 - 2 * tenths) // 20)


def market(*terms: LenderTerms, states: Any = GAP, **more: Any) -> Market:
    """For a router without money, where only these lend."""
    head = BlockHead(1, "0x01", "0x00", 12, 1, 1, 30_000_000)
    prices = Prices(WETH, True, Fraction(3_000), Fraction(3_000))
    purse = Purse(0, 10**18, terms, **more)
    return Market(head, (ROUTE,), dict(states), prices, purse, GasMarket(Fees(1, 0, 1)), refused=NO_CHAIN)


async def taken(at: Market, **asked: Any) -> SizedRoute | None:
    sized = await best_trade(Rpc(NOBODY_URL), SETTINGS, Opportunity("any", "ethereum", **asked), at)
    assert sized is None or isinstance(sized, SizedRoute)
    return sized


@pytest.mark.parametrize("tenths", [1, 5, 9])
async def test_the_second_lenders_premium_decides_the_size_too(tenths: int) -> None:
    terms = short_ones(tenths)
    sized = await taken(market(*terms))
    ways = funded_sizes(ROUTE, GAP, inventory=0, terms=terms, gas_cost=lambda gas: gas, refused=NO_CHAIN)
    assert sized is not None
    assert sized.gross_profit == max(way.sized.gross_profit for way in ways) > 0
    assert sized.amount_in < free_size()


async def test_a_trade_that_a_second_lender_is_too_dear_for_is_done_with_the_first_alone() -> None:
    sized = await taken(market(*short_ones(1, NARROW), states=NARROW))
    assert sized is not None
    assert sized.gross_profit > 0
    assert [payer.funding for payer in sized.payers] == [Funding.MORPHO_BLUE]


@pytest.mark.parametrize("gwei", [20, 52, 60])
async def test_own_money_a_hair_short_of_the_best_size_is_not_left_for_a_loan(gwei: int) -> None:
    """A loan asks no premium, but its gas is more than the last thousandth of the size is worth."""
    gas = GasMarket(Fees(gwei * 10**9, 0, gwei * 10**9))
    at = replace(market(replace(AAVE, rate=0)), gas=gas)
    at = replace(at, purse=replace(at.purse, inventory=free_size() * 999 // 1_000))
    sized = await taken(at)
    assert sized is not None
    assert sized.payers[0].funding is Funding.INVENTORY
    assert sized.gross_profit > at.gas_cost(trade_gas(sized, at.states))


async def test_why_nothing_is_traded_is_told_in_the_words_of_the_pool_that_refuses() -> None:
    shut = {**GAP, CHEAP.key: v2_state(0, 0, CHEAP)}
    at = market(AAVE, states=shut)
    assert await taken(at) is None
    assert CHEAP.address in why_nothing(Opportunity("any", "ethereum"), at).message


async def test_a_premium_that_eats_the_gap_leaves_no_trade() -> None:
    at = market(AAVE, states=NARROW)
    assert await taken(at) is None
    assert "before what lenders ask" in why_nothing(Opportunity("any", "ethereum", amount=10**17), at).message


async def test_a_lender_that_has_too_little_and_asks_too_much_leaves_no_trade() -> None:
    """Less of its money would not pay either: nothing is wrong with what was asked for."""
    short = replace(AAVE, available=free_size(NARROW) // 2)
    assert await taken(market(short, states=NARROW)) is None
    with pytest.raises(OpportunityError, match="nobody has"):
        await taken(market(states=NARROW))


async def test_a_gap_that_only_the_pool_on_the_route_is_cheap_enough_for_leaves_no_trade() -> None:
    cheap, dear = v3_pool(300, fee=100), v3_pool(301, fee=3_000)
    lenders = {pool.address: pool for pool in (cheap, dear)}
    terms = tuple(
        LenderTerms(
            Funding.UNISWAP_V3_FLASH, pool.address, WETH.address, pool.fee, 10**6, Rounding.UP, 10**22
        )
        for pool in (cheap, dear)
    )
    at = market(*terms, states=NARROW, pools=lenders)
    sized = await taken(at, funding=Funding.UNISWAP_V3_FLASH)
    assert sized is not None and sized.lender_pool == cheap
    failed = NO_CHAIN | {PayerName(Funding.UNISWAP_V3_FLASH, cheap.address)}
    assert await taken(replace(at, refused=failed), funding=Funding.UNISWAP_V3_FLASH) is None
