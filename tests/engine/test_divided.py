"""A trade over pools side by side, where that nets more than the best of them alone."""

from __future__ import annotations

from typing import Any

import pytest

from devnet import ETHER
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from tests.support.trading import Trading, high_level, receipt_of

GAP = 1_200 * ETHER
"""So wide that the pool of the dearer tier is worth its fee too."""


@pytest.fixture
def rich(trading: Trading) -> Trading:
    """A router with money enough for all that the gap can take."""
    weth = trading.desk.book.tokens["WETH"]
    trading.node.set_erc20_balance(weth, trading.router, 2_000 * ETHER)
    return trading


def wanted(**more: Any) -> dict[str, Any]:
    return high_level(buy="uniswap_v3", **more)


async def tried(trading: Trading, **more: Any) -> Execution:
    async with Executor(trading.settings(), dry_run=True) as executor:
        return await executor.execute(wanted(**more))


async def test_an_opportunity_with_several_pools_at_a_venue_is_divided_over_them(rich: Trading) -> None:
    trading = rich
    trading.open_gap(amount=GAP)
    before = trading.balance()
    alone = await tried(trading, opportunity_id="alone", funding="callback_chain")
    async with Executor(trading.settings()) as executor:
        realised = await executor.execute(wanted())
    assert realised.status is Status.REALISED, realised.reasons
    assert len(realised.route) == 3, "two pools of one venue, then the other venue"
    assert realised.funding == "inventory"
    assert realised.realised_profit == realised.expected_profit == trading.balance() - before
    assert (realised.expected_net_profit or 0) > (alone.expected_net_profit or 0)
    (sent,) = realised.transaction_hashes
    swapped = {log["address"].lower() for log in receipt_of(trading.node, sent)["logs"]}
    assert {line.split(" at ")[1].split()[1].lower() for line in realised.route} <= swapped


async def test_one_pool_is_enough_for_a_small_gap(rich: Trading) -> None:
    trading = rich
    trading.open_gap(amount=8 * ETHER)
    execution = await tried(trading)
    assert execution.status is Status.DRY_RUN, execution.reasons
    assert len(execution.route) == 2


async def test_what_a_loan_is_asked_for_is_not_divided(rich: Trading) -> None:
    trading = rich
    trading.open_gap(amount=GAP)
    execution = await tried(trading, funding="callback_chain")
    assert execution.status is Status.DRY_RUN, execution.reasons
    assert len(execution.route) == 2


@pytest.mark.parametrize("amount", [5 * ETHER, 20 * ETHER])
async def test_the_amount_of_the_opportunity_bounds_all_parts_together(rich: Trading, amount: int) -> None:
    trading = rich
    trading.open_gap(amount=GAP)
    execution = await tried(trading, amount=str(amount))
    assert execution.status is Status.DRY_RUN, execution.reasons
    assert (execution.amount_in or 0) <= amount
