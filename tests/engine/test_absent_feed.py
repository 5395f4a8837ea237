"""A local chain may lack the price feeds: limits in USD that only guard real money then stand back, and say
so."""

from __future__ import annotations

from typing import Any

import pytest

from executor.config.chains import load_chain
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from tests.support.trading import Trading, explicit

LIMITS = {"min_profit_usd": 0, "max_trade_size_usd": 1}
"""A size that every profitable trade of these tests is above."""


@pytest.fixture
def without_feed(trading: Trading) -> Trading:
    trading.open_gap()
    chain = load_chain("ethereum")
    feed = chain.feed_for(chain.wrapped_native.address)
    assert feed is not None
    trading.node.set_code(feed.known.address, b"")
    return trading


async def execute(trading: Trading, opportunity: dict[str, Any], **changes: Any) -> Execution:
    async with Executor(trading.settings(**changes)) as executor:
        return await executor.execute(opportunity)


def codes(execution: Execution) -> list[str]:
    return [reason.code for reason in execution.reasons]


@pytest.mark.parametrize("amount", [{}, {"amount": str(10**18)}], ids=["sized by us", "amount given"])
async def test_without_the_feed_the_size_limit_is_skipped_and_told(
    without_feed: Trading, amount: dict[str, str]
) -> None:
    execution = await execute(without_feed, explicit(**amount), **LIMITS)
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.details["skipped_limits"] == ["max_trade_size_usd"]
    assert execution.realised_profit == execution.expected_profit
    assert execution.profit_usd is None


async def test_where_no_limit_was_set_none_is_told(without_feed: Trading) -> None:
    execution = await execute(without_feed, explicit(), min_profit_usd=0)
    assert execution.status is Status.REALISED
    assert "skipped_limits" not in execution.details


async def test_a_wanted_profit_in_usd_still_needs_a_price(without_feed: Trading) -> None:
    execution = await execute(without_feed, explicit(), min_profit_usd=1, max_trade_size_usd=1)
    assert codes(execution) == ["price_unavailable"]
    assert execution.reasons[0].facts["needed_for"] == ["min_profit_usd"]
    assert without_feed.nonce() == 0


async def test_a_declared_price_stands_in_and_skips_nothing(without_feed: Trading) -> None:
    declared = {"fixed_prices_usd": {"WETH": 3000}}
    given = explicit("large", amount=str(10**18))
    large = await execute(without_feed, given, **declared, min_profit_usd=1, max_trade_size_usd=1)
    assert "above_max_trade_size" in codes(large)
    assert "skipped_limits" not in large.details
    execution = await execute(without_feed, explicit(), **declared, min_profit_usd=1)
    assert execution.status is Status.REALISED
    assert execution.profit_usd is not None


async def test_a_stale_feed_skips_nothing(trading: Trading) -> None:
    trading.open_gap()
    trading.node.increase_time(100_000)
    execution = await execute(trading, explicit(), **LIMITS)
    assert codes(execution) == ["price_unavailable"]
    assert execution.reasons[0].facts["needed_for"] == ["max_trade_size_usd"]
    assert "skipped_limits" not in execution.details
    assert trading.nonce() == 0
