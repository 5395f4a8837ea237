"""A model of a chain and of three nodes that serve it, one of which may be at its worst.

A fake, because a search through thousands of reorganisations, lies and crashes needs one that is quick and
knows the truth. Its pool keeps geth's rules as far as `tests.chaos.geth_pool` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from eth_utils.crypto import keccak

from executor.chain.nodes import Nodes
from executor.chain.rpc import Call, NodeRefusedError, acts
from executor.domain.errors import NodeError
from tests.chaos.geth_pool import GethPool, Pooled, read_transaction

GWEI = 10**9
RICH = 10**24


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Fuse:
    """Burns at each boundary between two effects; at its end the process is killed, and stays dead."""

    left: int | None = None
    dead: bool = False

    def burn(self) -> None:
        if not self.dead and self.left is not None:
            self.left -= 1
            self.dead = self.left < 0
        if self.dead:
            raise Killed


@dataclass(frozen=True)
class ModelBlock:
    number: int
    hash: str
    time: int
    transactions: tuple[Pooled, ...] = ()


@dataclass
class ModelChain:
    """The truth. `arrived` hears of all bytes that any node gets."""

    arrived: Callable[[Pooled], None] = lambda _: None
    base_fee: int = GWEI
    balance: int = RICH
    blocks: list[ModelBlock] = field(default_factory=lambda: [ModelBlock(0, "0x" + "00" * 32, 1_000)])
    pool: GethPool = field(default_factory=GethPool)
    taken: set[str] = field(default_factory=set)
    made: int = 0

    @property
    def head(self) -> ModelBlock:
        return self.blocks[-1]

    def count(self, sender: str, upto: int | None = None) -> int:
        """Transactions of `sender` in the blocks up to a height."""
        last = self.head.number if upto is None else upto
        return sum(
            one.sender.lower() == sender.lower()
            for block in self.blocks[: last + 1]
            for one in block.transactions
        )

    def where(self, hash_: str) -> tuple[ModelBlock, Pooled] | None:
        """The block of a transaction."""
        return next(
            ((block, one) for block in self.blocks for one in block.transactions if one.hash == hash_), None
        )

    def mine(self, *, empty: bool = False, seconds: int = 12) -> None:
        """The next block: of each sender what its nonce allows and its price pays for."""
        chosen: list[Pooled] = []
        for sender, held in self.pool.held.items() if not empty else ():
            nonce = self.count(sender)
            while nonce in held and held[nonce].max_fee >= self.base_fee:
                chosen.append(held.pop(nonce))
                nonce += 1
        self.made += 1
        hash_ = "0x" + keccak(text=f"block {self.made}").hex()
        number, time = self.head.number + 1, self.head.time + seconds
        self.blocks.append(ModelBlock(number, hash_, time, tuple(chosen)))

    def reorganise(self, depth: int, *, back_to_pool: bool, empty: int) -> None:
        """Other blocks instead of the last `depth`, and one more; the first `empty` of them hold nothing."""
        depth = min(depth, self.head.number)
        lost = [one for block in self.blocks[len(self.blocks) - depth :] for one in block.transactions]
        del self.blocks[len(self.blocks) - depth :]
        for one in lost if back_to_pool else ():
            self.pool.held.setdefault(one.sender, {}).setdefault(one.nonce, one)
        for index in range(depth + 1):
            self.mine(empty=index < empty)

    def send(self, raw: bytes) -> str:
        """Into the pool. Raises NodeRefusedError in geth's words."""
        new = read_transaction(raw)
        self.arrived(new)
        mined = self.count(new.sender)
        words = self.pool.refusal(new, mined=mined, balance=self.balance, block_gas_limit=30_000_000)
        if words is not None:
            raise NodeRefusedError("eth_sendRawTransaction", -32000, words, None)
        self.pool.take(new)
        self.taken.add(new.hash)
        return new.hash


