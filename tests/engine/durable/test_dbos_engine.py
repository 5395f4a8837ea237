"""Work survives the process: started once, taken up again, by its own executor or by another, on both
databases.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from executor.engine.durable import beats
from executor.engine.durable.dbos_engine import DbosEngine
from executor.engine.durable.port import (
    DurableError,
    FencedError,
    Json,
    SlotTakenError,
    Steps,
    Work,
    WorkState,
    require_json,
)
from executor.engine.durable.slots import Slots
from tests.support.pairs import until
from tests.support.postgres import new_database

ROOT = Path(__file__).parents[3]
WORKER = Path(__file__).parent / "worker.py"
PATIENCE = 30
_numbers = count(1)


@pytest.fixture
def postgres(postgres_server: URL) -> URL:
    return postgres_server


@contextmanager
def fresh(server: URL) -> Iterator[str]:
    """The URL of an empty database."""
    with new_database(server, f"engine_{os.getpid()}_{next(_numbers)}") as database:
        yield database.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'engine.sqlite3'}"
        return
    with fresh(request.getfixturevalue("postgres")) as database:
        yield database


@asynccontextmanager
async def opened(
    url: str, works: dict[str, Work], executor_id: str = "executor-1"
) -> AsyncIterator[DbosEngine]:
    engine = await DbosEngine.open(url, executor_id, works)
    try:
        yield engine
    finally:
        await engine.close()


async def echo(steps: Steps, work_id: str, order: Json) -> Json:
    async def answer() -> Json:
        return order

    return await steps.do("echo", answer)


async def fails(steps: Steps, work_id: str, order: Json) -> Json:
    raise ValueError("no liquidity")


async def waits(steps: Steps, work_id: str, order: Json) -> Json:
    return await steps.receive("filled", 20)


async def test_a_work_ends_with_its_result_and_amounts_stay_exact(url: str) -> None:
    async with opened(url, {"echo": echo}) as engine:
        order: Json = {"amount": 2**255 + 1, "path": ["WETH", None, True]}
        assert await engine.start("echo", "one", order)
        assert await engine.result("one") == order
        assert await engine.state("one") is WorkState.DONE


async def test_an_id_starts_once_before_and_after_its_work_has_ended(url: str) -> None:
    runs = []

    async def counts(steps: Steps, work_id: str, order: Json) -> Json:
        runs.append(order)
        return await steps.receive("go on", 20)

    async with opened(url, {"counts": counts}) as engine:
        assert await engine.start("counts", "one", 1)
        assert not await engine.start("counts", "one", 2)
        await engine.send("one", "go on", "now")
        assert await engine.result("one") == "now"
        assert not await engine.start("counts", "one", 3)
    assert runs == [1]


async def test_a_work_that_fails_says_why(url: str) -> None:
    async with opened(url, {"fails": fails}) as engine:
        await engine.start("fails", "one", None)
        with pytest.raises(DurableError, match="no liquidity"):
            await engine.result("one")
        assert await engine.state("one") is WorkState.FAILED


async def test_a_message_reaches_the_work_that_waits_for_it(url: str) -> None:
    async with opened(url, {"waits": waits}) as engine:
        await engine.start("waits", "one", None)
        await engine.send("one", "filled", {"block": 12})
        assert await engine.result("one") == {"block": 12}


async def test_of_an_unknown_work_nothing_is_told(url: str) -> None:
    async with opened(url, {}) as engine:
        assert await engine.state("nobody") is None


@pytest.mark.parametrize("order", [1.5, b"\x01", {"deep": [0.1]}, {1: "a"}, (1,)])
async def test_what_cannot_be_recorded_exactly_is_refused_before_anything_starts(
    tmp_path: Path, order: Any
) -> None:
    with pytest.raises(TypeError, match="order"):
        require_json(order)
    async with opened(f"sqlite:///{tmp_path / 'engine.sqlite3'}", {"echo": echo}) as engine:
        with pytest.raises(TypeError, match="order"):
            await engine.start("echo", "one", order)
        assert await engine.state("one") is None


async def test_a_process_has_one_engine(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'engine.sqlite3'}"
    async with opened(url, {}):
        with pytest.raises(DurableError, match="open in this process"):
            await DbosEngine.open(url, "executor-2", {})


async def test_a_process_that_was_taken_over_is_fenced(url: str) -> None:
    async with opened(url, {}) as engine:
        await engine.check_owner()
        database = create_engine(url)
        with database.begin() as connection:
            connection.execute(text("UPDATE executor_slots SET epoch = epoch + 1"))
        database.dispose()
        with pytest.raises(FencedError, match="taken over"):
            await engine.check_owner()


async def test_a_process_that_is_fenced_says_so_to_who_opened_it_once(postgres: URL) -> None:
    told: list[str] = []
    with fresh(postgres) as url:
        engine = await DbosEngine.open(url, "executor-1", {}, fenced=lambda: told.append("fenced"))
        try:
            await asyncio.sleep(0.1)
            assert told == []
            database = create_engine(url)
            with database.begin() as connection:
                connection.execute(text("UPDATE executor_slots SET epoch = epoch + 1"))
            database.dispose()
            await until(lambda: told, 10)
            with pytest.raises(FencedError, match="taken over"):
                await engine.check_owner()
        finally:
            await engine.close()
    assert told == ["fenced"]


async def test_no_fault_ends_the_signs_of_life(postgres: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "BEAT_SECONDS", 0.02)
    beat, faults = Slots.beat, [RuntimeError("a fault"), OSError("another")]
    given: list[bool] = []

    def faulty(self: Slots, executor_id: str, epoch: int) -> bool:
        if given and faults:
            raise faults.pop()
        given.append(beat(self, executor_id, epoch))
        return given[-1]

    monkeypatch.setattr(Slots, "beat", faulty)
    with fresh(postgres) as url:
        async with opened(url, {}):
            await until(lambda: len(given) > 3, 10)
    assert faults == []
    assert all(given)


async def test_of_one_that_rests_that_is_told_to_who_adopts_what_it_has_left(
    postgres: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, bool]] = []

    class Leftovers:
        def left_by(self, executor_id: str, *, rests: bool) -> bool:
            asked.append(("left_by", rests))
            return True

        def take(self, executor_id: str, epoch: int, *, rests: bool) -> None:
            asked.append(("take", rests))

    with fresh(postgres) as url:
        async with opened(url, {}) as engine:
            engine._slots.take("executor-2")[0].release()
            engine._slots.ended("executor-2")
            await engine.take_over(Leftovers())
            assert asked == [("left_by", True), ("take", True)]
            monkeypatch.setattr(beats, "RESTART_SECONDS", 0)
            await engine.take_over(Leftovers())
    assert asked[2:] == [("left_by", False), ("take", False)]


async def test_a_launch_that_takes_long_is_no_silence(postgres: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else who has much to take up would be taken over each time that it starts."""
    monkeypatch.setattr(beats, "BEAT_SECONDS", 0.02)
    beat, given, seen = Slots.beat, [], []

    def counted(self: Slots, executor_id: str, epoch: int) -> bool:
        given.append(epoch)
        return beat(self, executor_id, epoch)

    launch = DBOS.launch

    def slow() -> None:
        time.sleep(0.5)
        seen.append(len(given))
        launch()

    monkeypatch.setattr(Slots, "beat", counted)
    monkeypatch.setattr(DBOS, "launch", slow)
    with fresh(postgres) as url:
        async with opened(url, {}):
            assert seen[0] > 3


