"""Intents and their attempts: which nonce is whose, what was signed for it, what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, Connection, and_, select, update

from executor.domain.address import Address
from executor.domain.attempt import Attempt
from executor.domain.errors import JournalError
from executor.domain.execution import Execution, Status
from executor.domain.intent import (
    HOLDS_NONCE,
    AttemptKind,
    AttemptState,
    Block,
    Intent,
    IntentState,
    Purpose,
    StoredAttempt,
)
from executor.journal import intent_rows as rows
from executor.journal.codec import dump_execution
from executor.journal.database import now
from executor.journal.entries import NewIntent, Reached
from executor.journal.executions import ExecutionsPart
from executor.journal.moves import IN_A_BLOCK, require_move
from executor.journal.schema import WATCHED, intents


class IntentsPart(ExecutionsPart):
    """The part of the record that is about nonces."""

    def open_intent(
        self,
        new: NewIntent,
        least_nonce: int,
        sign: Callable[[int], Attempt],
        *,
        pending: Execution | None,
    ) -> Intent:
        """Give `new` the lowest nonce from `least_nonce` on that no intent holds, have it signed, and record
        the intent, its first attempt and the PENDING execution with its hash, all in one commit.

        `sign` runs within the transaction: it must be quick, and whatever it raises leaves nothing behind.
        Raises JournalError if a nonce was named and is held, or if the opportunity was not accepted, is
        another executor's, is realised already, or has a trade that is live or mined beside the `lost` ones.
        """
        chain_id = self._chain_id
        if str(new.chain_id) != chain_id:
            raise JournalError(
                f"an intent of chain id {new.chain_id} does not belong to {self.chain}.",
                fix="give the lane the record of its own chain",
                chain_id=chain_id,
            )
        if pending is not None and pending.opportunity_id != new.opportunity_id:
            raise JournalError(
                f"the execution of {pending.opportunity_id} does not belong to an intent of "
                f"{new.opportunity_id}.",
                fix="give the execution of the intent's own opportunity",
            )
        with self.database.putting() as connection:
            self._require_ours(connection, new)
            nonce = self._next_nonce(connection, new, least_nonce)
            attempt = sign(nonce)
            self._require_fit(attempt, new.sender, nonce)
            row = self._intent_row(new, nonce)
            ((intent_id,),) = rows.INSERT_INTENT.rows(connection, row)
            first = rows.attempt_row(row, intent_id, attempt, AttemptKind.CALL)
            rows.INSERT_ATTEMPT.change(connection, first)
            if pending is not None:
                self._put_pending(connection, pending, attempt)
        stored = StoredAttempt(attempt, AttemptKind.CALL, AttemptState.RECORDED, None)
        return rows.read_intent({**row, "id": intent_id}, (stored,))

    def add_attempt(self, intent_id: int, attempt: Attempt, kind: AttemptKind) -> Intent:
        """Record a replacement, to be called before its bytes leave. Harmless when repeated.

        Raises JournalError unless the intent is live, this executor's, and of the attempt's nonce.
        """
        with self.database.writing() as connection:
            intent = self._locked(connection, intent_id)
            if any(one.attempt.hash == attempt.hash for one in intent.attempts):
                return intent
            self._require_fit(attempt, intent.sender, intent.nonce)
            self._require_live_and_ours(intent)
            row = {"chain": intent.chain, "chain_id": str(intent.chain_id)}
            rows.INSERT_ATTEMPT.change(connection, rows.attempt_row(row, intent_id, attempt, kind))
            return self._one(connection, intents.c.id == intent_id)

    def reoffer(self, intent_id: int, transaction_hash: str) -> None:
        """A refused attempt is about to leave again: from now on it is perhaps sent. To be called before its
        bytes leave.

        Raises JournalError unless the intent is live and this executor's.
        """
        with self.database.writing() as connection:
            self._require_live_and_ours(self._locked(connection, intent_id))
            values = {"state": AttemptState.RECORDED.value, "note": "", "updated_at": now()}
            its = {"of_intent": intent_id, "of_hash": transaction_hash}
            rows.MARK_ATTEMPT.change(connection, {**its, **values})

    def mark_attempt(
        self, transaction_hash: str, state: AttemptState, *, sent_at: int | None = None, note: str = ""
    ) -> None:
        """Write down what a node answered. `sent_at` in Unix seconds; None leaves it as it was.

        Where two intents have the same bytes, that which holds the nonce is meant. Raises JournalError for an
        unknown hash, for an intent that is another executor's by now, for RECORDED, which is where an attempt
        begins, and for REFUSED where it was sent meanwhile: only who has offered it anew may say that.
        """
        if state is AttemptState.RECORDED:
            raise JournalError("an attempt does not become recorded again.", fix="mark it as sent or refused")
        values: dict[str, object] = {"state": state.value, "note": note, "updated_at": now()}
        mark = rows.MARK_ATTEMPT
        if sent_at is not None:
            mark, values["sent_at"] = rows.MARK_SENT, sent_at
        its = {"of_chain": self.chain, "of_hash": transaction_hash}
        with self.database.putting() as connection:
            found = rows.LOCKED_BY_HASH.one(connection, its)
            if found is None:
                raise JournalError(
                    f"no attempt {transaction_hash} is recorded on {self.chain}.",
                    fix="record an attempt before it is sent",
                    transaction_hash=transaction_hash,
                )
            intent_id, watched_by, before = found
            self._require_watched(intent_id, watched_by)
            if state is AttemptState.REFUSED and before == AttemptState.SENT.value:
                raise JournalError(
                    f"the attempt {transaction_hash} is out, or may be, whatever a node says of it now.",
                    fix="follow it; before it is offered anew, note that",
                    transaction_hash=transaction_hash,
                )
            mark.change(connection, {"of_intent": intent_id, "of_hash": transaction_hash, **values})

    def unwant(self, intent_id: int, because: str) -> None:
        """It must not happen any more; the first reason stays. Raises JournalError for an unknown intent, and
        for one that is another executor's.
        """
        with self.database.writing() as connection:
            intent = self._locked(connection, intent_id)
            self._require_watched(intent_id, intent.executor_id)
            if intent.wanted:
                self._change(connection, intent_id, wanted=False, unwanted_because=because)

    def mark_intent(
        self,
        intent_id: int,
        state: IntentState,
        *,
        winner: str | None = None,
        block: Block | None = None,
    ) -> Intent:
        """Move an intent on, as `ALLOWED` says; MINED needs the hash of the attempt that won, and its block.

        A late success takes its nonce back: an intent of ours that holds it meanwhile becomes SUPERSEDED. To
        be marked as what it is already is harmless. Raises JournalError for every other move; for an intent
        that is another executor's; for a nonce that another holds for good; for dropping what has an attempt
        that is out.
        """
        with self.database.writing() as connection:
            intent = self._locked(connection, intent_id)
            self._require_watched(intent_id, intent.executor_id)
            require_move(intent, state, winner, block)
            if intent.state is state and state is not IntentState.MINED:
                return intent
            if state is IntentState.MINED and intent.state not in HOLDS_NONCE:
                self._take_back(connection, intent)
            if state in IN_A_BLOCK:
                winner, block = winner or intent.winner, block or intent.block
            self._change(
                connection,
                intent_id,
                state=state.value,
                winner=winner,
                block_number=None if block is None else block.number,
                block_hash=None if block is None else block.hash,
            )
            return self._one(connection, intents.c.id == intent_id)

    def intent(self, intent_id: int) -> Intent:
        """That intent as it is now. Raises JournalError if there is none."""
        with self.database.reading() as connection:
            return self._one(connection, intents.c.id == intent_id)

    def intent_of(self, transaction_hash: str) -> Intent | None:
        """The intent of that attempt; where two have the same bytes, that which holds the nonce."""
        with self.database.reading() as connection:
            its = {"of_chain": self.chain, "of_hash": transaction_hash}
            found = rows.BY_HASH.one(connection, its)
            return None if found is None else self._one(connection, intents.c.id == found[0])

    def intents_of(self, opportunity_id: str) -> tuple[Intent, ...]:
        """All intents of an opportunity, the oldest first."""
        found = self._select(intents.c.opportunity_id == opportunity_id)
        return tuple(sorted(found, key=lambda intent: intent.intent_id))

    def open_intents(
        self, *, sender: Address | None = None, executor_id: str | None = None
    ) -> tuple[Intent, ...]:
        """What is live or mined, by sender and nonce; of one wallet or all, of one executor or all."""
        conditions: list[ColumnElement[bool]] = [intents.c.state.in_(WATCHED)]
        if sender is not None:
            conditions.append(intents.c.sender == sender)
        if executor_id is not None:
            conditions.append(intents.c.executor_id == executor_id)
        return self._select(*conditions)

    def in_flight(self, sender: Address) -> int:
        """How many live intents a wallet has."""
        its = {"of_chain": self.chain, "of_sender": sender}
        ((count,),) = self.database.glance(rows.IN_FLIGHT, its)
        return int(count)

    def reached(self, sender: Address) -> Reached | None:
        """How far a wallet has come by what is recorded; None where nothing is."""
        its = {"of_chain": self.chain, "of_sender": sender}
        ((held, lost, block),) = self.database.glance(rows.REACHED, its)
        nonces = [nonce for nonce in (held, lost) if nonce is not None]
        return Reached(max(nonces), block) if nonces else None

    def _require_ours(self, connection: Connection, new: NewIntent) -> None:
        """The opportunity's row is locked from here on: two processes cannot both open its trade."""
        if new.opportunity_id is None:
            return
        found = rows.OWNED.one(connection, self._key(new.opportunity_id))
        executor_id, status = found or (None, None)
        if executor_id != self.executor_id:
            self._raise_not_ours(new.opportunity_id)
        if new.purpose is Purpose.TRADE and status == Status.REALISED.value:
            self._raise_carried_out(new, "is realised already")

    def _next_nonce(self, connection: Connection, new: NewIntent, least_nonce: int) -> int:
        """The lane is locked from here on: one at a time gives out a wallet's nonces."""
        self._lock_lane(connection, new.sender)
        lane = {"of_chain": self.chain, "of_sender": new.sender}
        asked = {**lane, "least": least_nonce, "of_opportunity": new.opportunity_id}
        ((lowest_free, trades),) = rows.LANE.rows(connection, asked)
        if new.purpose is Purpose.TRADE and trades > new.lost:
            self._raise_carried_out(new, "has a live trade, or one that was mined")
        if new.nonce is None:
            return int(lowest_free)
        holder = rows.HOLDER.one(connection, {**lane, "at_nonce": new.nonce})
        if holder is not None:
            raise JournalError(
                f"nonce {new.nonce} of {new.sender} is held by intent {holder[0]} ({holder[1]}).",
                fix="leave it to that intent",
                nonce=new.nonce,
            )
        return new.nonce

    def _raise_carried_out(self, new: NewIntent, why: str) -> NoReturn:
        raise JournalError(
            f"the opportunity {new.opportunity_id} {why}.",
            fix="wait for what becomes of it; one opportunity is carried out once",
            opportunity_id=new.opportunity_id,
        )

    def _lock_lane(self, connection: Connection, sender: Address) -> None:
        """An SQLite writer is alone anyway."""
        if not self.database.is_sqlite:
            lane = hashlib.sha256(f"lane {self._chain_id} {sender}".encode()).digest()
            connection.execute(rows.LANE_LOCK, {"number": int.from_bytes(lane[:8], "big", signed=True)})

    def _require_watched(self, intent_id: int, executor_id: str) -> None:
        """Who was halted for long may know less of it than who has taken it over."""
        if executor_id != self.executor_id:
            raise JournalError(
                f"intent {intent_id} is watched by {executor_id} by now.",
                fix="leave it to that executor",
                intent_id=intent_id,
                executor_id=self.executor_id,
            )

    def _require_live_and_ours(self, intent: Intent) -> None:
        if intent.state is not IntentState.LIVE or intent.executor_id != self.executor_id:
            raise JournalError(
                f"intent {intent.intent_id} is {intent.state.value} and watched by {intent.executor_id}: "
                "it takes no further attempt.",
                fix="send nothing more for it; look at what became of it",
                intent_id=intent.intent_id,
            )

    def _require_fit(self, attempt: Attempt, sender: Address, nonce: int) -> None:
        signed = (str(attempt.chain_id), attempt.sender, attempt.nonce)
        if signed != (self._chain_id, sender, nonce):
            raise JournalError(
                f"what was signed is for chain id {signed[0]}, {signed[1]}, nonce {signed[2]}; asked was "
                f"{self._chain_id}, {sender}, nonce {nonce}.",
                fix="sign for the nonce that is asked for; nothing was recorded",
            )

    def _put_pending(self, connection: Connection, pending: Execution, attempt: Attempt) -> None:
        if attempt.hash not in pending.transaction_hashes:
            hashes = (*pending.transaction_hashes, attempt.hash)
            pending = replace(pending, transaction_hashes=hashes)
        values = {
            "status": pending.status.value,
            "result": dump_execution(pending),
            "updated_at": now(),
        }
        rows.PUT_PENDING.change(connection, {**self._key(pending.opportunity_id), **values})

    def _take_back(self, connection: Connection, intent: Intent) -> None:
        self._lock_lane(connection, intent.sender)
        lane = {"of_chain": self.chain, "of_sender": intent.sender, "at_nonce": intent.nonce}
        holder = rows.HOLDER.one(connection, lane)
        if holder is None:
            return
        holder_id, state = holder
        if state == IntentState.FINAL.value:
            raise JournalError(
                f"nonce {intent.nonce} of {intent.sender} is final with intent {holder_id}.",
                fix="ask other nodes: two transactions of one nonce cannot both be in a chain",
                intent_id=intent.intent_id,
            )
        lost = {"winner": None, "block_number": None, "block_hash": None}
        self._change(connection, holder_id, state=IntentState.SUPERSEDED.value, **lost)

    def _change(self, connection: Connection, intent_id: int, **values: object) -> None:
        its = intents.c.id == intent_id
        connection.execute(update(intents).where(its).values(updated_at=now(), **values))

    def _locked(self, connection: Connection, intent_id: int) -> Intent:
        connection.execute(select(intents.c.id).where(intents.c.id == intent_id).with_for_update())
        return self._one(connection, intents.c.id == intent_id)

    def _one(self, connection: Connection, condition: ColumnElement[bool]) -> Intent:
        query = rows.WITH_ATTEMPTS.where(intents.c.chain == self.chain, condition)
        found = self._read(connection.execute(query).mappings().all())
        if not found:
            raise JournalError(
                f"{self.chain} has no such intent.", fix="see `executor history` for those there are"
            )
        return found[0]

    def _select(self, *conditions: ColumnElement[bool]) -> tuple[Intent, ...]:
        query = rows.WITH_ATTEMPTS.where(intents.c.chain == self.chain, and_(*conditions))
        with self.database.reading() as connection:
            found = connection.execute(query).mappings().all()
        return self._read(found)

    def _read(self, found: Iterable[Any]) -> tuple[Intent, ...]:
        grouped: dict[int, list[Any]] = {}
        for row in found:
            grouped.setdefault(row["id"], []).append(row)
        return self._decoded(
            "intent",
            lambda: tuple(
                rows.read_intent(its[0], tuple(rows.read_attempt(row) for row in its))
                for its in grouped.values()
            ),
        )

    def _intent_row(self, new: NewIntent, nonce: int) -> dict[str, Any]:
        moment = now()
        return {
            "chain": self.chain,
            "chain_id": str(new.chain_id),
            "sender": new.sender,
            "nonce": nonce,
            "purpose": new.purpose.value,
            "opportunity_id": new.opportunity_id,
            "executor_id": self.executor_id,
            "state": IntentState.LIVE.value,
            "wanted": True,
            "unwanted_because": "",
            "deadline": new.deadline,
            "winner": None,
            "block_number": None,
            "block_hash": None,
            "created_at": moment,
            "updated_at": moment,
        }
