"""An executor whose work another has taken over begins nothing more, tells what it had begun as it stands,
and hears how the other ended it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from executor.domain.execution import Execution, Status
from executor.engine import house as house_module
from executor.engine import works as works_module
from executor.engine.executor import Executor
from executor.journal.codec import dump_execution
from executor.journal.record import FILE_NAME
from tests.support.pairs import crossing, mine_in_time, on_demand, record_of, until, waiting
from tests.support.trading import OPERATOR, Trading

__all__ = ["on_demand"]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(works_module, "ELSEWHERE_SECONDS", 0.1)
    monkeypatch.setattr(house_module, "TAKE_OVER_SECONDS", 0.1)
    yield


def change(trading: Trading, statement: str, *values: Any) -> None:
    """What another process writes into the record."""
    with (
        closing(sqlite3.connect(trading.folder / "journal" / FILE_NAME, timeout=5)) as connection,
        connection,
    ):
        assert connection.execute(statement, values).rowcount == 1


def give(trading: Trading, opportunity_id: str, executor_id: str) -> None:
    change(
        trading,
        "UPDATE executions SET executor_id = ? WHERE opportunity_id = ?",
        executor_id,
        opportunity_id,
    )


async def out(executor: Executor, trading: Trading) -> asyncio.Task[Execution]:
    """An opportunity whose transaction waits in the pool."""
    task = asyncio.create_task(executor.execute(crossing(0)))
    await until(lambda: waiting(trading.node, OPERATOR) or task.done())
    assert not task.done(), task.result().reasons
    return task


async def stuck(executor: Executor, trading: Trading) -> asyncio.Task[Execution]:
    """One that waits for the pools of the one that is out."""
    task = asyncio.create_task(executor.execute(crossing(0, "again")))
    with record_of(trading) as record:
        await until(lambda: record.stored("again"))
    await asyncio.sleep(0.5)
    assert not task.done()
    return task


def codes(execution: Execution) -> list[str]:
    return [reason.code for reason in execution.reasons]


async def test_who_was_taken_over_takes_nothing_in_and_tells_what_it_had_begun_as_it_stands(
    on_demand: Trading,
) -> None:
    trading = on_demand
    async with Executor(trading.settings()) as executor:
        begun = await out(executor, trading)
        telling = asyncio.create_task(executor.until_fenced())
        change(trading, "UPDATE executor_slots SET epoch = epoch + 1")
        assert codes(await executor.execute(crossing(1))) == ["fenced"], "it is seen before the send"
        pending = await asyncio.wait_for(begun, 5)
        assert (pending.status, codes(pending)) == (Status.PENDING, ["fenced"])
        refused = await executor.execute(crossing(2))
        assert (refused.status, codes(refused)) == (Status.FAILED, ["fenced"])
        assert "has taken over" in (await asyncio.wait_for(telling, 1)).message
        asked_again = await executor.execute(crossing(0))
        assert (asked_again.status, codes(asked_again)) == (Status.PENDING, ["fenced"])
        assert asked_again.transaction_hashes == pending.transaction_hashes != ()
        change(trading, "UPDATE executions SET result = '?' WHERE opportunity_id = 'pair-0'")
        unreadable = await executor.execute(crossing(0))
        assert (unreadable.status, codes(unreadable)) == (Status.PENDING, ["fenced", "journal_error"])
    with record_of(trading) as record:
        assert record.stored("pair-2") is None
    assert len(waiting(trading.node, OPERATOR)) == 1


async def waiting_for_what_was_taken(executor: Executor, trading: Trading) -> asyncio.Task[Execution]:
    """An opportunity that waited for the pools of another, and was taken over before it had its turn."""
    first = await out(executor, trading)
    second = await stuck(executor, trading)
    give(trading, "again", "executor-2")
    mine_in_time(trading.node)
    assert (await first).status is Status.REALISED
    await asyncio.sleep(0.5)
    return second


async def test_what_another_has_taken_over_and_ended_is_heard_of_and_forgotten(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(trading.settings()) as executor:
        second = await waiting_for_what_was_taken(executor, trading)
        works = executor._chains["ethereum"]
        assert isinstance(works, works_module.Works)
        assert set(works._running) == {"again"}
        ended = Execution("again", "ethereum", Status.DECLINED)
        change(
            trading,
            "UPDATE executions SET status = 'declined', result = ? WHERE opportunity_id = 'again'",
            dump_execution(ended),
        )
        assert (await asyncio.wait_for(second, 5)).status is Status.DECLINED
        await until(lambda: not works._running, 5)


async def test_what_another_had_for_a_while_is_looked_at_anew_when_it_comes_back(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(trading.settings()) as executor:
        second = await waiting_for_what_was_taken(executor, trading)
        assert not second.done()
        give(trading, "again", "executor-1")
        assert (await asyncio.wait_for(second, 20)).status is Status.DECLINED
    with record_of(trading) as record:
        assert record.unfinished() == ()


async def test_who_was_halted_ends_nothing_of_what_the_same_executor_began_elsewhere_meanwhile(
    on_demand: Trading,
) -> None:
    trading = on_demand
    async with Executor(trading.settings()) as executor:
        first = await out(executor, trading)
        second = await stuck(executor, trading)
        change(trading, "UPDATE executor_slots SET epoch = epoch + 1")
        mine_in_time(trading.node)
        told = await asyncio.wait_for(second, 10)
        assert (told.status, codes(told)) == (Status.ACCEPTED, ["fenced"])
        await first
    with record_of(trading) as record:
        (left,) = record.unfinished("executor-1")
        assert left.execution.opportunity_id == "again"
        with record.database.reading() as connection:
            holders = connection.exec_driver_sql("SELECT opportunity_id FROM slots_in_use").scalars().all()
    assert list(holders) == ["again"]
