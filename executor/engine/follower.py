"""Follows what was signed until its fate is sealed: settles, tells, tries again where that is safe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from weakref import WeakValueDictionary

from executor.domain.attempt import Receipt
from executor.domain.decision import Reason
from executor.domain.errors import ExecutorError, UnknownOutcomeError
from executor.domain.execution import Execution, Status
from executor.domain.intent import HOLDS_NONCE, OPEN, Intent, IntentState
from executor.engine.booking import Bookkeeper, catch_up, keep_up
from executor.engine.failing import TRIED_ANEW, Trial, failure_of_reason
from executor.engine.fates import fault
from executor.engine.pace import pace_of
from executor.engine.session import Desk, Session
from executor.engine.settling import (
    earlier_transactions,
    ended_unmined,
    knows_not_of,
    mined_after_all,
    reopened,
    settled,
    spent_by,
)
from executor.engine.trying import Before, Tries
from executor.engine.turnstile import Turnstile
from executor.engine.worth import worth_of
from executor.journal.books import Books
from executor.journal.moves import IN_A_BLOCK
from executor.journal.record import StoredExecution
from executor.policy.failures import Failure
from executor.submission.clock import Clock, set_or_slept
from executor.submission.log import get_logger
from executor.submission.offers import Worth
from executor.submission.tracker import Tracker

_LOG = get_logger("executor.engine")

STEP_SECONDS = 60.0
"""A look ends after so long, done or not: what it has recorded is then the start of the next."""

PAUSE_SECONDS = 1.0
"""After a node that did not answer."""

ELSEWHERE_SECONDS = 10.0
"""Between two looks whether another process has moved an intent; of what this one moves it hears at once."""

SOON_BLOCKS = 4
"""A failed trade is tried again only when it can no longer happen after all; that is waited for where it
takes no more blocks than these.
"""

LOSS_COUNTED = "loss_counted"
"""The detail that names the intent whose loss the breakers have heard of, whichever attempt was mined."""

BOOKING = "booking"
"""The detail of an opportunity that ended though its booking could not be made: "missing" until it is."""

Told = Callable[[Execution], None]


class Follower:
    """Follows the intents of one session's opportunities. `told` hears of each result that counts, perhaps
    more than once; `taken_up` sees to it that an opportunity is looked after that had ended; `seconds` says
    how long one has taken. The tracker is given later: it asks this one what an intent is worth.
    """

    tracker: Tracker

    def __init__(
        self,
        session: Session,
        desk: Desk,
        tries: Tries,
        turnstile: Turnstile,
        clock: Clock,
        told: Told,
        taken_up: Callable[[str], None],
        seconds: Callable[[str], Decimal | None],
    ) -> None:
        self._session = session
        self._record = desk.record
        self._tries = tries
        self._turnstile = turnstile
        self._clock = clock
        self.keeper = Bookkeeper(
            session.rpc,
            session.chain,
            session.settings,
            session.network.is_local,
            session.router,
            frozenset(lane.sender for lane in desk.lanes),
            Books(desk.record.database),
        )
        self._told = told
        self._taken_up = taken_up
        self._moves: WeakValueDictionary[int, asyncio.Event] = WeakValueDictionary()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._seconds = seconds

    async def look(self, opportunity_id: str) -> Status:
        """Follow for STEP_SECONDS at most; PENDING where the fate is not sealed by then. Can be done again at
        any time.
        """
        until = self._clock.now() + STEP_SECONDS
        # More than one may look after an opportunity that was taken up again; only one at a time may try.
        async with self._turns.setdefault(opportunity_id, asyncio.Lock()):
            while self._clock.now() < until:
                try:
                    sealed = await self._looked(opportunity_id, until)
                except UnknownOutcomeError:
                    break
                except ExecutorError as error:
                    _LOG.warning("not_settled_yet", opportunity_id=opportunity_id, error=error.message)
                    await self._clock.sleep(PAUSE_SECONDS)
                except Exception as error:
                    # A fault of our own: what is out is followed all the same, and the fault is told.
                    _LOG.error("internal_error", opportunity_id=opportunity_id, exc_info=True)
                    self._note_fault(opportunity_id, error)
                    await self._clock.sleep(PAUSE_SECONDS)
                else:
                    if sealed is not None:
                        return sealed
        return Status.PENDING

    def looks_after(self, opportunity_id: str) -> bool:
        """Whether a look at it is under way."""
        return opportunity_id in self._turns

    async def _looked(self, opportunity_id: str, until: float) -> Status | None:
        """The final status; None where it is to be looked at again."""
        stored = self._record.stored(opportunity_id)
        assert stored is not None, "an intent is recorded with its execution"
        intent = _deciding(self._record.intents_of(opportunity_id), stored.execution)
        if stored.execution.status.is_final:
            if intent.state not in OPEN:
                # Perhaps ended by a look that came no further.
                self._turnstile.freed()
                self._told(stored.execution)
                return stored.execution.status
            if intent.state is IntentState.MINED:
                await self._until_changed(intent, until)
                return None
        if stored.executor_id != self._record.executor_id:
            # Another executor has it: this one's work ends when that one has ended it.
            await self._clock.sleep(PAUSE_SECONDS)
            return None
        fate = await self.tracker.fate(intent.intent_id, seconds=until - self._clock.now())
        execution = await self._settled(stored.execution, fate.intent, fate.receipt)
        execution = _with_booking(execution, booked=fate.booked)
        return await self._sealed(stored, execution, fate.intent, until)

    def _note_fault(self, opportunity_id: str, error: Exception) -> None:
        with suppress(ExecutorError):
            stored = self._record.stored(opportunity_id)
            if stored is not None and not stored.execution.status.is_final:
                self._record.update(replace(stored.execution, reasons=(fault(error),)))

    async def changed(self, intent: Intent, receipt: Receipt | None) -> None:
        """Told by the tracker: `intent` was mined with `receipt`, or what mined it is gone. May be told
        twice.
        """
        moved = self._moves.pop(intent.intent_id, None)
        if moved is not None:
            moved.set()
        # First, since it needs no node: books that cannot be made must not hide what has happened.
        self._reopen(intent, receipt)
        await keep_up(self.keeper, self._record, intent, receipt)
        stored = self._stored(intent)
        if stored is not None and receipt is not None:
            execution = stored.execution
            if BOOKING in execution.details and execution.status.is_final:
                self._record.update(_with_booking(execution, booked=True))

    def _reopen(self, intent: Intent, receipt: Receipt | None) -> None:
        stored = self._stored(intent)
        if stored is None:
            return
        execution, intents = stored.execution, self._intents(intent)
        decides = _deciding(intents, execution).intent_id == intent.intent_id
        if receipt is not None:
            if decides and knows_not_of(execution, intent):
                lost = execution.status is Status.REVERTED and _is_there(execution, intents)
                self._open_again(mined_after_all(execution, intent, after_a_loss=lost))
        elif execution.status.is_final:
            taken = intent.state is IntentState.SUPERSEDED and decides and not ended_unmined(execution)
            if taken or intent.state is IntentState.LIVE:
                self._open_again(reopened(execution, intent))

    def _open_again(self, execution: Execution) -> None:
        """Its result holds no longer: it is followed again, also where its work has ended."""
        _LOG.warning(
            "opened_again", opportunity_id=execution.opportunity_id, because=execution.reasons[0].code
        )
        self._record.update(execution)
        self._taken_up(execution.opportunity_id)

    async def catch_up(self) -> None:
        """Bring the books in step with the record, after a crash. Raises JournalError."""
        await catch_up(self.keeper, self._record)

    async def worth(self, intent: Intent) -> Worth:
        """Told to the tracker before it offers more for `intent`."""
        stored = self._stored(intent)
        session = self._session.by(intent.sender)
        return await worth_of(session, intent, None if stored is None else stored.execution)

    def _stored(self, intent: Intent) -> StoredExecution | None:
        return None if intent.opportunity_id is None else self._record.stored(intent.opportunity_id)

    async def _settled(self, recorded: Execution, intent: Intent, receipt: Receipt | None) -> Execution:
        session = self._session.by(intent.sender)
        return await settled(session, replace(recorded, status=Status.PENDING), intent, receipt)

    async def _sealed(
        self, stored: StoredExecution, execution: Execution, intent: Intent, until: float
    ) -> Status | None:
        """The final status; None where there is more to follow."""
        failure = _failure(execution)
        again = failure is not None and self._may_try_again(stored, execution, failure, intent)
        mined = intent.state is IntentState.MINED
        if again and mined and self._soon_final():
            await self._until_changed(intent, until)
            return None
        if again and not mined:
            assert failure is not None
            stored = self._counted(stored, execution, failure, intent)
            execution = await self._again(stored, execution, failure)
            if execution.status is Status.PENDING:
                return None
        if self._has_moved(intent):
            # While nodes were asked what it came to: that would be the end of a block that is gone.
            return None
        self._finish(stored, execution, failure, intent)
        if mined:
            await self._until_changed(intent, until)
            return None
        return execution.status

    def _has_moved(self, intent: Intent) -> bool:
        now = self._record.intent(intent.intent_id)
        return now.block != intent.block or now.state is IntentState.LIVE

    def _finish(
        self, stored: StoredExecution, execution: Execution, failure: Failure | None, intent: Intent
    ) -> None:
        if BOOKING in execution.details and self.keeper.books.standing(intent.intent_id) is not None:
            execution = _with_booking(execution, booked=True)
        seconds = self._seconds(execution.opportunity_id) or stored.execution.execution_time_seconds
        execution = replace(execution, execution_time_seconds=seconds)
        execution = self._judged(stored, execution, failure, intent)
        self._record.update(execution)
        self._turnstile.freed()
        self._told(execution)

    def _counted(
        self, stored: StoredExecution, lost: Execution, failure: Failure, intent: Intent
    ) -> StoredExecution:
        """A try that was paid for and failed is a loss, whatever the next one brings: the breakers hear of it
        before that is sent.
        """
        details = self._judged(stored, lost, failure, intent).details
        if LOSS_COUNTED not in details:
            return stored
        told = {**stored.execution.details, LOSS_COUNTED: details[LOSS_COUNTED]}
        return replace(stored, execution=replace(stored.execution, details=told))

    def _judged(
        self, stored: StoredExecution, execution: Execution, failure: Failure | None, intent: Intent
    ) -> Execution:
        """Once the breakers know of it. They hear of a loss before it stands in the record as the end, and
        what they have heard is noted: a crash in between counts it twice rather than not at all.
        """
        name = str(intent.intent_id)
        counted = stored.execution.details.get(LOSS_COUNTED) == name
        lost = execution.status is not Status.REALISED or (execution.realised_net_profit or 0) < 0
        if not (counted and lost):
            if not self._tries.judged(execution, _breakers_of(stored), failure):
                return execution
            noted = {**stored.execution.details, LOSS_COUNTED: name}
            self._record.update(replace(stored.execution, details=noted))
        return replace(execution, details={**execution.details, LOSS_COUNTED: name})

    def _may_try_again(
        self, stored: StoredExecution, execution: Execution, failure: Failure, intent: Intent
    ) -> bool:
        before = self._before(stored, execution)
        tries = len(self._intents(intent))
        return self._tries.after_loss(failure, before, tries) in TRIED_ANEW

    def _soon_final(self) -> bool:
        own = self._session.settings
        return pace_of(self._session).finality_blocks - own.confirmations <= SOON_BLOCKS

    async def _again(self, stored: StoredExecution, lost: Execution, failure: Failure) -> Execution:
        """Another try; where nothing comes of it, the lost one is the result, with why no other was made."""
        before = self._before(stored, lost)
        tries = len(self._record.intents_of(lost.opportunity_id))
        action = self._tries.after_loss(failure, before, tries)
        trial = Trial(number=tries).after(action, lost, self._session.chain)
        try:
            opportunity = self._record.opportunity_of(stored)
            found = await self._tries.until_sent(opportunity, before, trial)
        except ExecutorError as error:
            return replace(lost, reasons=(*lost.reasons, Reason(error.code, str(error), dict(error.facts))))
        return (
            found
            if found.status is Status.PENDING
            else replace(lost, reasons=(*lost.reasons, *found.reasons))
        )

    def _before(self, stored: StoredExecution, lost: Execution) -> Before:
        return Before(stored.accepted_at, *spent_by(lost))

    def _intents(self, intent: Intent) -> tuple[Intent, ...]:
        assert intent.opportunity_id is not None
        return self._record.intents_of(intent.opportunity_id)

    async def _until_changed(self, intent: Intent, until: float) -> None:
        """Wait until the intent is final or open again, at most until that time."""
        while (left := until - self._clock.now()) > 0:
            # Before the look, so that no move comes in between.
            moved = self._moves.setdefault(intent.intent_id, asyncio.Event())
            now = self._record.intent(intent.intent_id)
            if now.state is not IntentState.MINED or now.block != intent.block:
                return
            await set_or_slept(moved, self._clock, min(left, ELSEWHERE_SECONDS))


def _deciding(intents: Sequence[Intent], execution: Execution) -> Intent:
    """The last one, unless nothing came of that and an earlier one was mined after all."""
    lost = earlier_transactions(execution)
    standing = [one for one in intents if one.state in HOLDS_NONCE and one.winner not in lost]
    return (standing or intents)[-1]


def _is_there(execution: Execution, intents: Sequence[Intent]) -> bool:
    """Whether what `execution` tells of is in a block still."""
    return any(one.state in IN_A_BLOCK and one.winner in execution.transaction_hashes for one in intents)


def _failure(execution: Execution) -> Failure | None:
    """What a trade that was mined failed by; None for any other end."""
    if execution.status is Status.REVERTED and execution.reasons:
        return failure_of_reason(execution.reasons[0])
    return None


def _with_booking(execution: Execution, *, booked: bool) -> Execution:
    """Marked where the books do not have it yet."""
    details = {key: value for key, value in execution.details.items() if key != BOOKING}
    return replace(execution, details=details if booked else {**details, BOOKING: "missing"})


def _breakers_of(stored: StoredExecution) -> tuple[str, ...]:
    return tuple(str(key) for key in _list(stored.execution.details.get("breakers")))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
