"""The ten invariants of docs/transactions.md, searched for a way to break them.

The real lane, tracker and record; a model of the chain and of its nodes, one of which may be at its worst;
the process killed between any two effects and started again. What holds at any moment is checked at any
moment; what must hold in the end is checked once the world has calmed down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, select

from executor.domain.attempt import Receipt
from executor.domain.errors import NodeError
from executor.domain.intent import (
    HOLDS_NONCE,
    AttemptKind,
    AttemptState,
    Block,
    Intent,
    IntentState,
    Purpose,
)
from executor.journal.anchor import Anchor
from executor.journal.database import Database
from executor.journal.flags import lift_stop, set_stop
from executor.journal.record import Record
from executor.journal.schema import attempts, flags, intents
from executor.policy.fees import Fees
from executor.policy.lifecycle import Pace
from executor.submission.errors import StoppedError, TransactionRefusedError
from executor.submission.lanes import Lane, Order
from executor.submission.tracker import Tracker, TrackerRules, Worth
from executor.wallet.development import development_signer
from executor.wallet.signer import TransactionFields
from tests.chaos.geth_pool import Pooled
from tests.support.lanes import RECEIVER, TurnedClock
from tests.support.model_chain import GWEI, RICH, Fuse, Killed, ModelChain, ModelNodes, Mood

CHAIN_ID = 31337
SIGNER = development_signer(5)
PACE = Pace(finality_blocks=10, settle_blocks=3, bump_blocks=2, resend_seconds=15)
CAP = 1_000 * GWEI
IN_FLIGHT = 6
EXAMPLES, STEPS = 40, 40
LIVE, MINED, FINAL = IntentState.LIVE, IntentState.MINED, IntentState.FINAL
DROPPED, SUPERSEDED = IntentState.DROPPED, IntentState.SUPERSEDED


class MortalRecord(Record):
    """A record whose process may be killed right before or right after each write."""

    fuse: Fuse


def _mortal(name: str) -> Any:
    inner = getattr(Record, name)

    def write(self: MortalRecord, *arguments: Any, **options: Any) -> Any:
        self.fuse.burn()
        result = inner(self, *arguments, **options)
        self.fuse.burn()
        return result

    return write


for _name in ("open_intent", "add_attempt", "mark_attempt", "mark_intent", "unwant"):
    setattr(MortalRecord, _name, _mortal(_name))


class NoncesAndBooks(RuleBasedStateMachine):
    """One wallet, one chain, one process at a time."""

    database: ClassVar[Database]

    @initialize(quorum=st.sampled_from((1, 2)))
    def begin(self, quorum: int) -> None:
        """`quorum`: of the nodes that are asked which nonces are taken; receipts are always asked of all."""
        self.quorum = quorum
        with self.database.writing() as connection:
            for table in (attempts, intents, flags):
                connection.execute(table.delete())
        self.loop = asyncio.new_event_loop()
        self.chain = ModelChain(self.arrived)
        self.fuse = Fuse()
        self.nodes = ModelNodes(self.chain, self.fuse)
        self.books: dict[int, str] = {}
        self.worth = Worth(True, 10**18, None)
        self.clock = TurnedClock()
        self.foreign: set[str] = set()
        self.ended: dict[int, IntentState] = {}
        self.start_process()

    def start_process(self) -> None:
        """A new process on the same record."""
        self.fuse.dead, self.fuse.left = False, None
        self.record = MortalRecord(self.database, "model", "desk")
        self.record.fuse = self.fuse
        self.lane = Lane(
            self.nodes,
            self.record,
            SIGNER,
            CHAIN_ID,
            in_flight=IN_FLIGHT,
            anchor=Anchor(CHAIN_ID, 0, self.chain.blocks[0].hash, is_local=True),
            clock=self.clock,
            quorum=self.quorum,
            settle_blocks=PACE.settle_blocks,
        )
        self.tracker = Tracker(
            self.nodes,
            self.record,
            {SIGNER.address: self.lane},
            clock=self.clock,
            pace=PACE,
            rules=TrackerRules(1, 2, 1.0, CAP),
            reprice=self.reprice,
            on_change=self.booked,
        )

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        """Until it is done or killed; what may be refused or unanswered may be."""
        try:
            self.loop.run_until_complete(work)
        except (NodeError, StoppedError, TransactionRefusedError):
            pass
        except Killed:
            self.bury()
            self.start_process()

    def bury(self) -> None:
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        if left:
            self.loop.run_until_complete(asyncio.wait(left))

    def market(self) -> Fees:
        return Fees(2 * self.chain.base_fee + GWEI, GWEI, self.chain.base_fee)

    async def reprice(self, intent: Intent) -> Worth:
        self.fuse.burn()
        return replace(self.worth, fees=self.market())

    async def booked(self, intent: Intent, receipt: Receipt | None) -> None:
        """The books: told at least once, in order. Invariant 7: never two blocks for one intent."""
        self.fuse.burn()
        if intent.state in (MINED, FINAL):
            assert receipt is not None
            assert receipt.transaction_hash == intent.winner
            assert self.books.get(intent.intent_id, receipt.block_hash) == receipt.block_hash
            self.books[intent.intent_id] = receipt.block_hash
        else:
            self.books.pop(intent.intent_id, None)
        self.fuse.burn()

    def arrived(self, new: Pooled) -> None:
        """At the node. Invariant 2: what arrives is recorded. Invariant 6: at no more than the bounds."""
        if new.hash in self.foreign:
            return
        intent = self.record.intent_of(new.hash)
        assert intent is not None, "bytes that nobody recorded"
        assert intent.state in (LIVE, MINED)
        assert new.max_fee <= CAP

    def everything(self) -> Iterator[Intent]:
        with self.database.reading() as connection:
            numbers = connection.execute(select(intents.c.id)).scalars().all()
        return (self.record.intent(number) for number in numbers)

    # -- what can happen ---------------------------------------------------------------------------------

    @rule(
        how_many=st.integers(1, 3),
        deadline=st.none() | st.integers(10, 200),
        purpose=st.sampled_from((Purpose.TRADE, Purpose.TRANSFER)),
    )
    def transactions_are_sent(self, how_many: int, deadline: int | None, purpose: Purpose) -> None:
        until = None if deadline is None else self.chain.head.time + deadline
        order = Order(RECEIVER, b"", 1, 30_000, self.market(), purpose, None, until)
        for _ in range(min(how_many, self.lane.room)):
            self.run(self.lane.send(order, None))

    @rule()
    def the_tracker_looks(self) -> None:
        self.clock.turn(3)
        self.run(self.tracker.look())

    @rule(blocks=st.integers(1, 4), looks=st.booleans(), empty=st.booleans())
    def blocks_come(self, blocks: int, looks: bool, empty: bool) -> None:
        for _ in range(blocks):
            self.chain.mine(empty=empty)
            if looks:
                self.the_tracker_looks()

    @rule(depth=st.integers(1, 8), back=st.booleans(), empty=st.integers(0, 9))
    def the_chain_is_reorganised(self, depth: int, back: bool, empty: int) -> None:
        """No deeper than what is final: that is what final means."""
        depth = min(depth, PACE.finality_blocks - 2)
        self.chain.reorganise(depth, back_to_pool=back, empty=empty)

    @rule(gwei=st.sampled_from((1, 5, 20, 60)))
    def gas_gets(self, gwei: int) -> None:
        self.chain.base_fee = gwei * GWEI

    @rule(data=st.data())
    def the_pool_drops_something(self, data: st.DataObject) -> None:
        held = self.chain.pool.held.get(SIGNER.address, {})
        if held:
            del held[data.draw(st.sampled_from(sorted(held)))]

    @rule(ahead=st.integers(0, 2), twice=st.booleans())
    def somebody_else_uses_the_wallet(self, ahead: int, twice: bool) -> None:
        nonce = self.chain.count(SIGNER.address) + ahead
        held = self.chain.pool.held.setdefault(SIGNER.address, {})
        fee = (2 * held[nonce].max_fee if nonce in held else 100 * GWEI) * (2 if twice else 1)
        fields = TransactionFields(CHAIN_ID, nonce, RECEIVER, b"", 99, 21_000, fee, fee)
        signed = SIGNER.sign(fields)
        self.foreign.add(signed.hash)
        self.run(_send(self.chain, signed.raw))

    @rule(mood=st.sampled_from(Mood), first=st.booleans())
    def a_node_is(self, mood: Mood, first: bool) -> None:
        self.nodes.mood, self.nodes.first_answers = mood, first

    @rule(boundaries=st.none() | st.integers(0, 25))
    def the_process_is_killed(self, boundaries: int | None) -> None:
        """At once, or when it has passed that many."""
        if boundaries is None:
            self.start_process()
        else:
            self.fuse.left = boundaries

    @rule(pays=st.sampled_from((True, False, None)), bearable=st.sampled_from((10**18, 10**15, 0)))
    def the_trades_are_worth(self, pays: bool | None, bearable: int) -> None:
        self.worth = Worth(pays, bearable, None)

    @rule(rich=st.booleans())
    def the_wallet_is(self, rich: bool) -> None:
        """Poor: enough for what is out, not for one more."""
        held = self.chain.pool.held.get(SIGNER.address, {}).values()
        self.chain.balance = RICH if rich else sum(one.cost for one in held)

    @rule(stops=st.booleans())
    def the_operator(self, stops: bool) -> None:
        if stops:
            set_stop(self.database, None, "enough")
        else:
            lift_stop(self.database, None)

    @rule(seconds=st.sampled_from((20, 10**6)))
    def our_clock_jumps(self, seconds: int) -> None:
        self.clock.turn(seconds)

    # -- what always holds -------------------------------------------------------------------------------

    @invariant()
    def a_nonce_has_one_holder(self) -> None:
        """Invariant 1."""
        held = [intent.nonce for intent in self.everything() if intent.state in HOLDS_NONCE]
        assert len(held) == len(set(held))

    @invariant()
    def offers_only_rise_and_stay_within_bounds(self) -> None:
        """Invariant 6."""
        for intent in self.everything():
            taken = [stored for stored in intent.attempts if stored.state is not AttemptState.REFUSED]
            for last, new in pairwise(taken):
                for name in ("max_fee_per_gas", "max_priority_fee_per_gas"):
                    assert 8 * getattr(new.attempt, name) >= 9 * getattr(last.attempt, name)
                assert new.attempt.max_fee_per_gas <= CAP

    @invariant()
    def a_cancel_has_its_reason(self) -> None:
        """Invariants 5 and 10: nothing is cancelled by a guess."""
        for intent in self.everything():
            if any(stored.kind is AttemptKind.CANCEL for stored in intent.attempts):
                assert not intent.wanted
                assert intent.unwanted_because

    @invariant()
    def a_nonce_is_given_up_only_for_what_was_surely_not_taken(self) -> None:
        """Invariant 8."""
        for intent in self.everything():
            if intent.state is DROPPED:
                (only,) = intent.attempts
                assert only.attempt.hash not in self.chain.taken or only.state is AttemptState.REFUSED
            if intent.state is SUPERSEDED and self.ended.get(intent.intent_id) is None:
                assert all(self.chain.where(one.attempt.hash) is None for one in intent.attempts)
            self.ended[intent.intent_id] = intent.state

    # -- what holds in the end ---------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "chain"):
            return
        self.calm_down()
        self.nothing_is_open()
        self.the_record_is_the_chains_truth()
        self.the_books_are_the_chains_truth()
        self.the_next_nonce_is_the_chains()
        self.loop.close()

    def calm_down(self) -> None:
        self.start_process()
        self.nodes.mood, self.worth, self.chain.base_fee = Mood.WELL, Worth(True, 10**18, None), GWEI
        self.chain.balance = RICH
        lift_stop(self.database, None)
        for _ in range(8 * PACE.finality_blocks):
            self.clock.turn(PACE.resend_seconds)
            self.chain.mine()
            self.run(self.tracker.look())

    def nothing_is_open(self) -> None:
        """Invariants 1 and 3: nothing lost, no gap left, no nonce waiting for ever."""
        left_open = [_brief(intent) for intent in self.record.open_intents()]
        assert left_open == [], left_open
        left = self.chain.pool.held.get(SIGNER.address, {}).values()
        assert {one.hash for one in left} <= self.foreign

    def the_record_is_the_chains_truth(self) -> None:
        """Invariants 3, 4 and 5: each transaction of ours in the chain is what its intent says it is."""
        told = {intent.winner: intent for intent in self.everything() if intent.state is FINAL}
        ours = {
            one.hash: block
            for block in self.chain.blocks
            for one in block.transactions
            if one.hash not in self.foreign
        }
        assert told.keys() == ours.keys()
        for hash_, intent in told.items():
            block = ours[str(hash_)]
            assert intent.block == Block(block.number, block.hash)

    def the_books_are_the_chains_truth(self) -> None:
        """Invariant 7."""
        final = {intent.intent_id: intent.block for intent in self.everything() if intent.state is FINAL}
        assert self.books == {number: block.hash for number, block in final.items() if block is not None}

    def the_next_nonce_is_the_chains(self) -> None:
        """Invariant 9."""
        order = Order(RECEIVER, b"", 1, 30_000, self.market(), Purpose.TRADE)
        intent = self.loop.run_until_complete(self.lane.send(order, None))
        assert intent.nonce == self.chain.count(SIGNER.address)


def _brief(intent: Intent) -> object:
    """What a failure should show of it."""
    offers = [
        (one.kind.value, one.state.value, one.attempt.max_fee_per_gas, one.attempt.max_priority_fee_per_gas)
        for one in intent.attempts
    ]
    return (intent.nonce, intent.state.value, intent.purpose.value, intent.unwanted_because, offers)


async def _send(chain: ModelChain, raw: bytes) -> None:
    chain.send(raw)


@pytest.fixture(scope="module")
def fast_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Without syncs: here the process is killed, not the machine."""
    database = Database.open(tmp_path_factory.mktemp("invariants") / "executor.sqlite3")
    database.engine.dispose()

    @event.listens_for(database.engine, "connect")
    def unsynced(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    record = Record(database, "model", "desk")
    record.tie(Anchor(CHAIN_ID, 0, "0x" + "00" * 32, is_local=True))
    yield database
    database.close()


def test_no_run_of_events_breaks_an_invariant(fast_database: Database, tmp_path: Path) -> None:
    """Invariants 1 to 10, by a search that a failure prints as a list of steps."""
    NoncesAndBooks.database = fast_database
    machine = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(NoncesAndBooks, settings=machine)


def test_a_count_that_is_told_too_high_leaves_no_gap(fast_database: Database) -> None:
    """Invariants 1 and 9: the nonces that were passed over are filled."""
    NoncesAndBooks.database = fast_database
    run = NoncesAndBooks()
    run.begin(quorum=1)
    run.a_node_is(mood=Mood.COUNTS_MORE, first=True)
    run.transactions_are_sent(how_many=2, deadline=None, purpose=Purpose.TRADE)
    assert [intent.nonce for intent in run.everything()] == [2, 3]
    run.teardown()
    assert [intent.nonce for intent in run.everything() if intent.purpose is Purpose.FILL] == [0, 1]
