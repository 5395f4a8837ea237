"""The durable engine on DBOS: SQLite beside the journal, or PostgreSQL for several machines.

Kept here, each from a failure that was seen: unique executor ids under a lock that is taken before the
launch; works of the dead taken up only by whoever wins their lock; a pinned version, so that old works find
their code; portable JSON instead of pickles; no cancelling and no time limits of the engine's own; works
started in their own process, never through a queue.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, cast

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowHandleAsync
from dbos import error as dbos_error
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from executor.domain.errors import ExecutorError
from executor.engine.durable.beats import Beating
from executor.engine.durable.port import (
    Adopt,
    DurableError,
    Json,
    Steps,
    Work,
    WorkState,
    require_json,
    taken_over,
)
from executor.engine.durable.slots import Lock, SessionLock, Slots
from executor.engine.durable.threads import opened_or_undone
from executor.journal.database import server_engine
from executor.submission.log import get_logger

_LOG = get_logger("executor.engine")

APPLICATION = "arbitrage-executor"
APPLICATION_VERSION = "1"
"""Raised only when works of the old version can no longer be replayed by the new code; drain them first."""

RECEIVE_POLL_SECONDS = 0.05

RETAKE_SECONDS = 15.0
"""After our own lock was lost nobody else counts as dead for so long: time for the living to take theirs
again.
"""

SUBSECONDS_SINCE = (3, 42, 0)
"""The first SQLite whose `unixepoch` knows parts of seconds, which DBOS takes for granted from Python 3.12
on; the library may be older than the interpreter, and would answer NULL.
"""

_RUNNING = ("PENDING", "ENQUEUED", "DELAYED")


class DbosEngine:
    """The engine of this process: DBOS has one, so there can be one at a time. Open it inside a running event
    loop.
    """

    _open: ClassVar[bool] = False

    def __init__(self, executor_id: str, engine: Engine, slots: Slots, lock: Lock, epoch: int) -> None:
        self.executor_id = executor_id
        self._engine, self._slots, self._lock, self._epoch = engine, slots, lock, epoch
        self._steady_from = 0.0
        self._beating: Beating | None = None
        self._is_fenced = False
        self._told_fenced: Callable[[], None] = lambda: None

    @classmethod
    async def open(
        cls,
        url: str | URL,
        executor_id: str,
        works: Mapping[str, Work],
        *,
        file_lock: Lock | None = None,
        fenced: Callable[[], None] = lambda: None,
    ) -> DbosEngine:
        """Open the database at `url` (sqlite:///path or postgresql+psycopg://...) under `executor_id`, with
        the works that can be carried out, and take up those that a crash of this executor left.

        `file_lock` is that of the SQLite file where the caller holds it already; it stays the caller's.
        `fenced` is told, once, that another process has taken this one for dead and its works over.
        Raises SlotTakenError, DurableError.
        """
        if cls._open:
            raise DurableError("a durable engine is open in this process.", fix="close that one first")
        loop, place = asyncio.get_running_loop(), make_url(url)
        return await opened_or_undone(
            partial(cls._opened, place, executor_id, works, loop, file_lock, fenced), cls.close
        )

    @classmethod
    def _opened(
        cls,
        url: URL,
        executor_id: str,
        works: Mapping[str, Work],
        loop: asyncio.AbstractEventLoop,
        file_lock: Lock | None,
        fenced: Callable[[], None],
    ) -> DbosEngine:
        engine = _engine(url)
        sqlite = url.get_backend_name() == "sqlite"
        try:
            slots = Slots(engine, Path(url.database or "").resolve() if sqlite else None)
            lock, epoch = slots.take(executor_id, file_lock)
        except SQLAlchemyError as error:
            engine.dispose()
            raise _unusable(error) from None
        except ExecutorError:
            engine.dispose()
            raise
        _WORKS.clear()
        _WORKS.update(works)
        cls._open = True
        opened = cls(executor_id, engine, slots, lock, epoch)
        opened._told_fenced = fenced
        try:
            # Before the launch, which may take its time where there is much to take up.
            opened._begin_to_beat(loop)
            _launch(url, engine, executor_id, loop)
        except BaseException:
            # What was half launched would stand in the way of the next attempt of this process.
            DBOS.destroy()
            cls._open = False
            if opened._beating is not None:
                opened._beating.end()
            lock.release()
            engine.dispose()
            raise
        return opened

    async def start(self, kind: str, work_id: str, order: Json) -> bool:
        """As the port says. Raises TypeError for an order that cannot be recorded, KeyError for an unknown
        kind.
        """
        require_json(order)
        _WORKS[kind]
        try:
            with SetWorkflowID(work_id, workflow_id_reuse_policy="reject"):
                await DBOS.start_workflow_async(_carry, kind, work_id, cast(Any, order))
        except dbos_error.DBOSWorkflowIDInUseError:
            return False
        except (dbos_error.DBOSException, SQLAlchemyError) as error:
            raise _unusable(error) from None
        return True

    async def state(self, work_id: str) -> WorkState | None:
        """As the port says."""
        try:
            status = await DBOS.get_workflow_status_async(work_id)
        except (dbos_error.DBOSException, SQLAlchemyError) as error:
            raise _unusable(error) from None
        if status is None:
            return None
        if status.status in _RUNNING:
            return WorkState.RUNNING
        return WorkState.DONE if status.status == "SUCCESS" else WorkState.FAILED

    async def result(self, work_id: str) -> Json:
        """As the port says."""
        handle: WorkflowHandleAsync[Any] = await DBOS.retrieve_workflow_async(work_id)
        try:
            return cast(Json, await handle.get_result())
        except SQLAlchemyError as error:
            raise _unusable(error) from None
        except Exception as error:
            raise DurableError(
                f"the work {work_id} ended with an error: {error}", fix="see its record", work_id=work_id
            ) from None

    async def send(self, work_id: str, topic: str, message: Json) -> None:
        """As the port says."""
        require_json(message, "message")
        try:
            await DBOS.send_async(work_id, message, topic)
        except (dbos_error.DBOSException, SQLAlchemyError) as error:
            raise _unusable(error) from None

    async def take_over(self, adopt: Adopt) -> int:
        """As the port says."""
        if not await asyncio.to_thread(self._keeps_slot):
            # A server that restarts breaks the sessions of all: the others live, and retake theirs too.
            self._steady_from = time.monotonic() + RETAKE_SECONDS
        if self._is_fenced or time.monotonic() < self._steady_from:
            return 0
        taken = 0
        for other in await asyncio.to_thread(self._slots.others, self.executor_id):
            rests = await asyncio.to_thread(self._slots.rests, other)
            left = await asyncio.to_thread(partial(adopt.left_by, other, rests=rests))
            if left or await self._left_by(other):
                taken += await self._take_over_from(other, adopt, rests=rests)
        return taken

    def _begin_to_beat(self, loop: asyncio.AbstractEventLoop) -> None:
        def lost() -> None:
            # A loop that is closed has nobody to tell any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._fence_off)

        if self._slots.is_shared:
            beat = partial(self._slots.beat, self.executor_id, self._epoch)
            self._beating = Beating(self.executor_id, beat, lost)

    def _fence_off(self) -> None:
        if not self._is_fenced:
            self._is_fenced = True
            self._told_fenced()

    def _keeps_slot(self) -> bool:
        """False where the session that held our lock broke; then it is taken again, if nobody was faster."""
        if not isinstance(self._lock, SessionLock) or self._lock.is_held():
            return True
        try:
            self._lock = self._slots.retake(self.executor_id, self._epoch) or self._lock
        except SQLAlchemyError as error:
            raise _unusable(error) from None
        return False

    async def _take_over_from(self, other: str, adopt: Adopt, *, rests: bool) -> int:
        taken = await self._taken(other)
        if taken is None:
            return 0
        lock, epoch = taken
        try:
            adopt.take(other, epoch, rests=rests)
            ids = await self._left_by(other)
            if not ids or await asyncio.to_thread(self._slots.epoch, other) != epoch:
                return 0
            await DBOS.resume_workflows_async(ids)
            return len(ids)
        finally:
            await asyncio.to_thread(lock.release)

    async def _taken(self, other: str) -> tuple[Lock, int] | None:
        """As `Slots.take_dead`. Cancelled meanwhile, it leaves no lock behind."""

        async def give_back(taken: tuple[Lock, int] | None) -> None:
            if taken is not None:
                await asyncio.to_thread(taken[0].release)

        return await opened_or_undone(partial(self._slots.take_dead, other), give_back)

    async def _left_by(self, other: str) -> list[str]:
        """The works that are the other's and have not ended."""
        try:
            found = await DBOS.list_workflows_async(
                status="PENDING", executor_id=other, app_version=APPLICATION_VERSION, load_input=False
            )
        except (dbos_error.DBOSException, SQLAlchemyError) as error:
            raise _unusable(error) from None
        return [status.workflow_id for status in found]

    async def check_owner(self) -> None:
        """As the port says."""
        try:
            if self._slots.is_shared:
                epoch = await asyncio.to_thread(self._slots.epoch, self.executor_id)
            else:
                epoch = self._slots.epoch(self.executor_id)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _unusable(error) from None
        if epoch != self._epoch:
            self._fence_off()
            raise taken_over(self.executor_id)

    async def close(self) -> None:
        """As the port says. Harmless when repeated."""
        if self._beating is not None:
            await asyncio.to_thread(self._beating.end)
        if type(self)._open:
            await _leave_works()
            if not self._is_fenced:
                with suppress(SQLAlchemyError):
                    await asyncio.to_thread(self._slots.ended, self.executor_id)
            # DBOS made its own threads the loop's and ends them: the loop needs others to go on.
            loop, threads = asyncio.get_running_loop(), ThreadPoolExecutor()
            await loop.run_in_executor(threads, partial(DBOS.destroy, workflow_completion_timeout_sec=0))
            loop.set_default_executor(threads)
            self._slots.close()
            self._lock.release()
            self._engine.dispose()
            type(self)._open = False


class _RecordedSteps:
    """The steps of the work that runs in this context."""

    async def do(self, name: str, action: Callable[[], Awaitable[Json]]) -> Json:
        async def checked() -> Json:
            outcome = await action()
            require_json(outcome, f"the result of {name}")
            return outcome

        return await DBOS.run_step_async({"name": name}, checked)

    async def sleep(self, seconds: float) -> None:
        await DBOS.sleep_async(seconds)

    async def receive(self, topic: str, seconds: float) -> Json:
        return cast(Json, await DBOS.recv_async(topic, seconds))


async def _leave_works() -> None:
    """End the works of this process where they are: recorded as running, for whoever opens the slot next."""
    # DBOS would report each as a fault.
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    tasks = list(_TASKS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


_WORKS: dict[str, Work] = {}
_TASKS: set[asyncio.Task[Any]] = set()
_STEPS: Steps = _RecordedSteps()


@DBOS.workflow(name="carry")
async def _carry(kind: str, work_id: str, order: Any) -> Any:
    """Every work is a workflow of this one name: what differs is its kind."""
    task = asyncio.current_task()
    assert task is not None
    _TASKS.add(task)
    try:
        return await _WORKS[kind](_STEPS, work_id, order)
    finally:
        _TASKS.discard(task)


def _launch(url: URL, engine: Engine, executor_id: str, loop: asyncio.AbstractEventLoop) -> None:
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    # What it says goes where all goes: a handler of its own would write to the stream of its first opening,
    # which may be closed by now.
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": url.render_as_string(hide_password=False),
        "system_database_engine": engine,
        "application_version": APPLICATION_VERSION,
        "executor_id": executor_id,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "notification_listener_polling_interval_sec": RECEIVE_POLL_SECONDS,
    }
    try:
        asyncio.run_coroutine_threadsafe(_launched(config), loop).result()
    except (dbos_error.DBOSException, SQLAlchemyError) as error:
        raise _unusable(error) from None


async def _launched(config: DBOSConfig) -> None:
    """Within the loop: works that are taken up again then run in it, as those that are started do."""
    DBOS(config=config)
    DBOS.launch()


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return server_engine(url)
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _durable)
    return engine


def _durable(connection: Any, _: object) -> None:
    """WAL with a full sync at each commit: a returned commit is on the disk."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
    if sqlite3.sqlite_version_info < SUBSECONDS_SINCE:
        connection.create_function("unixepoch", -1, lambda *_: time.time())


def _unusable(error: Exception) -> DurableError:
    cause = getattr(error, "orig", None) or error
    return DurableError(
        f"the durable engine's database cannot be used: {cause}.", fix="check the database and its disk"
    )
