"""Stop flags and breakers outlive the process that set them."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from executor.domain.errors import JournalError
from executor.journal.anchor import Anchor
from executor.journal.database import Database
from executor.journal.flags import lift_stop, set_stop, stop_flags
from executor.journal.record import Record
from executor.policy.breaker import Breaker, BreakerRules, BreakerState
from tests.support.records import record_in


@pytest.fixture
def base(database: Database) -> Record:
    record = Record(database, "base", "executor-1")
    record.tie(Anchor(8453, 1, "0x" + "cd" * 32, is_local=False))
    return record


def test_a_stop_of_one_chain_stops_that_one(database: Database, record: Record, base: Record) -> None:
    assert record.stop_flag() is None
    set_stop(database, "ethereum", "the node lies")
    flag = record.stop_flag()
    assert flag is not None
    assert (flag.chain, flag.because) == ("ethereum", "the node lies")
    assert flag.set_at > 1_600_000_000
    assert base.stop_flag() is None


def test_a_stop_of_all_chains_stops_each(database: Database, record: Record, base: Record) -> None:
    set_stop(database, None, "by hand")
    for one in (record, base):
        flag = one.stop_flag()
        assert flag is not None
        assert flag.chain is None


def test_lifting_the_stop_of_all_leaves_the_stop_of_one(
    database: Database, record: Record, base: Record
) -> None:
    set_stop(database, None, "by hand")
    set_stop(database, "ethereum", "the node lies")
    assert [flag.chain for flag in stop_flags(database)] == [None, "ethereum"]
    assert lift_stop(database, None)
    assert not lift_stop(database, None)
    assert base.stop_flag() is None
    assert record.stop_flag() is not None
    assert lift_stop(database, "ethereum")
    assert record.stop_flag() is None


def test_a_stop_that_stands_keeps_its_time_and_gets_the_new_reason(
    database: Database, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.journal.flags.now", lambda: 1_000)
    set_stop(database, "ethereum", "first")
    monkeypatch.setattr("executor.journal.flags.now", lambda: 2_000)
    set_stop(database, "ethereum", "second")
    flag = record.stop_flag()
    assert flag is not None
    assert (flag.because, flag.set_at) == ("second", 1_000)


def put(record: Record, key: str, breaker: Breaker) -> None:
    record.change_breakers([key], lambda *_: breaker)


def test_a_breaker_is_kept_and_its_rules_are_the_settings(database: Database, record: Record) -> None:
    rules = BreakerRules(losses=2)
    assert record.breakers(["wallet 0xaa"], rules)["wallet 0xaa"] == Breaker(rules)
    broken = Breaker(rules).lost(1_000).lost(2_000)
    assert broken.state is BreakerState.OPEN
    put(record, "wallet 0xaa", broken)
    assert record_in(database, "executor-2").breakers(["wallet 0xaa"], rules)["wallet 0xaa"] == broken
    assert record.breakers(["wallet 0xbb"], rules)["wallet 0xbb"] == Breaker(rules)
    other_rules = BreakerRules(losses=9)
    assert record.breakers(["wallet 0xaa"], other_rules)["wallet 0xaa"] == replace(broken, rules=other_rules)
    put(record, "wallet 0xaa", broken.succeeded())
    assert record.breakers(["wallet 0xaa"], rules)["wallet 0xaa"] == Breaker(rules)


def test_breakers_of_two_chains_are_two(record: Record, base: Record) -> None:
    put(record, "route", Breaker().lost(1))
    assert base.breakers(["route"])["route"] == Breaker()


def test_a_damaged_breaker_is_told(database: Database, record: Record) -> None:
    put(record, "route", Breaker().lost(1))
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE breakers SET state = 'ajar'")
    with pytest.raises(JournalError, match="cannot be read"):
        record.breakers(["route"])["route"]


@contextmanager
def meanwhile(database: Database, work: Callable[[Record], object]) -> Iterator[Callable[[], None]]:
    """What is called within the block has another executor begin `work`, and time to come between."""
    with ThreadPoolExecutor() as threads:
        begun: list[Future[object]] = []

        def begin() -> None:
            if not begun:
                begun.append(threads.submit(work, record_in(database, "executor-2")))
                time.sleep(0.1)

        yield begin
        assert begun, "it never began"
        begun[0].result()


def test_the_losses_of_two_executors_are_all_counted(database: Database, record: Record) -> None:
    keys = ("chain", "route")

    def lose(other: Record) -> object:
        return other.change_breakers(keys, lambda _, breaker: breaker.lost(2_000))

    with meanwhile(database, lose) as begin:

        def lost(key: str, breaker: Breaker) -> Breaker:
            begin()
            return breaker.lost(1_000)

        record.change_breakers(keys, lost)
    assert [breaker.losses for breaker in record.breakers(keys).values()] == [2, 2]


def test_of_two_executors_that_ask_at_once_one_gets_the_trial(database: Database, record: Record) -> None:
    put(record, "chain", Breaker().lost(1).lost(1).lost(1))
    passed = []

    def ask(one: Record, first: Callable[[], None] = lambda: None) -> None:
        def asked(key: str, breaker: Breaker) -> Breaker:
            first()
            after, passes = breaker.asked(1_000)
            passed.append(passes)
            return after

        one.change_breakers(["chain"], asked)

    with meanwhile(database, ask) as begin:
        ask(record, begin)
    assert passed == [True, False]


def test_a_change_of_breakers_that_is_refused_leaves_all_as_they_were(record: Record) -> None:
    def change(key: str, breaker: Breaker) -> Breaker:
        if key == "route":
            raise ValueError("refused")
        return breaker.lost(1)

    with pytest.raises(ValueError, match="refused"):
        record.change_breakers(("chain", "route"), change)
    assert set(record.breakers(("chain", "route")).values()) == {Breaker()}
