"""The world that an executor is killed in: a local mainnet with gaps in it, which mines, reorganises and
jumps in time, behind nodes on their worst days.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from devnet import ETHER, ETHEREUM, Node, market
from devnet.errors import RpcError
from tests.chaos.checker import History
from tests.chaos.faulty_node import Fault
from tests.chaos.geth_pool import GethPool, read_transaction
from tests.chaos.hearing_node import HearingNode
from tests.chaos.history import AMOUNT_STEP, Before, read_history, standing
from tests.chaos.killing import When
from tests.support.trading import OPERATOR, Trading, deploy_trading

T = TypeVar("T")

PAIRS = (("USDC/WETH", "USDC"), ("DAI/WETH", "DAI"), ("WETH/USDT", "USDT"))
GAP = 200 * ETHER
LEAST_AMOUNT = 2 * 10**16
NODES = 3
ODDS: dict[Fault, float] = {
    Fault.DELAYED: 0.06,
    Fault.REQUEST_LOST: 0.03,
    Fault.ANSWER_LOST: 0.03,
    Fault.DUPLICATED: 0.06,
    Fault.REORDERED: 0.1,
    Fault.TRUNCATED: 0.03,
    Fault.THROTTLED: 0.03,
    Fault.YESTERDAYS_STATE: 0.03,
    Fault.WRONG_NONCE: 0.06,
    Fault.NO_RECEIPT: 0.06,
    Fault.FALSE_RECEIPT: 0.06,
    Fault.POOL_FULL: 0.1,
}
"""The share of exchanges that each fault befalls, for each node by itself."""

STATES = 256
"""How many states the node keeps, all in memory: what it reads back from the disk has lost its code, and by
and by it would put all but the last ten there.
"""

BLOCK_SECONDS = (0.04, 0.25)
FINALITY = 24


@dataclass
class Scene:
    """What stands, what was asked for, and what has happened to it. `before`: how it stood then; `floor`: the
    block above which the chain may be reorganised; `base_fee`: what gas usually costs, in wei;
    `sending`: set as soon as something is sent;
    `slowness`: how many times as long all takes as on a machine that has nothing else to do.
    """

    trading: Trading
    nodes: tuple[HearingNode, ...]
    chance: random.Random
    pool: GethPool
    sent: dict[str, str]
    before: Before
    floor: int
    base_fee: int
    names: dict[int, str] = field(default_factory=dict)
    opportunities: list[dict[str, Any]] = field(default_factory=list)
    hear: Callable[[str, When], None] = lambda method, when: None
    sending: asyncio.Event = field(default_factory=asyncio.Event)
    slowness: float = 1.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def node(self) -> Node:
        """The chain itself."""
        return self.trading.node

    def heard(self, method: str, when: When) -> None:
        """A node heard a request: whoever listens now is told."""
        if (method, when) == ("eth_sendRawTransaction", When.BEFORE):
            self.sending.set()
        self.hear(method, when)

    def settings(self, executor_id: str = "executor-1", **more: Any) -> dict[str, Any]:
        """What the executor is told: three nodes of which two must agree, short waits, deep finality."""
        section: dict[str, Any] = {
            "rpc_url": self.nodes[0].url,
            "rpc_urls": [node.url for node in self.nodes[1:]],
            "quorum": 2,
            "rpc_timeout_seconds": 5,
            "confirmations": 2,
            "price_max_age_seconds": 10**9,
            "min_profit_usd": "0.1",
            "max_execution_time_seconds": 120,
            "lanes": {
                "in_flight": 4,
                "bump_blocks": 6,
                "resend_seconds": 1,
                "finality_blocks": FINALITY,
            },
            "breaker": {"losses": 10**6},
        }
        settings = self.trading.settings(**section)
        return {**settings, "executor_id": executor_id, **more}

    def ask(self, count: int) -> None:
        """So many more opportunities, each of an amount of its own, by turns over the pairs."""
        for _ in range(count):
            number = len(self.opportunities)
            name, amount = f"seen-{number}", LEAST_AMOUNT + number * AMOUNT_STEP
            pair, token = PAIRS[number % len(PAIRS)]
            legs = [
                {"pool": ETHEREUM.pool(f"uniswap_v2 {pair}").address, "token_in": "WETH"},
                {"pool": ETHEREUM.pool(f"sushi_v2 {pair}").address, "token_in": token},
            ]
            self.names[amount] = name
            self.opportunities.append(
                {
                    "opportunity_id": name,
                    "chain": "ethereum",
                    "amount": str(amount),
                    "funding": "inventory",
                    "legs": legs,
                }
            )

    async def do(self, work: Callable[..., T], *given: Any) -> T:
        """Something with the chain, one at a time."""
        async with self.turn:
            return await asyncio.to_thread(work, *given)

    async def mine_for_ever(self) -> None:
        """Blocks at uneven intervals."""
        while True:
            await asyncio.sleep(self.slowness * self.chance.uniform(*BLOCK_SECONDS))
            with suppress(RpcError):
                await self.do(self.node.mine)

    async def reorganise(self) -> int:
        """Take back 1 to 20 blocks, and tell how many. Of their transactions nodes keep some in mind, and
        lose others.
        """
        return await self.do(self._reorganise, self.chance.randint(1, 20), self.chance.random())

    async def leap(self, seconds: int) -> None:
        """The chain's clock goes ahead."""
        await self.do(self.node.increase_time, seconds)

    async def set_base_fee(self, times: int) -> None:
        """So many times what gas usually costs, from the next block on."""
        await self.do(self.node.set_base_fee, times * self.base_fee)

    async def trade(self) -> None:
        """Somebody else moves a price."""
        pair, _ = self.chance.choice(PAIRS)
        venue, amount = self.chance.choice(("uniswap_v2", "sushi_v2")), self.chance.randint(1, 5) * ETHER
        book = self.trading.desk.book
        await self.do(market.trade, self.node, book.pool(f"{venue} {pair}"), book.tokens["WETH"], amount)

    def calm(self, calm: bool = True) -> None:
        """No faults from now on, or faults again."""
        for node in self.nodes:
            node.calm = calm

    @property
    def faults(self) -> Counter[str]:
        """What went wrong with the nodes' answers so far."""
        found: Counter[str] = Counter()
        for node in self.nodes:
            found.update({fault.value: count for fault, count in node.happened.items()})
        return found

    @property
    def refusals(self) -> Counter[str]:
        """What was refused by geth's rules for its pool so far."""
        return sum((node.refusals for node in self.nodes), Counter())

    def history(self) -> History:
        """What the chain tells."""
        return read_history(
            self.node,
            before=self.before,
            router=self.trading.router,
            token=self.trading.desk.book.tokens["WETH"],
            names=self.names,
        )

    def _reorganise(self, depth: int, kept: float) -> int:
        head = self.node.block_number
        depth = min(depth, head - self.floor)
        if depth < 1:
            return 0
        gone = [
            transaction["hash"]
            for number in range(head - depth + 1, head + 1)
            for transaction in self.node.rpc("eth_getBlockByNumber", hex(number), True)["transactions"]
            if transaction["hash"] in self.sent
        ]
        self.node.rpc("anvil_reorg", depth, [])
        self.pool.held.clear()
        for transaction_hash in gone:
            if self.chance.random() < kept:
                raw = self.sent[transaction_hash]
                with suppress(RpcError):
                    self.node.rpc("eth_sendRawTransaction", raw)
                    self.pool.take(read_transaction(bytes.fromhex(raw[2:])))
        return depth


