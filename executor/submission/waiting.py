"""Waits for an attempt's receipt.

Time running out is not a failure: the outcome is unknown, and the nonce stays taken.
"""

from dataclasses import dataclass

from executor.chain.head import head
from executor.chain.receipts import receipt
from executor.chain.rpc import Rpc
from executor.domain.attempt import Attempt, Receipt
from executor.domain.errors import NodeError, UnknownOutcomeError
from executor.journal.journal import AttemptState, Journal
from executor.submission.clock import Clock
from executor.submission.errors import SupersededError
from executor.submission.lane import Lane
from executor.submission.log import get_logger

_LOG = get_logger("executor.submission")

RESEND_SECONDS = 15.0
"""A transaction that is not mined by then is sent again, the same bytes: a node may have dropped it."""

SETTLED_BLOCKS = 3
"""A nonce that another transaction took must stay taken for this many blocks before it counts as lost."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a receipt and how deep it must lie; `poll_seconds` between two looks."""

    seconds: float
    confirmations: int
    poll_seconds: float


class Watch:
    """Waits for one attempt.

    The journal learns the end, also when another transaction has taken the nonce.
    """

    def __init__(self, rpc: Rpc, journal: Journal, lane: Lane, clock: Clock, patience: Patience) -> None:
        self._rpc = rpc
        self._journal = journal
        self._lane = lane
        self._clock = clock
        self._patience = patience

    async def outcome(self, attempt: Attempt) -> Receipt:
        """The receipt, once it has the asked confirmations.

        Raises UnknownOutcomeError when the time is over, SupersededError when another transaction took the
        nonce for good. A node that does not answer in between is asked again.
        """
        started = sent = self._clock.now()
        lost_at: int | None = None
        while True:
            try:
                found = await self.confirmed(attempt)
                if found is not None:
                    self._journal.mark(
                        attempt.hash, AttemptState.MINED if found.success else AttemptState.REVERTED
                    )
                    return found
                lost_at = await self._lost(attempt, lost_at)
            except NodeError as error:
                _LOG.warning("waiting_unanswered", hash=attempt.hash, error=error.message)
            if self._clock.now() - started >= self._patience.seconds:
                raise self._unknown(attempt)
            if self._clock.now() - sent >= RESEND_SECONDS and lost_at is None:
                sent = self._clock.now()
                await self._lane.send_again(attempt)
            await self._clock.sleep(self._patience.poll_seconds)

    async def confirmed(self, attempt: Attempt) -> Receipt | None:
        """The receipt if it lies deep enough by now, else None. Raises NodeError."""
        found = await receipt(self._rpc, attempt.hash)
        if found is None or self._patience.confirmations <= 1:
            return found
        depth = (await head(self._rpc)).number - found.block_number + 1
        return found if depth >= self._patience.confirmations else None

    async def _lost(self, attempt: Attempt, lost_at: int | None) -> int | None:
        """The block at which the nonce was first seen to be another transaction's; None while it is open."""
        if (
            await self._lane.mined_count(attempt.sender) <= attempt.nonce
            or await receipt(self._rpc, attempt.hash) is not None
        ):
            return None
        block = (await head(self._rpc)).number
        if lost_at is None or block < lost_at + SETTLED_BLOCKS:
            return block if lost_at is None else lost_at
        self._journal.mark(attempt.hash, AttemptState.SUPERSEDED)
        raise SupersededError(
            f"another transaction took nonce {attempt.nonce} of {attempt.sender}; this one can never be "
            "mined.",
            fix="let one process alone use this wallet on this chain",
            hash=attempt.hash,
            nonce=attempt.nonce,
        )

    def _unknown(self, attempt: Attempt) -> UnknownOutcomeError:
        return UnknownOutcomeError(
            f"transaction {attempt.hash} is not mined after {self._patience.seconds:g} seconds; its fate "
            "is open.",
            fix=(
                "run the same opportunity again later: it looks for the receipt and never sends a second "
                "transaction"
            ),
            hash=attempt.hash,
            nonce=attempt.nonce,
            sender=attempt.sender,
        )
