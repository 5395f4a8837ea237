"""Keeps operators in gas money while an executor runs."""

from executor.domain.errors import ExecutorError
from executor.domain.intent import IntentState, Purpose
from executor.engine.treasury.desk import Desk
from executor.engine.treasury.moving import Moved, carry_out, plan_refill
from executor.policy.treasury import Unwrap
from executor.submission.clock import Clock
from executor.submission.log import get_logger

LOOK_SECONDS = 60.0
"""Between two looks at the operators' balances."""

_LOG = get_logger("executor.engine")


async def keep_refilled(desk: Desk, clock: Clock, *, seconds: float = LOOK_SECONDS) -> None:
    """Look after the operators' gas money until cancelled. What goes wrong is said, and tried again."""
    while True:
        try:
            await refill_if_low(desk)
        except ExecutorError as error:
            _LOG.warning("not_refilled", chain=desk.view.name, error=error.message)
        await clock.sleep(seconds)


async def refill_if_low(desk: Desk) -> tuple[Moved, ...]:
    """Refill the operators below `refill_below` from those whose keys are open here; nothing while any
    transfer of the chain is on its way. Raises what `Desk.do` raises.
    """
    if any(
        intent.purpose is Purpose.TRANSFER and intent.state is IntentState.LIVE
        for intent in desk.record.open_intents()
    ):
        return ()
    moves = await plan_refill(desk.view, desk.record.database, ordered=False)
    ours = [
        move for move in moves if (move.wallet if isinstance(move, Unwrap) else move.sender) in desk.lanes
    ]
    done = await carry_out(desk, ours)
    for one in done:
        _LOG.info("refilled", chain=desk.view.name, move=repr(one.move), hash=one.transaction_hash)
    return done
