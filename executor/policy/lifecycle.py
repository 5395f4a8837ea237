"""What to do next about a nonce whose fate is open: one pure, ordered decision over the facts.

The order is the rule. What is mined counts first; then who else took the nonce; then whether the intent is
still wanted; then whether it is out at all; then whether it waits too long. Nothing that is unknown ever
frees a nonce or ends an intent.
"""

from dataclasses import dataclass
from enum import StrEnum

from executor.domain.intent import IntentState


class Step(StrEnum):
    """Wait: nothing. Record: one of its attempts is in a block, write that down. Finalise: its block is deep
    enough. Reopen: the block it was in is gone, it is live again. Supersede: another's transaction took the
    nonce for good. Cancel: replace it by a transfer to oneself. Resend: the same bytes of the dearest attempt
    again. Reprice: look whether it still pays; then bump, or cancel on proof.
    """

    WAIT = "wait"
    RECORD = "record"
    FINALISE = "finalise"
    REOPEN = "reopen"
    SUPERSEDE = "supersede"
    CANCEL = "cancel"
    RESEND = "resend"
    REPRICE = "reprice"


@dataclass(frozen=True, slots=True)
class Pace:
    """Blocks and seconds between steps. `finality_blocks` include the transaction's own. `settle_blocks`: how
    long a nonce must stay another's. `bump_blocks`: how long an attempt may wait at the front of its lane.
    """

    finality_blocks: int
    settle_blocks: int
    bump_blocks: int
    resend_seconds: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an intent just now. None: unknown, because no node said it or nodes disagree.

    `mined_count`: transactions of the wallet in the chain. `winner`: which of its attempts has a receipt, in
    `block_number` with `block_hash`; `recorded_hash`: the block in which it was found before. `no_receipt`:
    true only if nodes say of each attempt that it has none. `lost_since`: the block at which its nonce was
    first seen taken without a receipt of ours. `known`: whether a node still holds one of its attempts.
    `sent_block`, `sent_at`: when its dearest attempt was last sent. `at_front`: all lower nonces are mined.
    `cancelling`: its dearest attempt is the transfer to oneself.
    """

    state: IntentState
    wanted: bool
    nonce: int
    head: int
    now: int
    mined_count: int | None
    winner: str | None
    block_number: int | None
    block_hash: str | None
    recorded_hash: str | None
    no_receipt: bool
    lost_since: int | None
    known: bool | None
    sent_block: int | None
    sent_at: int | None
    at_front: bool
    cancelling: bool
    deadline: int | None = None


def next_step(facts: Facts, pace: Pace) -> Step:
    """The one thing to do about the intent now."""
    if facts.winner is not None and facts.block_number is not None:
        return _mined(facts, pace)
    if facts.state is IntentState.MINED:
        # A receipt that is gone was reorganised away; a node that does not answer proves nothing.
        return Step.REOPEN if facts.no_receipt else Step.WAIT
    if facts.mined_count is not None and facts.mined_count > facts.nonce:
        return _taken(facts, pace)
    return _waiting(facts, pace)


def is_expired(facts: Facts) -> bool:
    """True once its deadline has passed: the chain would revert it."""
    return facts.deadline is not None and facts.now >= facts.deadline


def _mined(facts: Facts, pace: Pace) -> Step:
    assert facts.block_number is not None
    if facts.state is not IntentState.MINED or facts.block_hash != facts.recorded_hash:
        return Step.RECORD
    deep = facts.head - facts.block_number + 1 >= pace.finality_blocks
    return Step.FINALISE if deep else Step.WAIT


def _taken(facts: Facts, pace: Pace) -> Step:
    if not facts.no_receipt or facts.lost_since is None:
        return Step.WAIT
    return Step.SUPERSEDE if facts.head >= facts.lost_since + pace.settle_blocks else Step.WAIT


def _waiting(facts: Facts, pace: Pace) -> Step:
    if not facts.cancelling and (not facts.wanted or is_expired(facts)):
        return Step.CANCEL
    if facts.sent_at is None or facts.sent_block is None or facts.known is False:
        return Step.RESEND
    if facts.at_front and facts.head - facts.sent_block >= pace.bump_blocks:
        return Step.REPRICE
    return Step.RESEND if facts.now - facts.sent_at >= pace.resend_seconds else Step.WAIT
