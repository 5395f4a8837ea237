"""When to look again: at the next block as a node announces it, or at the next poll."""

import asyncio
from collections.abc import AsyncIterator

from pydantic import SecretStr

from executor.chain.subscription import Subscription
from executor.domain.errors import NodeError
from executor.domain.fee_rules import BaseFeeRule
from executor.domain.market import BlockHead
from executor.submission.clock import Clock
from executor.submission.log import get_logger

_LOG = get_logger("executor.submission")


AGAIN_SECONDS = 5.0
"""Before a connection that was lost is opened anew; the node is polled meanwhile."""


class Heads:
    """Wakes at the next block that is announced, at the next poll at the latest."""

    def __init__(self, heads: AsyncIterator[object] | None, clock: Clock, poll_seconds: float) -> None:
        self._heads = heads
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._announced: asyncio.Task[object] | None = None

    async def next(self) -> None:
        """Wait for it."""
        sleep = asyncio.ensure_future(self._clock.sleep(self._poll_seconds))
        try:
            if self._heads is None:
                await sleep
                return
            if self._announced is None:
                self._announced = asyncio.ensure_future(_next(self._heads))
            await asyncio.wait({self._announced, sleep}, return_when=asyncio.FIRST_COMPLETED)
            if self._announced.done():
                if not self._announced.result():
                    self._heads = None
                self._announced = None
        finally:
            sleep.cancel()

    def close(self) -> None:
        """Wait no more."""
        if self._announced is not None:
            self._announced.cancel()


async def _next(heads: AsyncIterator[object]) -> bool:
    """False once there will be no more."""
    try:
        await anext(heads)
    except StopAsyncIteration:
        return False
    except NodeError as error:
        _LOG.warning("subscription_lost", error=error.message)
        return False
    return True


async def new_heads(
    url: str | SecretStr, rule: BaseFeeRule, *, again_seconds: float = AGAIN_SECONDS
) -> AsyncIterator[BlockHead]:
    """New heads for ever; a connection that is lost is opened again, so some may be missing."""
    while True:
        try:
            async with Subscription(url, (), (), rule=rule) as subscription:
                async for notice in subscription.notices():
                    if isinstance(notice, BlockHead):
                        yield notice
        except (NodeError, TimeoutError) as error:
            _LOG.warning("subscription_lost", error=str(error))
        await asyncio.sleep(again_seconds)
