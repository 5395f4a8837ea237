"""The database of the durable record: an SQLite file, or PostgreSQL for several executors.

SQLite: write-ahead log, a full sync at each commit, one process by a lock of the operating system. A writer
takes the file's write lock when it begins, so that what it reads stays true until it commits. PostgreSQL:
each commit is on the server's disk before it is answered, whatever the server's defaults are.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.sql.schema import Table

from executor.domain.errors import JournalError
from executor.journal.lock import FileLock
from executor.journal.prepared import Kept, Prepared, Row

FILE_NAME = "executor.sqlite3"

CONNECT_SECONDS = 3
"""How long a PostgreSQL server may take to let a connection in."""

ANSWER_SECONDS = 10
"""How long one statement, a lock's wait included, may take; how long a silent network is borne."""

IDLE_SECONDS = 60
"""After so long the server ends a transaction whose process went to sleep, so that others get its locks."""

_SERVER_OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "synchronous_commit": "on",
        "statement_timeout": f"{ANSWER_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    }.items()
)

_SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")


class Database:
    """An open database. Open it with `open`, `open_beside` or `open_reading`; close it with `close`."""

    def __init__(self, engine: Engine, file: Path | None, lock: FileLock | None) -> None:
        self.engine = engine
        self.file = file
        self._lock = lock
        self._writers = engine.execution_options(immediate=True)
        # A reader asks one thing at a time and needs no transaction: on PostgreSQL that saves two journeys.
        self._readers = engine if file else engine.execution_options(isolation_level="AUTOCOMMIT")
        # Writers of one process queue here: SQLite's own way to wait is to sleep.
        self._turn = threading.RLock()
        self._looks = Kept(engine) if file else None
        self._puts = Kept(engine) if file else None

    @classmethod
    def open(cls, place: Path | SecretStr) -> Database:
        """The database at `place`, a file's path or a PostgreSQL URL, made or migrated if need be.

        Raises JournalError when another process has the file, or the database cannot be used or was made by
        another version.
        """
        if isinstance(place, SecretStr):
            return cls._migrated(_server(place), None, None)
        # One file has one lock, whatever links lead to it.
        file = place.resolve()
        lock = FileLock(_lock_path(file))
        try:
            _make_private(file)
            return cls._migrated(_sqlite(file), file, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def open_beside(cls, place: Path | SecretStr) -> Database:
        """The same beside the process that owns the file: for flags, which each process may set.

        Raises JournalError as `open` does, though not for the file's lock where there is nothing to migrate.
        """
        if isinstance(place, SecretStr):
            return cls.open(place)
        file = place.resolve()
        if not _is_current(file):
            cls.open(place).close()
        return cls(_sqlite(file), file, None)

    @classmethod
    def open_reading(cls, place: Path | SecretStr) -> Database:
        """The same, and nothing can be written through it."""
        beside = cls.open_beside(place)
        if isinstance(place, SecretStr):
            event.listen(beside.engine, "do_connect", _connect_reading)
        else:
            event.listen(beside.engine, "connect", _only_query)
        # Connections that were opened before could still write.
        beside.engine.dispose()
        return beside

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.file is not None

    @property
    def name(self) -> str:
        """What errors call it: the file, or the server without user and password."""
        if self.file is not None:
            return str(self.file)
        url = self.engine.url
        return f"the database {url.database} of {url.host or url.query.get('host', 'the local server')}"

    def close(self) -> None:
        """Close connections and give the lock back; twice is fine."""
        for kept in (self._looks, self._puts):
            if kept is not None:
                kept.close()
        self.engine.dispose()
        if self._lock is not None:
            self._lock.release()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; it is durable once the block is left.

        Raises JournalError when the database cannot be used: then nothing was written, except where the
        connection broke during the commit itself, of which only a later look can tell.
        """
        with self._errors_told():
            if self.file is None:
                with self.engine.begin() as connection:
                    yield connection
            else:
                with self._turn, self._writers.begin() as connection:
                    yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """To read; each query sees what is committed when it begins. Raises JournalError when the database
        cannot be used.
        """
        with self._errors_told(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def putting(self) -> Iterator[Connection]:
        """As `writing`, for prepared statements alone, on the way of a send. Raises JournalError as that
        does.
        """
        if self._puts is None:
            with self.writing() as connection:
                yield connection
        else:
            with self._errors_told(), self._turn, self._puts.transaction() as connection:
                yield connection

    def glance(self, query: Prepared, values: Mapping[str, object]) -> Sequence[Row]:
        """What `query` finds, for what is asked again and again on the way of a send. Raises JournalError
        when the database cannot be used.
        """
        if self._looks is None:
            with self.reading() as connection:
                return query.rows(connection, values)
        with self._errors_told():
            return self._looks.rows(query, values)

    def insert(self, table: Table) -> Any:
        """This database's own INSERT, which knows what to do when the row is there."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def insert_new(self, table: Table) -> Any:
        """INSERT that leaves rows alone which are there; its `rowcount` says how many were not."""
        new = self.insert(table).on_conflict_do_nothing()
        return new.execution_options(preserve_rowcount=True)

    @contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, sqlite3.IntegrityError) as error:
            raise JournalError(
                f"{self.name} refused the record: {_cause(error)}.",
                fix="nothing was written; see what it has recorded already",
            ) from None
        except (SQLAlchemyError, sqlite3.Error, UnicodeError, OverflowError) as error:
            raise JournalError(
                f"{self.name} cannot be used: {_cause(error)}.",
                fix="check the disk and the file, or give a new journal folder"
                if self.is_sqlite
                else "check that the server runs and that `database_url` is right",
            ) from None

    @classmethod
    def _migrated(cls, engine: Engine, file: Path | None, lock: FileLock | None) -> Database:
        # Here and not above, since migrations need this module's Database.
        from executor.journal.migrations import migrate

        database = cls(engine, file, lock)
        try:
            migrate(database)
        except BaseException:
            engine.dispose()
            raise
        return database


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def _cause(error: Exception) -> str:
    """The driver's own words, on one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")


def _server(place: SecretStr) -> Engine:
    try:
        url = make_url(place.get_secret_value()).set(drivername="postgresql+psycopg")
    except ArgumentError:
        raise JournalError(
            "database_url is not the address of a database.",
            fix="write it as postgresql://user@host/database",
        ) from None
    return server_engine(url)


def server_engine(url: URL) -> Engine:
    """Connections to a PostgreSQL server (postgresql+psycopg://...) that no sleeping peer, lost network or
    slack default of the server can harm.
    """
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=ANSWER_SECONDS,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": ANSWER_SECONDS * 1000,
            "keepalives_idle": ANSWER_SECONDS // 2,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "options": _SERVER_OPTIONS,
        },
    )


def _sqlite(file: Path) -> Engine:
    # Built from parts: in a URL a "?" or "%" of the path would name another file.
    engine = create_engine(URL.create("sqlite", database=str(file)), hide_parameters=True)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _: object) -> None:
    """Transactions begin where `_begin` says, not at the driver's guess."""
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """A writer takes the write lock at once: taken later, it could fail for what another wrote meanwhile.
    Straight to the driver, since this is on the way of each transaction that is sent.
    """
    if connection.get_execution_options().get("immediate"):
        driver: Any = connection.connection.dbapi_connection
        driver.execute("BEGIN IMMEDIATE")


def _only_query(connection: Any, _: object) -> None:
    connection.execute("PRAGMA query_only=ON")


def _connect_reading(_: object, __: object, ___: object, arguments: dict[str, Any]) -> None:
    arguments["options"] += " -c default_transaction_read_only=on"


def _lock_path(file: Path) -> Path:
    """Another file than that of the durable engine, which locks for itself."""
    return file.with_name(file.name + ".owner")


def _make_private(path: Path) -> None:
    """The file for its owner alone, as its -wal and -shm then are too: it holds signed transactions that may
    not be out yet.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # One that was there, from a copy for instance, may have been open to others.
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise JournalError(
            f"the journal {path} cannot be opened: {error.strerror}.",
            fix="set `journal` to a folder that this user may write to",
        ) from None


def _is_current(file: Path) -> bool:
    """Whether there is a file with nothing to migrate."""
    from executor.journal.migrations import recorded_version
    from executor.journal.schema import HEAD

    if not file.exists():
        return False
    database = Database(_sqlite(file), file, None)
    try:
        with database.reading() as connection:
            return recorded_version(connection) == HEAD
    finally:
        database.close()
