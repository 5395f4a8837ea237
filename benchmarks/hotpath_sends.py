"""A decision to the node's answer, through the real lane, record and durable engine on an SQLite file and the
event loop of `executor run`, beside web3.py's and Ape's ordinary way of sending.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time, sleep, time
from typing import Any

import uvloop

from benchmarks.hotpath_bytes import GWEI, ROUTER, plan_of, route
from benchmarks.hotpath_floor import BareDisk, BareNode, Floor
from benchmarks.ordinary import ApeWay, Web3Way, ape_way
from benchmarks.pools_in_memory import WETH
from devnet import Node
from executor.chain.network import identify
from executor.chain.nodes import Nodes
from executor.chain.rpc import Call
from executor.config.chains import load_chain
from executor.config.sending import BreakerSettings
from executor.domain.execution import Execution, Status
from executor.domain.intent import Block, Intent, IntentState, Purpose
from executor.domain.opportunity import Opportunity
from executor.engine import intake
from executor.engine.breakers import Breakers, breaker_keys
from executor.engine.durable.dbos_engine import DbosEngine
from executor.engine.durable.port import Json, Steps, WorkState
from executor.engine.turnstile import needs
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
SIZED = route()
DATA = load_chain(CHAIN)
SETTLE_SECONDS = 0.005
MOST_LOOKS = 2000
_SEND = "eth_sendRawTransaction"


@dataclass
class LaneTimes:
    """Milliseconds of each transaction by our lane, from the decision to the node's answer. `broadcast`: less
    its durable writes, which `writes` tells; `own`: this process's own time on the processor for all of a
    send, what is noted after the answer included; `durable`: from the intake on, with all writes;
    `entrusted`: the start of the durable work that follows.
    """

    broadcast: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    durable: list[float] = field(default_factory=list)
    entrusted: list[float] = field(default_factory=list)


@dataclass
class SendTimes:
    """Over the node's socket and over HTTP, what can never be fallen short of, and the ordinary ways."""

    socket: LaneTimes = field(default_factory=LaneTimes)
    http: LaneTimes = field(default_factory=LaneTimes)
    floor: Floor = field(default_factory=Floor)
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


class TimedNodes(Nodes):
    """Nodes that tell when one had answered the last send."""

    answered = 0.0

    async def batch(self, calls: Sequence[Call]) -> Any:
        """As nodes do."""
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
    times, path = SendTimes(), folder / "node.ipc"
    with Node.empty(chain_id=1, no_mining=True, extra=("--ipc", str(path))) as node:
        for name, url, ours in (("socket", f"ipc://{path}", times.socket), ("http", node.url, times.http)):
            place = folder / name
            place.mkdir()
            uvloop.run(_by_the_lane(node, url, place, count, ours))
        times.floor = _floor(node, path, folder / "bare.sqlite3", count)
        times.web3 = _by(Web3Way(node, ACCOUNT), node, count)
        with ape_way(node, ACCOUNT) as ape:
            times.ape = _by(ape, node, count)
    return times


@dataclass
class _Bench:
    node: Node
    rpc: TimedNodes
    record: TimedRecord
    signer: TimedSigner
    engine: DbosEngine
    lane: Lane
    breakers: Breakers

    async def send(self, decided: tuple[Order, Execution]) -> None:
        """What stands between a decision and the answer."""
        keys = breaker_keys(CHAIN, self.signer.address, SIZED.route)
        self.breakers.require_closed(keys, int(time()))
        await self.lane.send(*decided)

    async def settle(self, opportunity_id: str) -> None:
        """Mine it, close its record and let its durable work end, so that each transaction finds the machine
        as the first one did.
        """
        self.node.mine()
        (intent,) = self.record.intents_of(opportunity_id)
        _finalise(self.record, intent, self.node)
        for _ in range(MOST_LOOKS):
            await asyncio.sleep(SETTLE_SECONDS)
            if await self.engine.state(opportunity_id) is not WorkState.RUNNING:
                return
        raise AssertionError(f"the durable work of {opportunity_id} does not end")


async def _work(_steps: Steps, work_id: str, _order: Json) -> Json:
    """The durable work of an opportunity that is out: here its end is another's affair."""
    return work_id


