"""Each promise of the record is tried on both databases."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import URL

from executor.journal import books_schema
from executor.journal.database import Database
from executor.journal.record import Record
from tests.support.postgres import new_database
from tests.support.records import opened, record_in, secret

METADATA = books_schema.bookings.metadata
"""Of all tables, those of the books with them."""

_numbers = count(1)


@pytest.fixture
def server_place(postgres_server: URL) -> Iterator[SecretStr]:
    """An empty PostgreSQL database."""
    with new_database(postgres_server, f"record_{os.getpid()}_{next(_numbers)}") as url:
        yield secret(url)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "when" / "needed" / "executor.sqlite3"


@pytest.fixture(scope="session")
def lasting_server_place(postgres_server: URL) -> Iterator[SecretStr]:
    """A PostgreSQL database for all tests that do not open it themselves: to make one takes longer than most
    of them.
    """
    with new_database(postgres_server, f"lasting_{os.getpid()}") as url:
        yield secret(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def place(kind: str, request: pytest.FixtureRequest, path: Path) -> Path | SecretStr:
    """Where there is no database yet."""
    if kind == "sqlite":
        return path
    found: SecretStr = request.getfixturevalue("server_place")
    return found


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest, path: Path) -> Iterator[Database]:
    """A database with nothing in it."""
    place = path if kind == "sqlite" else request.getfixturevalue("lasting_server_place")
    with opened(place) as database:
        if not database.is_sqlite:
            with database.writing() as connection:
                names = ", ".join(table.name for table in METADATA.sorted_tables)
                connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        yield database


@pytest.fixture
def record(database: Database) -> Record:
    return record_in(database)
