"""Several executors on one record have the same breakers, whoever of them asks or loses in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from executor.config.sending import BreakerSettings
from executor.engine.breakers import BreakerOpenError, Breakers
from executor.journal.record import Database, Record
from executor.policy.breaker import Breaker, BreakerRules, BreakerState
from tests.support.records import opened, record_in

SETTINGS = BreakerSettings(losses=3, rest_seconds=60)
KEYS = ("chain:ethereum", "route:ethereum:a-b")


class SlowRecord(Record):
    """After the first look at its breakers another executor does something, before this one goes on."""

    meanwhile: list[Callable[[], None]]

    def breakers(self, keys: Sequence[str], rules: BreakerRules | None = None) -> dict[str, Breaker]:
        found = super().breakers(keys, rules)
        while self.meanwhile:
            self.meanwhile.pop()()
        return found


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(tmp_path / "executor.sqlite3") as database:
        yield database


@pytest.fixture
def other(database: Database) -> Breakers:
    return Breakers(record_in(database, "executor-2"), SETTINGS)


def slow(database: Database, *meanwhile: Callable[[], None]) -> Breakers:
    record = SlowRecord(database, "ethereum", "executor-1")
    record.anchor()
    record.meanwhile = list(meanwhile)
    return Breakers(record, SETTINGS)


def standing(database: Database) -> list[Breaker]:
    return list(record_in(database).breakers(KEYS, BreakerRules(3, 60, 3600)).values())


def test_one_of_two_that_ask_at_once_tries(database: Database, other: Breakers) -> None:
    for _ in range(3):
        other.lost(KEYS, 1_000)
    with pytest.raises(BreakerOpenError):
        other.require_closed(KEYS, 1_059)
    asking = slow(database, lambda: other.require_closed(KEYS, 1_060))
    with pytest.raises(BreakerOpenError, match="chain:ethereum is open"):
        asking.require_closed(KEYS, 1_060)
    assert {breaker.state for breaker in standing(database)} == {BreakerState.TRIAL}


def test_a_trial_that_one_breaker_refuses_is_none_for_the_others(database: Database, other: Breakers) -> None:
    for _ in range(3):
        other.lost(KEYS, 1_000)
    other.lost(KEYS[1:], 1_030)
    asking = slow(database)
    with pytest.raises(BreakerOpenError, match="route"):
        asking.require_closed(KEYS, 1_060)
    assert {breaker.state for breaker in standing(database)} == {BreakerState.OPEN}


def test_a_loss_between_a_look_and_a_success_is_forgiven_with_the_others(
    database: Database, other: Breakers
) -> None:
    other.lost(KEYS, 1_000)
    slow(database, lambda: other.lost(KEYS, 1_001)).succeeded(KEYS)
    assert {breaker.losses for breaker in standing(database)} == {0}


def test_what_nobody_understands_opens_at_once(database: Database, other: Breakers) -> None:
    other.open_at_once(KEYS, 1_000)
    with pytest.raises(BreakerOpenError):
        slow(database).require_closed(KEYS, 1_000)
    other.succeeded(())
    other.lost((), 1_000)
    assert {breaker.state for breaker in standing(database)} == {BreakerState.OPEN}
