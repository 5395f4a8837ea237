"""What all chains of one executor share: the database, and the durable engine upon it. Opened when the first
chain that may send is.
"""

import asyncio
from collections.abc import Awaitable, Callable

from executor.config.settings import Settings
from executor.domain.errors import ExecutorError, JournalError
from executor.engine.durable.dbos_engine import DbosEngine
from executor.engine.durable.port import DurableEngine, DurableError, Json, Steps, WorkState, taken_over
from executor.engine.durable.slots import NoLock, stands
from executor.engine.durable.threads import opened_or_undone
from executor.engine.session import Means, Prompt
from executor.journal.record import FILE_NAME, Database, Record
from executor.submission.log import get_logger
from executor.wallet.opening import OpenedKeystores

_LOG = get_logger("executor.engine")

KIND = "opportunity"
TAKE_OVER_SECONDS = 5.0

Work = Callable[[Steps, str, Json], Awaitable[Json]]

Left = Callable[[str], Awaitable[None]]
"""Told the name of a chain on which something is left to go on with."""


class House:
    """The database and the engine of one executor. `work` carries out an opportunity's durable work, `left`
    goes on with what stands in the record of a chain.
    """

    def __init__(self, settings: Settings, work: Work, left: Left) -> None:
        self._settings = settings
        self._work = work
        self._left = left
        self._turn = asyncio.Lock()
        self._opened = OpenedKeystores()
        self._database: Database | None = None
        self._engine: DurableEngine | None = None
        self._records: dict[str, Record] = {}
        self._minding: asyncio.Task[None] | None = None
        self._fenced = asyncio.Event()
        self._gone_on: dict[str, int] = {}

    async def means(self, chain: str, prompt: Prompt | None) -> Means:
        """What a session of `chain` is opened with. Raises JournalError, DurableError, SlotTakenError."""
        async with self._turn:
            if self._database is None:
                await self._open()
        return Means(self._records[chain], self.check_owner, prompt, self._opened)

    async def wake(self) -> None:
        """Where there is a record already, open it and go on with what it says was left, before any
        opportunity comes. What cannot be opened is told to the log, and tried again with the first one.
        """
        own = self._settings
        if own.database_url is None and not (own.journal / FILE_NAME).exists():
            return
        try:
            async with self._turn:
                if self._database is None:
                    await self._open()
        except ExecutorError as error:
            _LOG.error("not_looked_after", error=error.message)

    def require_owner(self) -> None:
        """Raises FencedError once another process is known to have taken this one's works over. No look: that
        is `check_owner`.
        """
        if self._fenced.is_set():
            raise taken_over(self._settings.executor_id)

    async def check_owner(self) -> None:
        """Look whether another process has taken this one's works over: raises FencedError where it has,
        JournalError where that cannot be read.
        """
        assert self._engine is not None
        try:
            await self._engine.check_owner()
        except DurableError as error:
            # Whether we still own it cannot be read: as with any other part of the record, nothing is sent
            # now, and it is tried again.
            raise JournalError(error.message, fix=error.fix) from None

    async def until_fenced(self) -> None:
        """Wait until that is known."""
        await self._fenced.wait()

    async def entrust(self, work_id: str, order: Json) -> bool:
        """Make that durable work, unless there is one; False if it has ended. Raises DurableError."""
        assert self._engine is not None, "a chain that may send has opened it"
        if await self._engine.start(KIND, work_id, order):
            return True
        return await self._engine.state(work_id) is WorkState.RUNNING

    async def rest(self) -> None:
        """Take nothing up any more: chains are about to be closed. Harmless when repeated."""
        if self._minding is not None:
            self._minding.cancel()
            await asyncio.gather(self._minding, return_exceptions=True)

    async def close(self) -> None:
        """Stop the engine and close the database, also those that are being opened just now. Works that run
        go on with the next start.
        """
        async with self._turn:
            await self._close()

    async def _close(self) -> None:
        await self.rest()
        if self._engine is not None:
            await self._engine.close()
        if self._database is not None:
            self._database.close()
        self._engine = self._database = self._minding = None
        self._records.clear()
        self._gone_on.clear()
        self._fenced.clear()

    def left_by(self, executor_id: str, *, rests: bool) -> bool:
        """Whether that executor has something under way on a configured chain, or, unless it `rests`, had so
        lately that it may be mined after all. Raises JournalError.
        """
        return any(
            record.is_busy(executor_id) or (not rests and record.lately_ended(executor_id))
            for record in self._records.values()
        )

    def take(self, executor_id: str, epoch: int, *, rests: bool) -> None:
        """Make what a dead executor has under way this one's, and what it has ended unless it `rests`; not if
        its slot has another epoch by now. Raises JournalError.
        """
        for record in self._records.values():
            still_dead = stands(executor_id, epoch)
            taken = record.adopt(executor_id, still_dead=still_dead, with_ended=not rests)
            if taken:
                _LOG.warning("taken_over", chain=record.chain, executor_id=executor_id, entries=taken)

    async def _open(self) -> None:
        own = self._settings
        database, records = await opened_or_undone(self._open_records, _closed)
        try:
            self._engine = await DbosEngine.open(
                database.engine.url,
                own.executor_id,
                {KIND: self._work},
                file_lock=NoLock() if database.is_sqlite else None,
                fenced=self._fenced.set,
            )
        except BaseException:
            database.close()
            raise
        self._database = database
        self._records = records
        self._minding = asyncio.create_task(self._mind(database))

    def _open_records(self) -> tuple[Database, dict[str, Record]]:
        own = self._settings
        database = Database.open(own.database_url or own.journal / FILE_NAME)
        try:
            records = {name: Record(database, name, own.executor_id) for name in own.chains}
            for record in records.values():
                record.free_ended()
        except BaseException:
            database.close()
            raise
        return database, records

    async def _mind(self, database: Database) -> None:
        """Go on with what was left: by this executor, whose tasks a database that was away may have ended, or
        by those that have died. An SQLite file has no others that could die meanwhile.
        """
        alone = False
        while True:
            try:
                await self._look_after(others=not alone)
                alone = database.is_sqlite
            except Exception as error:
                _LOG.error("not_looked_after", error=repr(error))
            await asyncio.sleep(TAKE_OVER_SECONDS)

    async def _look_after(self, *, others: bool) -> None:
        assert self._engine is not None
        if others and not self._fenced.is_set():
            await self._engine.take_over(self)
        for name, record in self._records.items():
            if self._fenced.is_set():
                return
            try:
                adoptions = record.adoptions
                if await asyncio.to_thread(self._has_more, record):
                    await self._left(name)
                self._gone_on[name] = adoptions
            except ExecutorError as error:
                # The other chains do not wait for this one's node.
                _LOG.error("not_looked_after", chain=name, error=error.message)

    def _has_more(self, record: Record) -> bool:
        """Whether there is something to go on with. What ended lately is watched by who has gone on once."""
        if record.is_busy(record.executor_id):
            return True
        return self._gone_on.get(record.chain) != record.adoptions and bool(record.lately_ended())


async def _closed(opened: tuple[Database, dict[str, Record]]) -> None:
    await asyncio.to_thread(opened[0].close)
