"""What runs beside the opportunities of a chain: the tracker of its nonces, an eye on its gas money, and the
market that is followed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from pydantic import SecretStr

from executor.config.settings import Settings
from executor.engine.pace import pace_of
from executor.engine.session import LOCAL_POLL_SECONDS, POLL_SECONDS, Session
from executor.engine.treasury.desk import Desk as Treasury
from executor.engine.treasury.keeping import keep_gas_money
from executor.engine.treasury.view import view_of
from executor.engine.works import Works
from executor.submission.clock import Clock
from executor.submission.heads import new_heads
from executor.submission.log import get_logger
from executor.submission.tracker import Tracker, TrackerRules

_LOG = get_logger("executor.engine")

AGAIN_SECONDS = 5.0
"""Before a watch that has ended begins anew."""


@asynccontextmanager
async def watching(works: Works, settings: Settings) -> AsyncIterator[None]:
    """Track what `works` sends for as long as the block lasts, cancel it while a stop flag stands, and keep
    the operators in gas money. Where the node announces its blocks, follow the pools that are traded.
    """
    session, own = works.session, works.session.settings
    local = session.network.is_local
    lanes = {lane.sender: lane for lane in works.desk.lanes}
    tracker = Tracker(
        session.rpc,
        works.desk.record,
        lanes,
        clock=works.clock,
        pace=pace_of(session),
        rules=TrackerRules(
            confirmations=own.confirmations,
            quorum=own.quorum,
            poll_seconds=LOCAL_POLL_SECONDS if local else POLL_SECONDS,
            max_fee_per_gas=own.bids.max_fee_per_gas,
        ),
        reprice=works.follower.worth,
        on_change=works.follower.changed,
        new_heads=None if own.ws_url is None else partial(new_heads, own.ws_url, session.chain.fees.base_fee),
    )
    works.follower.tracker = tracker
    await works.follower.catch_up()
    view = await view_of(session, settings, opened=tuple(lanes))
    treasury = Treasury(view, lanes, works.desk.record, tracker, works.follower.keeper)
    tasks = [
        asyncio.create_task(_kept_up(tracker.run, works.clock)),
        asyncio.create_task(_kept_up(lambda: keep_gas_money(treasury, works.clock), works.clock)),
    ]
    if own.ws_url is not None:
        tasks.append(asyncio.create_task(_kept_up(partial(follow_market, session, own.ws_url), works.clock)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def follow_market(session: Session, ws_url: SecretStr) -> None:
    """Keep the pools that opportunities name at the newest block, for as long as this is not cancelled."""
    await session.followed.run(session.rpc, ws_url, session.chain.fees.base_fee)


async def _kept_up(watch: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Begin `watch` anew where a fault or a lost fence has ended it: what is out is never left alone."""
    while True:
        try:
            await watch()
        except Exception as error:
            _LOG.error("watch_ended", error=repr(error))
        await clock.sleep(AGAIN_SECONDS)
