"""Statements on the way of a send: put into words once, then handed to SQLite as they are.

Between a decision and the wire each tenth of a millisecond counts, and SQLAlchemy takes longer to lead a
statement to SQLite than SQLite takes to carry it out. To a server the journey is what takes time: there they
go the ordinary way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

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
        self._constants = {name: value for name, value in written.params.items() if value is not None}
        self._words = written.string
