"""A decision to the node's answer, through the real lane, record and durable engine on an SQLite file, beside
web3.py's and Ape's ordinary way of sending.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.hotpath_bytes import GWEI, ROUTER, plan_of, route
from benchmarks.ordinary import ApeWay, Web3Way, ape_way
from devnet import Node
from executor.chain.network import identify
from executor.chain.rpc import Call, Rpc
from executor.domain.execution import Execution, Status
from executor.domain.intent import Block, Intent, IntentState, Purpose
from executor.domain.opportunity import Opportunity
from executor.engine import intake
from executor.engine.durable.dbos_engine import DbosEngine
from executor.engine.durable.port import Json, Steps
from executor.journal.anchor import choose_anchor
from executor.journal.record import FILE_NAME, Database, Record
from executor.policy.fees import Fees
from executor.submission.lanes import Lane, Order
from executor.wallet.development import development_signer
from executor.wallet.signer import LocalSigner, SignedTransaction, TransactionFields

CHAIN = "ethereum"
ACCOUNT = 3
WARM_UP = 5
FEES = Fees(40 * GWEI, GWEI, 0)
GAS = 400_000
_SEND = "eth_sendRawTransaction"


@dataclass
class SendTimes:
    """Milliseconds of each transaction from the decision to the node's answer. `broadcast`: less its durable
    writes, which `writes` tells; `own`: this process's own time on the processor for all of a send;
    `durable`: from the intake on, with all writes; `entrusted`: the start of the durable work that follows.
    """

    broadcast: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    durable: list[float] = field(default_factory=list)
    entrusted: list[float] = field(default_factory=list)
    web3: list[float] = field(default_factory=list)
    ape: list[float] = field(default_factory=list)


class TimedRecord(Record):
    """A record that tells how long the write before a send took."""

    seconds = 0.0

    def open_intent(self, *given: Any, **named: Any) -> Intent:
        """As the record does."""
        began = perf_counter()
        try:
            return super().open_intent(*given, **named)
        finally:
            self.seconds = perf_counter() - began


class TimedRpc(Rpc):
    """A node that tells when it had answered the last send."""

    answered = 0.0

    async def batch(self, calls: Sequence[Call]) -> Any:
        """As the node does."""
        answers = await super().batch(calls)
        if calls[0][0] == _SEND:
            self.answered = perf_counter()
        return answers


class TimedSigner:
    """A signer that tells how long it signed: that happens within the write, and is none."""

    def __init__(self, signer: LocalSigner) -> None:
        self._signer = signer
        self.address = signer.address
        self.seconds = 0.0

    def sign(self, fields: TransactionFields) -> SignedTransaction:
        """As the signer does."""
        began = perf_counter()
        try:
            return self._signer.sign(fields)
        finally:
            self.seconds = perf_counter() - began


def send_times(folder: Path, count: int) -> SendTimes:
    """`count` transactions each way on a node of its own, which mines on demand."""
    times = SendTimes()
    with Node.empty(chain_id=1, no_mining=True) as node:
        asyncio.run(_by_the_lane(node, folder, count, times))
        times.web3 = _by(Web3Way(node, ACCOUNT), node, count)
        with ape_way(node, ACCOUNT) as ape:
            times.ape = _by(ape, node, count)
    return times


@dataclass
class _Bench:
    node: Node
    rpc: TimedRpc
    record: TimedRecord
    signer: TimedSigner
    lane: Lane
    engine: DbosEngine | None = None

    async def send(self, opportunity_id: str) -> None:
        """What stands between a decision and the answer."""
        order = Order(ROUTER, plan_of(route()), 0, GAS, FEES, Purpose.TRADE, opportunity_id)
        await self.lane.send(order, Execution(opportunity_id, CHAIN, Status.PENDING))

    async def work(self, steps: Steps, work_id: str, _order: Json) -> Json:
        """The durable work of an opportunity that is out: here its end is another's affair."""
        return work_id

    def settle(self, opportunity_id: str) -> None:
        """Mine it and close its record, so that each transaction finds the lane as the first one did."""
        self.node.mine()
        (intent,) = self.record.intents_of(opportunity_id)
        _finalise(self.record, intent, self.node)


