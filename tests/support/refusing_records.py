"""A record whose database refuses to write: real triggers in the real file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from executor.journal.database import FILE_NAME, Database
from tests.support.trading import Trading


def record_file(trading: Trading) -> Path:
    return trading.folder / "journal" / FILE_NAME


def refuse(trading: Trading, table: str) -> None:
    """Each new row of that table, until `accept`."""
    if not record_file(trading).exists():
        Database.open(record_file(trading)).close()
    _run(
        trading,
        f"CREATE TRIGGER refused BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no more of them'); END",
    )


def accept(trading: Trading) -> None:
    """What was refused."""
    _run(trading, "DROP TRIGGER refused")


def hide(trading: Trading, table: str) -> None:
    """Neither to be read nor written, until `show`."""
    _run(trading, f"ALTER TABLE {table} RENAME TO hidden_{table}")


def show(trading: Trading, table: str) -> None:
    """What was hidden."""
    _run(trading, f"ALTER TABLE hidden_{table} RENAME TO {table}")


def _run(trading: Trading, sql: str) -> None:
    with closing(sqlite3.connect(record_file(trading))) as connection:
        connection.execute(sql)
        connection.commit()
