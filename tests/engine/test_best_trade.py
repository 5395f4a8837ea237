"""Of several routes between the same tokens the best one is taken alone, or their pools side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

import executor.engine.market
import executor.engine.sizing
from executor.chain.rpc import Rpc
from executor.config.settings import ChainSettings, Settings
from executor.domain.errors import TicksUnknownError
from executor.domain.market import BlockHead
from executor.domain.opportunity import Opportunity
from executor.domain.route import Funding, PayerName
from executor.domain.split import Sized, SizedSplit
from executor.engine.gas_market import GasMarket
from executor.engine.market import Market, Purse
from executor.engine.pricing import Prices
from executor.engine.sizing import best_trade, size
from executor.policy.fees import Fees
from executor.routing.plan_gas import trade_gas
from executor.routing.split import SplitSize
from executor.routing.ways import divided
from tests.support.market import WETH
from tests.support.side_by_side import RICH, parallel_routes, without_gap

NOBODY_URL = "http://127.0.0.1:9"
NOBODY = Rpc(NOBODY_URL)
"""All that is needed is in the market: no node is asked."""


def market(inventory: int = RICH, gas_price: int = 1) -> Market:
    """The routes of the support's market, for a router with so much money, at so many wei per gas."""
    routes, states = parallel_routes()
    head = BlockHead(1, "0x01", "0x00", 12, 1, 1, 30_000_000)
    prices = Prices(WETH, True, Fraction(3_000), Fraction(3_000))
    gas = GasMarket(Fees(gas_price, 0, gas_price))
    return Market(head, tuple(routes), states, prices, Purse(inventory, 10**18, ()), gas)


def settings(**changes: Any) -> ChainSettings:
    section = {"rpc_url": NOBODY_URL, **changes}
    return Settings.from_mapping({"chains": {"ethereum": section}}).chain("ethereum")


async def taken(
    market: Market, own: ChainSettings | None = None, **asked: Any
) -> tuple[Sized | None, Sized | None]:
    """The trade that is taken, and the best of the routes alone."""
    opportunity = Opportunity("any", "ethereum", **asked)
    given = (NOBODY, own or settings(), opportunity)
    # What is read further is kept in the states: each looks at its own.
    first = await best_trade(*given, replace(market, states=dict(market.states)))
    return first, await size(*given, replace(market, states=dict(market.states)))


def net(sized: Sized, at: Market) -> int:
    """What it earns after gas, in wei of WETH."""
    return sized.gross_profit - at.gas_cost(trade_gas(sized, at.states))


async def test_pools_side_by_side_are_taken_where_that_nets_more() -> None:
    way, alone = await taken(market())
    assert isinstance(way, SizedSplit) and alone is not None
    assert net(way, market()) > net(alone, market())


@pytest.mark.parametrize(
    ("inventory", "gas_price", "is_divided"),
    [
        (3 * 10**18, 1, False),
        (6 * 10**18, 1, True),
        (6 * 10**18, 10**11, False),
        (10**19, 10**11, True),
        (RICH, 10**12, False),
    ],
)
async def test_the_more_there_is_to_divide_the_more_gas_it_is_worth(
    inventory: int, gas_price: int, is_divided: bool
) -> None:
    at = market(inventory, gas_price)
    way, alone = await taken(at)
    assert way is not None and alone is not None
    assert isinstance(way, SizedSplit) is is_divided
    assert (net(way, at) > net(alone, at)) is is_divided


async def test_one_route_alone_is_taken_where_parts_do_not_pay_their_gas() -> None:
    way, alone = await taken(market(gas_price=10**14))
    assert way is not None
    assert way == alone


@pytest.mark.parametrize("inventory", [0, 10**15])
async def test_one_route_alone_is_taken_where_the_router_has_too_little_to_divide(inventory: int) -> None:
    way, alone = await taken(market(inventory=inventory))
    assert way is not None
    assert way == alone


async def test_money_of_others_pays_one_route_alone() -> None:
    way, alone = await taken(market(), funding=Funding.CALLBACK_CHAIN)
    assert way is not None and way.funding is Funding.CALLBACK_CHAIN
    assert way == alone
    refused = replace(market(), refused=frozenset({PayerName(Funding.INVENTORY)}))
    way, alone = await taken(refused)
    assert way is not None and way.funding is not Funding.INVENTORY
    assert way == alone


async def test_a_divided_trade_takes_no_more_than_the_router_has_or_a_limit_allows() -> None:
    limit = settings(max_trade_size_usd="30000")
    for way, _ in (
        await taken(market(inventory=10**19)),
        await taken(market(), amount=10**19),
        await taken(market(), limit),
    ):
        assert isinstance(way, SizedSplit)
        assert 0 < way.amount_in <= 10**19


async def test_without_a_gap_nothing_is_taken() -> None:
    at = market()
    assert await taken(replace(at, states=without_gap(at.states))) == (None, None)


def failing_with(error: Exception) -> Callable[..., SplitSize | None]:
    """A fake search side by side that finds out what the real one would, and fails then: all its own failures
    that are known have been mended.
    """

    def search(*args: Any, **named: Any) -> SplitSize | None:
        assert divided(*args, **named) is not None
        raise error

    return search


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("nobody foresaw it"),
        OverflowError("nor this"),
        TicksUnknownError("beyond all that is read", fix="none", pool="any", toward_low=True),
    ],
)
async def test_a_search_side_by_side_that_fails_loses_only_that_shape(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(executor.engine.market, "MOST_EXTENSIONS", 0)
    monkeypatch.setattr(executor.engine.sizing, "divided", failing_with(error))
    way, alone = await taken(market())
    assert way is not None
    assert way == alone
