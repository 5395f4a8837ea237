"""Who holds a slot, and who is dead: also where two are at it at once, or the database fails halfway."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from executor.engine.durable import beats
from executor.engine.durable.slots import Slots, stands
from tests.support.postgres import new_database

_numbers = count(1)


@pytest.fixture(scope="module")
def server(postgres_server: URL) -> Iterator[Engine]:
    """A PostgreSQL database for all of these, each of which uses slots of its own."""
    with new_database(postgres_server, f"slots_{os.getpid()}") as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def name() -> str:
    return f"executor-{next(_numbers)}"


@pytest.fixture
def slots(server: Engine) -> Slots:
    return Slots(server, None)


def advisory_locks(server: Engine) -> int:
    with server.connect() as connection:
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        its = " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        return int(connection.execute(text(query + its)).scalar_one())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_each_taking_has_the_next_epoch(
    kind: str, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        file = tmp_path / "executor.sqlite3"
        engine = create_engine(f"sqlite:///{file}")
        made = Slots(engine, file)
    else:
        engine, made = request.getfixturevalue("server"), request.getfixturevalue("slots")
    for epoch in (1, 2, 3):
        lock, raised = made.take(name)
        lock.release()
        assert (raised, made.epoch(name)) == (epoch, epoch)
    with engine.connect() as connection:
        assert stands(name, 3)(connection)
        assert not stands(name, 2)(connection)
    if kind == "sqlite":
        engine.dispose()


def test_two_that_raise_an_epoch_at_once_have_two(server: Engine, slots: Slots, name: str) -> None:
    slots.take(name)[0].release()
    with ThreadPoolExecutor() as threads:
        with server.begin() as connection:
            mine = {"name": name}
            connection.execute(
                text("UPDATE executor_slots SET epoch = epoch + 1 WHERE executor_id = :name"), mine
            )
            taking = threads.submit(slots.take, name)
            time.sleep(0.2)
        lock, epoch = taking.result()
    lock.release()
    assert (epoch, slots.epoch(name)) == (3, 3)


def test_one_that_hangs_before_it_says_anything_is_taken_over(
    server: Engine, slots: Slots, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beats, "LEASE_SECONDS", 0.2)
    lock, epoch = slots.take(name)
    watching = Slots(server, None)
    assert watching.take_dead(name) is None
    time.sleep(0.3)
    taken = watching.take_dead(name)
    assert taken is not None
    assert taken[1] == slots.epoch(name) == epoch + 1
    lock.release()


def test_one_that_ended_in_order_rests_until_it_is_started_again_or_stays_away(
    slots: Slots, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        slots.take(name)[0].release()
        assert not slots.rests(name), "it has not ended in order"
        slots.ended(name)
        assert slots.rests(name)
    monkeypatch.setattr(beats, "RESTART_SECONDS", 0)
    assert not slots.rests(name)


def test_a_halted_one_that_is_started_again_meanwhile_keeps_what_it_has(
    server: Engine, slots: Slots, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beats, "LEASE_SECONDS", 0.0)
    lock, _ = slots.take(name)
    taken = Slots(server, None).take_dead(name)
    assert taken is not None
    lock.release()
    slots.take(name)[0].release()
    with server.connect() as connection:
        assert not stands(name, taken[1])(connection)


def test_nobody_starts_a_slot_again_while_its_work_is_adopted(
    server: Engine, slots: Slots, name: str
) -> None:
    lock, epoch = slots.take(name)
    lock.release()
    with ThreadPoolExecutor() as threads:
        with server.begin() as connection:
            assert stands(name, epoch)(connection)
            taking = threads.submit(slots.take, name)
            time.sleep(0.2)
            assert not taking.done()
        taking.result()[0].release()


WAYS: dict[str, Callable[[Slots, str], object]] = {
    "to start": lambda slots, name: slots.take(name),
    "to take over": lambda slots, name: slots.take_dead(name),
    "to go on": lambda slots, name: slots.retake(name, 1),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_an_error_after_a_lock_was_taken_gives_it_back(
    server: Engine,
    slots: Slots,
    name: str,
    way: Callable[[Slots, str], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else nobody would get it until this process ends."""
    monkeypatch.setattr(beats, "ALIVE_SECONDS", 0)
    slots.take(name)[0].release()
    with server.begin() as connection:
        connection.execute(text("ALTER TABLE executor_slots RENAME COLUMN epoch TO gone"))
    try:
        with pytest.raises(SQLAlchemyError, match="epoch"):
            way(slots, name)
    finally:
        with server.begin() as connection:
            connection.execute(text("ALTER TABLE executor_slots RENAME COLUMN gone TO epoch"))
    assert advisory_locks(server) == 0
