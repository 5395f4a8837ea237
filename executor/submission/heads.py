"""When to look again."""

import asyncio
from collections.abc import AsyncIterator

from executor.domain.errors import NodeError
from executor.submission.clock import Clock
from executor.submission.log import get_logger

_LOG = get_logger("executor.submission")


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
