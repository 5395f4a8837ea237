"""Intake, executions, and what they hold while they last: a slot, and claims to what cannot be shared."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import NoReturn

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, literal_column, or_, select, update

from executor.domain.errors import JournalError
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import Opportunity
from executor.journal.claiming import claim_free, claimed
from executor.journal.codec import dump_execution, dump_opportunity, load_execution, load_opportunity
from executor.journal.database import Database, now
from executor.journal.entries import Accepted, StoredExecution
from executor.journal.intent_rows import OWNED
from executor.journal.part import Part
from executor.journal.prepared import Prepared, Row
from executor.journal.schema import HOLDING, UNFINISHED, claims, executions, intents, slots_in_use

_MINE = (executions.c.chain == bindparam("of_chain")) & (
    executions.c.opportunity_id == bindparam("of_opportunity")
)
_ENTRY = (executions.c.opportunity, executions.c.result, executions.c.accepted_at, executions.c.executor_id)
_STORED = Prepared(select(*_ENTRY).where(_MINE))
_PUT = update(executions).where(_MINE, executions.c.executor_id == bindparam("of_executor"))
_EVER_OPENED = exists().where(
    intents.c.chain == bindparam("of_chain"), intents.c.opportunity_id == bindparam("of_opportunity")
)
_PUT_AGAIN = update(executions).where(
    _MINE,
    or_(
        executions.c.executor_id == bindparam("of_executor"),
        and_(executions.c.status.not_in(UNFINISHED), ~_EVER_OPENED),
    ),
)
_PUT_OUTCOME = Prepared(_PUT, "status", "result", "updated_at")
_LIVE = Prepared(
    select(intents.c.id)
    .where(
        intents.c.chain == bindparam("of_chain"),
        intents.c.opportunity_id == bindparam("of_opportunity"),
        intents.c.state == literal_column("'live'"),
    )
    .limit(1)
)
_HOLDING_NONCE = Prepared(
    select(intents.c.id)
    .where(
        intents.c.chain == bindparam("of_chain"),
        intents.c.opportunity_id == bindparam("of_opportunity"),
        intents.c.state.in_(HOLDING),
    )
    .limit(1)
)
_SLOTS = Prepared(
    select(slots_in_use.c.slot, slots_in_use.c.opportunity_id).where(
        slots_in_use.c.chain == bindparam("of_chain")
    )
)
_FREE = {
    table: Prepared(
        delete(table).where(
            table.c.chain == bindparam("of_chain"), table.c.opportunity_id == bindparam("of_opportunity")
        )
    )
    for table in (slots_in_use, claims)
}


class _NotAllError(Exception):
    """Undoes the claims that were made beside one that could not be."""


class ExecutionsPart(Part):
    """The part of the record that is about opportunities."""

    def __init__(self, database: Database, chain: str, executor_id: str) -> None:
        super().__init__(database, chain, executor_id)
        self._insert_execution = Prepared(database.insert_new(executions), *executions.c.keys())
        self._insert_slot = Prepared(database.insert_new(slots_in_use), *slots_in_use.c.keys())

    def accept(self, opportunity: Opportunity, *, slots: int) -> Accepted:
        """Take an opportunity in, and the lowest free one of the chain's `slots` with it, in one commit.

        Where none is free the intake is recorded all the same; see `take_slot`.
        """
        opportunity_id = opportunity.opportunity_id
        accepted = Execution(opportunity_id, self.chain, Status.ACCEPTED)
        row = self._row(dump_opportunity(opportunity), accepted)
        with self.database.putting() as connection:
            if self._insert_execution.change(connection, row) == 1:
                return Accepted(None, True, self._take(connection, opportunity_id, slots))
            (stored,) = _STORED.rows(connection, self._key(opportunity_id))
            taken = _SLOTS.rows(connection, {"of_chain": self.chain})
        held = next((slot for slot, holder in taken if holder == opportunity_id), None)
        return Accepted(self._stored(stored), False, held)

    def accept_again(self, opportunity: Opportunity) -> None:
        """Take in anew what ended with nothing sent, as it is given now: what a crash leaves is this. What
        another executor ended without an intent is this one's from here on. What is known of a transaction
        that a node refused stays with it: it may be mined after all.

        Raises JournalError if it was never taken in, or is another executor's still.
        """
        key = self._key(opportunity.opportunity_id)
        moment = now()
        values = {"opportunity": dump_opportunity(opportunity), "accepted_at": moment, "updated_at": moment}
        values |= {"status": Status.ACCEPTED.value, "executor_id": self.executor_id}
        its = {**key, "of_executor": self.executor_id}
        with self.database.writing() as connection:
            accepted = Execution(opportunity.opportunity_id, self.chain, Status.ACCEPTED)
            found = _STORED.one(connection, key)
            if found is not None and connection.execute(select(_EVER_OPENED), key).scalar_one():
                known = self._stored(found).execution
                accepted = replace(known, status=accepted.status, reasons=(), transaction_hashes=())
            values["result"] = dump_execution(accepted)
            if connection.execute(_PUT_AGAIN.values(values), its).rowcount == 0:
                self._raise_not_ours(opportunity.opportunity_id)

    def take_slot(self, opportunity_id: str, slots: int) -> bool:
        """Take the lowest free slot for an opportunity that has not ended; True if it has one now.

        Raises JournalError if it has, was never taken in, or is another executor's.
        """
        with self.database.putting() as connection:
            self._require_under_way(connection, opportunity_id)
            return self._take(connection, opportunity_id, slots) is not None

    def stored(self, opportunity_id: str) -> StoredExecution | None:
        """What is recorded of that opportunity."""
        found = self.database.glance(_STORED, self._key(opportunity_id))
        return self._stored(found[0]) if found else None

    def opportunity_of(self, stored: StoredExecution) -> Opportunity:
        """What it answers. Raises JournalError where that cannot be read, as a newer version may write it."""
        return self._decoded("opportunity", lambda: load_opportunity(stored.opportunity))

    def end_unsent(self, execution: Execution) -> Execution:
        """Store the final outcome of an execution of which nothing was sent, as `update` does; what stands
        in the record then. That is what stood there before where it is another executor's, has ended
        already, or has an intent that holds its nonce: who thinks that nothing was sent knows less.

        Raises JournalError if it is not here.
        """
        key = self._key(execution.opportunity_id)
        with self.database.putting() as connection:
            owned = OWNED.one(connection, key)
            if owned is None:
                self._raise_not_ours(execution.opportunity_id)
            is_open = owned[0] == self.executor_id and not Status(owned[1]).is_final
            if is_open and _HOLDING_NONCE.one(connection, key) is None:
                self._put(connection, execution)
                return execution
            (stored,) = _STORED.rows(connection, key)
        return self._stored(stored).execution

    def update(self, execution: Execution) -> None:
        """Store a newer outcome of an execution that is here. A final one frees its slot and its claims in
        the same commit.

        Raises JournalError if it is not here or another executor's, or has a live intent and would end.
        """
        with self.database.putting() as connection:
            if not self._put(connection, execution):
                self._raise_not_ours(execution.opportunity_id)

    def unfinished(
        self,
        executor_id: str | None = None,
        *,
        unreadable: Callable[[str, JournalError], None] | None = None,
    ) -> tuple[StoredExecution, ...]:
        """What is accepted or pending, the oldest first; of one executor or of all. `unreadable` is told the
        id of each that is damaged or of a newer version; without it, that is raised as JournalError.
        """
        query = select(*_ENTRY, executions.c.opportunity_id).where(
            executions.c.chain == self.chain, executions.c.status.in_(UNFINISHED)
        )
        if executor_id is not None:
            query = query.where(executions.c.executor_id == executor_id)
        with self.database.reading() as connection:
            rows = connection.execute(query).all()
        # Sorted here: for an order of its own, SQLite would read all that has ended as well.
        rows = sorted(rows, key=lambda row: (row.accepted_at, row.opportunity_id))
        found = []
        for row in rows:
            try:
                found.append(self._stored(row[: len(_ENTRY)]))
            except JournalError as error:
                if unreadable is None:
                    raise
                unreadable(row.opportunity_id, error)
        return tuple(found)

    def counts(self) -> dict[str, int]:
        """How many executions stand in each status."""
        query = (
            select(executions.c.status, func.count())
            .where(executions.c.chain == self.chain)
            .group_by(executions.c.status)
        )
        with self.database.reading() as connection:
            return {status: count for status, count in connection.execute(query)}  # noqa: C416

    def claim(self, opportunity_id: str, keys: Collection[str]) -> tuple[str, ...]:
        """Claim all of `keys` for an opportunity that has not ended, or none; the keys that somebody else
        has, so nothing where it worked. Harmless when repeated. Raises JournalError as `take_slot` does.
        """
        # In one order everywhere: two that claim the same keys then never wait for each other.
        wanted = sorted(set(keys))
        if not wanted:
            return ()
        while True:
            try:
                with self.database.putting() as connection:
                    self._require_under_way(connection, opportunity_id)
                    found = self._claimed(connection, opportunity_id, wanted)
                    others = tuple(key for key in wanted if found.get(key, opportunity_id) != opportunity_id)
                    if len(found) == len(wanted) and not others:
                        return ()
                    raise _NotAllError
            except _NotAllError:
                # One that was given back in between is asked for once more, with none of the others held: who
                # waits for those may have it by now.
                if others:
                    return others

    def release(self, opportunity_id: str) -> None:
        """Give all its claims back; harmless when it has none. Those of another executor's stay."""
        with self.database.putting() as connection:
            owned = OWNED.one(connection, self._key(opportunity_id))
            if owned is not None and owned[0] == self.executor_id:
                _FREE[claims].change(connection, self._key(opportunity_id))

    def free_ended(self) -> int:
        """Give back what opportunities hold that have ended; how many slots and claims those were."""
        with self.database.writing() as connection:
            return self._free_ended(connection)

    def _free_ended(self, connection: Connection) -> int:
        # Locked, so that none of them is taken in anew meanwhile.
        standing = self._locked_standing(connection, self._holders(connection))
        names = [name for name, status in standing.items() if status.is_final]
        freed = 0
        for table in _FREE if names else ():
            its = (table.c.chain == self.chain) & table.c.opportunity_id.in_(names)
            freed += connection.execute(delete(table).where(its)).rowcount
        return freed

    def _holders(self, connection: Connection) -> set[str]:
        """The opportunities that hold slots or claims."""
        queries = [select(table.c.opportunity_id).where(table.c.chain == self.chain) for table in _FREE]
        return {name for query in queries for name in connection.execute(query).scalars()}

    def _locked_standing(self, connection: Connection, names: Collection[str]) -> dict[str, Status]:
        """How they stand, and do until the transaction ends. In one order everywhere: two that lock some of
        the same then never wait for each other.
        """
        its = (executions.c.chain == self.chain) & executions.c.opportunity_id.in_(sorted(names))
        query = select(executions.c.opportunity_id, executions.c.status).where(its)
        rows = connection.execute(query.order_by(executions.c.opportunity_id).with_for_update())
        return {row.opportunity_id: Status(row.status) for row in rows}

    def _require_under_way(self, connection: Connection, opportunity_id: str) -> None:
        """Its row is locked from here on: a process that was taken for dead may wake, and take what nobody
        would give back.
        """
        found = OWNED.one(connection, self._key(opportunity_id))
        if found is None or found[0] != self.executor_id:
            self._raise_not_ours(opportunity_id)
        if Status(found[1]).is_final:
            raise JournalError(
                f"the opportunity {opportunity_id} has ended on {self.chain}.",
                fix="accept it again before anything is held for it",
                opportunity_id=opportunity_id,
                status=found[1],
            )

    def _claimed(self, connection: Connection, opportunity_id: str, wanted: list[str]) -> dict[str, str]:
        """Who has which key, after all that were free were claimed. One of another's that was given back in
        between is missing.
        """
        values: dict[str, object] = {f"key_{number}": key for number, key in enumerate(wanted)}
        values |= {**self._key(opportunity_id), "of_chain_id": self._chain_id, "at": now()}
        claim_free(len(wanted), is_sqlite=self.database.is_sqlite).change(connection, values)
        return {key: holder for key, holder in claimed(len(wanted)).rows(connection, values)}  # noqa: C416

    def _take(self, connection: Connection, opportunity_id: str, slots: int) -> int | None:
        while True:
            taken = _SLOTS.rows(connection, {"of_chain": self.chain})
            for slot, holder in taken:
                if holder == opportunity_id:
                    return int(slot)
            used = {slot for slot, _ in taken}
            free = next((slot for slot in range(slots) if slot not in used), None)
            if free is None:
                return None
            row = {
                "chain": self.chain,
                "slot": free,
                "chain_id": self._chain_id,
                "opportunity_id": opportunity_id,
                "executor_id": self.executor_id,
                "taken_at": now(),
            }
            # Another process may have been faster; then look again.
            if self._insert_slot.change(connection, row) == 1:
                return free

    def _put(self, connection: Connection, execution: Execution) -> bool:
        """Store it over what is here, if that is ours.

        Raises JournalError for an end while a transaction of it is out: who did not know of that looks again.
        """
        values = {
            "of_executor": self.executor_id,
            "status": execution.status.value,
            "result": dump_execution(execution),
            "updated_at": now(),
        }
        key = self._key(execution.opportunity_id)
        found = _PUT_OUTCOME.change(connection, {**key, **values}) == 1
        if found and execution.status.is_final:
            # Now that the row is locked, nobody can open a trade of it in between.
            self._require_nothing_live(connection, execution.opportunity_id)
            for free in _FREE.values():
                free.change(connection, key)
        return found

    def _require_nothing_live(self, connection: Connection, opportunity_id: str) -> None:
        live = _LIVE.one(connection, self._key(opportunity_id))
        if live is not None:
            raise JournalError(
                f"the opportunity {opportunity_id} has not ended: its intent {live[0]} is live.",
                fix="follow what is out to its end",
                opportunity_id=opportunity_id,
                intent_id=live[0],
            )

    def _row(self, opportunity: str, execution: Execution) -> dict[str, object]:
        moment = now()
        return {
            "chain": self.chain,
            "opportunity_id": execution.opportunity_id,
            "chain_id": self._chain_id,
            "opportunity": opportunity,
            "status": execution.status.value,
            "result": dump_execution(execution),
            "executor_id": self.executor_id,
            "accepted_at": moment,
            "updated_at": moment,
        }

    def _key(self, opportunity_id: str) -> dict[str, object]:
        return {"of_chain": self.chain, "of_opportunity": opportunity_id}

    def _stored(self, row: Row) -> StoredExecution:
        opportunity, result, accepted_at, executor_id = row
        return self._decoded(
            "execution",
            lambda: StoredExecution(opportunity, load_execution(result), accepted_at, executor_id),
        )

    def _raise_not_ours(self, opportunity_id: str) -> NoReturn:
        raise JournalError(
            f"the opportunity {opportunity_id} is not this executor's on {self.chain}.",
            fix="accept it first; if another executor has taken it over, leave it to that one",
            opportunity_id=opportunity_id,
            executor_id=self.executor_id,
        )
