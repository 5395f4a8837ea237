"""The opportunities of one chain, many at once: each accepted in the record, tried, entrusted to the durable
engine once something is signed, and told when its fate is known.

What stands in the record is the state; what stands here is who waits for it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from executor.domain.errors import ExecutorError, JournalError, UnknownOutcomeError
from executor.domain.execution import Execution, Status
from executor.domain.intent import IntentState
from executor.domain.opportunity import Opportunity
from executor.engine.durable.port import FencedError, Json, Steps
from executor.engine.failing import Trial
from executor.engine.fates import ended_by, fault, reason_of
from executor.engine.follower import Follower
from executor.engine.same_chain import Note
from executor.engine.session import Desk, Session
from executor.engine.settling import over_refused, with_nonce
from executor.engine.trying import Before, Tries
from executor.engine.turnstile import Turnstile
from executor.journal.codec import dump_execution, load_execution
from executor.journal.record import StoredExecution
from executor.submission.clock import Clock
from executor.submission.errors import StoppedError
from executor.submission.log import get_logger
from executor.submission.transmission import Fence

_LOG = get_logger("executor.engine")

WAIT_SECONDS = 0.05
"""Between two looks at the clock."""

ELSEWHERE_SECONDS = 2.0
"""Between two looks whether another executor has taken an opportunity over and ended it."""

Entrust = Callable[[str, Json], Awaitable[bool]]
"""Makes the durable work of a chain's opportunity, unless there is one; answers whether it is carried out."""


@dataclass(slots=True)
class Running:
    """An opportunity that this process carries: what it becomes, when that began and when it was signed (the
    clock's seconds).
    """

    fate: "asyncio.Future[Execution]"
    began: float
    task: "asyncio.Task[None] | None" = None
    signed_at: float | None = None


