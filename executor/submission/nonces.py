"""Which nonces of a wallet are taken, as nodes tell it, and when that is believed.

A count that is told too high costs money: every nonce that was passed over has to be filled by a transaction
that does nothing. One that is told too low costs nothing, since the record knows what it has given out. So
with a quorum the highest count that enough nodes confirm is taken; and a single node that jumps ahead of all
that the record knows has to show the transaction that brought the wallet there.
"""

from dataclasses import dataclass

from executor.chain.nodes import Nodes
from executor.chain.quantities import member, quantity, to_quantity
from executor.chain.rpc import Call, NodeRefusedError, Rpc
from executor.domain.address import Address
from executor.domain.errors import JournalError, NodeError
from executor.journal.anchor import Anchor
from executor.journal.record import Record
from executor.submission.authorizations import uses_nonce
from executor.submission.clock import Clock
from executor.submission.errors import UnexplainedCountError
from executor.submission.log import get_logger
from executor.submission.sight import highest_of_quorum

MOST_UNKNOWN = 64
"""Transactions of the wallet that the record does not know and that are believed all the same: as many as
geth queues for an account.
"""

HELD_SECONDS = 12.0
"""How long a wallet whose count was not believed is used last."""

_COUNT = "eth_getTransactionCount"
_LOG = get_logger("executor.submission")


