"""The durable record of one chain: what is not written here was not sent.

Promises. A write that returned survives a kill and a power cut. An attempt is here before its bytes leave.
A nonce of a wallet is held by one intent. One opportunity id has one execution, at most one live trade, and
one executor whose work it is; it does not end while a transaction of it is out. A slot has one holder, and
so has a claim.

Each method is one transaction and blocks until it is durable: on a local SQLite file a fraction of a
millisecond. Methods raise JournalError when the database cannot be used; then nothing may be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache

from sqlalchemy import Connection, bindparam, or_, select, update

from executor.domain.intent import OPEN, Intent
from executor.journal import flags
from executor.journal.database import FILE_NAME, Database, now
from executor.journal.ended import ended_unmined, lately_ended
from executor.journal.entries import Accepted, NewIntent, StopFlag, StoredExecution
from executor.journal.intents import IntentsPart
from executor.journal.prepared import Prepared, Row
from executor.journal.schema import UNFINISHED, WATCHED, breakers, executions, intents, slots_in_use
from executor.policy.breaker import Breaker, BreakerRules, BreakerState

__all__ = ["FILE_NAME", "Accepted", "Database", "NewIntent", "Record", "StopFlag", "StoredExecution"]

_WATCHED = {state.value for state in OPEN}
_BREAKER = (breakers.c.state, breakers.c.losses, breakers.c.opened_at, breakers.c.rest_seconds)


@cache
def _breakers_of(count: int) -> Prepared:
    """Those of `count` keys that are recorded."""
    keys = [bindparam(f"key_{number}", type_=breakers.c.key.type) for number in range(count)]
    its = (breakers.c.chain == bindparam("of_chain"), breakers.c.key.in_(keys))
    return Prepared(select(breakers.c.key, *_BREAKER).where(*its))


class Record(IntentsPart):
    """One chain's record, kept by one executor: `Record(database, chain, executor_id)`. `adoptions` counts
    how often it has taken over another's work.
    """

    adoptions = 0

    def adopt(
        self,
        dead_executor_id: str,
        *,
        still_dead: Callable[[Connection], bool] = lambda connection: True,
        with_ended: bool = True,
    ) -> int:
        """Take over a dead executor's unfinished executions, its open intents and its slots, in one
        transaction; how many executions and intents that were. What ended and may be mined after all comes
        with them, without `with_ended` only that of opportunities which are under way; and what is held for
        what has ended is given back.

        `still_dead` is asked within that transaction: where it says no, nothing happens. It must hold until
        the transaction ends, as the dead one's lock does.
        """
        if dead_executor_id == self.executor_id:
            return 0
        with self.database.writing() as connection:
            if not still_dead(connection):
                return 0
            self._adopt_ended(connection, dead_executor_id, with_ended=with_ended)
            taken = 0
            for table, still in (
                (executions, executions.c.status.in_(UNFINISHED)),
                (intents, intents.c.state.in_(WATCHED)),
                (slots_in_use, None),
            ):
                its = (table.c.chain == self.chain) & (table.c.executor_id == dead_executor_id)
                change = update(table).where(its if still is None else its & still)
                count = connection.execute(change.values(executor_id=self.executor_id)).rowcount
                taken += count if still is not None else 0
            self._free_ended(connection)
        self.adoptions += 1
        return taken

    def lately_ended(self, executor_id: str | None = None) -> tuple[Intent, ...]:
        """An executor's intents (None: this one's) that ended unmined, as far back as one may be mined after
        all.
        """
        return self._select(lately_ended(self.chain, executor_id or self.executor_id))

    def _adopt_ended(self, connection: Connection, dead_executor_id: str, *, with_ended: bool) -> None:
        """With what ended unmined, and with whatever is still watched, come its results, the final ones too:
        whoever watches a transaction must be able to take back what was said of it.
        """
        dead = (intents.c.chain == self.chain) & (intents.c.executor_id == dead_executor_id)
        watched = dead & intents.c.state.in_(WATCHED)
        # All at once: what is lately ended goes by the newest that is left.
        ended = ended_unmined(self.chain, dead_executor_id)
        found = select(intents.c.id, intents.c.opportunity_id, intents.c.state).where(or_(ended, watched))
        rows = connection.execute(found).all()
        unfinished = self._unfinished_names(connection, dead_executor_id)
        if not with_ended:
            under_way = unfinished | {row.opportunity_id for row in rows if row.state in _WATCHED} - {None}
            rows = [row for row in rows if row.opportunity_id in under_way]
        names = {row.opportunity_id for row in rows if row.opportunity_id is not None}
        # All that is written here and after it, before any of it.
        self._locked_standing(connection, names | unfinished | self._holders(connection))
        if not rows:
            return
        ours = {"executor_id": self.executor_id}
        its = (executions.c.chain == self.chain) & executions.c.opportunity_id.in_(names)
        its &= executions.c.executor_id == dead_executor_id
        its &= executions.c.status.not_in(UNFINISHED)
        connection.execute(update(executions).where(its).values(ours))
        numbers = intents.c.id.in_([row.id for row in rows]) & intents.c.state.not_in(WATCHED)
        connection.execute(update(intents).where(numbers).values(ours))

    def _unfinished_names(self, connection: Connection, executor_id: str) -> set[str]:
        its = (executions.c.chain == self.chain) & executions.c.status.in_(UNFINISHED)
        query = select(executions.c.opportunity_id).where(its, executions.c.executor_id == executor_id)
        return set(connection.execute(query).scalars())

    def is_busy(self, executor_id: str) -> bool:
        """Whether that executor has something under way: an opportunity that has not ended, or an intent that
        is watched. Nothing of it is read, so that nothing that cannot be read hides the rest.
        """
        under_way = select(executions.c.opportunity_id).where(
            executions.c.chain == self.chain,
            executions.c.status.in_(UNFINISHED),
            executions.c.executor_id == executor_id,
        )
        watched = select(intents.c.id).where(
            intents.c.chain == self.chain, intents.c.state.in_(WATCHED), intents.c.executor_id == executor_id
        )
        with self.database.reading() as connection:
            return any(connection.execute(query.limit(1)).first() for query in (under_way, watched))

    def stop_flag(self) -> StopFlag | None:
        """The flag that forbids to sign and to send on this chain now, if one stands."""
        return flags.standing(self.database, self.chain)

    def breakers(self, keys: Sequence[str], rules: BreakerRules | None = None) -> dict[str, Breaker]:
        """The breakers of those chains, wallets and routes under `rules`, closed where none is recorded.
        Times in Unix seconds.
        """
        rules = rules or BreakerRules()
        values: dict[str, object] = {f"key_{number}": key for number, key in enumerate(keys)}
        rows = self.database.glance(_breakers_of(len(keys)), {"of_chain": self.chain, **values})
        found = self._decoded("entry", lambda: {row[0]: _breaker(row[1:], rules) for row in rows})
        return {key: found.get(key, Breaker(rules)) for key in keys}

    def change_breakers(
        self,
        keys: Collection[str],
        change: Callable[[str, Breaker], Breaker],
        rules: BreakerRules | None = None,
    ) -> dict[str, Breaker]:
        """Make of each breaker what `change` makes of its key and what it is; what they are now. One
        transaction, in which nobody else changes them; what `change` raises leaves all as they were. Rules
        are settings and are not kept.
        """
        changed = {}
        with self.database.writing() as connection:
            # In one order everywhere: two that change the same ones then never wait for each other.
            for key in sorted(set(keys)):
                before = self._locked_breaker(connection, key, rules or BreakerRules())
                changed[key] = change(key, before)
                if changed[key] != before:
                    self._put_breaker(connection, key, changed[key])
        return changed

    def _locked_breaker(self, connection: Connection, key: str, rules: BreakerRules) -> Breaker:
        its = (breakers.c.chain == self.chain) & (breakers.c.key == key)
        locked = select(*_BREAKER).where(its).with_for_update()
        row = connection.execute(locked).first()
        if row is None:
            # What is not there cannot be locked.
            new = {"chain": self.chain, "key": key, "chain_id": self._chain_id, **_values(Breaker(rules))}
            connection.execute(self.database.insert_new(breakers), new)
            row = connection.execute(locked).one()
        return self._decoded("entry", lambda: _breaker(row, rules))

    def _put_breaker(self, connection: Connection, key: str, breaker: Breaker) -> None:
        its = (breakers.c.chain == self.chain) & (breakers.c.key == key)
        connection.execute(update(breakers).where(its).values(_values(breaker)))


def _values(breaker: Breaker) -> dict[str, object]:
    return {
        "state": breaker.state.value,
        "losses": breaker.losses,
        "opened_at": breaker.opened_at,
        "rest_seconds": breaker.rest_seconds,
        "updated_at": now(),
    }


def _breaker(row: Row, rules: BreakerRules) -> Breaker:
    state, losses, opened_at, rest_seconds = row
    return Breaker(rules, BreakerState(state), losses, opened_at, rest_seconds)
