"""A PostgreSQL server that is stopped, crashes and comes back."""

import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from executor.domain.attempt import Attempt
from executor.domain.errors import JournalError
from executor.domain.intent import AttemptState
from executor.journal import database as module
from executor.journal.database import Database
from executor.journal.record import Record
from tests.support.postgres import Postgres, stoppable_postgres
from tests.support.records import (
    execution,
    fill,
    opened,
    opened_trade,
    opportunity,
    record_in,
    secret,
    signing,
    trade,
)

pytestmark = pytest.mark.chaos


@pytest.fixture
def server() -> Iterator[Postgres]:
    with stoppable_postgres() as server:
        yield server


@pytest.fixture
def record(server: Postgres) -> Iterator[Record]:
    with opened(secret(server.url)) as database:
        yield record_in(database)


def test_while_the_server_is_gone_nothing_is_signed_and_then_it_goes_on(
    server: Postgres, record: Record
) -> None:
    intent = opened_trade(record, "seen-1")
    record.accept(opportunity("seen-2"), slots=9)
    server.stop()
    began = time.monotonic()
    for write in (
        lambda: record.accept(opportunity("seen-3"), slots=9),
        lambda: record.open_intent(trade("seen-2"), 0, _never_signs, pending=execution("seen-2")),
        lambda: record.mark_attempt(intent.attempts[0].attempt.hash, AttemptState.SENT),
        record.stop_flag,
    ):
        for _ in range(2):
            with pytest.raises(JournalError, match="cannot be used"):
                write()
    assert time.monotonic() - began < 10
    server.start()
    assert record.intent(intent.intent_id) == intent
    assert record.accept(opportunity("seen-3"), slots=9).new
    assert opened_trade(record, "seen-2").nonce == 1


def test_what_was_written_survives_a_crash_of_the_server(server: Postgres, record: Record) -> None:
    intents = [opened_trade(record, f"seen-{number}") for number in range(20)]
    server.crash()
    with pytest.raises(JournalError):
        record.open_intents()
    server.start()
    assert list(record.open_intents()) == intents


def test_a_server_that_goes_away_while_it_is_signed_leaves_nothing(server: Postgres, record: Record) -> None:
    record.accept(opportunity(), slots=9)

    def sign_meanwhile(nonce: int) -> Attempt:
        server.crash()
        return signing()(nonce)

    with pytest.raises(JournalError, match="cannot be used"):
        record.open_intent(trade(), 0, sign_meanwhile, pending=execution())
    server.start()
    assert record.open_intents() == ()
    assert record.counts() == {"accepted": 1}
    assert opened_trade(record).nonce == 0


def test_a_process_that_falls_asleep_while_it_signs_loses_its_turn(
    server_place: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others get the lane, and what the sleeper signed is neither recorded nor sent."""
    with opened(server_place) as other:
        options = module._SERVER_OPTIONS + " -c idle_in_transaction_session_timeout=1s"
        monkeypatch.setattr(module, "_SERVER_OPTIONS", options)
        one = Database.open(server_place)
        sleeper, awake = record_in(one, "executor-1"), record_in(other, "executor-2")

        def sleep(nonce: int) -> Attempt:
            time.sleep(1.5)
            assert opened_trade(awake).nonce == nonce
            return signing("")(nonce)

        with pytest.raises(JournalError, match="cannot be used"):
            sleeper.open_intent(fill(), 0, sleep, pending=None)
        assert [intent.executor_id for intent in awake.open_intents()] == ["executor-2"]
        assert sleeper.open_intent(fill(), 0, signing(""), pending=None).nonce == 1
        one.close()


def test_a_server_that_stops_answering_is_given_up(server: Postgres, record: Record) -> None:
    """Another session holds the lane for longer than a statement may take."""
    record.accept(opportunity(), slots=9)
    with record.database.engine.connect() as other, other.begin():
        other.exec_driver_sql("LOCK TABLE intents IN ACCESS EXCLUSIVE MODE")
        with record.database.engine.connect() as one:
            one.exec_driver_sql("SET statement_timeout = '200ms'")
            one.commit()
        with pytest.raises(JournalError, match="statement timeout"):
            record.open_intent(trade(), 0, _never_signs, pending=execution())
    assert opened_trade(record).nonce == 0


def _never_signs(nonce: int) -> Attempt:
    raise AssertionError(f"asked to sign for nonce {nonce}")
