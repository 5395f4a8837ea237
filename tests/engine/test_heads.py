"""An executor that hears of new blocks by subscription."""

from __future__ import annotations

from executor.domain.execution import Status
from executor.engine.executor import Executor
from tests.support.trading import Trading, explicit


async def test_an_executor_follows_announced_blocks(trading: Trading) -> None:
    trading.open_gap()
    async with Executor(trading.settings(ws_url=trading.node.ws_url)) as executor:
        assert (await executor.execute(explicit())).status is Status.REALISED
