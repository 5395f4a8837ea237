"""The same engine on a second chain, an L2: levels of the gas price, and a fee for the parent chain's
data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devnet import GWEI, Node
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from tests.support.trading import Trading, deploy_trading

OPPORTUNITY: dict[str, Any] = {
    "opportunity_id": "seen-1",
    "chain": "base",
    "token": "USDC",
    "quote_token": "WETH",
    "buy_dex": "uniswap_v3",
    "sell_dex": "uniswap_v2",
}


@pytest.fixture
def trading(base: Node, tmp_path: Path) -> Trading:
    made = deploy_trading(base, tmp_path)
    made.open_gap("uniswap_v2 WETH/USDC")
    return made


async def execute(trading: Trading, *, dry_run: bool = False, **changes: Any) -> Execution:
    async with Executor(trading.settings(**changes), dry_run=dry_run) as executor:
        return await executor.execute(OPPORTUNITY)


async def test_an_opportunity_on_base_is_realised(trading: Trading) -> None:
    before = trading.balance()
    execution = await execute(trading)
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.realised_profit == execution.expected_profit == trading.balance() - before
    assert trading.node.chain_id == 8453


async def test_an_extreme_gas_price_is_never_paid(trading: Trading) -> None:
    trading.node.set_base_fee(20 * GWEI)
    execution = await execute(trading)
    assert [reason.code for reason in execution.reasons] == ["gas_level_never"]
    assert trading.nonce() == 0


async def test_a_bad_gas_price_asks_for_more_profit(trading: Trading) -> None:
    """The levels are the user's: the same price is never, too high, or fine."""
    trading.node.set_base_fee(GWEI)
    levels = {"ultra_low": 1, "low": 2, "medium": 3, "high": 4, "extreme": 5}
    fine = await execute(trading, dry_run=True, l2_gas_thresholds=levels)
    assert fine.status is Status.DRY_RUN
    never = await execute(
        trading,
        dry_run=True,
        l2_gas_thresholds={name: str(level / 10) for name, level in levels.items()},
    )
    assert [reason.code for reason in never.reasons] == ["gas_level_never"]
