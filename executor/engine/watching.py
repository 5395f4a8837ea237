"""What runs beside the opportunities of a chain: the tracker of its nonces."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from executor.engine.pace import pace_of
from executor.engine.works import Works
from executor.submission.log import get_logger
from executor.submission.tracker import Tracker, TrackerRules

_LOG = get_logger("executor.engine")

LOCAL_POLL_SECONDS = 0.05
POLL_SECONDS = 1.0


@asynccontextmanager
async def watching(works: Works) -> AsyncIterator[None]:
    """Track what `works` sends for as long as the block lasts, and cancel it while a stop flag stands."""
    session, own = works.session, works.session.settings
    local = session.network.is_local
    tracker = Tracker(
        session.rpc,
        works.desk.record,
        {lane.sender: lane for lane in works.desk.lanes},
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
    )
    works.follower.tracker = tracker
    await works.follower.catch_up()
    running = asyncio.create_task(tracker.run())
    running.add_done_callback(_tell_end)
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _tell_end(running: "asyncio.Task[None]") -> None:
    """A fence that was lost, or a fault: nothing is followed any more by this process."""
    if not running.cancelled() and running.exception() is not None:
        _LOG.error("tracker_ended", error=str(running.exception()))
