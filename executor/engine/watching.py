"""What runs beside the opportunities of a chain: the tracker of its nonces, and an eye on its gas money."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from executor.config.settings import Settings
from executor.engine.heads import new_heads
from executor.engine.pace import pace_of
from executor.engine.session import LOCAL_POLL_SECONDS, POLL_SECONDS
from executor.engine.treasury.desk import Desk as Treasury
from executor.engine.treasury.keeping import keep_gas_money
from executor.engine.treasury.view import view_of
from executor.engine.works import Works
from executor.submission.log import get_logger
from executor.submission.tracker import Tracker, TrackerRules

_LOG = get_logger("executor.engine")


@asynccontextmanager
async def watching(works: Works, settings: Settings) -> AsyncIterator[None]:
    """Track what `works` sends for as long as the block lasts, cancel it while a stop flag stands, and keep
    the operators in gas money.
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
        new_heads=None if own.ws_url is None else new_heads(own.ws_url, session.chain.fees.base_fee),
    )
    works.follower.tracker = tracker
    await works.follower.catch_up()
    view = await view_of(
        session.rpc,
        settings,
        session.name,
        session.chain,
        session.network,
        session.router,
        session.deployment,
        opened=tuple(lanes),
    )
    treasury = Treasury(view, lanes, works.desk.record, tracker, works.follower.keeper)
    tasks = [
        asyncio.create_task(tracker.run()),
        asyncio.create_task(keep_gas_money(treasury, works.clock)),
    ]
    for task in tasks:
        task.add_done_callback(_tell_end)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell_end(task: "asyncio.Task[None]") -> None:
    """A fence that was lost, or a fault: nothing is looked after any more by this process."""
    if not task.cancelled() and task.exception() is not None:
        _LOG.error("watch_ended", error=repr(task.exception()))
