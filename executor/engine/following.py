"""From a recorded attempt to the record of its fate, at once or after a restart."""

from collections.abc import Sequence
from dataclasses import replace

from executor.chain.receipts import receipt
from executor.domain.attempt import Attempt
from executor.domain.errors import ExecutorError, NodeError
from executor.domain.execution import Execution, Status
from executor.engine.fates import ended_by, reason_of
from executor.engine.outcome import settle
from executor.engine.session import Desk, Session
from executor.journal.journal import AttemptState, StoredAttempt
from executor.submission.errors import SupersededError, TransactionRefusedError
from executor.submission.log import get_logger

_LOG = get_logger("executor.engine")

_NEVER_MINED = (AttemptState.REFUSED, AttemptState.SUPERSEDED)


async def follow(session: Session, desk: Desk, pending: Execution, attempts: Sequence[Attempt]) -> Execution:
    """Wait for the receipt of one of the recorded `attempts` and tell what came of it.

    Whatever goes wrong meanwhile, the answer is PENDING: the transaction is out, and only the chain can end
    it.
    """
    lost: SupersededError | None = None
    for attempt in attempts:
        try:
            mined = await desk.watch.outcome(attempt)
            return await settle(session, pending, attempt, mined)
        except SupersededError as error:
            lost = error
        except ExecutorError as error:
            return replace(pending, status=Status.PENDING, reasons=(reason_of(error),))
    return ended_by(replace(pending, reasons=()), lost or _refused(pending))


def _refused(pending: Execution) -> TransactionRefusedError:
    return TransactionRefusedError(
        "no node took the transaction; nothing was sent.",
        fix="send the opportunity under a new id if it still holds",
        opportunity_id=pending.opportunity_id,
    )


async def resume(session: Session, desk: Desk, pending: Execution) -> Execution:
    """Go on with a PENDING execution of an earlier run: the same bytes at the same nonce, never a new
    transaction."""
    possible = [
        stored for stored in desk.journal.attempts(pending.opportunity_id) if stored.state not in _NEVER_MINED
    ]
    for stored in possible:
        if stored.state in (AttemptState.RECORDED, AttemptState.SENT):
            await desk.lane.send_again(stored.attempt)
    return await follow(session, desk, pending, [stored.attempt for stored in possible])


async def recover(session: Session) -> None:
    """On opening: settle what was mined meanwhile, and send again what was not, so that no nonce is left as a
    gap.

    Raises JournalError; a node that does not answer leaves the attempt for later.
    """
    desk = session.desk
    if desk is None:
        return
    for stored in desk.journal.live_attempts(desk.lane.sender):
        try:
            await _recover_one(session, desk, stored)
        except NodeError as error:
            _LOG.warning("recovery_postponed", hash=stored.attempt.hash, error=error.message)


async def _recover_one(session: Session, desk: Desk, stored: StoredAttempt) -> None:
    mined = await receipt(session.rpc, stored.attempt.hash)
    if mined is None:
        _LOG.info("sent_again_after_restart", hash=stored.attempt.hash, nonce=stored.attempt.nonce)
        await desk.lane.send_again(stored.attempt)
        return
    mined = await desk.watch.confirmed(stored.attempt)
    if mined is None:
        return
    record = desk.journal.stored(stored.attempt.opportunity_id)
    if record is not None and record.execution.status is Status.PENDING:
        settled = await settle(session, record.execution, stored.attempt, mined)
        desk.journal.update(settled)
    desk.journal.mark(stored.attempt.hash, AttemptState.MINED if mined.success else AttemptState.REVERTED)
