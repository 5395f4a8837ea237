"""Which process runs under which executor id, and who is dead.

An executor id is a slot in the database. Who holds its lock is its process. An SQLite file has one lock, of
the operating system: one process at a time. On PostgreSQL each slot has an advisory lock of a session: many
processes. Both end with the process, however it ends. A session's lock can also be lost while its process
lives, and kept while that is halted: there signs of life (`beats`) decide. Each taking of a slot raises its
epoch, and a process asks whether the epoch is still its own before it does what must not be done twice.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from executor.domain.errors import JournalError
from executor.engine.durable.beats import Beats, beats_table
from executor.engine.durable.port import DurableError, SlotTakenError
from executor.journal.lock import FileLock
from executor.journal.prepared import Kept, Prepared, Row

metadata = MetaData()

slots = Table(
    "executor_slots",
    metadata,
    Column("executor_id", String(64), primary_key=True),
    Column("epoch", Integer, nullable=False),
)

beats = beats_table(metadata)

_EPOCH = Prepared(select(slots.c.epoch).where(slots.c.executor_id == bindparam("of_executor")))


class Lock(Protocol):
    """A lock that ends with its process."""

    def release(self) -> None:
        """Give it back."""


class Slots:
    """The slots of one database."""

    def __init__(self, engine: Engine, file: Path | None) -> None:
        """`file` is the SQLite file; None on PostgreSQL."""
        self._engine = engine
        self._file = file
        # A reader asks one thing at a time and needs no transaction: that saves two journeys.
        self._readers = engine if file else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._beats = None if file else Beats(engine, beats, slots)
        self._looks = Kept(engine) if file else None

    def close(self) -> None:
        """Give back the connection that looks are made with. Harmless when repeated."""
        if self._looks is not None:
            self._looks.close()

    def take(self, executor_id: str, file_lock: Lock | None = None) -> tuple[Lock, int]:
        """The slot's lock and its new epoch, with a first sign of life; nothing to lock where the caller
        holds the `file_lock`. Raises SlotTakenError while a living process holds it.
        """
        lock = self._try(executor_id) if self._file is None or file_lock is None else NoLock()
        if lock is None:
            raise SlotTakenError(
                f"an executor runs under the id {executor_id} already."
                if self._file is None
                else f"an executor uses {self._file} already.",
                fix="stop that one first, or give this one an id (PostgreSQL) or a file (SQLite) of its own",
                executor_id=executor_id,
            )
        with _given_back_on_error(lock):
            metadata.create_all(self._engine)
            epoch = self._raise_epoch(executor_id)
            # Now, so that one that hangs before its next sign is missed.
            self.beat(executor_id, epoch)
        return lock, epoch

    def take_dead(self, executor_id: str) -> tuple[Lock, int] | None:
        """The lock of another's slot if its process is dead or halted, and the epoch that it was raised to;
        None while it lives. A halted one's lock stays with its session, and is free once that ends: only
        while `stands` says so of the epoch nobody has started it again.

        Beside the one process that an SQLite file has, all others are dead. To be asked again and again: who
        is halted is known only by looking for some time.
        """
        if self._beats is None:
            return NoLock(), self._raise_epoch(executor_id)
        lock = self._try(executor_id)
        if lock is None:
            return self._take_halted(self._beats, executor_id)
        with _given_back_on_error(lock):
            if not self._beats.is_fresh(executor_id):
                return lock, self._raise_epoch(executor_id)
        # Its session broke, and it will take its lock again.
        lock.release()
        return None

    @property
    def is_shared(self) -> bool:
        """Whether other processes may use the same database, on a server, and look for signs of life. Where
        not, a look takes no longer than it would to hand it to another thread.
        """
        return self._beats is not None

    def beat(self, executor_id: str, epoch: int) -> bool:
        """Give a sign of life; False where the slot is another's now."""
        return self._beats is None or self._beats.beat(executor_id, epoch)

    def ended(self, executor_id: str) -> None:
        """No more signs will come: whoever finds the lock free need not wait for one."""
        if self._beats is not None:
            self._beats.forget(executor_id)

    def rests(self, executor_id: str) -> bool:
        """Whether another has ended in order so lately that it may be about to be started again. Never beside
        the one process that an SQLite file has.
        """
        return self._beats is not None and self._beats.rests(executor_id)

    def _take_halted(self, signs: Beats, executor_id: str) -> tuple[Lock, int] | None:
        """The epoch keeps it from doing anything when it wakes."""
        mine = slots.c.executor_id == executor_id
        with self._engine.begin() as connection:
            connection.execute(select(slots.c.epoch).where(mine).with_for_update())
            if not signs.is_halted(connection, executor_id):
                return None
            raised = update(slots).where(mine).values(epoch=slots.c.epoch + 1).returning(slots.c.epoch)
            epoch = int(connection.execute(raised).scalar_one())
            signs.renew(connection, executor_id)
        return NoLock(), epoch

    def retake(self, executor_id: str, epoch: int) -> Lock | None:
        """The lock of our own slot, whose session broke; None where somebody has taken the slot meanwhile."""
        lock = self._try(executor_id)
        if lock is None:
            return None
        with _given_back_on_error(lock):
            is_ours = self.epoch(executor_id) == epoch
        if not is_ours:
            lock.release()
            return None
        return lock

    def others(self, executor_id: str) -> list[str]:
        """All other slots that were ever taken."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(slots.c.executor_id).where(slots.c.executor_id != executor_id))
            return sorted(row.executor_id for row in rows)

    def epoch(self, executor_id: str) -> int:
        """The slot's epoch; 0 if it was never taken."""
        if self._looks is not None:
            return _number_in(self._looks.rows(_EPOCH, {"of_executor": executor_id}))
        with self._readers.connect() as connection:
            return _epoch(connection, executor_id)

    def _raise_epoch(self, executor_id: str) -> int:
        """In one statement: two that raise it at the same time get two epochs."""
        new = (sqlite if self._file else postgresql).insert(slots).values(executor_id=executor_id, epoch=1)
        raised = new.on_conflict_do_update(
            index_elements=[slots.c.executor_id], set_={"epoch": slots.c.epoch + 1}
        )
        with self._engine.begin() as connection:
            return int(connection.execute(raised.returning(slots.c.epoch)).scalar_one())

    def _try(self, executor_id: str) -> Lock | None:
        if self._file is None:
            return SessionLock.attempt(self._engine, _number(executor_id))
        try:
            return FileLock(self._file.with_name(self._file.name + ".lock"))
        except JournalError as error:
            if "in use" in error.message:
                return None
            raise DurableError(error.message, fix=error.fix) from None


