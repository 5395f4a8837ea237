"""Signs of life: who holds a slot says so in the database, again and again.

A lock says that a session lives, which is neither enough nor necessary: a process that was halted keeps its
session and does nothing, one whose sessions a restarted server has broken lives on. Times are the server's,
so that no clocks of two machines are compared.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    cast,
    delete,
    extract,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from executor.submission.log import get_logger

BEAT_SECONDS = 1.0
"""Between two signs of life."""

ALIVE_SECONDS = 3.0
"""For so long after its last sign nobody whose lock is free counts as dead: it may be taking it again."""

LEASE_SECONDS = 30.0
"""After so long without a sign, seen by one that watched all the while, a process counts as halted though its
lock is held.
"""

RESTART_SECONDS = 600.0
"""For so long one that has ended in order counts as about to be started again."""

BLINK_SECONDS = 15.0
"""Who has not looked for so long was perhaps halted itself, and begins to watch anew."""

_LOG = get_logger("executor.engine")


def beats_table(metadata: MetaData) -> Table:
    """`at`: milliseconds of the server's clock."""
    return Table(
        "executor_beats",
        metadata,
        Column("executor_id", String(64), primary_key=True),
        Column("at", BigInteger, nullable=False),
    )


_NOW = cast(extract("epoch", func.clock_timestamp()) * 1000, BigInteger)


@dataclass(slots=True)
class _Watched:
    """The last sign that was seen, since when it is the last, and when that was looked at (own seconds)."""

    at: int
    since: float
    looked: float


class Beating:
    """Gives signs of life until one says that the slot is another's; `lost` is told of that, on the thread
    of its own that this is: a launch that takes long or a loop that is held up is no silence. No error ends
    it: who is silent for too long is taken for dead.
    """

    def __init__(
        self, executor_id: str, beat: Callable[[], bool], lost: Callable[[], None] = lambda: None
    ) -> None:
        self._executor_id = executor_id
        self._beat = beat
        self._lost = lost
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="signs-of-life", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """No sign comes any more once this returns: one that is under way is waited for. Harmless when
        repeated.
        """
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                if not self._beat():
                    break
            except Exception as error:
                _LOG.warning("no_sign_of_life", executor_id=self._executor_id, error=repr(error))
            self._ended.wait(BEAT_SECONDS)
        if not self._ended.is_set():
            _LOG.error("taken_over", executor_id=self._executor_id)
            self._lost()


class Beats:
    """The signs of life in a PostgreSQL database. Methods raise SQLAlchemyError where it cannot be used."""

    def __init__(self, engine: Engine, table: Table, slots: Table) -> None:
        self._engine = engine
        self._table = table
        self._slots = slots
        self._watched: dict[str, _Watched] = {}
        self._resting: dict[str, float] = {}

    def beat(self, executor_id: str, epoch: int) -> bool:
        """Give a sign of life; False where the slot is another's by now."""
        its, own = self._slots.c, self._slots.c.executor_id == executor_id
        ours = select(its.executor_id, _NOW).where(own, its.epoch == epoch)
        sign = insert(self._table).from_select(["executor_id", "at"], ours)
        sign = sign.on_conflict_do_update(
            index_elements=[self._table.c.executor_id], set_={"at": sign.excluded.at}
        )
        with self._engine.begin() as connection:
            return connection.execute(sign.returning(self._table.c.at)).first() is not None

    def forget(self, executor_id: str) -> None:
        """It has ended, and says so; whoever comes next begins anew."""
        with self._engine.begin() as connection:
            connection.execute(delete(self._table).where(self._table.c.executor_id == executor_id))

    def is_fresh(self, executor_id: str) -> bool:
        """Whether it has given a sign of life just now."""
        query = select(_NOW - self._table.c.at).where(self._table.c.executor_id == executor_id)
        with self._engine.connect() as connection:
            age = connection.execute(query).scalar()
        return age is not None and int(age) < ALIVE_SECONDS * 1000

    def rests(self, executor_id: str) -> bool:
        """Whether it has ended in order, and this process has known so for less than RESTART_SECONDS."""
        query = select(self._table.c.at).where(self._table.c.executor_id == executor_id)
        with self._engine.connect() as connection:
            has_ended = connection.execute(query).scalar() is None
        if not has_ended:
            self._resting.pop(executor_id, None)
            return False
        now = time.monotonic()
        return now - self._resting.setdefault(executor_id, now) < RESTART_SECONDS

    def is_halted(self, connection: Connection, executor_id: str) -> bool:
        """Whether no sign of it came for LEASE_SECONDS, while this process has looked all the time. One that
        has never given any is none that could be missed.
        """
        query = select(self._table.c.at).where(self._table.c.executor_id == executor_id)
        at, now = connection.execute(query).scalar(), time.monotonic()
        if at is None:
            self._watched.pop(executor_id, None)
            return False
        seen = self._watched.get(executor_id)
        if seen is None or seen.at != at or now - seen.looked > BLINK_SECONDS:
            seen = self._watched[executor_id] = _Watched(at, now, now)
        seen.looked = now
        if now - seen.since < LEASE_SECONDS:
            return False
        _LOG.warning("executor_halted", executor_id=executor_id, silent_seconds=int(now - seen.since))
        return True

    def renew(self, connection: Connection, executor_id: str) -> None:
        """As if it had given a sign: it was taken over just now, and need not be at once again."""
        its = self._table.c.executor_id == executor_id
        connection.execute(update(self._table).where(its).values(at=_NOW))
