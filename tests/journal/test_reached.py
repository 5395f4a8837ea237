"""How far a wallet has come by what is recorded."""

from executor.domain.intent import Block, Intent, IntentState
from executor.journal.entries import Reached
from executor.journal.record import Record
from tests.support.records import OPERATOR, SECOND_OPERATOR, fill, signing


def opened(record: Record, nonce: int) -> Intent:
    return record.open_intent(fill(nonce), 0, signing(""), pending=None)


def mined(record: Record, nonce: int, block: int) -> Intent:
    intent = opened(record, nonce)
    winner = intent.attempts[0].attempt.hash
    return record.mark_intent(
        intent.intent_id, IntentState.MINED, winner=winner, block=Block(block, f"0x{block:064x}")
    )


def test_of_a_wallet_of_which_nothing_is_recorded_nothing_is_told(record: Record) -> None:
    opened(record, 7)
    assert record.reached(SECOND_OPERATOR) is None
    record.mark_intent(record.open_intents()[0].intent_id, IntentState.DROPPED)
    assert record.reached(OPERATOR) is None


def test_it_has_come_to_its_highest_nonce_and_the_newest_block_that_has_one(record: Record) -> None:
    assert mined(record, 5, 20).state is IntentState.MINED
    final = mined(record, 4, 19)
    record.mark_intent(final.intent_id, IntentState.FINAL)
    assert record.reached(OPERATOR) == Reached(5, 20)
    opened(record, 8)
    record.mark_intent(opened(record, 9).intent_id, IntentState.DROPPED)
    assert record.reached(OPERATOR) == Reached(8, 20)


def test_a_nonce_that_was_lost_to_another_is_used_up(record: Record) -> None:
    mined(record, 5, 20)
    record.mark_intent(opened(record, 6).intent_id, IntentState.SUPERSEDED)
    assert record.reached(OPERATOR) == Reached(6, 20)
    opened(record, 7)
    assert record.reached(OPERATOR) == Reached(7, 20)
