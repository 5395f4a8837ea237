"""Reading what was recorded of opportunities on all chains, for reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from executor.domain.errors import JournalError
from executor.domain.execution import Execution, Status
from executor.journal.codec import load_execution
from executor.journal.database import Database
from executor.journal.schema import executions

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Sought:
    """Which opportunities: of one chain, of one id, in one status; taken in from `since` on and before
    `until` (Unix seconds). None: all.
    """

    chain: str | None = None
    opportunity_id: str | None = None
    status: Status | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An execution, and when its opportunity was taken in (Unix seconds)."""

    execution: Execution
    accepted_at: int


def recorded(database: Database, sought: Sought) -> Iterator[list[Recorded]]:
    """The executions, the oldest first, in pages. Raises JournalError."""
    last: tuple[int, str, str] = (-1, "", "")
    while True:
        with database.reading() as connection:
            rows = connection.execute(_page(sought, last)).mappings().all()
        if not rows:
            return
        yield [_decoded(database, row) for row in rows]
        if len(rows) < _PAGE:
            return
        last = (rows[-1]["accepted_at"], rows[-1]["chain"], rows[-1]["opportunity_id"])


def _page(sought: Sought, last: tuple[int, str, str]) -> Any:
    accepted, chain, opportunity = (
        executions.c.accepted_at,
        executions.c.chain,
        executions.c.opportunity_id,
    )
    later = or_(
        accepted > last[0],
        and_(accepted == last[0], chain > last[1]),
        and_(accepted == last[0], chain == last[1], opportunity > last[2]),
    )
    query = select(executions).where(later, _condition(sought))
    return query.order_by(accepted, chain, opportunity).limit(_PAGE)


def _condition(sought: Sought) -> ColumnElement[bool]:
    status = None if sought.status is None else sought.status.value
    condition: ColumnElement[bool] = executions.c.accepted_at >= (sought.since or 0)
    for column, value in (
        (executions.c.chain, sought.chain),
        (executions.c.opportunity_id, sought.opportunity_id),
        (executions.c.status, status),
    ):
        if value is not None:
            condition &= column == value
    if sought.until is not None:
        condition &= executions.c.accepted_at < sought.until
    return condition


def _decoded(database: Database, row: Any) -> Recorded:
    try:
        return Recorded(load_execution(row["result"]), row["accepted_at"])
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise JournalError(
            f"{database.name} holds an execution that cannot be read ({type(error).__name__}).",
            fix="restore it from a copy",
            opportunity_id=row["opportunity_id"],
        ) from None
