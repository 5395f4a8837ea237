"""The next block as a node announces it, where the settings name a websocket."""

import asyncio
from collections.abc import AsyncIterator

from pydantic import SecretStr

from executor.chain.subscription import Subscription
from executor.domain.errors import NodeError
from executor.domain.fee_rules import BaseFeeRule
from executor.domain.market import BlockHead
from executor.submission.log import get_logger

_LOG = get_logger("executor.engine")

AGAIN_SECONDS = 5.0
"""Before a connection that was lost is opened anew; the node is polled meanwhile."""


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
