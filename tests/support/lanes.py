"""A wallet's lane and its tracker, on a real node with a real record, and a clock that tests turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from devnet import GWEI, Node
from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.domain.intent import Intent, IntentState, Purpose
from executor.journal.anchor import Anchor
from executor.journal.database import Database
from executor.journal.record import Record
from executor.journal.schema import intents
from executor.policy.fees import Fees
from executor.policy.lifecycle import Pace
from executor.submission.lanes import Lane, Order
from executor.submission.tracker import Tracker, TrackerRules, Worth
from executor.wallet.development import development_signer

RECEIVER = Address("0x000000000000000000000000000000000000dEaD")
FEES = Fees(10 * GWEI, GWEI, 2 * GWEI)
MARKET = Fees(12 * GWEI, GWEI, 2 * GWEI)
ORDER = Order(RECEIVER, b"\x01\x02", 0, 50_000, FEES, Purpose.TRADE)
PACE = Pace(finality_blocks=8, settle_blocks=3, bump_blocks=2, resend_seconds=15)
PAYS = Worth(True, 10**18, MARKET)


class TurnedClock:
    """Time passes when it is turned, or when somebody sleeps: then at once, with a block each time if there
    is a node to mine.
    """

    def __init__(self, node: Node | None = None) -> None:
        self._node = node
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def turn(self, seconds: float) -> None:
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        self._now += seconds
        if self._node is not None:
            self._node.mine(1)
        await asyncio.sleep(0)


@dataclass
class Desk:
    """One wallet at work. `changes` is what the books were told; `worth` is what the tracker is told."""

    node: Node
    rpc: Rpc
    record: Record
    lane: Lane
    tracker: Tracker
    clock: TurnedClock
    changes: list[tuple[IntentState, str | None]] = field(default_factory=list)
    worth: Worth = PAYS

    async def send(self, **changes: Any) -> Intent:
        return await self.lane.send(replace(ORDER, **changes), None)

    async def mine(self, blocks: int = 1) -> None:
        """Blocks, with a look at each."""
        for _ in range(blocks):
            self.node.mine(1)
            await self.tracker.look()

    def again(self, intent: Intent) -> Intent:
        return self.record.intent(intent.intent_id)

    def state(self, intent: Intent) -> IntentState:
        return self.again(intent).state

    def everything(self) -> list[Intent]:
        """All intents that were ever opened here, the oldest first."""
        with self.record.database.reading() as connection:
            last = connection.execute(select(func.max(intents.c.id))).scalar() or 0
        return [self.record.intent(number) for number in range(1, last + 1)]

    def receipt(self, intent: Intent) -> Any:
        return self.node.rpc("eth_getTransactionReceipt", intent.attempts[0].attempt.hash)

    def drop(self, intent: Intent) -> None:
        """Out of the pool, all its attempts."""
        for stored in self.again(intent).attempts:
            self.node.rpc("anvil_dropTransaction", stored.attempt.hash)


def opened_record(database: Database, node: Node, executor_id: str = "desk") -> Record:
    record = Record(database, "ethereum", executor_id)
    head = node.block()
    if record.anchor() is None:
        record.tie(Anchor(node.chain_id, int(head["number"], 16), head["hash"], is_local=True))
    return record


@asynccontextmanager
async def desk(
    node: Node,
    folder: Path,
    *,
    rpc: Rpc | None = None,
    signer: int = 3,
    in_flight: int = 16,
    quorum: int = 1,
    confirmations: int = 1,
    mines: bool = False,
    pace: Pace = PACE,
    cap: int | None = None,
    database: Database | None = None,
    executor_id: str = "desk",
    **lane_options: Any,
) -> AsyncIterator[Desk]:
    """Open a desk; with `mines`, time that passes brings blocks. Opening it again on the same folder is what
    a restart is.
    """
    own = database or Database.open(folder / "executor.sqlite3")
    record = opened_record(own, node, executor_id)
    clock = TurnedClock(node if mines else None)
    async with rpc or Rpc(node.url) as nodes:
        anchor = record.anchor()
        assert anchor is not None
        lane = Lane(
            nodes,
            record,
            development_signer(signer),
            node.chain_id,
            in_flight=in_flight,
            anchor=anchor,
            clock=clock,
            quorum=quorum,
            settle_blocks=pace.settle_blocks,
            **lane_options,
        )

        async def reprice(intent: Intent) -> Worth:
            return opened.worth

        async def on_change(intent: Intent, receipt: Receipt | None) -> None:
            opened.changes.append((intent.state, None if receipt is None else receipt.block_hash))

        tracker = Tracker(
            nodes,
            record,
            {lane.sender: lane},
            clock=clock,
            pace=pace,
            rules=TrackerRules(confirmations, quorum, 1.0, cap),
            reprice=reprice,
            on_change=on_change,
        )
        opened = Desk(node, nodes, record, lane, tracker, clock)
        yield opened
    if database is None:
        own.close()
