"""What is taken in is recorded once, holds one slot and what it claims, and ends once."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import update

from executor.domain.errors import JournalError
from executor.domain.execution import Status
from executor.domain.intent import Block, IntentState
from executor.journal.anchor import Anchor
from executor.journal.codec import dump_opportunity
from executor.journal.database import Database
from executor.journal.record import Accepted, Record
from executor.journal.schema import executions
from tests.support.records import execution, fill, opened_trade, opportunity, record_in, signing


def test_an_opportunity_that_was_taken_in_is_recorded_with_its_slot(record: Record) -> None:
    assert record.accept(opportunity(), slots=3) == Accepted(None, new=True, slot=0)
    stored = record.stored("seen-1")
    assert stored is not None
    assert stored.execution.status is Status.ACCEPTED
    assert (stored.opportunity, stored.executor_id) == (dump_opportunity(opportunity()), "executor-1")
    assert record.stored("seen-2") is None


def test_the_same_id_again_is_told_what_is_recorded(record: Record) -> None:
    record.accept(opportunity(), slots=3)
    again = record.accept(replace(opportunity(), amount=5), slots=3)
    assert (again.new, again.slot, again.stored) == (False, 0, record.stored("seen-1"))


def test_what_is_taken_in_while_no_slot_is_free_is_recorded_all_the_same(record: Record) -> None:
    slots = [record.accept(opportunity(f"seen-{number}"), slots=2).slot for number in range(3)]
    assert slots == [0, 1, None]
    assert [one.execution.opportunity_id for one in record.unfinished()] == ["seen-0", "seen-1", "seen-2"]
    assert not record.take_slot("seen-2", 2)
    record.update(execution("seen-0", Status.DECLINED))
    assert record.take_slot("seen-2", 2)
    assert record.accept(opportunity("seen-2"), slots=2).slot == 0


def test_the_lowest_free_slot_is_taken_and_no_opportunity_has_two(record: Record) -> None:
    for number in range(4):
        record.accept(opportunity(f"seen-{number}"), slots=4)
    for given_back in ("seen-1", "seen-2"):
        record.update(execution(given_back, Status.DECLINED))
    assert record.take_slot("seen-0", 4)
    assert record.accept(opportunity("seen-4"), slots=4).slot == 1
    assert record.take_slot("seen-4", 4)
    assert record.accept(opportunity("seen-5"), slots=4).slot == 2


def test_a_lower_limit_than_before_lets_nobody_in_until_low_slots_are_free(record: Record) -> None:
    for number in range(3):
        record.accept(opportunity(f"seen-{number}"), slots=3)
    assert record.accept(opportunity("seen-3"), slots=2).slot is None


def test_slots_are_counted_for_each_chain(database: Database) -> None:
    assert record_in(database, chain="ethereum").accept(opportunity(), slots=1).slot == 0
    other = Record(database, "base", "executor-1")
    other.tie(_base_anchor())
    assert other.accept(opportunity(chain="base"), slots=1) == Accepted(None, new=True, slot=0)


def test_a_final_outcome_frees_slot_and_claims_in_the_same_commit(record: Record) -> None:
    record.accept(opportunity("seen-1"), slots=1)
    record.claim("seen-1", ["pool"])
    record.update(execution("seen-1", Status.PENDING))
    assert record.accept(opportunity("seen-2"), slots=1).slot is None
    assert record.claim("seen-2", ["pool"]) == ("pool",)
    record.update(execution("seen-1", Status.REALISED))
    assert record.take_slot("seen-2", 1)
    assert record.claim("seen-2", ["pool"]) == ()
    assert record.counts() == {"realised": 1, "accepted": 1}


def test_what_another_executor_ended_unopened_is_taken_in_anew(database: Database) -> None:
    first, second = record_in(database, "executor-1"), record_in(database, "executor-2")
    first.accept(opportunity(), slots=1)
    with pytest.raises(JournalError, match="not this executor's"):
        second.accept_again(opportunity())
    first.update(execution(status=Status.FAILED))
    second.accept_again(opportunity())
    stored = second.stored("seen-1")
    assert stored is not None
    assert (stored.execution.status, stored.executor_id) == (Status.ACCEPTED, "executor-2")
    with pytest.raises(JournalError, match="not this executor's"):
        first.update(execution(status=Status.DECLINED))


def test_what_another_executor_has_opened_an_intent_for_is_left_to_it(database: Database) -> None:
    first, second = record_in(database, "executor-1"), record_in(database, "executor-2")
    first.accept(opportunity(), slots=1)
    intent = opened_trade(first)
    first.mark_intent(intent.intent_id, IntentState.DROPPED)
    first.update(execution(status=Status.FAILED))
    with pytest.raises(JournalError, match="not this executor's"):
        second.accept_again(opportunity())
    first.accept_again(opportunity())


def test_an_outcome_of_what_was_never_taken_in_cannot_be_renewed(record: Record) -> None:
    with pytest.raises(JournalError, match="not this executor's"):
        record.update(execution())


def test_what_was_stored_is_there_as_it_was(record: Record) -> None:
    realised = replace(
        execution(status=Status.REALISED),
        realised_profit=2**200,
        profit_usd=Decimal("1.25"),
        route=("a", "b"),
    )
    record.accept(opportunity(), slots=1)
    record.update(realised)
    stored = record.stored("seen-1")
    assert stored is not None
    assert stored.execution == realised


def test_what_cannot_be_read_hides_nothing_else_that_is_under_way(record: Record) -> None:
    for name in ("seen-1", "seen-2"):
        record.accept(opportunity(name), slots=2)
    with record.database.writing() as connection:
        connection.exec_driver_sql("UPDATE executions SET result = '?' WHERE opportunity_id = 'seen-1'")
        connection.exec_driver_sql("UPDATE executions SET opportunity = '{}' WHERE opportunity_id = 'seen-2'")
    with pytest.raises(JournalError, match="an execution that cannot be read"):
        record.unfinished()
    told: list[str] = []
    (stored,) = record.unfinished(unreadable=lambda name, error: told.append(f"{name}: {error.code}"))
    assert (stored.execution.opportunity_id, told) == ("seen-2", ["seen-1: journal_error"])
    with pytest.raises(JournalError, match="an opportunity that cannot be read"):
        record.opportunity_of(stored)
    assert record.is_busy("executor-1")
    assert not record.is_busy("executor-2")


def test_who_has_a_watched_intent_is_busy(record: Record) -> None:
    intent = record.open_intent(fill(), 0, signing(""), pending=None)
    assert record.is_busy("executor-1")
    record.mark_intent(intent.intent_id, IntentState.DROPPED)
    assert not record.is_busy("executor-1")


def test_an_opportunity_whose_transaction_is_out_does_not_end(record: Record) -> None:
    record.accept(opportunity(), slots=1)
    record.claim("seen-1", ["pool"])
    intent = opened_trade(record)
    with pytest.raises(JournalError, match="has not ended: its intent"):
        record.update(execution(status=Status.FAILED))
    with pytest.raises(JournalError, match="has not ended: its intent"):
        record.update(execution(status=Status.DECLINED))
    assert record.counts() == {"pending": 1}
    record.accept(opportunity("seen-2"), slots=1)
    assert not record.take_slot("seen-2", 1)
    assert record.claim("seen-2", ["pool"]) == ("pool",)
    record.mark_intent(intent.intent_id, IntentState.DROPPED)
    record.update(execution(status=Status.FAILED))
    assert record.take_slot("seen-2", 1)


def test_claims_are_all_or_nothing(record: Record) -> None:
    for name in ("seen-1", "seen-2"):
        record.accept(opportunity(name), slots=9)
    assert record.claim("seen-1", ["pool a", "pool b"]) == ()
    assert record.claim("seen-2", ["pool c", "pool b", "pool a"]) == ("pool a", "pool b")
    assert record.claim("seen-1", ["pool c"]) == ()
    record.release("seen-1")
    assert record.claim("seen-2", ["pool c", "pool b", "pool a"]) == ()


def test_claims_may_be_repeated_and_widened(record: Record) -> None:
    record.accept(opportunity(), slots=9)
    assert record.claim("seen-1", []) == ()
    assert record.claim("seen-1", ["pool a", "pool a"]) == ()
    assert record.claim("seen-1", {"pool b", "pool a"}) == ()


def test_what_was_taken_over_can_hold_nothing_for_who_had_it_before(database: Database) -> None:
    """Neither while the other works at it nor once that has ended it; and the other keeps what it holds."""
    first, second = record_in(database, "executor-1"), record_in(database, "executor-2")
    first.accept(opportunity(), slots=1)
    assert second.adopt("executor-1") == 1
    second.claim("seen-1", ["pool a"])
    first.release("seen-1")
    for status in (None, Status.DECLINED):
        if status is not None:
            second.update(execution(status=status))
        with pytest.raises(JournalError, match="not this executor's"):
            first.claim("seen-1", ["pool b"])
        with pytest.raises(JournalError, match="not this executor's"):
            first.take_slot("seen-1", 2)
        assert held(database) == (["pool a"] if status is None else [], [0] if status is None else [])


def test_what_belongs_to_one_that_is_not_dead_any_more_is_not_taken_over(database: Database) -> None:
    first, second = record_in(database, "executor-1"), record_in(database, "executor-2")
    first.accept(opportunity(), slots=1)
    assert second.adopt("executor-1", still_dead=lambda connection: False) == second.adoptions == 0
    assert len(first.unfinished("executor-1")) == 1
    assert second.adopt("executor-1", still_dead=lambda connection: True) == second.adoptions == 1


def test_who_is_taken_over_while_it_claims_gets_nothing(database: Database) -> None:
    first, second = record_in(database, "executor-1"), record_in(database, "executor-2")
    first.accept(opportunity(), slots=1)
    with ThreadPoolExecutor() as threads:
        with database.writing() as connection:
            connection.exec_driver_sql("UPDATE executions SET executor_id = 'executor-2'")
            claiming = threads.submit(first.claim, "seen-1", ["pool"])
            time.sleep(0.1)
        with pytest.raises(JournalError, match="not this executor's"):
            claiming.result()
    assert held(database)[0] == []
    assert second.claim("seen-1", ["pool"]) == ()


def test_what_has_ended_can_hold_nothing(record: Record) -> None:
    record.accept(opportunity(), slots=1)
    record.update(execution(status=Status.DECLINED))
    with pytest.raises(JournalError, match="has ended"):
        record.claim("seen-1", ["pool"])
    with pytest.raises(JournalError, match="has ended"):
        record.take_slot("seen-1", 1)
    assert held(record.database) == ([], [])


@pytest.mark.parametrize("known", ["ended", "mined", "sent", "another's"])
def test_who_sent_nothing_ends_nothing_that_another_has_brought_further(
    database: Database, known: str
) -> None:
    """As a process that was halted while the same executor was started again elsewhere."""
    halted, record = record_in(database), record_in(database)
    record.accept(opportunity(), slots=1)
    record.claim("seen-1", ["pool"])
    if known in ("mined", "sent"):
        intent = opened_trade(record)
        winner, block = intent.attempts[0].attempt.hash, Block(1, "0x01")
        if known == "mined":
            record.mark_intent(intent.intent_id, IntentState.MINED, winner=winner, block=block)
    elif known == "ended":
        record.update(execution(status=Status.REALISED))
    else:
        record_in(database, "executor-2").adopt("executor-1")
    before, holds = record.stored("seen-1"), held(database)
    assert before is not None
    assert halted.end_unsent(execution(status=Status.FAILED)) == before.execution
    assert (record.stored("seen-1"), held(database)) == (before, holds)


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("does", ["frees", "adopts"])
def test_who_waits_for_one_of_several_executions_holds_none_that_comes_after_it(
    database: Database, does: str
) -> None:
    """Else two that start at once could wait for each other, whichever way the server reads the rows."""
    record, heir = record_in(database), record_in(database, "executor-2")
    for name in ("seen-2", "seen-1"):
        record.accept(opportunity(name), slots=2)
        if does == "frees":
            with database.writing() as connection:
                ended = update(executions).where(executions.c.opportunity_id == name)
                connection.execute(ended.values(status="declined"))
    lock = "SELECT 1 FROM executions WHERE opportunity_id = '{}' FOR UPDATE NOWAIT"
    with reading_rows_as_they_lie(database), ThreadPoolExecutor() as threads:
        with database.writing() as connection:
            connection.exec_driver_sql(lock.format("seen-1"))
            working = threads.submit(
                heir.free_ended if does == "frees" else partial(heir.adopt, "executor-1")
            )
            time.sleep(0.3)
            assert not working.done()
            connection.exec_driver_sql(lock.format("seen-2"))
        assert working.result() == 2


@contextmanager
def reading_rows_as_they_lie(database: Database) -> Iterator[None]:
    """Without an index, which would bring them in its order."""

    def set_all(change: str) -> None:
        with database.writing() as connection:
            for scan in ("indexscan", "bitmapscan", "indexonlyscan"):
                name = database.engine.url.database
                connection.exec_driver_sql(f'ALTER DATABASE "{name}" ' + change.format(scan))
        database.engine.dispose()

    set_all("SET enable_{} = off")
    try:
        yield
    finally:
        set_all("RESET enable_{}")


def test_what_ends_unsent_frees_what_it_holds(record: Record) -> None:
    record.accept(opportunity(), slots=1)
    record.claim("seen-1", ["pool"])
    intent = opened_trade(record)
    record.mark_intent(intent.intent_id, IntentState.DROPPED)
    refused = execution(status=Status.FAILED)
    assert record.end_unsent(refused) == refused
    stored = record.stored("seen-1")
    assert stored is not None
    assert (stored.execution, held(record.database)) == (refused, ([], []))
    with pytest.raises(JournalError, match="not this executor's"):
        record.end_unsent(execution("seen-2", Status.FAILED))


@pytest.mark.parametrize("by", ["a sweep", "who takes over"])
def test_what_is_held_for_what_has_ended_is_given_back(record: Record, by: str) -> None:
    for name in ("seen-1", "seen-2"):
        record.accept(opportunity(name), slots=2)
        record.claim(name, [f"pool of {name}"])
    with record.database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE executions SET status = 'declined' WHERE opportunity_id = 'seen-1'"
        )
    if by == "a sweep":
        assert record.free_ended() == 2
    else:
        record_in(record.database, "executor-2").adopt("executor-1")
    assert held(record.database) == (["pool of seen-2"], [1])


def held(database: Database) -> tuple[list[str], list[int]]:
    """All claims and slots that are held by anyone."""
    with database.reading() as connection:
        keys = connection.exec_driver_sql("SELECT key FROM claims ORDER BY key").scalars().all()
        slots = connection.exec_driver_sql("SELECT slot FROM slots_in_use ORDER BY slot").scalars().all()
    return list(keys), list(slots)


def test_what_was_not_taken_in_can_hold_neither_slot_nor_claim(record: Record) -> None:
    with pytest.raises(JournalError, match="not this executor's"):
        record.claim("seen-1", ["pool"])
    with pytest.raises(JournalError, match="not this executor's"):
        record.take_slot("seen-1", 1)


def test_chains_do_not_see_each_other(database: Database) -> None:
    ethereum = record_in(database)
    base = Record(database, "base", "executor-1")
    base.tie(_base_anchor())
    opened_trade(ethereum)
    assert base.stored("seen-1") is None
    assert (base.unfinished(), base.counts(), base.open_intents()) == ((), {}, ())
    base.accept(opportunity(chain="base"), slots=1)
    ethereum.claim("seen-1", ["lender"])
    assert base.claim("seen-1", ["lender"]) == ()
    assert base.adopt("executor-2") == 0


def test_another_executors_opportunity_is_left_to_it(database: Database) -> None:
    mine, other = record_in(database, "executor-1"), record_in(database, "executor-2")
    mine.accept(opportunity(), slots=1)
    assert other.unfinished("executor-2") == ()
    assert len(other.unfinished()) == 1
    with pytest.raises(JournalError, match="not this executor's"):
        other.update(execution(status=Status.FAILED))
    with pytest.raises(JournalError, match="not this executor's"):
        other.update(execution(status=Status.FAILED))
    assert mine.unfinished("executor-1")[0].execution.status is Status.ACCEPTED


def _base_anchor() -> Anchor:
    return Anchor(8453, 1, "0x" + "cd" * 32, is_local=False)
