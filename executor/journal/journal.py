"""The durable record: executions by opportunity id, attempts by transaction hash, and their network.

Promises: a write that returned survives a kill and a power cut; an attempt is here before its bytes leave;
one nonce of a sender has at most one live attempt; one opportunity id has one execution.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from executor.domain.address import Address
from executor.domain.attempt import Attempt
from executor.domain.errors import JournalError
from executor.domain.execution import Execution
from executor.domain.opportunity import Opportunity
from executor.journal import tables
from executor.journal.anchor import Anchor
from executor.journal.codec import dump_execution, dump_opportunity, load_execution
from executor.journal.lock import FileLock


class AttemptState(StrEnum):
    """Recorded: written, perhaps sent. Sent: a node has it or may have it. The others are final; refused: no
    node took it, its nonce is free; superseded: another transaction took its nonce."""

    RECORDED = "recorded"
    SENT = "sent"
    MINED = "mined"
    REVERTED = "reverted"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


LIVE = frozenset(AttemptState(state) for state in tables.LIVE_STATES)
"""The states of an attempt whose fate is open."""


@dataclass(frozen=True, slots=True)
class StoredExecution:
    """An execution with the opportunity (JSON text) that it answered."""

    opportunity: str
    execution: Execution


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """An attempt and what is known of it."""

    attempt: Attempt
    state: AttemptState


class Journal:
    """One network's journal file. Open with `Journal(path)`, close with `close()`; one process at a time.

    Methods raise JournalError when the file cannot be read or written; then nothing may be sent.
    """

    def __init__(self, path: Path) -> None:
        # One file has one lock, whatever links lead to it.
        self.path = path = path.resolve()
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        try:
            _make_private(path)
            self._engine = _engine(path)
            with self._transaction() as connection:
                tables.metadata.create_all(connection)
                self._check_version(connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and give the lock back; twice is fine."""
        if hasattr(self, "_engine"):
            self._engine.dispose()
        self._lock.release()

    def anchor(self) -> Anchor | None:
        """The network that this journal belongs to; None while it is new."""
        with self._transaction() as connection:
            row = connection.execute(select(tables.network)).mappings().one_or_none()
        return (
            None
            if row is None
            else Anchor(int(row["chain_id"]), row["anchor_number"], row["anchor_hash"], row["is_local"])
        )

    def tie(self, chain: str, anchor: Anchor) -> None:
        """Tie a new journal to a network, for good."""
        with self._transaction() as connection:
            connection.execute(
                insert(tables.network).values(
                    id=1,
                    schema_version=tables.SCHEMA_VERSION,
                    chain=chain,
                    chain_id=str(anchor.chain_id),
                    anchor_number=anchor.number,
                    anchor_hash=anchor.hash,
                    is_local=anchor.is_local,
                )
            )

    def stored(self, opportunity_id: str) -> StoredExecution | None:
        """What is recorded of that opportunity."""
        query = select(tables.executions).where(tables.executions.c.opportunity_id == opportunity_id)
        with self._transaction() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else StoredExecution(row["opportunity"], self._loaded(row["result"]))

    def finish(self, opportunity: Opportunity, execution: Execution) -> None:
        """Store the outcome of `opportunity`, over an earlier PENDING one."""
        with self._transaction() as connection:
            _put_execution(connection, dump_opportunity(opportunity), execution)

    def update(self, execution: Execution) -> None:
        """Store a newer outcome of an execution that is already here."""
        with self._transaction() as connection:
            _put_execution(connection, None, execution)

    def record(self, opportunity: Opportunity, pending: Execution, attempt: Attempt) -> None:
        """Write `attempt` and its PENDING execution in one transaction, to be called before the bytes leave.

        Raises JournalError when the sender's nonce already has a live attempt.
        """
        with self._transaction() as connection:
            _put_execution(connection, dump_opportunity(opportunity), pending)
            connection.execute(
                insert(tables.attempts).values(
                    hash=attempt.hash,
                    opportunity_id=attempt.opportunity_id,
                    chain_id=str(attempt.chain_id),
                    sender=attempt.sender,
                    nonce=attempt.nonce,
                    raw="0x" + attempt.raw.hex(),
                    max_fee_per_gas=str(attempt.max_fee_per_gas),
                    max_priority_fee_per_gas=str(attempt.max_priority_fee_per_gas),
                    gas_limit=attempt.gas_limit,
                    state=AttemptState.RECORDED.value,
                    note="",
                    updated_at=_now(),
                )
            )

    def mark(self, transaction_hash: str, state: AttemptState, note: str = "") -> None:
        """Move an attempt on. A final state stays."""
        live = (tables.attempts.c.hash == transaction_hash) & tables.attempts.c.state.in_(tables.LIVE_STATES)
        with self._transaction() as connection:
            connection.execute(
                update(tables.attempts).where(live).values(state=state.value, note=note, updated_at=_now())
            )

    def attempts(self, opportunity_id: str) -> tuple[StoredAttempt, ...]:
        """All attempts for an opportunity, by nonce."""
        return self._attempts(tables.attempts.c.opportunity_id == opportunity_id)

    def live_attempts(self, sender: Address | None = None) -> tuple[StoredAttempt, ...]:
        """Attempts whose fate is open, by nonce; of one sender or of all."""
        live = tables.attempts.c.state.in_(tables.LIVE_STATES)
        return self._attempts(live if sender is None else live & (tables.attempts.c.sender == sender))

    def counts(self) -> dict[str, int]:
        """How many executions stand in each status."""
        query = select(tables.executions.c.status, func.count()).group_by(tables.executions.c.status)
        with self._transaction() as connection:
            return {status: count for status, count in connection.execute(query)}  # noqa: C416

    def _attempts(self, condition: Any) -> tuple[StoredAttempt, ...]:
        query = (
            select(tables.attempts)
            .where(condition)
            .order_by(tables.attempts.c.sender, tables.attempts.c.nonce)
        )
        with self._transaction() as connection:
            rows = connection.execute(query).mappings().all()
        try:
            return tuple(_stored_attempt(row) for row in rows)
        except (ValueError, TypeError) as error:
            raise self._unreadable("attempt", error) from None

    def _check_version(self, connection: Connection) -> None:
        version = connection.execute(select(tables.network.c.schema_version)).scalar_one_or_none()
        if version not in (None, tables.SCHEMA_VERSION):
            raise JournalError(
                f"{self.path} has journal format {version}, this executor writes {tables.SCHEMA_VERSION}.",
                fix="use the executor version that wrote it, or a new journal folder",
            )

    def _loaded(self, text: str) -> Execution:
        try:
            return load_execution(text)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            raise self._unreadable("execution", error) from None

    def _unreadable(self, what: str, error: Exception) -> JournalError:
        return JournalError(
            f"{self.path} holds an {what} that cannot be read ({type(error).__name__}).",
            fix="restore the file from a copy; do not resend anything by hand",
        )

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError as error:
            raise JournalError(
                f"{self.path} refused the record: {error.orig}.",
                fix="let the live transaction with that nonce end first",
            ) from None
        except SQLAlchemyError as error:
            raise JournalError(
                f"{self.path} cannot be used: {getattr(error, 'orig', None) or error}.",
                fix="check the disk and the file, or give a new journal folder",
            ) from None


