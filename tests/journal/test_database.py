"""Opening the database: for one owner, durable, and told from everything that it is not."""

import sqlite3
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from executor.domain.errors import JournalError
from executor.journal import database as module
from executor.journal.anchor import Anchor
from executor.journal.database import Database
from executor.journal.flags import set_stop, stop_flags
from executor.journal.record import Record
from tests.support.records import ANCHOR, opened, opened_trade, opportunity, record_in


def test_what_was_stored_is_there_after_reopening(place: Path | SecretStr) -> None:
    with opened(place) as database:
        intent = opened_trade(record_in(database))
    with opened(place) as database:
        again = Record(database, "ethereum", "executor-1")
        assert again.anchor() == ANCHOR
        assert again.open_intents() == (intent,)
        assert again.counts() == {"pending": 1}


def test_chains_stay_tied_to_their_networks(database: Database) -> None:
    record = Record(database, "ethereum", "executor-1")
    assert record.anchor() is None
    with pytest.raises(JournalError, match="not tied to a network"):
        record.accept(opportunity(), slots=1)
    record.tie(ANCHOR)
    record.tie(ANCHOR)
    moved = Anchor(ANCHOR.chain_id, 101, "0x" + "cd" * 32, is_local=False)
    with pytest.raises(JournalError, match="another network already"):
        record.tie(moved)
    assert Record(database, "ethereum", "executor-2").anchor() == ANCHOR


def test_one_network_has_one_name(database: Database) -> None:
    """Under two names each nonce would be given out twice."""
    record_in(database, chain="ethereum")
    with pytest.raises(JournalError, match="recorded as ethereum already"):
        Record(database, "mainnet", "executor-1").tie(Anchor(1, 7, "0x" + "ef" * 32, is_local=False))
    Record(database, "fork", "executor-1").tie(Anchor(1, 7, "0x" + "ef" * 32, is_local=True))


def test_a_second_executor_is_told_that_the_file_is_in_use(path: Path) -> None:
    with opened(path):
        for name in (path, path.with_name("link.sqlite3")):
            if name != path:
                name.symlink_to(path)
            with pytest.raises(JournalError, match="in use by another executor"):
                Database.open(name)
    Database.open(path).close()


def test_several_executors_share_a_server(server_place: SecretStr) -> None:
    with opened(server_place) as one, opened(server_place) as other:
        record_in(one, "executor-1").accept(opportunity("seen-1"), slots=2)
        assert record_in(other, "executor-2").accept(opportunity("seen-2"), slots=2).slot == 1


def test_only_its_owner_can_read_the_file(path: Path) -> None:
    """It holds signed transactions that may not be out yet."""
    with opened(path) as database:
        opened_trade(record_in(database))
        files = list(path.parent.iterdir())
        assert {file.name for file in files} >= {path.name, path.name + "-wal", path.name + "-shm"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_put_back_from_a_copy_is_closed_to_others(path: Path) -> None:
    Database.open(path).close()
    path.chmod(0o644)
    with opened(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_commit_is_on_the_disk_when_it_returns(database: Database) -> None:
    """FULL is 2 in SQLite's table of synchronous levels."""
    with database.writing() as connection:
        if database.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        else:
            assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
            assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "10s"


def test_a_stop_can_be_set_beside_the_process_that_runs(place: Path | SecretStr) -> None:
    with opened(place) as database:
        record = record_in(database)
        beside = Database.open_beside(place)
        set_stop(beside, None, "by hand")
        beside.close()
        flag = record.stop_flag()
        assert flag is not None
        assert flag.because == "by hand"


def test_a_stop_can_be_set_before_anything_ever_ran(place: Path | SecretStr) -> None:
    beside = Database.open_beside(place)
    set_stop(beside, "base", "not yet")
    beside.close()
    with opened(place) as database:
        assert [flag.chain for flag in stop_flags(database)] == ["base"]


def test_a_reader_beside_sees_all_and_writes_nothing(place: Path | SecretStr) -> None:
    with opened(place) as database:
        record = record_in(database)
        reader = Database.open_reading(place)
        intent = opened_trade(record)
        read = Record(reader, "ethereum", "reader")
        assert read.open_intents() == (intent,)
        with pytest.raises(JournalError):
            read.unwant(intent.intent_id, "x")
        with pytest.raises(JournalError):
            set_stop(reader, None, "x")
        reader.close()
        assert record.intent(intent.intent_id).wanted


def test_a_folder_of_an_odd_name_is_taken_at_its_word(tmp_path: Path) -> None:
    path = tmp_path / "what? 100%25 #1 %(here)s" / "executor.sqlite3"
    Database.open(path).close()
    assert path.stat().st_size > 0
    assert list(tmp_path.iterdir()) == [path.parent]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="folder"):
        Database.open(tmp_path / "file" / "executor.sqlite3")


def test_a_file_that_is_no_database_is_refused_and_not_kept_locked(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is not a database" * 100)
    for _ in range(2):
        with pytest.raises(JournalError, match="cannot be used: file is not a database"):
            Database.open(path)


@pytest.mark.parametrize("kept", [100, 5000])
def test_a_file_cut_short_is_refused(path: Path, kept: int) -> None:
    with opened(path) as database:
        opened_trade(record_in(database))
    with path.open("r+b") as file:
        file.truncate(kept)
    with pytest.raises(JournalError, match="cannot be used"):
        Record(Database.open(path), "ethereum", "executor-1").stored("seen-1")


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    for url in (
        "postgresql://me:hunter2@127.0.0.1:9/executor",
        "postgresql://me:hunter2@/executor?host=/nowhere/at/all",
    ):
        with pytest.raises(JournalError, match="cannot be used") as caught:
            Database.open(SecretStr(url))
        assert "hunter2" not in str(caught.value) + repr(caught.value.facts)
        assert "server runs" in caught.value.fix


def test_an_address_of_no_database_is_told_without_its_password() -> None:
    with pytest.raises(JournalError) as caught:
        Database.open(SecretStr("hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_writer_that_holds_the_file_too_long_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pragmas = (*module._SQLITE_PRAGMAS, "busy_timeout=50")
    monkeypatch.setattr(module, "_SQLITE_PRAGMAS", pragmas)
    with opened(path) as database:
        record = record_in(database)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="locked"):
            record.accept(opportunity(), slots=1)
        assert record.stored("seen-1") is None
        other.execute("ROLLBACK")
        other.close()
        assert record.accept(opportunity(), slots=1).new


@pytest.mark.parametrize(
    ("table", "column", "damage"),
    [
        ("attempts", "raw", "0xzz"),
        ("attempts", "state", "mislaid"),
        ("attempts", "max_fee_per_gas", "much"),
        ("intents", "purpose", "fun"),
        ("executions", "result", "[]"),
        ("executions", "result", "null"),
        ("executions", "result", '{"status": "pending"}'),
    ],
)
def test_a_damaged_row_is_told_as_such(database: Database, table: str, column: str, damage: str) -> None:
    record = record_in(database)
    intent = opened_trade(record)
    with database.writing() as connection:
        change = f"UPDATE {table} SET {column} = :damage"  # noqa: S608 - names of our own
        connection.execute(text(change), {"damage": damage})
    with pytest.raises(JournalError, match="cannot be read"):
        record.stored("seen-1") if table == "executions" else record.intent(intent.intent_id)


def test_text_that_no_database_can_hold_is_told(record: Record) -> None:
    with pytest.raises(JournalError, match="cannot be used"):
        record.accept(opportunity("\ud800"), slots=1)
    assert record.counts() == {}
