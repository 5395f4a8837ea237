"""One look at the chain: what enough nodes say about the head, the counts, the receipts, the pools.

Nodes are not trusted one by one. A lagging node knows too little, a lying one tells what is not so: each fact
here is one that `quorum` of them state alike, and what they do not is unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from executor.chain.nodes import Nodes
from executor.chain.quantities import hash_text, member, quantity, to_quantity
from executor.chain.receipts import parse_receipt
from executor.chain.rpc import Call, NodeRefusedError, Rpc
from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.domain.errors import NodeError

Column = Sequence[object]
"""What each node that answered said to one question."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What to look at: transaction counts of `senders`, receipts of `hashes`, whether a pool or block has the
    `pooled`, the hashes of the blocks at `heights`.
    """

    senders: Sequence[Address] = ()
    hashes: Sequence[str] = ()
    pooled: Sequence[str] = ()
    heights: Sequence[int] = ()

    def calls(self) -> list[Call]:
        """One batch. The counts stand before the receipts: a block that comes in between then shows as a
        receipt without a count, never as a nonce that another took.
        """
        return [
            ("eth_getBlockByNumber", ("latest", False)),
            *(("eth_getTransactionCount", (sender, "latest")) for sender in self.senders),
            *(("eth_getTransactionReceipt", (one,)) for one in self.hashes),
            *(("eth_getTransactionByHash", (one,)) for one in self.pooled),
            *(("eth_getBlockByNumber", (to_quantity(height), False)) for height in self.heights),
        ]


@dataclass(frozen=True, slots=True)
class Sight:
    """What enough nodes say. What is in none of these is unknown.

    `head`, `time`: the newest block that enough nodes have, and its timestamp (Unix s). `counts`: mined
    transactions of a wallet. `without`: hashes that have no receipt. `known`: whether a node has the
    transaction. `blocks`: hash of the block at a height.
    """

    head: int
    time: int
    counts: Mapping[Address, int] = field(default_factory=dict)
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    known: Mapping[str, bool] = field(default_factory=dict)
    blocks: Mapping[int, str] = field(default_factory=dict)

    def joined(self, later: "Sight") -> "Sight":
        """With what a second look added. The head stays the first one's: depths are not overstated."""
        return Sight(
            self.head,
            self.time,
            {**self.counts, **later.counts},
            {**self.receipts, **later.receipts},
            (self.without - later.receipts.keys()) | later.without,
            {**self.known, **later.known},
            {**self.blocks, **later.blocks},
        )


async def look(rpc: Rpc, questions: Questions, quorum: int) -> Sight:
    """Ask once, in one batch: one node, or all of them where a quorum of several must agree. Raises NodeError
    when too few tell their head.
    """
    calls = questions.calls()
    if quorum > 1 and isinstance(rpc, Nodes):
        told = [one for one in await rpc.everywhere(calls) if not isinstance(one, NodeError)]
    else:
        told = [await rpc.batch(calls)]
    columns = iter([[answers[index] for answers in told] for index in range(len(calls))])
    head, time = _head(next(columns), quorum, rpc.name)
    counts = {sender: _count(next(columns), quorum) for sender in questions.senders}
    receipts = {one: _receipt(next(columns), one, quorum) for one in questions.hashes}
    known = {one: _known(next(columns), quorum) for one in questions.pooled}
    blocks = {height: _block_hash(next(columns), quorum) for height in questions.heights}
    return Sight(
        head,
        time,
        {sender: count for sender, count in counts.items() if count is not None},
        {one: receipt for one, receipt in receipts.items() if isinstance(receipt, Receipt)},
        frozenset(one for one, receipt in receipts.items() if receipt is False),
        {one: has for one, has in known.items() if has is not None},
        {height: found for height, found in blocks.items() if found is not None},
    )


def _head(column: Column, quorum: int, name: str) -> tuple[int, int]:
    """The newest block that `quorum` nodes have reached."""
    heads: list[tuple[int, int]] = []
    for block in column:
        try:
            number = quantity(member(block, "number", "block"), "block.number")
            heads.append((number, quantity(member(block, "timestamp", "block"), "block.timestamp")))
        except NodeError:
            continue
    if len(heads) < quorum:
        raise NodeError(
            f"only {len(heads)} of the nodes {name} tell their newest block, {quorum} must.",
            fix="check the nodes in rpc_url and rpc_urls",
        )
    return sorted(heads, reverse=True)[quorum - 1]


def highest_of_quorum(told: Sequence[int], quorum: int) -> int:
    """The highest that `quorum` nodes have reached, of as many at least: those that lag do not hold it back,
    one that lies does not drive it up.
    """
    return sorted(told, reverse=True)[quorum - 1]


def _count(column: Column, quorum: int) -> int | None:
    counts = []
    for answer in column:
        try:
            counts.append(quantity(answer, "eth_getTransactionCount"))
        except NodeError:
            continue
    return highest_of_quorum(counts, quorum) if len(counts) >= quorum else None


def _receipt(column: Column, transaction_hash: str, quorum: int) -> Receipt | bool | None:
    """The receipt that `quorum` nodes give alike; False if that many have none; None if neither."""
    alike: dict[object, list[Receipt]] = {}
    for answer in column:
        if answer is None or isinstance(answer, NodeRefusedError):
            continue
        try:
            receipt = parse_receipt(answer, transaction_hash)
        except NodeError:
            continue
        alike.setdefault(_essence(receipt), []).append(receipt)
    most = max(alike.values(), key=len, default=[])
    if len(most) >= quorum:
        return most[0]
    return False if sum(answer is None for answer in column) >= quorum else None


def _essence(receipt: Receipt) -> object:
    """What clients must tell alike, whatever they add in words of their own."""
    logs = tuple(
        (str(log.get("address")).lower(), str(log.get("topics")).lower(), str(log.get("data")).lower())
        for log in receipt.logs
    )
    block = (receipt.block_number, receipt.block_hash)
    return (block, receipt.success, receipt.gas_used, receipt.effective_gas_price, receipt.gas_cost, logs)


def _known(column: Column, quorum: int) -> bool | None:
    """True if any node has it; False if none has and `quorum` say so."""
    if any(isinstance(answer, Mapping) for answer in column):
        return True
    return False if sum(answer is None for answer in column) >= quorum else None


def _block_hash(column: Column, quorum: int) -> str | None:
    """The hash that `quorum` nodes give for a height. A block that is not there yet is unknown."""
    hashes: list[str] = []
    for block in column:
        try:
            hashes.append(hash_text(member(block, "hash", "block"), "block.hash"))
        except NodeError:
            continue
    most = max(set(hashes), key=hashes.count, default=None)
    return most if most is not None and hashes.count(most) >= quorum else None


def all_hashes(attempts: Iterable[Iterable[str]]) -> list[str]:
    """Each hash once, in order."""
    return list(dict.fromkeys(one for group in attempts for one in group))
