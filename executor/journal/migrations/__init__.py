"""How the record's tables came to be: one file a change in `versions`, each after the one before it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from executor.domain.errors import JournalError
from executor.journal.database import Database
from executor.journal.schema import HEAD, VERSION_TABLE

_ONE_AT_A_TIME = 0x61726274_7265636F
"""The number of the advisory lock under which a PostgreSQL database is migrated."""


def migrate(database: Database) -> None:
    """Bring the tables to this version, in one transaction.

    Raises JournalError for a database of a later version, or of the format before migrations.
    """
    with database.reading() as connection:
        if recorded_version(connection) == HEAD:
            return
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
        _require_known(database, connection)
        _upgrade(connection)


def recorded_version(connection: Connection) -> str | None:
    """The version of the tables; None where there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - our own name
    return found.scalar_one_or_none()


def _require_known(database: Database, connection: Connection) -> None:
    if inspect(connection).has_table("network"):
        raise JournalError(
            f"{database.name} is a journal of one chain, as an earlier version wrote it.",
            fix="let that version finish what is pending, then give this one a new journal folder",
        )
    version = recorded_version(connection)
    if version is not None and version > HEAD:
        raise JournalError(
            f"{database.name} has format {version}, this executor knows those up to {HEAD}.",
            fix="use the executor version that wrote it, or a later one",
            found=version,
            known=HEAD,
        )


def _upgrade(connection: Connection) -> None:
    # Slow to import, and seldom needed.
    from alembic import command
    from alembic.config import Config

    config = Config()
    # A percent sign of the path would start an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
