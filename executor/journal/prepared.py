"""Statements on the way of a send: put into words once, then handed to SQLite as they are.

Between a decision and the wire each tenth of a millisecond counts, and SQLAlchemy takes longer to lead a
statement to SQLite than SQLite takes to carry it out. To a server the journey is what takes time: there they
go the ordinary way.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

Row = Sequence[Any]
"""A row's values in the order of its query's columns, as the driver gives them."""


class Prepared:
    """A statement of SQLAlchemy whose values are all given by name when it is run.

    `columns`: those that an INSERT or an UPDATE sets, by the names under which their values are given.
    """

    def __init__(self, statement: Any, *columns: str) -> None:
        self._statement = statement
        self._columns = columns
        self._words = ""
        self._names: tuple[str, ...] = ()
        self._constants: dict[str, object] = {}

    def rows(self, connection: Connection, values: Mapping[str, object]) -> Sequence[Row]:
        """All that is found. Raises KeyError for a value that is not given."""
        return self._run(connection, values).fetchall()  # type: ignore[no-any-return]

    def one(self, connection: Connection, values: Mapping[str, object]) -> Row | None:
        """The first that is found."""
        found = self.rows(connection, values)
        return found[0] if found else None

    def change(self, connection: Connection, values: Mapping[str, object]) -> int:
        """How many rows it wrote."""
        return int(self._run(connection, values).rowcount)

    def _run(self, connection: Connection, values: Mapping[str, object]) -> Any:
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values)
        if not self._words:
            self._write(connection)
        given = {**self._constants, **values} if self._constants else values
        driver: Any = connection.connection.dbapi_connection
        return driver.execute(self._words, [given[name] for name in self._names])

    def _write(self, connection: Connection) -> None:
        """The words last: a thread that sees them sees the rest as well."""
        written = self._statement.compile(dialect=connection.dialect, column_keys=self._columns or None)
        self._names = tuple(written.positiontup)
        self._constants = {
            name: value.effective_value for value, name in written.bind_names.items() if not value.required
        }
        self._words = written.string


class Kept:
    """A connection to an SQLite file that is kept for prepared statements: to borrow one, and to have
    SQLAlchemy begin and end a transaction, takes longer than what they do. Many threads may use it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._turn = threading.RLock()

    def rows(self, query: Prepared, values: Mapping[str, object]) -> Sequence[Row]:
        """All that is found and committed. Raises what SQLite and SQLAlchemy raise."""
        with self._turn:
            return query.rows(self._opened(), values)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that holds the file's write lock from its beginning. Raises as `rows` does."""
        with self._turn:
            connection = self._opened()
            driver: Any = connection.connection.dbapi_connection
            driver.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                driver.execute("COMMIT")
            except BaseException:
                self._roll_back(driver)
                raise

    def close(self) -> None:
        """Give the connection back. Harmless when repeated."""
        with self._turn:
            self._forget()

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _roll_back(self, driver: Any) -> None:
        try:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
        except sqlite3.Error:
            # Closed, it holds no lock; the next one takes another.
            self._forget()

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