@asynccontextmanager
async def scene(folder: Path, seed: int) -> AsyncIterator[Scene]:
    """A scene of its own; `seed` decides what happens in it."""
    chance, pool, sent = random.Random(seed), GethPool(), dict[str, str]()
    async with AsyncExitStack() as stack:
        node = stack.enter_context(Node.load("ethereum", no_mining=True, states_in_memory=STATES))
        trading = await asyncio.to_thread(_opened, node, folder)
        token = trading.desk.book.tokens["WETH"]
        before = standing(node, wallets=(OPERATOR,), router=trading.router, token=token)
        base_fee = int(node.block()["baseFeePerGas"], 16)
        made = Scene(trading, (), chance, pool, sent, before, before.block_number, base_fee)
        made.nodes = tuple(
            [
                await stack.enter_async_context(
                    HearingNode(node.url, chance.getrandbits(32), ODDS, hear=made.heard, sent=sent, pool=pool)
                )
                for _ in range(NODES)
            ]
        )
        mining = asyncio.create_task(made.mine_for_ever())
        stack.push_async_callback(_stopped, mining)
        yield made


def _opened(node: Node, folder: Path) -> Trading:
    trading = deploy_trading(node, folder)
    for pair, _ in PAIRS:
        trading.open_gap(f"sushi_v2 {pair}", "WETH", GAP)
    trading.deployment_file()
    return trading


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