async def test_a_server_whose_defaults_are_slack_harms_no_commit_and_holds_nothing_up(
    postgres: URL,
) -> None:
    with fresh(postgres) as url:
        name = make_url(url).database
        database = create_engine(url)
        with database.begin() as connection:
            for setting in ("synchronous_commit = off", "statement_timeout = 0"):
                connection.execute(text(f'ALTER DATABASE "{name}" SET {setting}'))
        database.dispose()
        async with opened(url, {}) as engine:
            with engine._engine.connect() as connection:
                shown = [
                    connection.execute(text(f"SHOW {setting}")).scalar_one()
                    for setting in (
                        "synchronous_commit",
                        "statement_timeout",
                        "idle_in_transaction_session_timeout",
                    )
                ]
    assert shown == ["on", "10s", "1min"]


async def test_an_opening_that_is_given_up_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch, launching = DBOS.launch, threading.Event()

    def slow() -> None:
        launching.set()
        time.sleep(0.3)
        launch()

    url = f"sqlite:///{tmp_path / 'engine.sqlite3'}"
    with monkeypatch.context() as patch:
        patch.setattr(DBOS, "launch", slow)
        opening = asyncio.create_task(DbosEngine.open(url, "executor-1", {}))
        await asyncio.to_thread(launching.wait)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    async with opened(url, {}) as engine:
        await engine.check_owner()


