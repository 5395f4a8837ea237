"""What the tracker remembers of an intent from look to look. All of it may be lost: it is found out again."""

from dataclasses import dataclass

from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.domain.intent import Block, Intent, IntentState
from executor.policy.lifecycle import Facts
from executor.submission.offers import dearest, is_cancelling
from executor.submission.sight import Sight


@dataclass(slots=True)
class Untold:
    """That whoever keeps the books could not be told: how often, since when and when last (clock's seconds).
    `overdue`: so long that nothing else waits for it any more.
    """

    since: float
    last: float
    times: int = 0
    overdue: bool = False


@dataclass(slots=True)
class Note:
    """`told`: whether whoever keeps the books knows of its present state; `untold`: how that failed. `sure`:
    its block was seen in the chain, together with those of all others that are sure. `offered_at`: the block
    at which more was last offered for it. `ended_at`: the block at which it ended otherwise than mined.
    """

    told: bool = False
    sure: bool = False
    receipt: Receipt | None = None
    dearest_hash: str = ""
    sent_block: int | None = None
    front_since: int | None = None
    lost_since: int | None = None
    offered_at: int | None = None
    ended_at: int | None = None
    untold: Untold | None = None

    @property
    def overdue(self) -> bool:
        """True where the books were to be told for so long that nothing else waits for it."""
        return self.untold is not None and self.untold.overdue

    def offered(self, head: int) -> None:
        """More was offered for it at `head`, or found not to be possible: its wait begins anew."""
        self.sent_block = self.offered_at = self.front_since = head

    def updated(self, intent: Intent, sight: Sight, silent_seconds: float | None) -> Facts:
        """The facts of `intent` as they are seen now, after noting what lasts."""
        hashes = [one.attempt.hash for one in intent.attempts]
        found = next((sight.receipts[one] for one in hashes if one in sight.receipts), None)
        if found is not None:
            self.receipt = found
        count = sight.counts.get(intent.sender)
        best = dearest(intent).attempt.hash
        if best != self.dearest_hash:
            self.dearest_hash, self.sent_block, self.front_since = best, None, self.offered_at
        at_front = count == intent.nonce and silent_seconds is not None
        self.front_since = _since(self.front_since, sight.head) if at_front else None
        no_receipt = all(one in sight.without for one in hashes)
        lost = count is not None and count > intent.nonce and no_receipt
        self.lost_since = _since(self.lost_since, sight.head) if lost else None
        return Facts(
            state=intent.state,
            nonce=intent.nonce,
            wanted=intent.wanted,
            deadline=intent.deadline,
            head=sight.head,
            time=sight.time,
            mined_count=count,
            found=None if found is None else Block(found.block_number, found.block_hash),
            recorded=intent.block,
            still_there=self._still_there(intent, sight),
            no_receipt=no_receipt,
            known=_known(hashes, sight),
            lost_since=self.lost_since,
            silent_seconds=silent_seconds,
            sent_block=self.sent_block,
            front_since=self.front_since,
            cancelling=is_cancelling(intent),
        )

    def _still_there(self, intent: Intent, sight: Sight) -> bool | None:
        """By its own block's hash, or by that of a later block that stands on it."""
        if intent.state is not IntentState.MINED or intent.block is None:
            return None
        told = sight.blocks.get(intent.block.number)
        if told is not None:
            self.sure = told == intent.block.hash
            return self.sure
        return True if self.sure else None


def _since(before: int | None, head: int) -> int:
    """Since when something holds that holds now; a reorganisation may have put the head back."""
    return head if before is None else min(before, head)


def _known(hashes: list[str], sight: Sight) -> bool | None:
    told = [sight.known.get(one) for one in hashes]
    if True in told:
        return True
    return False if all(one is False for one in told) else None


@dataclass(slots=True)
class Gaps:
    """Nonces that nobody holds though higher ones are out, and the block at which each was first seen."""

    seen: dict[tuple[Address, int], int]

    def due(self, sender: Address, missing: list[int], head: int) -> list[int]:
        """Those that were open a block ago already: a send that is under way may close it before."""
        for key in [key for key in self.seen if key[0] == sender and key[1] not in missing]:
            del self.seen[key]
        for nonce in missing:
            self.seen.setdefault((sender, nonce), head)
        return [nonce for nonce in missing if self.seen[sender, nonce] < head]
