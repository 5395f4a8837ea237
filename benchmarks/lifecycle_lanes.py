"""Many transactions from their decision to their confirmation, through real lanes, tracker and record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from benchmarks.hotpath_bytes import GWEI, ROUTER, plan_of, route
from benchmarks.ordinary import ApeWay, Web3Way
from devnet import Node
from executor.chain.network import identify
from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.domain.intent import Intent, IntentState, Purpose
from executor.journal.anchor import choose_anchor
from executor.journal.record import FILE_NAME, Database, Record
from executor.policy.fees import Fees
from executor.policy.lifecycle import Pace
from executor.submission.clock import SystemClock
from executor.submission.lanes import Lane, Order
from executor.submission.tracker import Tracker, TrackerRules, Worth
from executor.wallet.development import development_signer

CHAIN = "ethereum"
BLOCK_SECONDS = 1
FEES = Fees(40 * GWEI, GWEI, 0)
GAS = 60_000
PACE = Pace(finality_blocks=3, settle_blocks=3, bump_blocks=20, resend_seconds=60)
RULES = TrackerRules(confirmations=1, quorum=1, poll_seconds=0.05)
_PERCENT = 100


@dataclass
class Lives:
    """What a run came to: `seconds` from the first decision to the last confirmation, `ms` of each
    transaction from its own decision on, and nonces that were left open or had to be filled.
    """

    name: str
    count: int
    seconds: float = 0.0
    ms: list[float] = field(default_factory=list)
    nonce_gaps: int = 0

    @property
    def per_second(self) -> float:
        """Throughput."""
        return self.count / self.seconds

    @property
    def middle(self) -> float:
        """The median, in milliseconds."""
        return median(self.ms)

    @property
    def p99(self) -> float:
        """What 99 of a hundred stay under, in milliseconds."""
        return quantiles(self.ms, n=_PERCENT)[-1]


@dataclass
class _House:
    record: Record
    lanes: tuple[Lane, ...]
    tracker: Tracker
    in_flight: int

    async def carry(self, lives: Lives) -> None:
        """As many at a time as the lanes have places, each decided when there is one."""
        left = iter(range(lives.count))
        began = perf_counter()
        await asyncio.gather(
            *(self._work(lane, left, lives) for lane in self.lanes for _ in range(self.in_flight))
        )
        lives.seconds = perf_counter() - began

    async def _work(self, lane: Lane, left: Iterator[int], lives: Lives) -> None:
        for _ in left:
            began = perf_counter()
            order = Order(ROUTER, plan_of(route()), 0, GAS, FEES, Purpose.TRADE)
            intent = await lane.send(order, None)
            fate = await self.tracker.fate(intent.intent_id)
            if fate.receipt is None:
                raise AssertionError(f"nonce {intent.nonce} was not mined")
            lives.ms.append((perf_counter() - began) * 1e3)

    def gaps(self, node: Node) -> int:
        """Nonces that are held and not mined, mined and not recorded, or filled."""
        found = 0
        for lane in self.lanes:
            mined = int(node.rpc("eth_getTransactionCount", lane.sender, "latest"), 16)
            live = [one for one in self.record.open_intents(sender=lane.sender) if one.nonce >= mined]
            found += len(live)
        return found


async def our_lives(node: Node, folder: Path, *, lanes: int, in_flight: int, count: int) -> Lives:
    """`count` transactions over so many wallets."""
    lives = Lives(f"ours, {lanes} lane{'s' * (lanes > 1)}, {in_flight} in flight each", count)
    async with _house(node, folder, lanes, in_flight) as house:
        watching = asyncio.create_task(house.tracker.run())
        try:
            await house.carry(lives)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        lives.nonce_gaps = house.gaps(node)
    return lives


def ordinary_lives(name: str, way: Web3Way | ApeWay, count: int) -> Lives:
    """One after the other: send, wait for the receipt."""
    lives = Lives(name, count)
    first = perf_counter()
    for _ in range(count):
        began = perf_counter()
        way.wait(way.send(ROUTER, plan_of(route())))
        lives.ms.append((perf_counter() - began) * 1e3)
    lives.seconds = perf_counter() - first
    return lives


@asynccontextmanager
async def _house(node: Node, folder: Path, lanes: int, in_flight: int) -> AsyncIterator[_House]:
    database = Database.open(folder / FILE_NAME)
    try:
        async with Rpc(node.url) as rpc:
            record = Record(database, CHAIN, "executor-1")
            anchor = await choose_anchor(rpc, await identify(rpc))
            record.tie(anchor)
            made = tuple(
                Lane(
                    rpc,
                    record,
                    development_signer(number),
                    node.chain_id,
                    in_flight=in_flight,
                    anchor=anchor,
                )
                for number in range(lanes)
            )
            by_sender: dict[Address, Lane] = {lane.sender: lane for lane in made}
            tracker = Tracker(
                rpc,
                record,
                by_sender,
                clock=SystemClock(),
                pace=PACE,
                rules=RULES,
                reprice=_still_pays,
                on_change=_noted,
            )
            yield _House(record, made, tracker, in_flight)
    finally:
        database.close()


async def _still_pays(_intent: Intent) -> Worth:
    return Worth(True, 10**18, FEES)


async def _noted(intent: Intent, _receipt: Receipt | None) -> None:
    if intent.state in (IntentState.SUPERSEDED, IntentState.DROPPED):
        raise AssertionError(f"nonce {intent.nonce} became {intent.state.value}")
