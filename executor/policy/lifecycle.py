"""What to do next about a nonce whose fate is open: one pure, ordered decision over the facts.

The order is the rule. What is mined counts first, whatever else is said. An intent that has ended can only be
found mined after all. Then: is the block that it was in still there; has another taken the nonce; is it still
wanted; is it out at all; does it wait too long. Nothing that is unknown ever frees a nonce, ends an intent or
takes back what was mined.
"""

from dataclasses import dataclass
from enum import StrEnum

from executor.domain.intent import OPEN, Block, IntentState


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
    long a nonce must stay another's. `bump_blocks`: how long the dearest attempt may wait at the front of its
    lane.
    """

    finality_blocks: int
    settle_blocks: int
    bump_blocks: int
    resend_seconds: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an intent just now. None: unknown, because no node said it or nodes disagree.

    `head`, `time`: the newest block and its timestamp (Unix s): a plan's deadline is judged by the chain's
    time, not by this machine's clock.
    `mined_count`: transactions of the wallet in the chain.
    `found`: the block in which one of its attempts has a receipt. `recorded`: where it was found before.
    `still_there`: whether the chain has the recorded block at its height.
    `no_receipt`: true only if it is said of each of its attempts that it has none.
    `known`: whether a node still holds one of its attempts; false only if it is said of each that none does.
    `lost_since`: the block at which its nonce was first seen taken without a receipt of ours; None: it was
    not, or not without a break.
    `silent_seconds`, `sent_block`: since its dearest attempt was last sent; None: not by this process.
    `front_since`: the block since which its dearest attempt has been out and all lower nonces mined.
    `cancelling`: its dearest attempt is the transfer to oneself.
    """

    state: IntentState
    nonce: int
    wanted: bool
    deadline: int | None
    head: int
    time: int
    mined_count: int | None = None
    found: Block | None = None
    recorded: Block | None = None
    still_there: bool | None = None
    no_receipt: bool = False
    known: bool | None = None
    lost_since: int | None = None
    silent_seconds: float | None = None
    sent_block: int | None = None
    front_since: int | None = None
    cancelling: bool = False

    @property
    def expired(self) -> bool:
        """True once its deadline has passed: the next block would revert it."""
        return self.deadline is not None and self.time >= self.deadline

    @property
    def taken(self) -> bool:
        """True if the wallet has more transactions in the chain than would leave this nonce free."""
        return self.mined_count is not None and self.mined_count > self.nonce


def next_step(facts: Facts, pace: Pace) -> Step:
    """The one thing to do about the intent now."""
    if facts.state is IntentState.FINAL:
        return Step.WAIT
    if facts.found is not None and (facts.state, facts.recorded) != (IntentState.MINED, facts.found):
        # What is recorded in another block is taken back first: so its books are reversed before the new
        # ones are written.
        return Step.REOPEN if facts.state is IntentState.MINED else Step.RECORD
    if facts.state is IntentState.MINED:
        return _mined(facts, pace)
    if facts.state not in OPEN:
        return Step.WAIT
    return _taken(facts, pace) if facts.taken else _waiting(facts, pace)


def _mined(facts: Facts, pace: Pace) -> Step:
    assert facts.recorded is not None
    if facts.found is None and facts.no_receipt and facts.still_there is False:
        return Step.REOPEN
    # A receipt that is missing while its block stands is the node's fault, not a reorganisation.
    confirmed = facts.found is not None or facts.still_there is True
    deep = facts.head - facts.recorded.number + 1 >= pace.finality_blocks
    return Step.FINALISE if confirmed and deep else Step.WAIT


def _taken(facts: Facts, pace: Pace) -> Step:
    """A receipt may lag behind the count, and a single count may be wrong: only a nonce that stays taken over
    blocks, while no node has a receipt of ours nor holds one of ours, is lost.
    """
    if not facts.no_receipt or facts.known is not False or facts.lost_since is None:
        return Step.WAIT
    return Step.SUPERSEDE if facts.head >= facts.lost_since + pace.settle_blocks else Step.WAIT


def _waiting(facts: Facts, pace: Pace) -> Step:
    if not facts.cancelling and (not facts.wanted or facts.expired):
        return Step.CANCEL
    if facts.silent_seconds is None:
        return Step.RESEND
    # Before the resend of what a pool dropped: dropped for its price, it would be dropped again.
    if facts.front_since is not None and facts.head - facts.front_since >= pace.bump_blocks:
        return Step.REPRICE
    gone = facts.known is False and (facts.sent_block is None or facts.head > facts.sent_block)
    return Step.RESEND if gone or facts.silent_seconds >= pace.resend_seconds else Step.WAIT