class Mood(StrEnum):
    """How the one bad node is."""

    WELL = "well"
    SILENT = "silent"
    DEAF = "deaf"
    LAGGING = "lagging"
    COUNTS_MORE = "counts_more"
    COUNTS_LESS = "counts_less"
    HIDES_RECEIPTS = "hides_receipts"
    HIDES_POOL = "hides_pool"


LAG = 3


class ModelNodes(Nodes):
    """Three nodes of the chain; the first is in a `mood`, and `first_answers` says whether it is the one that
    single calls go to.
    """

    def __init__(self, chain: ModelChain, fuse: Fuse) -> None:
        super().__init__([f"http://127.0.0.{number}" for number in (1, 2, 3)])
        self.chain = chain
        self.fuse = fuse
        self.mood = Mood.WELL
        self.first_answers = False

    async def batch(self, calls: Sequence[Call]) -> list[object]:
        self.fuse.burn()
        answers = self._answers(calls, self.mood if self.first_answers else Mood.WELL)
        if acts(calls):
            self.fuse.burn()
        if isinstance(answers, NodeError):
            raise answers
        return answers

    async def everywhere(self, calls: Sequence[Call]) -> tuple[list[object] | NodeError, ...]:
        self.fuse.burn()
        return tuple(self._answers(calls, mood) for mood in (self.mood, Mood.WELL, Mood.WELL))

    def _answers(self, calls: Sequence[Call], mood: Mood) -> list[object] | NodeError:
        if mood is Mood.SILENT:
            return NodeError("The node did not answer.", fix="wait")
        answers = [self._answer(method, list(params), mood) for method, params in calls]
        return NodeError("The answer was lost.", fix="wait") if mood is Mood.DEAF else answers

    def _answer(self, method: str, params: list[Any], mood: Mood) -> object:
        seen = self.chain.head.number - (LAG if mood is Mood.LAGGING else 0)
        seen = max(seen, 0)
        if method == "eth_sendRawTransaction":
            try:
                return self.chain.send(bytes.fromhex(params[0][2:]))
            except NodeRefusedError as refusal:
                return refusal
        if method == "eth_getBlockByNumber":
            number = seen if params[0] == "latest" else int(params[0], 16)
            return _block(self.chain.blocks[number]) if number <= seen else None
        if method == "eth_blockNumber":
            return hex(seen)
        if method == "eth_getTransactionCount":
            return hex(self._count(params[0], params[1], seen, mood))
        found = self.chain.where(params[0])
        mined = found is not None and found[0].number <= seen
        if method == "eth_getTransactionReceipt":
            return _receipt(*found) if mined and found and mood is not Mood.HIDES_RECEIPTS else None
        if method == "eth_getTransactionByHash":
            pooled = any(
                one.hash == params[0] for held in self.chain.pool.held.values() for one in held.values()
            )
            known = mined or (pooled and mood is not Mood.HIDES_POOL)
            return {"hash": params[0]} if known else None
        return NodeRefusedError(method, -32601, "the method does not exist", None)

    def _count(self, sender: str, tag: str, seen: int, mood: Mood) -> int:
        if tag.startswith("0x"):
            seen = min(seen, int(tag, 16))
        count = self.chain.count(sender, seen)
        held = self.chain.pool.held.get(sender, {})
        while tag == "pending" and count in held:
            count += 1
        return max(count + {Mood.COUNTS_MORE: 2, Mood.COUNTS_LESS: -2}.get(mood, 0), 0)


def _block(block: ModelBlock) -> dict[str, object]:
    return {
        "number": hex(block.number),
        "hash": block.hash,
        "timestamp": hex(block.time),
        "transactions": [{"from": one.sender, "nonce": hex(one.nonce)} for one in block.transactions],
    }


def _receipt(block: ModelBlock, one: Pooled) -> dict[str, object]:
    return {
        "transactionHash": one.hash,
        "blockNumber": hex(block.number),
        "blockHash": block.hash,
        "status": "0x1",
        "gasUsed": hex(21_000),
        "effectiveGasPrice": hex(one.max_fee),
        "logs": [],
    }
