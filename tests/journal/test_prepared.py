"""The short way to SQLite keeps what the long one promises."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from executor.domain.errors import JournalError
from executor.journal.database import Database
from executor.journal.prepared import Prepared
from executor.journal.record import Record
from executor.journal.schema import flags
from tests.support.records import opened, opportunity, record_in

PUT = Prepared(insert(flags), "chain", "because", "set_at")


@pytest.fixture
def file(path: Path) -> Iterator[Database]:
    with opened(path) as database:
        yield database


def flag(chain: str, because: str = "a drill") -> dict[str, object]:
    return {"chain": chain, "because": because, "set_at": 1}


def stopped(database: Database) -> list[str]:
    """Which of two chains have a flag."""
    chains = ("ethereum", "base")
    return [chain for chain in chains if Record(database, chain, "executor-1").stop_flag() is not None]


def driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def test_what_fails_half_way_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(RuntimeError), database.putting() as connection:
        PUT.change(connection, flag("ethereum"))
        raise RuntimeError("a fault")
    assert stopped(database) == []
    with database.putting() as connection:
        PUT.change(connection, flag("base"))
    assert stopped(database) == ["base"]


def test_what_a_rule_of_the_tables_forbids_is_refused_whole(database: Database) -> None:
    with pytest.raises(JournalError, match="refused the record"), database.putting() as connection:
        PUT.change(connection, flag("base"))
        PUT.change(connection, flag("ethereum"))
        PUT.change(connection, flag("ethereum"))
    assert stopped(database) == []


def test_a_full_disk_loses_the_one_write_and_nothing_else(file: Database) -> None:
    with pytest.raises(JournalError, match="full"), file.putting() as connection:
        PUT.change(connection, flag("base"))
        driver(connection).execute("PRAGMA max_page_count=1")
        PUT.change(connection, flag("ethereum", "x" * 1_000_000))
    assert stopped(file) == []
    with file.putting() as connection:
        driver(connection).execute("PRAGMA max_page_count=1000000")
        PUT.change(connection, flag("ethereum"))
    assert stopped(file) == ["ethereum"]


def test_both_ways_of_writing_wait_for_each_other(file: Database) -> None:
    record = record_in(file)
    accepted = threading.Thread(target=record.accept, args=(opportunity(),), kwargs={"slots": 1})
    with file.writing():
        accepted.start()
        accepted.join(0.05)
        assert accepted.is_alive()
        assert record.stored("seen-1") is None
    accepted.join(5)
    assert record.stored("seen-1") is not None


def test_a_look_leaves_no_reader_behind(file: Database) -> None:
    """One that stayed would keep the log from ever being written back: it would grow for good."""
    record = record_in(file)
    record.accept(opportunity(), slots=1)
    assert record.stored("seen-1") is not None
    assert record.stop_flag() is None
    with file.reading() as connection:
        busy, left, _ = driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, left) == (0, 0)


def test_a_write_is_synced_as_the_ordinary_ones_are(file: Database) -> None:
    with file.putting() as connection:
        assert driver(connection).execute("PRAGMA synchronous").fetchone() == (2,)
        assert driver(connection).execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert driver(connection).execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_closed_database_has_no_connection_left(path: Path) -> None:
    with opened(path) as database:
        record_in(database).accept(opportunity(), slots=1)
        database.close()
        assert not path.with_name(path.name + "-wal").exists()


def test_a_value_that_is_not_given_is_told(file: Database) -> None:
    with pytest.raises(KeyError, match="set_at"), file.putting() as connection:
        PUT.change(connection, {"chain": "ethereum", "because": "a drill"})
    assert stopped(file) == []