@dataclass(frozen=True, slots=True)
class Counts:
    """Transactions of a wallet: in the chain, and with those that wait in a pool."""

    mined: int
    pending: int


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A count that nothing explains, the block at which it was first told, and when it was last (seconds)."""

    count: int
    since: int
    told_at: float


class Nonces:
    """Looks which nonces of `sender` are taken. `quorum`: nodes that must confirm it. `settle_blocks`: how
    long a single node must tell a count that can be explained no more, before it is believed.
    """

    def __init__(
        self,
        rpc: Rpc,
        record: Record,
        sender: Address,
        anchor: Anchor,
        clock: Clock,
        *,
        quorum: int,
        settle_blocks: int,
    ) -> None:
        self._rpc = rpc
        self._record = record
        self._sender = sender
        self._anchor = anchor
        self._chain_id = anchor.chain_id
        self._clock = clock
        self._quorum = quorum if isinstance(rpc, Nodes) else 1
        self._settle_blocks = settle_blocks
        self._explained = 0
        self._doubt: _Doubt | None = None

    @property
    def held(self) -> bool:
        """True while a count that nothing explains was told just now."""
        return self._doubt is not None and self._clock.now() - self._doubt.told_at < HELD_SECONDS

    def given_out(self, nonce: int) -> None:
        """It is recorded as ours: a count that follows it needs no explanation."""
        self._explained = max(self._explained, nonce + 1)

    async def least(self) -> int:
        """The lowest nonce that neither the chain nor a pool has taken, in one exchange that also looks
        whether it is the right network still.

        Raises UnexplainedCountError for a count that is not believed, NodeError, JournalError.
        """
        counts = await self._counts()
        if self._quorum == 1 and not self._is_known(counts.mined):
            # Behind one address there may be several nodes: perhaps only one of them is wrong.
            counts = await self._counts()
            if not self._is_known(counts.mined):
                await self._require_explained(counts.mined)
        self._require_believable(counts)
        return max(counts.mined, counts.pending)

    async def _counts(self) -> Counts:
        calls: list[Call] = [
            (_COUNT, (self._sender, "latest")),
            (_COUNT, (self._sender, "pending")),
            ("eth_getBlockByNumber", (to_quantity(self._anchor.number), False)),
        ]
        if self._quorum == 1 or not isinstance(self._rpc, Nodes):
            return self._read(await self._rpc.batch(calls))
        told: list[Counts] = []
        elsewhere: JournalError | None = None
        for outcome in await self._rpc.everywhere(calls):
            try:
                if not isinstance(outcome, NodeError):
                    told.append(self._read(outcome))
            except NodeError:
                continue
            except JournalError as error:
                elsewhere = error
        if len(told) >= self._quorum:
            return Counts(
                highest_of_quorum([one.mined for one in told], self._quorum),
                highest_of_quorum([one.pending for one in told], self._quorum),
            )
        if elsewhere is not None:
            raise elsewhere
        raise NodeError(
            f"only {len(told)} of the nodes {self._rpc.name} tell what {self._sender} has sent, "
            f"{self._quorum} must; nothing was sent.",
            fix="check the nodes in rpc_url and rpc_urls",
        )

    def _read(self, answers: list[object]) -> Counts:
        for answer in answers:
            if isinstance(answer, NodeRefusedError):
                raise answer
        mined, pending, block = answers
        _check_anchor(block, self._anchor, self._rpc.name)
        return Counts(quantity(mined, _COUNT), quantity(pending, _COUNT))

    def _is_known(self, mined: int) -> bool:
        """Whether what the record has given out explains the count. An empty record explains any."""
        if mined > self._explained:
            reached = self._record.reached(self._sender)
            if reached is not None and mined > reached.nonce + 1:
                return False
            self._explained = mined
        self._doubt = None
        return True

    async def _require_explained(self, mined: int) -> None:
        reached = self._record.reached(self._sender)
        assert reached is not None, "an empty record explains any count"
        head = quantity(await self._rpc.call("eth_blockNumber"), "eth_blockNumber")
        since = self._anchor.number if reached.block is None else reached.block
        shown = await self._is_shown(mined, since, head)
        if shown is None:
            shown = self._has_stood(mined, head) and mined - reached.nonce <= MOST_UNKNOWN
        else:
            self._doubt = self._doubted(mined, head)
        if shown:
            _LOG.info("wallet_used_elsewhere", sender=self._sender, mined=mined, expected=reached.nonce + 1)
            self._explained, self._doubt = mined, None
            return
        _LOG.error("count_not_believed", sender=self._sender, mined=mined, expected=reached.nonce + 1)
        raise UnexplainedCountError(
            f"the node {self._rpc.name} says that {self._sender} has sent {mined} transactions, the record "
            f"knows of {reached.nonce + 1}, and no block shows the rest; nothing was sent.",
            fix="name further nodes in rpc_urls and set quorum to 2, or use a node that keeps older states",
            mined=mined,
            expected=reached.nonce + 1,
        )

    async def _is_shown(self, count: int, since: int, head: int) -> bool | None:
        """Whether a block after `since` has the transaction by which the wallet came to `count`; None where
        the node keeps no states so old as that.
        """
        low, high, sure = min(since, head) - 1, head, True
        try:
            while high - low > 1:
                middle = (low + high) // 2
                at = await self._count_at(middle)
                if at is not None and at >= count:
                    high = middle
                else:
                    low, sure = middle, at is not None
            block = await self._rpc.call("eth_getBlockByNumber", to_quantity(high), True)
            if self._is_in(block, count - 1):
                return True
        except NodeError:
            return None
        return False if sure else None

    async def _count_at(self, block: int) -> int | None:
        """None where the node has no state of that block any more."""
        try:
            told = await self._rpc.call(_COUNT, self._sender, to_quantity(block))
        except NodeRefusedError:
            return None
        return quantity(told, _COUNT)

    def _is_in(self, block: object, nonce: int) -> bool:
        transactions = member(block, "transactions", "block")
        if not isinstance(transactions, list):
            return False
        return any(
            (str(one.get("from")).lower() == self._sender.lower() and str(one.get("nonce")) == hex(nonce))
            or uses_nonce(one, self._sender, self._chain_id, nonce)
            for one in transactions
            if isinstance(one, dict)
        )

    def _has_stood(self, count: int, head: int) -> bool:
        """Whether the same has been told for long enough."""
        self._doubt = doubt = self._doubted(count, head)
        return head - doubt.since >= self._settle_blocks

    def _doubted(self, count: int, head: int) -> _Doubt:
        same = self._doubt is not None and self._doubt.count == count
        since = self._doubt.since if same and self._doubt is not None else head
        return _Doubt(count, since, self._clock.now())

    def _require_believable(self, counts: Counts) -> None:
        """A nonce far above what is out would have to be paid for: each one below it, by a fill."""
        waiting = counts.pending - counts.mined
        if waiting <= MOST_UNKNOWN:
            return
        unknown = waiting - self._record.in_flight(self._sender)
        if unknown > MOST_UNKNOWN:
            raise NodeError(
                f"the node {self._rpc.name} has {waiting} transactions of {self._sender} waiting, "
                f"{unknown} more than were sent from here; nothing was sent.",
                fix="use another node; or wait until what another program has sent from this wallet is mined",
                mined=counts.mined,
                pending=counts.pending,
            )


def _check_anchor(block: object, anchor: Anchor, node: str) -> None:
    found = block.get("hash") if isinstance(block, dict) else None
    if not isinstance(found, str) or found.lower() != anchor.hash:
        raise JournalError(
            f"the journal belongs to another network: its block {anchor.number} is {anchor.hash}, the node "
            f"{node} has {found}.",
            fix="use the node this journal was made with, or give this network a database of its own",
            anchor_number=anchor.number,
            node=node,
        )
