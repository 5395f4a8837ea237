"""Whatever is asked of a lane, in whatever order, the record does what a simple model of it does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from executor.domain.errors import JournalError
from executor.domain.intent import AttemptKind, AttemptState, Block, Intent, IntentState, Purpose
from executor.journal.database import Database
from executor.journal.record import Record
from tests.support.records import (
    OPERATOR,
    execution,
    fill,
    opportunity,
    record_in,
    signing,
    trade,
    transaction,
)

LIVE, MINED, FINAL = IntentState.LIVE, IntentState.MINED, IntentState.FINAL
DROPPED, SUPERSEDED = IntentState.DROPPED, IntentState.SUPERSEDED

MOVES = {
    LIVE: {MINED, DROPPED, SUPERSEDED, LIVE},
    MINED: {LIVE, MINED, FINAL},
    FINAL: {FINAL},
    DROPPED: {MINED, DROPPED},
    SUPERSEDED: {MINED, SUPERSEDED},
}
"""Written down a second time, so that a slip in the code's own table shows."""

BLOCKS = [Block(number, f"0x{number:064x}") for number in range(3)]


@dataclass
class Model:
    """What an intent should look like. Attempts by hash, in the order they came."""

    nonce: int
    opportunity_id: str | None
    state: IntentState = LIVE
    wanted: bool = True
    because: str = ""
    winner: str | None = None
    block: Block | None = None
    attempts: dict[str, tuple[AttemptKind, AttemptState]] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return self.state in (LIVE, MINED, FINAL)


class Lane(RuleBasedStateMachine):
    """One wallet's intents in the record, beside the model of them."""

    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.models: dict[int, Model] = {}

    @initialize()
    def empty(self) -> None:
        with self.database.writing() as connection:
            for table in ("attempts", "intents", "slots_in_use", "claims", "executions"):
                connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names of our own
        self.record: Record = record_in(self.database)
        for name in ("seen-1", "seen-2"):
            self.record.accept(opportunity(name), slots=2)

    @rule(least=st.integers(0, 1), name=st.sampled_from(["seen-1", "seen-2", None]), lost=st.integers(0, 2))
    def open(self, least: int, name: str | None, lost: int) -> None:
        """`lost`: how many trades of it were mined and failed for good, by who opens it."""
        held = {model.nonce for model in self.models.values() if model.holds}
        trades = sum(model.opportunity_id == name and model.holds for model in self.models.values())
        new = fill() if name is None else replace(trade(name), lost=lost)
        if name is not None and trades > lost:
            with pytest.raises(JournalError):
                self.record.open_intent(new, least, signing(name), pending=execution(name))
            return
        pending = None if name is None else execution(name)
        intent = self.record.open_intent(new, least, signing(name or ""), pending=pending)
        assert intent.nonce == next(nonce for nonce in range(least, 1000) if nonce not in held)
        self._add(intent.intent_id, intent.nonce, name, intent.attempts[0].attempt.hash)

    @rule(nonce=st.integers(0, 2))
    def open_named(self, nonce: int) -> None:
        if any(model.nonce == nonce and model.holds for model in self.models.values()):
            with pytest.raises(JournalError):
                self.record.open_intent(fill(nonce), 0, signing(""), pending=None)
            return
        intent = self.record.open_intent(fill(nonce), 0, signing(""), pending=None)
        self._add(intent.intent_id, nonce, None, intent.attempts[0].attempt.hash)

    @precondition(lambda self: self.models)
    @rule(data=st.data(), kind=st.sampled_from(AttemptKind))
    def add_attempt(self, data: st.DataObject, kind: AttemptKind) -> None:
        intent_id, model = self._some(data)
        attempt = transaction(model.nonce, model.opportunity_id or "")
        if model.state is not LIVE:
            with pytest.raises(JournalError):
                self.record.add_attempt(intent_id, attempt, kind)
            return
        self.record.add_attempt(intent_id, attempt, kind)
        self.record.add_attempt(intent_id, attempt, kind)
        model.attempts[attempt.hash] = (kind, AttemptState.RECORDED)

    @precondition(lambda self: self.models)
    @rule(data=st.data(), state=st.sampled_from([AttemptState.SENT, AttemptState.REFUSED]))
    def mark_attempt(self, data: st.DataObject, state: AttemptState) -> None:
        _, model = self._some(data)
        name = data.draw(st.sampled_from(list(model.attempts)))
        kind, before = model.attempts[name]
        if (before, state) == (AttemptState.SENT, AttemptState.REFUSED):
            with pytest.raises(JournalError):
                self.record.mark_attempt(name, state)
            return
        self.record.mark_attempt(name, state)
        model.attempts[name] = (kind, state)

    @precondition(lambda self: self.models)
    @rule(data=st.data())
    def reoffer(self, data: st.DataObject) -> None:
        intent_id, model = self._some(data)
        name = data.draw(st.sampled_from(list(model.attempts)))
        if model.state is not LIVE:
            with pytest.raises(JournalError):
                self.record.reoffer(intent_id, name)
            return
        self.record.reoffer(intent_id, name)
        model.attempts[name] = (model.attempts[name][0], AttemptState.RECORDED)

    @precondition(lambda self: self.models)
    @rule(data=st.data())
    def unwant(self, data: st.DataObject) -> None:
        intent_id, model = self._some(data)
        because = f"reason {data.draw(st.integers(0, 9))}"
        self.record.unwant(intent_id, because)
        if model.wanted:
            model.wanted, model.because = False, because

    @precondition(lambda self: self.models)
    @rule(data=st.data(), state=st.sampled_from([MINED, MINED, *IntentState]))
    def mark_intent(self, data: st.DataObject, state: IntentState) -> None:
        intent_id, model = self._some(data)
        winner = data.draw(st.sampled_from(list(model.attempts))) if state is MINED else None
        block = data.draw(st.sampled_from(BLOCKS)) if state is MINED else None
        self._mark(intent_id, state, winner, block)

    @precondition(lambda self: self.models)
    @rule(data=st.data(), state=st.sampled_from(IntentState), block=st.sampled_from([None, *BLOCKS]))
    def mark_intent_anyhow(self, data: st.DataObject, state: IntentState, block: Block | None) -> None:
        intent_id, model = self._some(data)
        winner = data.draw(st.sampled_from([None, "0x" + "ff" * 32, *model.attempts]))
        self._mark(intent_id, state, winner, block)

    def _mark(self, intent_id: int, state: IntentState, winner: str | None, block: Block | None) -> None:
        model = self.models[intent_id]
        if not self._may(model, state, winner, block):
            with pytest.raises(JournalError):
                self.record.mark_intent(intent_id, state, winner=winner, block=block)
            return
        self.record.mark_intent(intent_id, state, winner=winner, block=block)
        self._apply(model, state, winner, block)

    def _may(self, model: Model, state: IntentState, winner: str | None, block: Block | None) -> bool:
        if state not in MOVES[model.state] or (winner is not None and winner not in model.attempts):
            return False
        if state is MINED:
            holder = self._holder(model.nonce)
            taken_for_good = holder is not None and holder is not model and holder.state is FINAL
            return winner is not None and block is not None and not taken_for_good
        if state is FINAL:
            return winner in (None, model.winner) and block in (None, model.block)
        if state is DROPPED and any(found is AttemptState.SENT for _, found in model.attempts.values()):
            return False
        return winner is None and block is None

    def _apply(self, model: Model, state: IntentState, winner: str | None, block: Block | None) -> None:
        holder = self._holder(model.nonce)
        if state is MINED and holder is not None and holder is not model:
            holder.state, holder.winner, holder.block = SUPERSEDED, None, None
        model.state = state
        if state is not FINAL:
            model.winner, model.block = winner, block

    def _holder(self, nonce: int) -> Model | None:
        return next((one for one in self.models.values() if one.nonce == nonce and one.holds), None)

    def _some(self, data: st.DataObject) -> tuple[int, Model]:
        intent_id = data.draw(st.sampled_from(list(self.models)))
        return intent_id, self.models[intent_id]

    def _add(self, intent_id: int, nonce: int, name: str | None, transaction_hash: str) -> None:
        attempts = {transaction_hash: (AttemptKind.CALL, AttemptState.RECORDED)}
        self.models[intent_id] = Model(nonce, name, attempts=attempts)

    @invariant()
    def the_record_is_as_the_model(self) -> None:
        for intent_id, model in self.models.items():
            intent = self.record.intent(intent_id)
            found = Model(
                intent.nonce,
                intent.opportunity_id,
                intent.state,
                intent.wanted,
                intent.unwanted_because,
                intent.winner,
                intent.block,
                {one.attempt.hash: (one.kind, one.state) for one in intent.attempts},
            )
            assert found == model
            assert (intent.purpose is Purpose.FILL) == (model.opportunity_id is None)

    @invariant()
    def a_nonce_has_one_holder_and_what_is_watched_is_listed(self) -> None:
        held = [model.nonce for model in self.models.values() if model.holds]
        assert len(held) == len(set(held))
        if self.models:
            watched = [one.intent_id for one in self.record.open_intents(sender=OPERATOR)]
            assert sorted(watched) == sorted(
                name for name, model in self.models.items() if model.state in (LIVE, MINED)
            )
            live = sum(model.state is LIVE for model in self.models.values())
            assert self.record.in_flight(OPERATOR) == live


