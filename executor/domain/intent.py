"""What a nonce is spent for, and every transaction that was signed for it."""

from dataclasses import dataclass
from enum import StrEnum

from executor.domain.address import Address
from executor.domain.attempt import Attempt


class Purpose(StrEnum):
    """Trade: an opportunity's plan. Fill: nothing but to close a gap. Approval and transfer: a wallet's own
    business.
    """

    TRADE = "trade"
    FILL = "fill"
    APPROVAL = "approval"
    TRANSFER = "transfer"


class IntentState(StrEnum):
    """Live: its nonce is taken, its fate open. Mined: one of its attempts is in a block that may still be
    reorganised away. Final: that block is deep enough. Dropped: no node took it, its nonce is free again.
    Superseded: a transaction that is not ours took its nonce for good.
    """

    LIVE = "live"
    MINED = "mined"
    FINAL = "final"
    DROPPED = "dropped"
    SUPERSEDED = "superseded"


HOLDS_NONCE = frozenset({IntentState.LIVE, IntentState.MINED, IntentState.FINAL})
"""The states in which no other intent may have its nonce."""

OPEN = frozenset({IntentState.LIVE, IntentState.MINED})
"""The states that are still watched."""


class AttemptKind(StrEnum):
    """Call: what the intent is for. Cancel: a transfer of nothing to oneself, in its place."""

    CALL = "call"
    CANCEL = "cancel"


class AttemptState(StrEnum):
    """Recorded: written, perhaps sent. Sent: a node has it or may have it. Refused: a node's answer says
    that it did not take it; other attempts of its intent may be out all the same.
    """

    RECORDED = "recorded"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Block:
    """A block by its number and its hash."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """An attempt and what is known of it. `sent_at` in Unix seconds, None while it was never sent."""

    attempt: Attempt
    kind: AttemptKind
    state: AttemptState
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class Intent:
    """One nonce of one wallet and what it is for, with all attempts, the oldest first.

    `executor_id`: who watches it. `wanted`: false once it must not happen any more; `unwanted_because` says
    why. `deadline`: Unix seconds after which it is not wanted. `winner`: the hash of the attempt that is in
    `block`.
    """

    intent_id: int
    chain: str
    chain_id: int
    sender: Address
    nonce: int
    purpose: Purpose
    opportunity_id: str | None
    executor_id: str
    state: IntentState
    wanted: bool
    unwanted_because: str
    deadline: int | None
    winner: str | None
    block: Block | None
    attempts: tuple[StoredAttempt, ...]

    @property
    def last_call(self) -> StoredAttempt:
        """The dearest attempt to do what the intent is for."""
        return next(one for one in reversed(self.attempts) if one.kind is AttemptKind.CALL)

    @property
    def was_cancelled(self) -> bool:
        """True if what was mined is the transfer to oneself: what was intended did not happen."""
        return any(one.kind is AttemptKind.CANCEL for one in self.attempts if one.attempt.hash == self.winner)