@dataclass(slots=True)
class Works:
    """Carries the opportunities of one session. Both `require_owner`, from what is known, and `check_owner`,
    by a look, raise FencedError where another process has this one's works: they are left to that one.
    """

    session: Session
    desk: Desk
    entrust: Entrust
    clock: Clock
    noted_for: Callable[[str], Note]
    require_owner: Callable[[], None]
    check_owner: Fence
    turnstile: Turnstile = field(init=False)
    tries: Tries = field(init=False)
    follower: Follower = field(init=False)
    _running: dict[str, Running] = field(init=False, default_factory=dict)
    _alone: set[str] = field(init=False, default_factory=set)
    _unreadable: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        own = self.session.settings
        self.turnstile = Turnstile(
            self.desk.record,
            self.clock,
            places=own.max_concurrent_executions,
            seconds=float(own.max_execution_time_seconds),
        )
        self.tries = Tries(self.session, self.desk, self.turnstile, self.clock, self.noted_for)
        self.follower = Follower(
            self.session,
            self.desk,
            self.tries,
            self.turnstile,
            self.clock,
            told=self._tell,
            taken_up=self._take_up,
            seconds=self._seconds,
        )

    async def execute(self, opportunity: Opportunity) -> tuple[Execution, StoredExecution | None]:
        """The fate of an opportunity, and what was recorded of its id before. PENDING while the record cannot
        be used: something of it may be out, or may be sent once it can. Raises FencedError when another
        process has this one's works and it was never taken in: then nothing is sent.
        """
        name = opportunity.opportunity_id
        try:
            self.require_owner()
        except FencedError as error:
            return self._left_to_another(name, error)
        try:
            return await self._executed(opportunity)
        except JournalError as error:
            return Execution(name, self.session.name, Status.PENDING, (reason_of(error),)), None

    async def _executed(self, opportunity: Opportunity) -> tuple[Execution, StoredExecution | None]:
        name, record = opportunity.opportunity_id, self.desk.record
        accepted = record.accept(opportunity, slots=self.session.settings.max_concurrent_executions)
        stored = accepted.stored
        if stored is None or accepted.new:
            self._begin(opportunity, has_place=accepted.slot is not None)
        elif stored.execution.status.is_final:
            if not self._may_begin_again(stored):
                return stored.execution, stored
            record.accept_again(opportunity)
            self._begin(opportunity, has_place=False)
        elif name not in self._running and stored.executor_id == record.executor_id:
            self._go_on(stored)
        return await self._outcome(name), None if accepted.new else stored

    async def recover(self) -> None:
        """Go on with all that an earlier run of this executor, or one that it has taken over, has left; and
        with what nobody looks after though it was entrusted. To be asked again and again. What cannot be read
        keeps nothing else from going on. Raises FencedError.
        """
        self.require_owner()
        alone: dict[str, StoredExecution] = {}
        record = self.desk.record
        for stored in record.unfinished(record.executor_id, unreadable=self._say_unreadable):
            name = stored.execution.opportunity_id
            if name not in self._running:
                try:
                    self._go_on(stored)
                except JournalError as error:
                    self._say_unreadable(name, error)
            elif self._is_alone(name):
                alone[name] = stored
        for name in alone.keys() & self._alone:
            # Its durable work has ended without it, or it was another's for a while.
            _LOG.error("followed_again", opportunity_id=name)
            self._go_on(alone[name])
        self._alone = alone.keys() - self._alone

    async def carry(self, steps: Steps, opportunity_id: str) -> Json:
        """The durable work of an opportunity: looks until its fate is sealed."""

        async def look() -> Json:
            return (await self.follower.look(opportunity_id)).value

        while True:
            self.require_owner()
            seen = await steps.do("look", look)
            if seen != Status.PENDING.value:
                return seen

    def after_a_bug(self, draft: Execution) -> Execution:
        """What the record says of an opportunity whose task ended in a fault: where nothing is out, `draft`
        is its end. Raises JournalError, FencedError.
        """
        self.require_owner()
        stored = self.desk.record.stored(draft.opportunity_id)
        if stored is None or stored.execution.status is not Status.ACCEPTED:
            return stored.execution if stored else draft
        draft = self._over_refused(draft)
        self.desk.record.update(draft)
        self.turnstile.freed()
        return draft

    async def close(self) -> None:
        """Leave everything as it is recorded."""
        running = list(self._running.values())
        tasks = [one.task for one in running if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in running:
            one.fate.cancel()

    def _may_begin_again(self, stored: StoredExecution) -> bool:
        """An opportunity that ended by a fault of the set-up or the node, or by a stop, with nothing sent.
        What another executor has opened an intent for is left to that one: it looks out for a late success.
        """
        execution = stored.execution
        stopped = any(reason.code == StoppedError.code for reason in execution.reasons)
        ended = execution.status in (Status.FAILED, Status.REJECTED) or stopped
        record = self.desk.record
        intents = record.intents_of(execution.opportunity_id)
        if intents and stored.executor_id != record.executor_id:
            return False
        return ended and all(intent.state is IntentState.DROPPED for intent in intents)

    def _begin(self, opportunity: Opportunity, *, has_place: bool) -> None:
        self._run(opportunity.opportunity_id, self._carried(opportunity, has_place=has_place))

    def _go_on(self, stored: StoredExecution) -> None:
        """Unsigned: looked at anew from the start. Signed: followed, and nothing new is sent."""
        if stored.execution.status is Status.ACCEPTED:
            self._begin(self.desk.record.opportunity_of(stored), has_place=False)
        else:
            self._follow(stored.execution.opportunity_id)

    def _say_unreadable(self, name: str, error: JournalError) -> None:
        if name not in self._unreadable:
            self._unreadable.add(name)
            _LOG.error("not_gone_on_with", opportunity_id=name, error=str(error))

    def _take_up(self, name: str) -> None:
        """Follow what is signed, also where its durable work runs in another process, or has ended."""
        if name not in self._running:
            self._follow(name)

    def _follow(self, name: str) -> None:
        self._run(name, self._entrusted(name, follow=True))

    def _is_alone(self, name: str) -> bool:
        """Whether nobody follows it just now; between two looks that is so for a moment."""
        task = self._running[name].task
        return task is not None and task.done() and not self.follower.looks_after(name)

    def _run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        running = self._running.get(name)
        if running is None:
            running = Running(asyncio.get_running_loop().create_future(), self.clock.now())
            # Nobody may be waiting for it.
            running.fate.add_done_callback(lambda fate: fate.cancelled() or fate.exception())
            self._running[name] = running
        running.signed_at = None
        running.task = asyncio.create_task(self._guarded(name, work))

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            if self._is_fenced:
                # Whoever waits is told by `_outcome`.
                return
            if not isinstance(error, ExecutorError):
                self._end_by_bug(name, error)
            running = self._running.pop(name, None)
            if running is not None and not running.fate.done():
                running.fate.set_exception(error)

    def _end_by_bug(self, name: str, error: Exception) -> None:
        """Perhaps nobody waits who would do it."""
        _LOG.error("internal_error", opportunity_id=name, error=repr(error))
        draft = Execution(name, self.session.name, Status.FAILED, (fault(error),))
        with suppress(ExecutorError):
            self.after_a_bug(draft)

    async def _carried(self, opportunity: Opportunity, *, has_place: bool) -> None:
        name = opportunity.opportunity_id
        began = Before(int(time.time()))
        try:
            if not has_place:
                await self.turnstile.place(name)
            execution = await self.tries.until_sent(opportunity, began, Trial())
        except FencedError:
            raise
        except ExecutorError as error:
            failed = ended_by(Execution(name, opportunity.chain, Status.FAILED), error)
            execution = self.tries.out(name) or failed
        if execution.status is Status.PENDING:
            await self._entrusted(name)
            return
        await self.check_owner()
        execution = replace(self._over_refused(execution), execution_time_seconds=self._seconds(name))
        ended = self.desk.record.end_unsent(execution)
        self.turnstile.freed()
        if ended.status.is_final:
            self._tell(ended)
        elif ended.status is Status.PENDING:
            # What a node had refused was mined meanwhile.
            await self._entrusted(name)

    def _over_refused(self, ended: Execution) -> Execution:
        """Its end, with what is recorded of a transaction for it that a node has refused."""
        stored = self.desk.record.stored(ended.opportunity_id)
        return ended if stored is None else over_refused(stored.execution, ended)

    async def _entrusted(self, name: str, *, follow: bool = False) -> None:
        """Have a durable work follow it; `follow` it here too, where that work may not be this process's."""
        self.require_owner()
        self._running[name].signed_at = self.clock.now()
        attempt = self.desk.record.intents_of(name)[0].attempts[0].attempt.hash
        order: Json = {"chain": self.session.name, "opportunity": name, "attempt": attempt}
        try:
            carried = await self.entrust(f"{self.session.name}/{name}", order)
        except ExecutorError as error:
            # The record holds all that matters; whoever recovers entrusts it again.
            _LOG.error("not_entrusted", opportunity_id=name, error=error.message)
            carried = False
        if carried and not follow:
            return
        while await self.follower.look(name) is Status.PENDING:
            self.require_owner()
        stored = self.desk.record.stored(name)
        if stored is not None and stored.execution.status.is_final:
            # Perhaps another has ended it: whoever waits here hears of it too.
            self._tell(stored.execution)

    def _tell(self, execution: Execution) -> None:
        running = self._running.pop(execution.opportunity_id, None)
        if running is not None and not running.fate.done():
            running.fate.set_result(load_execution(dump_execution(execution)))

    def _seconds(self, name: str) -> Decimal | None:
        """Since this process took the opportunity up; None for one that it has not."""
        running = self._running.get(name)
        return None if running is None else Decimal(str(round(self.clock.now() - running.began, 3)))

    async def _outcome(self, name: str) -> Execution:
        """What came of it; PENDING when it is not known by the end of the asked time after it was signed."""
        patience = float(self.session.settings.max_execution_time_seconds)
        running, asked = self._running.get(name), self.clock.now()
        looked = asked
        while running is not None and not running.fate.done():
            if self.clock.now() - looked >= ELSEWHERE_SECONDS:
                looked = self.clock.now()
                self._hear_of_end(name)
            try:
                self.require_owner()
            except FencedError as error:
                return self._left_to_another(name, error)[0]
            signed = running.signed_at
            if signed is not None and self.clock.now() - max(asked, signed) >= patience:
                return self._unknown(name, patience)
            await asyncio.wait([running.fate], timeout=WAIT_SECONDS)
        if running is not None and running.fate.done() and not running.fate.cancelled():
            return running.fate.result()
        stored = self.desk.record.stored(name)
        assert stored is not None, "what was accepted is recorded"
        return stored.execution

    def _hear_of_end(self, name: str) -> None:
        """Tell how another executor has ended what it took over, once it has. Where that comes back instead,
        `recover` goes on with it.
        """
        with suppress(JournalError):
            stored = self.desk.record.stored(name)
            others = stored is not None and stored.executor_id != self.desk.record.executor_id
            if stored is not None and others and stored.execution.status.is_final:
                self._tell(stored.execution)

    @property
    def _is_fenced(self) -> bool:
        try:
            self.require_owner()
        except FencedError:
            return True
        return False

    def _left_to_another(self, name: str, error: FencedError) -> tuple[Execution, StoredExecution | None]:
        """As it stands, and why nothing more is heard of it here. Raises `error` for one that was never taken
        in.
        """
        try:
            stored = self.desk.record.stored(name)
        except JournalError as unreadable:
            # Something of it may be out.
            reasons = (reason_of(error), reason_of(unreadable))
            return Execution(name, self.session.name, Status.PENDING, reasons), None
        if stored is None:
            raise error
        execution = stored.execution
        if not execution.status.is_final:
            execution = replace(execution, reasons=(*execution.reasons, reason_of(error)))
        return execution, stored

    def _unknown(self, name: str, patience: float) -> Execution:
        stored = self.desk.record.stored(name)
        assert stored is not None, "what was signed is recorded"
        error = UnknownOutcomeError(
            f"what was sent for {name} is not mined after {patience:g} seconds; its fate is open.",
            fix="ask for the same opportunity later: it is followed, and never sent a second time",
            transaction_hashes=list(stored.execution.transaction_hashes),
        )
        return ended_by(with_nonce(stored.execution, self.desk.record.intents_of(name)[-1]), error)