def stands(executor_id: str, epoch: int) -> Callable[[Connection], bool]:
    """Says, within the transaction of the connection that it is given, whether that is the slot's epoch; it
    stays so until that ends.
    """
    query = select(slots.c.epoch).where(slots.c.executor_id == executor_id).with_for_update(read=True)
    return lambda connection: connection.execute(query).scalar() == epoch


@contextmanager
def _given_back_on_error(lock: Lock) -> Iterator[None]:
    """A lock that nobody gets to hold would be held by a connection in the pool."""
    try:
        yield
    except BaseException:
        lock.release()
        raise


class NoLock:
    """Nothing to give back."""

    def release(self) -> None:
        """Does nothing."""


class SessionLock:
    """An advisory lock of PostgreSQL, held by a connection of its own."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection: Connection | None = connection
        self._number = number
        self._guard = threading.Lock()

    @classmethod
    def attempt(cls, engine: Engine, number: int) -> SessionLock | None:
        """The lock, or None while another session holds it."""
        connection = engine.connect()
        try:
            asked = text("SELECT pg_try_advisory_lock(:number)")
            taken = connection.execute(asked, {"number": number}).scalar_one()
            connection.commit()
        except BaseException:
            # Back in the pool it might hold the lock for ever.
            connection.invalidate()
            connection.close()
            raise
        if taken:
            return cls(connection, number)
        connection.close()
        return None

    def is_held(self) -> bool:
        """Whether its session still lives; one that broke has given it back."""
        with self._guard:
            if self._connection is None:
                return False
            try:
                self._connection.execute(text("SELECT 1"))
                self._connection.commit()
            except SQLAlchemyError:
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
            return self._connection is not None

    def release(self) -> None:
        """Give it back. Harmless when repeated, and where its session broke."""
        if not self.is_held():
            return
        with self._guard:
            connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": self._number})
                connection.commit()
            except SQLAlchemyError:
                connection.invalidate()
            connection.close()


def _epoch(connection: Connection, executor_id: str) -> int:
    return _number_in(_EPOCH.rows(connection, {"of_executor": executor_id}))


def _number_in(rows: Sequence[Row]) -> int:
    return int(rows[0][0]) if rows else 0


def _number(executor_id: str) -> int:
    """The number of an advisory lock: 63 bits of the id's hash."""
    return int.from_bytes(hashlib.sha256(executor_id.encode()).digest()[:8], "big") >> 1
