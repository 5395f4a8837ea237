"""The tables come from migrations, and are those that the code describes."""

import re
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from executor.domain.errors import JournalError
from executor.journal import books_schema, migrations
from executor.journal.database import Database
from executor.journal.schema import HEAD, VERSION_TABLE
from tests.support.records import opened, opened_trade, record_in

METADATA = books_schema.bookings.metadata
"""Of all tables, those of the books with them."""

_SQLITE_OBJECTS = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
_SERVER_OBJECTS = """
SELECT 'column ' || table_name || '.' || column_name,
       concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'constraint ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
"""


def objects(connection: Connection) -> dict[str, str]:
    """Tables, columns, indices and constraints in the database's own words."""
    query = _SQLITE_OBJECTS if connection.dialect.name == "sqlite" else _SERVER_OBJECTS
    found = {name: words for name, words in connection.execute(text(query))}  # noqa: C416
    return {name: _in_order(words) for name, words in found.items() if VERSION_TABLE not in name}


def _in_order(words: str) -> str:
    """A table's clauses sorted: in which order constraints are written means nothing."""
    head, _, body = " ".join(words.split()).partition("(")
    return head + "(" + ", ".join(sorted(re.split(r", (?![^()]*\))", body.removesuffix(")").strip())))


def test_migrating_makes_the_tables_that_the_code_describes(place: Path | SecretStr) -> None:
    with opened(place) as database:
        with database.reading() as connection:
            context = MigrationContext.configure(
                connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
            )
            assert compare_metadata(context, METADATA) == []
            migrated = objects(connection)
        with database.writing() as connection:
            METADATA.drop_all(connection)
            assert objects(connection) == {}
            METADATA.create_all(connection)
            assert objects(connection) == migrated


def test_the_migrations_are_packed_with_the_rest() -> None:
    """Only folders that are packages get into the wheel."""
    folder = Path(migrations.__file__).parent
    assert {file.parent for file in folder.rglob("v0*.py")} == {folder / "versions"}
    assert (folder / "versions" / "__init__.py").exists()


def test_the_last_migration_is_the_one_the_code_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_opening_again_migrates_nothing(place: Path | SecretStr, monkeypatch: pytest.MonkeyPatch) -> None:
    Database.open(place).close()

    def refuse(*_: object) -> None:
        raise AssertionError("nothing is left to migrate")

    monkeypatch.setattr(migrations, "_upgrade", refuse)
    Database.open(place).close()


def test_a_database_of_the_version_before_is_brought_up_to_date_with_what_it_holds(
    place: Path | SecretStr,
) -> None:
    with opened(place) as database:
        opened_trade(record_in(database))
        with database.writing() as connection:
            made = objects(connection)
            connection.execute(text("DROP INDEX intents_lost"))
            connection.execute(text("UPDATE record_version SET version_num = '0002'"))
    with opened(place) as database:
        with database.reading() as connection:
            assert objects(connection) == made
        assert len(record_in(database).open_intents()) == 1


def test_a_database_of_a_later_version_is_refused(place: Path | SecretStr) -> None:
    with opened(place) as database, database.writing() as connection:
        connection.execute(text("UPDATE record_version SET version_num = '9999'"))
    for open_it in (Database.open, Database.open_beside, Database.open_reading):
        with pytest.raises(JournalError, match="has format 9999"):
            open_it(place)


def test_a_journal_of_one_chain_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE network (id INTEGER PRIMARY KEY, schema_version INTEGER)")
        connection.execute("INSERT INTO network VALUES (1, 1)")
    connection.close()
    before = path.read_bytes()
    for open_it in (Database.open, Database.open_beside):
        with pytest.raises(JournalError, match="as an earlier version wrote it"):
            open_it(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_nothing(
    place: Path | SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = migrations._upgrade

    def half_way(connection: Connection) -> None:
        upgrade(connection)
        connection.execute(text("SELECT 1 FROM nowhere"))

    monkeypatch.setattr(migrations, "_upgrade", half_way)
    with pytest.raises(JournalError, match="nowhere"):
        Database.open(place)
    engine = create_engine(
        URL.create("sqlite", database=str(place)) if isinstance(place, Path) else place.get_secret_value()
    )
    with engine.connect() as connection:
        assert objects(connection) == {}
    engine.dispose()
