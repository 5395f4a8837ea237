"""Who may trade now: places, and what each trade needs for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from executor.domain.execution import Execution, Status
from executor.domain.opportunity import Opportunity
from executor.engine.turnstile import BusyError, Turnstile
from executor.journal.anchor import Anchor
from executor.journal.record import Database, Record
from executor.submission.clock import SystemClock


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    database = Database.open(tmp_path / "executor.sqlite3")
    record = Record(database, "ethereum", "executor-1")
    record.tie(Anchor(1, 0, "0x" + "11" * 32, True))
    yield record
    database.close()


def turnstile(record: Record, *, places: int = 2, seconds: float = 5) -> Turnstile:
    return Turnstile(record, SystemClock(), places=places, seconds=seconds)


def accepted(record: Record, *names: str, places: int = 9) -> None:
    for name in names:
        record.accept(Opportunity(name, "ethereum"), slots=places)


async def test_what_is_free_is_taken_at_once(record: Record) -> None:
    accepted(record, "first")
    assert await turnstile(record).claim("first", {"pool:a", "pool:b"})


async def test_a_trade_on_a_pool_of_another_waits_until_that_one_ends(record: Record) -> None:
    accepted(record, "first", "second")
    gate = turnstile(record)
    await gate.claim("first", {"pool:a", "pool:b"})
    waiting = asyncio.create_task(gate.claim("second", {"pool:b", "pool:c"}))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    record.update(Execution("first", "ethereum", Status.DECLINED))
    gate.freed()
    assert await waiting is False, "it waited, so it must look at the market again"


async def test_trades_on_other_pools_do_not_wait(record: Record) -> None:
    accepted(record, "first", "second")
    gate = turnstile(record)
    assert await gate.claim("first", {"pool:a"})
    assert await gate.claim("second", {"pool:b"})


async def test_two_that_want_what_the_other_has_never_block_each_other(record: Record) -> None:
    accepted(record, "first", "second")
    gate = turnstile(record)
    await gate.claim("first", {"pool:a"})
    await gate.claim("second", {"pool:b"})
    crossed = asyncio.create_task(gate.claim("first", {"pool:a", "pool:b"}))
    await asyncio.sleep(0.1)
    assert await gate.claim("second", {"pool:a", "pool:b"}), "the one that waits holds nothing"
    record.update(Execution("second", "ethereum", Status.DECLINED))
    gate.freed()
    assert await crossed is False


async def test_waiting_ends_with_what_is_held(record: Record) -> None:
    accepted(record, "first", "second")
    gate = turnstile(record, seconds=0.2)
    await gate.claim("first", {"pool:a"})
    with pytest.raises(BusyError, match="pool:a") as refused:
        await gate.claim("second", {"pool:a"})
    assert refused.value.facts["held"] == ["pool:a"]


async def test_places_are_given_as_they_become_free(record: Record) -> None:
    accepted(record, "first", "second", places=1)
    gate = turnstile(record, places=1)
    waiting = asyncio.create_task(gate.place("second"))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    record.update(Execution("first", "ethereum", Status.DECLINED))
    gate.freed()
    await asyncio.wait_for(waiting, 2)


async def test_another_processs_end_is_noticed_without_being_told(record: Record) -> None:
    accepted(record, "first", "second")
    gate = turnstile(record)
    await gate.claim("first", {"pool:a"})
    waiting = asyncio.create_task(gate.claim("second", {"pool:a"}))
    await asyncio.sleep(0.1)
    record.update(Execution("first", "ethereum", Status.DECLINED))
    assert await asyncio.wait_for(waiting, 2) is False
