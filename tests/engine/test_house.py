"""What all chains of an executor share: what a dead one has left is noticed and taken once, and who was given
up for dead is told."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from executor.config.settings import Settings
from executor.domain.errors import JournalError
from executor.domain.execution import Status
from executor.domain.intent import IntentState
from executor.engine.durable.port import FencedError, Json, Steps
from executor.engine.durable.slots import Slots
from executor.engine.house import House
from executor.journal.record import FILE_NAME, Database, Record
from tests.support.pairs import until
from tests.support.records import execution, opened, opened_trade, opportunity, record_in


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


@asynccontextmanager
async def opened_house(file: Path) -> AsyncIterator[tuple[House, list[str]]]:
    """The house of executor-1, and the chains that it went on with."""
    chains = {"ethereum": {"rpc_url": "http://127.0.0.1:1"}}
    settings = Settings.from_mapping({"journal": str(file.parent), "chains": chains})
    gone_on: list[str] = []

    async def work(steps: Steps, work_id: str, order: Json) -> Json:
        raise AssertionError("no work is made here")

    async def left(name: str) -> None:
        gone_on.append(name)

    house = House(settings, work, left)
    try:
        await house.means("ethereum", None)
        yield house, gone_on
    finally:
        await house.close()


def ended_unmined(file: Path, executor_id: str) -> None:
    """That executor's only opportunity has ended, and its transaction may be mined after all."""
    with opened(file) as database:
        record = record_in(database, executor_id)
        intent = opened_trade(record)
        record.mark_intent(intent.intent_id, IntentState.DROPPED)
        record.update(execution(status=Status.FAILED))


def owners(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {row[0] for row in connection.execute("SELECT executor_id FROM intents")}


def raise_epoch(file: Path, executor_id: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT OR IGNORE INTO executor_slots VALUES (?, 0)", (executor_id,))
        connection.execute(
            "UPDATE executor_slots SET epoch = epoch + 1 WHERE executor_id = ?", (executor_id,)
        )


async def test_what_a_dead_one_ended_so_lately_that_it_may_be_mined_is_left_by_it(file: Path) -> None:
    ended_unmined(file, "executor-9")
    async with opened_house(file) as (house, gone_on):
        raise_epoch(file, "executor-9")
        assert not house.left_by("executor-9", rests=True)
        house.take("executor-9", 1, rests=True)
        assert owners(file) == {"executor-9"}, "started again, it tries that again itself"
        assert house.left_by("executor-9", rests=False)
        house.take("executor-9", 1, rests=False)
        assert owners(file) == {"executor-1"}
        assert not house.left_by("executor-9", rests=False)
        await until(lambda: gone_on == ["ethereum"], 10)


async def test_what_belongs_to_one_that_was_started_again_is_left_to_it(file: Path) -> None:
    ended_unmined(file, "executor-9")
    async with opened_house(file) as (house, _):
        raise_epoch(file, "executor-9")
        raise_epoch(file, "executor-9")
        house.take("executor-9", 1, rests=False)
        assert owners(file) == {"executor-9"}


async def test_what_ended_lately_is_gone_on_with_once_after_a_start(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.engine.house.TAKE_OVER_SECONDS", 0.02)
    ended_unmined(file, "executor-1")
    async with opened_house(file) as (_, gone_on):
        await until(lambda: gone_on, 10)
        await asyncio.sleep(0.2)
        assert gone_on == ["ethereum"]


async def test_what_was_held_for_what_has_ended_is_free_after_a_start(file: Path) -> None:
    with opened(file) as database:
        record_in(database).accept(opportunity(), slots=1)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE executions SET status = 'declined'")
    async with opened_house(file):
        pass
    with opened(file) as database:
        assert record_in(database).accept(opportunity("seen-2"), slots=1).slot == 0


async def test_a_database_that_fails_while_it_is_opened_is_closed_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Record) -> int:
        raise JournalError("the disk is full.", fix="make room")

    with monkeypatch.context() as patch:
        patch.setattr(Record, "free_ended", refuse)
        with pytest.raises(JournalError, match="full"):
            async with opened_house(file):
                pass
    async with opened_house(file) as (house, _):
        house.require_owner()


@pytest.mark.parametrize("step", ["the record", "the engine"])
async def test_a_house_whose_opening_is_given_up_leaves_nothing_open(
    file: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: dict[str, tuple[type, str]] = {
        "the record": (Database, "open"),
        "the engine": (Slots, "take"),
    }
    place, name = steps[step]
    does, begun, done = getattr(place, name), threading.Event(), threading.Event()

    def slowly(*arguments: Any) -> Any:
        begun.set()
        time.sleep(0.2)
        try:
            return does(*arguments)
        finally:
            done.set()

    with monkeypatch.context() as patch:
        patch.setattr(place, name, slowly)
        opening = asyncio.create_task(opened_house(file).__aenter__())
        await asyncio.to_thread(begun.wait)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await asyncio.to_thread(done.wait)
        await asyncio.sleep(0.1)
    async with opened_house(file) as (house, _):
        house.require_owner()


async def test_who_closes_a_house_that_is_being_opened_leaves_nothing_open(file: Path) -> None:
    async with opened_house(file) as (house, _):
        await house.close()
        opening = asyncio.create_task(house.means("ethereum", None))
        await asyncio.sleep(0)
        await house.close()
        await opening
        async with opened_house(file) as (another, _):
            another.require_owner()


async def test_who_was_taken_over_is_told_and_knows_from_then_on(file: Path) -> None:
    async with opened_house(file) as (house, _):
        telling = asyncio.create_task(house.until_fenced())
        fence = (await house.means("ethereum", None)).fence
        await fence()
        house.require_owner()
        raise_epoch(file, "executor-1")
        with pytest.raises(FencedError):
            await fence()
        with pytest.raises(FencedError, match="taken over the works of executor-1"):
            house.require_owner()
        await asyncio.wait_for(telling, 1)
    async with opened_house(file) as (house, _):
        house.require_owner()