async def test_a_database_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "engine.sqlite3").mkdir()
    with pytest.raises(DurableError, match="cannot be used"):
        await DbosEngine.open(f"sqlite:///{tmp_path / 'engine.sqlite3'}", "executor-1", {})


@dataclass
class Worker:
    """A process that carries out works."""

    process: subprocess.Popen[str]

    def says(self, word: str) -> str:
        """The next line that begins with `word`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(word):
                return line.strip()
        raise AssertionError(f"the worker ended before it said {word}")

    def kill(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass
class Shop:
    """One database, a folder for effects, and workers."""

    url: str
    folder: Path
    workers: list[Worker]

    def worker(self, executor_id: str, *ids: str, lease_seconds: float | None = None) -> Worker:
        command = [sys.executable, str(WORKER), self.url, executor_id, str(self.folder), *ids]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        if lease_seconds is not None:
            environment["LEASE_SECONDS"] = str(lease_seconds)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.workers.append(Worker(process))
        return self.workers[-1]

    def effects(self, work_id: str) -> list[str]:
        path = self.folder / work_id
        return path.read_text().splitlines() if path.exists() else []

    def wait_for(self, work_id: str, line: str) -> list[str]:
        until = time.monotonic() + PATIENCE
        while line not in self.effects(work_id):
            assert time.monotonic() < until, f"{work_id} never noted {line!r}: {self.effects(work_id)}"
            time.sleep(0.02)
        return self.effects(work_id)


@contextmanager
def opened_shop(url: str, folder: Path) -> Iterator[Shop]:
    made = Shop(url, folder / "effects", [])
    made.folder.mkdir()
    yield made
    for worker in made.workers:
        worker.kill()


@pytest.fixture
def shop(url: str, tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(url, tmp_path) as made:
        yield made


@pytest.fixture
def many(postgres: URL, tmp_path: Path) -> Iterator[Shop]:
    """On PostgreSQL, which several executors share."""
    with fresh(postgres) as url, opened_shop(url, tmp_path) as made:
        yield made


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Shop]:
    """On a file, which is for one executor."""
    with opened_shop(f"sqlite:///{tmp_path / 'engine.sqlite3'}", tmp_path) as made:
        yield made


def test_a_killed_executor_goes_on_where_it_was_without_repeating_recorded_steps(shop: Shop) -> None:
    shop.worker("executor-1", "one").says("started")
    shop.wait_for("one", "first ends")
    time.sleep(0.4)
    shop.workers[0].kill()
    shop.worker("executor-1")

    assert shop.wait_for("one", "second ends") == [
        "first begins",
        "first ends",
        "second begins",
        "second ends",
    ]


def test_a_step_that_was_cut_short_is_done_again(shop: Shop) -> None:
    shop.worker("executor-1", "one").says("started")
    shop.wait_for("one", "first begins")
    shop.workers[0].kill()
    shop.worker("executor-1")

    assert shop.wait_for("one", "second ends")[:3] == ["first begins", "first begins", "first ends"]


def test_another_executor_takes_up_the_works_of_a_dead_one(many: Shop) -> None:
    other = many.worker("executor-2")
    other.says("ready")
    dying = many.worker("executor-1", "one")
    many.wait_for("one", "first ends")
    time.sleep(0.4)
    dying.kill()

    assert other.says("taken") == "taken 1"
    assert many.wait_for("one", "second ends").count("first begins") == 1


def test_executors_that_lose_their_locks_alive_take_them_again_and_not_each_others_works(many: Shop) -> None:
    """As when the server restarts: each would count the other as dead, and none could send any more. Nor is
    anybody who works for longer than the lease taken for halted.
    """
    names = ("one", "two")
    for number, name in enumerate(names):
        many.worker(f"executor-{number}", name, lease_seconds=1.5).says("started")
    break_locks(many.url)
    for name in names:
        assert many.wait_for(name, "second ends").count("first begins") == 1
    database = create_engine(many.url)
    with database.connect() as connection:
        epochs = connection.execute(text("SELECT epoch FROM executor_slots")).scalars().all()
    database.dispose()
    assert epochs == [1, 1], "their signs of life went on"
    assert all(refused(many.url, f"executor-{number}") for number in range(2))


def break_locks(url: str) -> None:
    """End the sessions that hold locks of slots."""
    database = create_engine(url)
    with database.begin() as connection:
        ended = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        ).all()
    database.dispose()
    assert len(ended) >= 2


def test_a_file_has_one_executor_whatever_its_id_and_the_next_one_takes_up_its_works(alone: Shop) -> None:
    alone.worker("executor-1", "one").says("started")
    alone.wait_for("one", "first ends")
    time.sleep(0.4)
    assert refused(alone.url, "executor-2")
    alone.workers[0].kill()
    other = alone.worker("executor-2")

    assert other.says("taken") == "taken 1"
    assert alone.wait_for("one", "second ends").count("first begins") == 1


def test_two_processes_never_run_under_one_id(shop: Shop) -> None:
    shop.worker("executor-1").says("ready")
    assert refused(shop.url, "executor-1")
    shop.workers[0].kill()
    assert not refused(shop.url, "executor-1")


def refused(url: str, executor_id: str) -> bool:
    """Whether a living process keeps this one out."""

    async def attempt() -> bool:
        try:
            engine = await DbosEngine.open(url, executor_id, {})
        except SlotTakenError:
            return True
        await engine.close()
        return False

    return asyncio.run(attempt())


async def test_what_is_stored_is_json_that_anybody_can_read(tmp_path: Path) -> None:
    path = tmp_path / "engine.sqlite3"
    async with opened(f"sqlite:///{path}", {"echo": echo}) as engine:
        await engine.start("echo", "one", {"opportunity_id": "abc"})
        await engine.result("one")
    database = create_engine(f"sqlite:///{path}")
    with database.connect() as connection:
        formats = connection.execute(text("SELECT serialization FROM workflow_status")).scalars().all()
        inputs = connection.execute(text("SELECT inputs FROM workflow_input")).scalars().all()
        outputs = connection.execute(text("SELECT output FROM workflow_output")).scalars().all()
    database.dispose()
    assert formats == ["portable_json"]
    assert json.loads(inputs[0])["positionalArgs"] == ["echo", "one", {"opportunity_id": "abc"}]
    assert [json.loads(output) for output in outputs] == [{"opportunity_id": "abc"}]


async def test_an_error_stream_that_was_closed_since_the_first_opening_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'works.sqlite3'}"
    logging.getLogger("dbos").handlers.clear()
    with monkeypatch.context() as patch:
        stream = (tmp_path / "errors").open("w")
        patch.setattr(sys, "stderr", stream)
        async with opened(url, {}):
            pass
        stream.close()
    async with opened(url, {}) as engine:
        await engine.check_owner()


async def test_an_engine_that_was_closed_leaves_the_loop_its_threads(tmp_path: Path) -> None:
    for _ in range(2):
        engine = await DbosEngine.open(f"sqlite:///{tmp_path / 'works.sqlite3'}", "executor-1", {})
        await engine.close()
        assert await asyncio.to_thread(lambda: 7) == 7


async def test_an_engine_that_closes_leaves_a_running_work_to_the_next_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path / 'works.sqlite3'}"
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def waits(steps: Steps, work_id: str, order: Json) -> Json:
        async def wait() -> Json:
            begun.set()
            await may_end.wait()
            return "ended"

        return await steps.do("wait", wait)

    engine = await DbosEngine.open(url, "executor-1", {"waits": waits})
    await engine.start("waits", "first", {})
    await begun.wait()
    await engine.close()
    assert not caplog.records, "a close is no fault"
    may_end.set()
    engine = await DbosEngine.open(url, "executor-1", {"waits": waits})
    assert await asyncio.wait_for(engine.result("first"), 20) == "ended"
    await engine.close()