_WAYS: dict[IntentState, list[IntentState]] = {
    LIVE: [],
    MINED: [MINED],
    FINAL: [MINED, FINAL],
    DROPPED: [DROPPED],
    SUPERSEDED: [SUPERSEDED],
}


@pytest.mark.parametrize("begin", IntentState)
def test_an_intent_moves_as_it_may_and_in_no_other_way(record: Record, begin: IntentState) -> None:
    for end in IntentState:
        intent = record.open_intent(fill(), 0, signing(""), pending=None)
        winner = intent.attempts[0].attempt.hash
        for state in _WAYS[begin]:
            _marked(record, intent.intent_id, state, winner, BLOCKS[0])
        before = record.intent(intent.intent_id)
        assert before.state is begin
        if end in MOVES[begin]:
            after = _marked(record, intent.intent_id, end, winner, BLOCKS[1])
            assert after == record.intent(intent.intent_id)
            assert after.state is end
            if end is MINED:
                assert (after.winner, after.block) == (winner, BLOCKS[1])
            elif end is LIVE:
                assert (after.winner, after.block) == (None, None)
        else:
            with pytest.raises(JournalError):
                _marked(record, intent.intent_id, end, winner, BLOCKS[1])
            assert record.intent(intent.intent_id) == before


def _marked(record: Record, intent_id: int, state: IntentState, winner: str, block: Block) -> Intent:
    if state is MINED:
        return record.mark_intent(intent_id, MINED, winner=winner, block=block)
    return record.mark_intent(intent_id, state)


def test_a_lane_does_as_its_model(database: Database) -> None:
    class LaneOfDatabase(Lane):
        pass

    LaneOfDatabase.database = database
    examples = 60 if database.is_sqlite else 15
    run_state_machine_as_test(
        LaneOfDatabase,
        settings=settings(max_examples=examples, stateful_step_count=30, deadline=None),
    )
