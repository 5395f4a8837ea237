"""However much has been recorded, what a transaction waits for is found by an index."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from executor.domain.execution import Status
from executor.domain.intent import HOLDS_NONCE, OPEN, AttemptState, Block, IntentState
from executor.journal.database import Database
from executor.journal.record import Record
from executor.journal.schema import HOLDING, LOST, UNFINISHED, WATCHED
from tests.support.records import (
    OPERATOR,
    execution,
    fill,
    opened,
    opened_trade,
    record_in,
    signing,
)

OF_FEW_ROWS = {"intents_watched", "executions_unfinished"}
"""Indices over what is under way: to look through all of it is cheap."""


@pytest.fixture
def record(path: Path) -> Iterator[Record]:
    with opened(path) as database:
        yield record_in(database)


@contextmanager
def watched(database: Database) -> Iterator[list[str]]:
    """The plans of all queries within the block, line by line, whichever way they go to SQLite."""
    plans: list[str] = []

    class Explaining(sqlite3.Connection):
        def execute(self, statement: str, parameters: Any = (), /) -> sqlite3.Cursor:
            self.explain(statement, parameters)
            return super().execute(statement, parameters)

        def explain(self, statement: str, parameters: Any) -> None:
            if re.match("SELECT|UPDATE|DELETE", statement):
                found = super().execute("EXPLAIN QUERY PLAN " + statement, parameters)
                plans.extend(row[-1] for row in found)

    def connect(_: object, __: object, ___: object, options: dict[str, Any]) -> None:
        options["factory"] = Explaining

    def explain(connection: Any, _: object, statement: str, parameters: Any, *__: object) -> None:
        connection.connection.dbapi_connection.explain(statement, parameters)

    event.listen(database.engine, "do_connect", connect)
    event.listen(database.engine, "before_cursor_execute", explain)
    database.engine.dispose()
    yield plans


def test_no_query_on_the_way_of_a_transaction_reads_the_history(record: Record) -> None:
    with watched(record.database) as plans:
        intent = opened_trade(record)
        record.open_intent(fill(7), 0, signing(""), pending=None)
        sent = intent.attempts[0].attempt.hash
        record.mark_attempt(sent, AttemptState.SENT)
        record.mark_intent(intent.intent_id, IntentState.MINED, winner=sent, block=Block(1, "0x01"))
        record.in_flight(OPERATOR)
        record.reached(OPERATOR)
        record.open_intents(sender=OPERATOR, executor_id="executor-1")
        record.intent_of(sent)
        record.intents_of("seen-1")
        record.unfinished("executor-1")
        record.unfinished()
        record.is_busy("executor-1")
        record.claim("seen-1", ["pool"])
        record.adopt("executor-2")
        record.update(execution(status=Status.REALISED))
    touched = [line for line in plans if re.search(r"\b(intents|next|executions|attempts)\b", line)]
    assert len(touched) > 20
    for line in touched:
        assert line.startswith("SEARCH"), line
        index = re.search(r"INDEX (\w+) \(chain=\?\)", line)
        assert index is None or index[1] in OF_FEW_ROWS, line


def test_the_indices_are_over_the_states_that_the_domain_means() -> None:
    assert {str(constant) for constant in HOLDING} == {f"'{state.value}'" for state in HOLDS_NONCE}
    assert {str(constant) for constant in WATCHED} == {f"'{state.value}'" for state in OPEN}
    assert {str(constant) for constant in LOST} == {f"'{IntentState.SUPERSEDED.value}'"}
    unfinished = {f"'{status.value}'" for status in Status if not status.is_final}
    assert {str(constant) for constant in UNFINISHED} == unfinished