async def _by_the_lane(node: Node, folder: Path, count: int, times: SendTimes) -> None:
    async with _bench(node, folder) as bench:
        for number in range(-WARM_UP, count):
            one, other = (f"{kind}-{number}" for kind in ("broadcast", "durable"))
            bench.record.accept(_opportunity(one), slots=4)
            began, own = perf_counter(), process_time()
            await bench.send(one)
            own = process_time() - own
            whole = bench.rpc.answered - began
            writes = bench.record.seconds - bench.signer.seconds
            bench.settle(one)
            began = perf_counter()
            entrusted = await _durably(bench, other)
            durable = bench.rpc.answered - began
            bench.settle(other)
            if number >= 0:
                times.broadcast.append((whole - writes) * 1e3)
                times.writes.append(writes * 1e3)
                times.own.append(own * 1e3)
                times.durable.append(durable * 1e3)
                times.entrusted.append(entrusted)


async def _durably(bench: _Bench, opportunity_id: str) -> float:
    """From the intake to the node's answer as the engine does it: intake row and slot, then intent and
    attempt; and what follows it, the start of the durable work. Returns that start's milliseconds.
    """
    assert bench.engine is not None
    bench.record.accept(_opportunity(opportunity_id), slots=4)
    await bench.send(opportunity_id)
    began = perf_counter()
    await bench.engine.start("follow", opportunity_id, {"chain": CHAIN, "opportunity": opportunity_id})
    return (perf_counter() - began) * 1e3


@asynccontextmanager
async def _bench(node: Node, folder: Path) -> AsyncIterator[_Bench]:
    file = folder / FILE_NAME
    database = Database.open(file)
    record, signer = (
        TimedRecord(database, CHAIN, "executor-1"),
        TimedSigner(development_signer(ACCOUNT)),
    )
    try:
        async with TimedRpc(node.url) as rpc:
            anchor = await choose_anchor(rpc, await identify(rpc))
            record.tie(anchor)
            lane = Lane(rpc, record, signer, node.chain_id, in_flight=16, anchor=anchor)
            bench = _Bench(node, rpc, record, signer, lane)
            bench.engine = await DbosEngine.open(f"sqlite:///{file}", "executor-1", {"follow": bench.work})
            try:
                yield bench
            finally:
                await bench.engine.close()
    finally:
        database.close()


def _opportunity(opportunity_id: str) -> Opportunity:
    return intake.parse(
        {
            "opportunity_id": opportunity_id,
            "chain": CHAIN,
            "token": "USDC",
            "quote_token": "WETH",
            "buy_dex": "uniswap_v2",
            "sell_dex": "sushiswap_v2",
        }
    )


def _finalise(record: TimedRecord, intent: Intent, node: Node) -> None:
    block = node.block()
    mined = Block(int(block["number"], 16), block["hash"])
    winner = intent.attempts[0].attempt.hash
    record.mark_intent(intent.intent_id, IntentState.MINED, winner=winner, block=mined)
    record.mark_intent(intent.intent_id, IntentState.FINAL)
    assert intent.opportunity_id is not None
    done = Execution(intent.opportunity_id, CHAIN, Status.REALISED, transaction_hashes=(winner,))
    record.update(done)


def _by(way: Web3Way | ApeWay, node: Node, count: int) -> list[float]:
    """The ordinary way: each in its own block."""
    found: list[float] = []
    for number in range(-WARM_UP, count):
        began = perf_counter()
        way.send(ROUTER, plan_of(route()))
        if number >= 0:
            found.append((perf_counter() - began) * 1e3)
        node.mine()
    return found