def _make_private(path: Path) -> None:
    """The file for its owner alone, as its -wal and -shm then are too: it holds signed transactions that may
    not be out yet.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise JournalError(
            f"the journal {path} cannot be opened: {error.strerror}.",
            fix="set `journal` to a folder that this user may write to",
        ) from None


def _engine(path: Path) -> Engine:
    # Built from parts: in a URL a "?" or "%" of the path would name another file.
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, hide_parameters=True)
    listen: Callable[..., Any] = event.listens_for(engine, "connect")
    listen(_configure)
    return engine


def _configure(connection: Any, _: object) -> None:
    """WAL with a full sync at each commit: a returned commit is on the disk."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _put_execution(connection: Connection, opportunity: str | None, execution: Execution) -> None:
    values = {"status": execution.status.value, "result": dump_execution(execution), "updated_at": _now()}
    mine = tables.executions.c.opportunity_id == execution.opportunity_id
    if connection.execute(update(tables.executions).where(mine).values(**values)).rowcount == 0:
        connection.execute(
            insert(tables.executions).values(
                opportunity_id=execution.opportunity_id, opportunity=opportunity or "{}", **values
            )
        )


def _stored_attempt(row: Any) -> StoredAttempt:
    attempt = Attempt(
        opportunity_id=row["opportunity_id"],
        chain_id=int(row["chain_id"]),
        sender=Address(row["sender"]),
        nonce=row["nonce"],
        hash=row["hash"],
        raw=bytes.fromhex(row["raw"][2:]),
        max_fee_per_gas=int(row["max_fee_per_gas"]),
        max_priority_fee_per_gas=int(row["max_priority_fee_per_gas"]),
        gas_limit=row["gas_limit"],
    )
    return StoredAttempt(attempt, AttemptState(row["state"]))


def _now() -> int:
    return int(time.time())
