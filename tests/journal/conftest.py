"""Each promise of the record is tried on both databases."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import URL

from executor.journal.database import Database
from executor.journal.record import Record
from tests.support.postgres import new_database
from tests.support.records import opened, record_in, secret

_numbers = count(1)


@pytest.fixture
def server_place(postgres_server: URL) -> Iterator[SecretStr]:
    """An empty PostgreSQL database."""
    with new_database(postgres_server, f"record_{os.getpid()}_{next(_numbers)}") as url:
        yield secret(url)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "when" / "needed" / "executor.sqlite3"


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, path: Path) -> Path | SecretStr:
    if request.param == "sqlite":
        return path
    found: SecretStr = request.getfixturevalue("server_place")
    return found


@pytest.fixture
def database(place: Path | SecretStr) -> Iterator[Database]:
    with opened(place) as database:
        yield database


@pytest.fixture
def record(database: Database) -> Record:
    return record_in(database)
