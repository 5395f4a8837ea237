"""Which nonce is whose, what was signed for it, and what became of it."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from executor.domain.attempt import Attempt
from executor.domain.errors import JournalError
from executor.domain.execution import Status
from executor.domain.intent import (
    AttemptKind,
    AttemptState,
    Block,
    Intent,
    IntentState,
    Purpose,
)
from executor.journal.database import Database
from executor.journal.record import NewIntent, Record
from executor.journal.schema import intents
from tests.support.records import (
    OPERATOR,
    SECOND_OPERATOR,
    execution,
    fill,
    opened_trade,
    opportunity,
    record_in,
    signing,
    trade,
    transaction,
)

BLOCK = Block(5, "0x" + "05" * 32)
LATER_BLOCK = Block(6, "0x" + "06" * 32)


def fill_at(record: Record, least: int = 0) -> Intent:
    return record.open_intent(fill(), least, signing(""), pending=None)


def hash_of(intent: Intent) -> str:
    return intent.attempts[0].attempt.hash


def mined(record: Record, intent: Intent, block: Block = BLOCK) -> Intent:
    return record.mark_intent(intent.intent_id, IntentState.MINED, winner=hash_of(intent), block=block)


def test_an_intent_its_attempt_and_its_pending_execution_are_written_together(record: Record) -> None:
    intent = opened_trade(record, least_nonce=7)
    assert record.intent(intent.intent_id) == intent
    assert (intent.nonce, intent.state, intent.wanted) == (7, IntentState.LIVE, True)
    (attempt,) = intent.attempts
    assert (attempt.kind, attempt.state, attempt.sent_at) == (AttemptKind.CALL, AttemptState.RECORDED, None)
    stored = record.stored("seen-1")
    assert stored is not None
    assert stored.execution.status is Status.PENDING
    assert stored.execution.transaction_hashes == (attempt.attempt.hash,)


def test_nothing_of_an_attempt_is_lost(record: Record) -> None:
    made: list[Attempt] = []

    def sign(nonce: int) -> Attempt:
        made.append(
            replace(transaction(nonce), raw=bytes(range(256)), max_fee_per_gas=2**255, gas_limit=30_000_000)
        )
        return made[-1]

    record.accept(opportunity(), slots=1)
    new = replace(trade(), deadline=1_900_000_000)
    intent = record.open_intent(new, 2**40, sign, pending=execution())
    again = record.intent(intent.intent_id)
    assert [one.attempt for one in again.attempts] == made
    assert (again.deadline, again.sender, again.chain, again.chain_id) == (
        1_900_000_000,
        OPERATOR,
        "ethereum",
        1,
    )


def test_nonces_are_given_out_without_gaps_and_gaps_first(record: Record) -> None:
    intents = [fill_at(record, 3) for _ in range(4)]
    assert [intent.nonce for intent in intents] == [3, 4, 5, 6]
    record.mark_intent(intents[1].intent_id, IntentState.DROPPED)
    assert fill_at(record, 3).nonce == 4
    assert fill_at(record, 3).nonce == 7
    assert fill_at(record, 0).nonce == 0
    assert fill_at(record, 100).nonce == 100
    assert [intent.nonce for intent in record.open_intents()] == [0, 3, 4, 5, 6, 7, 100]


@pytest.mark.parametrize("state", [IntentState.LIVE, IntentState.MINED, IntentState.FINAL])
def test_what_is_live_mined_or_final_holds_its_nonce(record: Record, state: IntentState) -> None:
    intent = fill_at(record)
    if state is not IntentState.LIVE:
        mined(record, intent)
    if state is IntentState.FINAL:
        record.mark_intent(intent.intent_id, IntentState.FINAL)
    assert fill_at(record).nonce == 1
    with pytest.raises(JournalError, match=r"nonce 0 of 0x.{40} is held by"):
        record.open_intent(fill(0), 0, signing(""), pending=None)


@pytest.mark.parametrize("state", [IntentState.DROPPED, IntentState.SUPERSEDED])
def test_what_is_dropped_or_superseded_frees_its_nonce(record: Record, state: IntentState) -> None:
    record.mark_intent(fill_at(record).intent_id, state)
    assert fill_at(record).nonce == 0


def test_a_named_nonce_is_given_out_if_it_is_free(record: Record) -> None:
    assert record.open_intent(fill(9), 0, signing(""), pending=None).nonce == 9
    assert fill_at(record).nonce == 0


def test_wallets_have_nonces_of_their_own(record: Record) -> None:
    assert fill_at(record).nonce == 0
    other = record.open_intent(fill(sender=SECOND_OPERATOR), 0, signing("", SECOND_OPERATOR), pending=None)
    assert other.nonce == 0
    assert [one.sender for one in record.open_intents(sender=SECOND_OPERATOR)] == [SECOND_OPERATOR]
    assert (record.in_flight(OPERATOR), record.in_flight(SECOND_OPERATOR)) == (1, 1)


def test_a_signer_that_fails_leaves_nothing_behind(record: Record) -> None:
    def refuse(nonce: int) -> Attempt:
        raise PermissionError("locked")

    record.accept(opportunity(), slots=1)
    with pytest.raises(PermissionError):
        record.open_intent(trade(), 0, refuse, pending=execution())
    assert record.intents_of("seen-1") == ()
    assert record.counts() == {"accepted": 1}
    assert opened_trade(record).nonce == 0


@pytest.mark.parametrize(
    "wrong",
    [
        replace(transaction(7), nonce=8),
        replace(transaction(7), chain_id=10),
        transaction(7, sender=SECOND_OPERATOR),
    ],
    ids=["nonce", "chain", "wallet"],
)
def test_what_was_signed_for_something_else_is_not_recorded(record: Record, wrong: Attempt) -> None:
    with pytest.raises(JournalError, match="what was signed is for"):
        record.open_intent(fill(), 7, lambda _: wrong, pending=None)
    intent = fill_at(record, 7)
    with pytest.raises(JournalError, match="what was signed is for"):
        record.add_attempt(intent.intent_id, wrong, AttemptKind.CALL)
    assert record.open_intents() == (intent,)


def test_an_intent_of_another_network_is_refused(record: Record) -> None:
    with pytest.raises(JournalError, match="chain id 10 does not belong"):
        record.open_intent(replace(fill(), chain_id=10), 0, signing(""), pending=None)


def test_an_execution_of_another_opportunity_is_refused(record: Record) -> None:
    record.accept(opportunity("seen-1"), slots=2)
    for new in (trade("seen-1"), fill()):
        with pytest.raises(JournalError, match="execution of seen-2 does not belong"):
            record.open_intent(new, 0, _never_signs, pending=execution("seen-2"))


def test_nothing_is_signed_for_what_was_not_taken_in(record: Record) -> None:
    with pytest.raises(JournalError, match="not this executor's"):
        record.open_intent(trade(), 0, _never_signs, pending=execution())


def test_nothing_is_signed_for_what_another_executor_has_taken_over(database: Database) -> None:
    mine, other = record_in(database, "executor-1"), record_in(database, "executor-2")
    mine.accept(opportunity("seen-1"), slots=2)
    intent = opened_trade(mine, "seen-2")
    assert other.adopt("executor-1") == 3
    with pytest.raises(JournalError, match="not this executor's"):
        mine.open_intent(trade("seen-1"), 0, _never_signs, pending=execution())
    with pytest.raises(JournalError, match="watched by executor-2"):
        mine.add_attempt(intent.intent_id, transaction(intent.nonce), AttemptKind.CANCEL)


def test_who_was_halted_writes_nothing_on_what_another_has_taken_over(database: Database) -> None:
    """It would free the nonce of bytes that the other has sent."""
    mine, other = record_in(database, "executor-1"), record_in(database, "executor-2")
    intent = opened_trade(mine)
    name, as_opened = intent.intent_id, mine.intent(intent.intent_id)
    other.adopt("executor-1")
    for write in (
        lambda: mine.mark_attempt(hash_of(intent), AttemptState.REFUSED),
        lambda: mine.mark_attempt(hash_of(intent), AttemptState.SENT, sent_at=1),
        lambda: mine.mark_intent(name, IntentState.DROPPED),
        lambda: mine.mark_intent(name, IntentState.LIVE),
        lambda: mined(mine, intent),
        lambda: mine.unwant(name, "it does not pay any more"),
    ):
        with pytest.raises(JournalError, match="watched by executor-2 by now"):
            write()
    assert other.intent(name) == replace(as_opened, executor_id="executor-2")
    other.mark_attempt(hash_of(intent), AttemptState.SENT)
    other.unwant(name, "stopped")
    assert mined(other, intent).unwanted_because == "stopped"


def test_a_refusal_that_is_heard_of_late_takes_back_nothing_that_was_sent(database: Database) -> None:
    """The same executor was started again meanwhile, and has sent the bytes that the first one left."""
    halted, again = record_in(database), record_in(database)
    intent = opened_trade(halted)
    again.mark_attempt(hash_of(intent), AttemptState.SENT, sent_at=1)
    with pytest.raises(JournalError, match="is out, or may be"):
        halted.mark_attempt(hash_of(intent), AttemptState.REFUSED)
    with pytest.raises(JournalError, match="its nonce is not free"):
        halted.mark_intent(intent.intent_id, IntentState.DROPPED)
    again.reoffer(intent.intent_id, hash_of(intent))
    again.mark_attempt(hash_of(intent), AttemptState.REFUSED)
    assert again.intent(intent.intent_id).attempts[0].state is AttemptState.REFUSED


def test_one_opportunity_has_one_live_trade(record: Record) -> None:
    intent = opened_trade(record)
    with pytest.raises(JournalError, match="has a live trade"):
        record.open_intent(trade(), 0, _never_signs, pending=execution())
    record.open_intent(NewIntent(OPERATOR, Purpose.APPROVAL, "seen-1", None, 1), 0, signing(), pending=None)
    record.mark_intent(intent.intent_id, IntentState.DROPPED)
    assert record.open_intent(trade(), 0, signing(), pending=execution()).nonce == 0


def test_what_was_refused_and_is_mined_all_the_same_is_not_traded_again(record: Record) -> None:
    intent = opened_trade(record)
    record.mark_intent(intent.intent_id, IntentState.DROPPED)
    record.update(execution(status=Status.FAILED))
    record.accept_again(opportunity())
    mined(record, intent)
    for state in (IntentState.MINED, IntentState.FINAL):
        assert record.mark_intent(intent.intent_id, state, winner=hash_of(intent), block=BLOCK).state is state
        with pytest.raises(JournalError, match="has a live trade, or one that was mined"):
            record.open_intent(trade(), 0, _never_signs, pending=execution())
    # One that failed for good may be followed by another, and that by none while it stands.
    second = record.open_intent(replace(trade(), lost=1), 0, signing(), pending=execution())
    assert second.nonce == intent.nonce + 1
    with pytest.raises(JournalError, match="has a live trade"):
        record.open_intent(replace(trade(), lost=1), 0, _never_signs, pending=execution())


def test_what_is_known_of_a_refused_transaction_stays_with_what_is_taken_in_again(record: Record) -> None:
    intent = opened_trade(record)
    record.mark_intent(intent.intent_id, IntentState.DROPPED)
    known = replace(execution(status=Status.FAILED), settlement_token="0x01", details={"router": "0x02"})
    record.update(replace(known, transaction_hashes=(hash_of(intent),)))
    record.accept_again(opportunity())
    stored = record.stored("seen-1")
    assert stored is not None
    assert stored.execution == replace(known, status=Status.ACCEPTED)


def test_what_is_realised_is_not_traded_again(record: Record) -> None:
    intent = opened_trade(record)
    mined(record, intent)
    record.update(execution(status=Status.REALISED))
    with pytest.raises(JournalError, match="is realised already"):
        record.open_intent(trade(), 0, _never_signs, pending=execution())


def test_a_replacement_is_recorded_before_it_is_sent(record: Record) -> None:
    intent = opened_trade(record)
    cancel = transaction(intent.nonce)
    found = record.add_attempt(intent.intent_id, cancel, AttemptKind.CANCEL)
    assert [(one.attempt.hash, one.kind, one.state) for one in found.attempts] == [
        (hash_of(intent), AttemptKind.CALL, AttemptState.RECORDED),
        (cancel.hash, AttemptKind.CANCEL, AttemptState.RECORDED),
    ]
    assert record.add_attempt(intent.intent_id, cancel, AttemptKind.CANCEL) == found
    assert record.intent_of(cancel.hash) == found


def test_what_is_not_live_takes_no_further_attempt(record: Record) -> None:
    intent = opened_trade(record)
    mined(record, intent)
    with pytest.raises(JournalError, match="takes no further attempt"):
        record.add_attempt(intent.intent_id, transaction(intent.nonce), AttemptKind.CALL)


def test_what_a_node_answered_is_kept_with_its_time(record: Record) -> None:
    intent = opened_trade(record)
    record.mark_attempt(hash_of(intent), AttemptState.SENT, sent_at=1_700_000_000)
    record.mark_attempt(hash_of(intent), AttemptState.SENT, note="already known")
    (attempt,) = record.intent(intent.intent_id).attempts
    assert (attempt.state, attempt.sent_at) == (AttemptState.SENT, 1_700_000_000)


def test_an_attempt_that_is_not_recorded_cannot_be_marked(record: Record) -> None:
    with pytest.raises(JournalError, match="no attempt"):
        record.mark_attempt("0x" + "ff" * 32, AttemptState.SENT)
    intent = opened_trade(record)
    with pytest.raises(JournalError, match="recorded again"):
        record.mark_attempt(hash_of(intent), AttemptState.RECORDED)


def test_bytes_that_a_node_refused_may_serve_another_intent(record: Record) -> None:
    """Two opportunities of one second can make the very same transaction."""
    first = opened_trade(record, "seen-1")
    record.mark_attempt(hash_of(first), AttemptState.REFUSED)
    record.mark_intent(first.intent_id, IntentState.DROPPED)
    same = replace(first.attempts[0].attempt, opportunity_id="seen-2")
    record.accept(opportunity("seen-2"), slots=9)
    second = record.open_intent(trade("seen-2"), 0, lambda _: same, pending=execution("seen-2"))
    record.mark_attempt(same.hash, AttemptState.SENT)
    assert record.intent_of(same.hash) == record.intent(second.intent_id)
    assert record.intent(first.intent_id).attempts[0].state is AttemptState.REFUSED
    assert record.intent(second.intent_id).attempts[0].state is AttemptState.SENT


def test_the_first_reason_not_to_want_it_stays(record: Record) -> None:
    intent = opened_trade(record)
    record.unwant(intent.intent_id, "it no longer pays")
    record.unwant(intent.intent_id, "stopped")
    again = record.intent(intent.intent_id)
    assert (again.wanted, again.unwanted_because) == (False, "it no longer pays")


def test_a_reorganised_intent_is_live_again_and_can_be_mined_anew(record: Record) -> None:
    intent = opened_trade(record)
    assert mined(record, intent).block == BLOCK
    live = record.mark_intent(intent.intent_id, IntentState.LIVE)
    assert (live.state, live.winner, live.block) == (IntentState.LIVE, None, None)
    assert mined(record, intent).block == BLOCK
    assert mined(record, intent, LATER_BLOCK).block == LATER_BLOCK
    final = record.mark_intent(intent.intent_id, IntentState.FINAL)
    assert (final.winner, final.block) == (hash_of(intent), LATER_BLOCK)
    assert record.open_intents() == ()


def test_the_cancel_may_win_after_a_reorganisation(record: Record) -> None:
    intent = opened_trade(record)
    cancel = transaction(intent.nonce)
    record.add_attempt(intent.intent_id, cancel, AttemptKind.CANCEL)
    mined(record, intent)
    found = record.mark_intent(intent.intent_id, IntentState.MINED, winner=cancel.hash, block=LATER_BLOCK)
    assert found.was_cancelled


def test_what_has_an_attempt_out_is_not_dropped(record: Record) -> None:
    intent = opened_trade(record)
    record.mark_attempt(hash_of(intent), AttemptState.SENT)
    with pytest.raises(JournalError, match="its nonce is not free"):
        record.mark_intent(intent.intent_id, IntentState.DROPPED)


def test_a_late_success_takes_its_nonce_back(record: Record) -> None:
    early = opened_trade(record, "seen-1")
    record.mark_intent(early.intent_id, IntentState.DROPPED)
    later = opened_trade(record, "seen-2")
    assert later.nonce == early.nonce
    assert mined(record, early).state is IntentState.MINED
    assert record.intent(later.intent_id).state is IntentState.SUPERSEDED
    # And a reorganisation can turn it round again.
    assert mined(record, later).state is IntentState.MINED
    lost = record.intent(early.intent_id)
    assert (lost.state, lost.winner, lost.block) == (IntentState.SUPERSEDED, None, None)


def test_a_final_nonce_is_taken_from_nobody(record: Record) -> None:
    early = opened_trade(record, "seen-1")
    record.mark_intent(early.intent_id, IntentState.SUPERSEDED)
    later = opened_trade(record, "seen-2")
    mined(record, later)
    record.mark_intent(later.intent_id, IntentState.FINAL)
    with pytest.raises(JournalError, match="is final with intent"):
        mined(record, early)
    assert record.intent(early.intent_id).state is IntentState.SUPERSEDED


def test_an_unknown_intent_is_told(record: Record) -> None:
    for ask in (
        lambda: record.intent(77),
        lambda: record.unwant(77, "x"),
        lambda: record.mark_intent(77, IntentState.DROPPED),
        lambda: record.add_attempt(77, transaction(0), AttemptKind.CALL),
    ):
        with pytest.raises(JournalError, match="no such intent"):
            ask()
    assert record.intent_of("0x" + "ff" * 32) is None


def test_a_dead_executors_work_becomes_ours_in_one_go(database: Database) -> None:
    dead, heir = record_in(database, "executor-1"), record_in(database, "executor-2")
    dead.accept(opportunity("waiting"), slots=9)
    opened_trade(dead, "out")
    dead.accept(opportunity("done"), slots=9)
    dead.update(execution("done", Status.DECLINED))
    done = fill_at(dead)
    mined(dead, done)
    dead.mark_intent(done.intent_id, IntentState.FINAL)
    still_mined = fill_at(dead)
    mined(dead, still_mined)
    own = opened_trade(heir, "own")
    assert heir.adopt("executor-1") == 4
    assert heir.adopt("executor-1") == 0
    assert heir.adopt("executor-2") == 0
    assert {one.execution.opportunity_id for one in heir.unfinished("executor-2")} == {
        "waiting",
        "out",
        "own",
    }
    assert len(heir.open_intents(executor_id="executor-2")) == 3
    assert heir.intent(own.intent_id) == own
    finished = heir.stored("done")
    assert finished is not None
    assert finished.executor_id == "executor-1"
    (out,) = heir.intents_of("out")
    mined(heir, out)
    heir.update(execution("out", Status.FAILED))


def test_with_a_mined_trade_comes_its_result_which_a_reorganisation_may_take_back(
    database: Database,
) -> None:
    dead, heir = record_in(database, "executor-1"), record_in(database, "executor-2")
    intent = opened_trade(dead)
    mined(dead, intent)
    dead.update(execution(status=Status.REALISED))
    assert heir.adopt("executor-1") == 1
    heir.mark_intent(intent.intent_id, IntentState.LIVE)
    heir.update(execution(status=Status.PENDING))
    (open_again,) = heir.unfinished("executor-2")
    assert open_again.execution.status is Status.PENDING


def _never_signs(nonce: int) -> Attempt:
    raise AssertionError(f"asked to sign for nonce {nonce}")


def test_of_what_a_dead_executor_ended_nothing_is_left_for_a_second_taking(database: Database) -> None:
    """Hours lie between them, so that each is the newest of what is left without the later ones."""
    dead, heir = record_in(database, "executor-1"), record_in(database, "executor-2")
    for number in range(3):
        name = f"seen-{number}"
        intent = opened_trade(dead, name)
        dead.mark_intent(intent.intent_id, IntentState.DROPPED)
        dead.update(execution(name, Status.FAILED))
        with database.writing() as connection:
            its = update(intents).where(intents.c.id == intent.intent_id)
            connection.execute(its.values(updated_at=(number + 1) * 7_200))
    assert len(heir.lately_ended("executor-1")) == 1
    heir.adopt("executor-1")
    assert heir.lately_ended("executor-1") == ()
    assert {found.executor_id for number in range(3) if (found := heir.stored(f"seen-{number}"))} == {
        "executor-2"
    }


def test_who_stopped_in_order_is_left_what_it_has_ended_and_tries_that_again(database: Database) -> None:
    stopped, heir = record_in(database, "executor-1"), record_in(database, "executor-2")
    for name in ("ended", "under way"):
        intent = opened_trade(stopped, name)
        stopped.mark_intent(intent.intent_id, IntentState.DROPPED)
    stopped.update(execution("ended", Status.FAILED))
    live = opened_trade(stopped, "live")
    assert heir.adopt("executor-1", with_ended=False) == 3
    assert {one.opportunity_id for one in heir.lately_ended("executor-1")} == {"ended"}
    assert [one.opportunity_id for one in heir.lately_ended()] == ["under way"]
    assert [one.intent_id for one in heir.open_intents(executor_id="executor-2")] == [live.intent_id]
    stopped.accept_again(opportunity("ended"))
    with pytest.raises(JournalError, match="not this executor's"):
        stopped.accept_again(opportunity("under way"))
