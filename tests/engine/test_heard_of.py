"""Whoever follows an opportunity hears of a move of its transaction, and does not ask again and again."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from executor.domain.execution import Status
from executor.domain.intent import Intent
from executor.engine import follower
from executor.engine.executor import Executor
from executor.journal.record import FILE_NAME, Record
from tests.support.pairs import crossing, mine_in_time, on_demand, until, waiting
from tests.support.trading import OPERATOR, Trading

__all__ = ["on_demand"]


def work_of(trading: Trading) -> str:
    """How the opportunity's durable work stands."""
    with closing(sqlite3.connect(trading.folder / "journal" / FILE_NAME)) as connection:
        ((status,),) = connection.execute("SELECT status FROM workflow_status").fetchall()
    return str(status)


async def test_that_a_result_is_final_is_heard_of_at_once_and_asked_for_never(
    on_demand: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "ELSEWHERE_SECONDS", 1000)
    trading, node = on_demand, on_demand.node
    asked: list[int] = []
    intent = Record.intent

    def counted(self: Record, number: int) -> Intent:
        asked.append(number)
        return intent(self, number)

    async with Executor(trading.settings(lanes={"finality_blocks": 3})) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await until(lambda: waiting(node, OPERATOR))
        mine_in_time(node)
        assert (await task).status is Status.REALISED
        await asyncio.sleep(0.2)
        monkeypatch.setattr(Record, "intent", counted)
        await asyncio.sleep(0.5)
        assert asked == []
        assert work_of(trading) == "PENDING"
        mine_in_time(node, 2)
        await until(lambda: work_of(trading) == "SUCCESS", 3)