async def _by_the_lane(node: Node, url: str, folder: Path, count: int, times: LaneTimes) -> None:
    async with _bench(node, url, folder) as bench:
        for number in range(-WARM_UP, count):
            one, other = (f"{kind}-{number}" for kind in ("broadcast", "durable"))
            bench.record.accept(_opportunity(one), slots=4)
            decided = _decided(one)
            began, own = perf_counter(), process_time()
            await bench.send(decided)
            own = process_time() - own
            whole = bench.rpc.answered - began
            writes = bench.record.seconds - bench.signer.seconds
            await bench.settle(one)
            began = perf_counter()
            entrusted = await _durably(bench, other)
            durable = bench.rpc.answered - began
            await bench.settle(other)
            if number >= 0:
                times.broadcast.append((whole - writes) * 1e3)
                times.writes.append(writes * 1e3)
                times.own.append(own * 1e3)
                times.durable.append(durable * 1e3)
                times.entrusted.append(entrusted)


async def _durably(bench: _Bench, opportunity_id: str) -> float:
    """From the intake to the node's answer as the engine does it: intake row and slot, claims, the plan, then
    intent and attempt; and what follows, the start of the durable work. Returns that start's milliseconds.
    """
    bench.record.accept(_opportunity(opportunity_id), slots=4)
    bench.record.claim(opportunity_id, needs(DATA, SIZED))
    await bench.send(_decided(opportunity_id))
    began = perf_counter()
    await bench.engine.start("follow", opportunity_id, {"chain": CHAIN, "opportunity": opportunity_id})
    return (perf_counter() - began) * 1e3


def _decided(opportunity_id: str) -> tuple[Order, Execution]:
    """What a decision leaves: the order, with the plan that was simulated, and what is known so far."""
    data = plan_of(SIZED)
    pending = Execution(
        opportunity_id,
        CHAIN,
        Status.PENDING,
        settlement_token=WETH.address,
        settlement_symbol=WETH.symbol,
        settlement_decimals=WETH.decimals,
        funding=SIZED.funding.value,
        amount_in=SIZED.amount_in,
        expected_profit=SIZED.gross_profit,
        minimum_profit=SIZED.gross_profit,
        gas_used=GAS,
        plan="0x" + data.hex(),
        route=tuple(f"{leg.pool.dex} {leg.pool.address}" for leg in SIZED.route.legs),
        details={"amounts": list(SIZED.amounts), "router": ROUTER, "gas_limit": GAS},
    )
    order = Order(ROUTER, data, 0, GAS, FEES, Purpose.TRADE, opportunity_id)
    return order, pending


def _floor(node: Node, path: Path, file: Path, count: int) -> Floor:
    """As often as the lane sends, with as much rest between."""
    floor, signer, data = Floor(), development_signer(ACCOUNT), plan_of(SIZED)
    questions: list[Call] = [
        ("eth_getTransactionCount", (signer.address, "latest")),
        ("eth_getTransactionCount", (signer.address, "pending")),
        ("eth_getBlockByNumber", ("0x0", False)),
    ]

    def sign(nonce: int) -> bytes:
        fees = (FEES.max_fee_per_gas, FEES.max_priority_fee_per_gas)
        return signer.sign(TransactionFields(node.chain_id, nonce, ROUTER, data, 0, GAS, *fees)).raw

    bare, disk = BareNode(path), BareDisk(file)
    try:
        for _ in range(count):
            floor.node.append(bare.milliseconds(questions, sign))
            node.mine()
            floor.disk.append(disk.milliseconds())
            sleep(SETTLE_SECONDS)
    finally:
        bare.close()
        disk.close()
    return floor


@asynccontextmanager
async def _bench(node: Node, url: str, folder: Path) -> AsyncIterator[_Bench]:
    file = folder / FILE_NAME
    database = Database.open(file)
    record = TimedRecord(database, CHAIN, "executor-1")
    signer = TimedSigner(development_signer(ACCOUNT))
    try:
        async with TimedNodes([url]) as rpc:
            anchor = await choose_anchor(rpc, await identify(rpc))
            record.tie(anchor)
            engine = await DbosEngine.open(f"sqlite:///{file}", "executor-1", {"follow": _work})
            try:
                lane = Lane(
                    rpc,
                    record,
                    signer,
                    node.chain_id,
                    in_flight=16,
                    anchor=anchor,
                    fence=engine.check_owner,
                )
                breakers = Breakers(record, BreakerSettings())
                yield _Bench(node, rpc, record, signer, engine, lane, breakers)
            finally:
                await engine.close()
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
