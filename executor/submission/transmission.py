"""Bytes to nodes: only past the stop flag and the fence, and an answer that is not surely a refusal counts as
sent.
"""

import time
from collections.abc import Awaitable, Callable, Collection

from executor.chain.nodes import Nodes
from executor.chain.quantities import to_data
from executor.chain.rpc import Call, NodeRefusedError, Rpc
from executor.domain.attempt import Attempt
from executor.domain.errors import JournalError, NodeError
from executor.domain.intent import AttemptKind, AttemptState, StoredAttempt
from executor.journal.record import Record
from executor.policy.failures import FREES_NONCE, Failure
from executor.submission.answers import failure
from executor.submission.clock import Clock
from executor.submission.errors import StoppedError, TransactionRefusedError
from executor.submission.log import get_logger

_LOG = get_logger("executor.submission")

Fence = Callable[[], Awaitable[None]]
"""Raises when another process has taken this one's work over."""

NOTHING_SENT = FREES_NONCE | {Failure.CONFIGURATION}
"""Answers to the first attempt on a nonce that say for sure that the nonce is free."""

NOT_REPLACED = NOTHING_SENT | {Failure.UNDERPRICED_REPLACEMENT}
"""Answers to a further attempt that say for sure that it was not taken. The nonce is taken all the same."""


class Transmission:
    """Sends recorded bytes and notes the answers. `last_sent` keeps when this process sent what."""

    def __init__(self, rpc: Rpc, record: Record, clock: Clock, fence: Fence | None) -> None:
        self._rpc = rpc
        self._record = record
        self._clock = clock
        self._fence = fence
        self.last_sent: dict[str, float] = {}

    async def check_owner(self) -> None:
        """Raises what the fence raises."""
        if self._fence is not None:
            await self._fence()

    def check_stop(self) -> None:
        """Raises StoppedError while the stop flag is set, JournalError when it cannot be read."""
        flag = self._record.stop_flag()
        if flag is not None:
            raise StoppedError(
                f"sending is stopped: {flag.because}.",
                fix="run `executor resume` once it may go on",
                chain=self._record.chain,
            )

    async def first(self, attempt: Attempt, refusals: Collection[Failure]) -> Failure | None:
        """Send what was just recorded, to the healthiest node. None: it is out, or may be, as any answer
        tells that is not one of the `refusals`.
        """
        return await self._heard(attempt, await self._one(attempt), refusals)

    async def again(self, stored: StoredAttempt) -> None:
        """Send recorded bytes once more, to every node. Whatever they answer, the attempt stays out.

        Raises StoppedError unless it is a cancel.
        """
        await self.check_owner()
        if stored.kind is AttemptKind.CALL:
            self.check_stop()
        call: Call = ("eth_sendRawTransaction", (to_data(stored.attempt.raw),))
        if isinstance(self._rpc, Nodes):
            outcomes = await self._rpc.everywhere([call])
        else:
            outcomes = (await _batch(self._rpc, call),)
        said = [outcome if isinstance(outcome, NodeError) else outcome[0] for outcome in outcomes]
        _LOG.info("sent_again", hash=stored.attempt.hash, nodes_say=_words(said))
        self._note_sent(stored.attempt)

    async def _one(self, attempt: Attempt) -> NodeError | None:
        outcome = await _batch(self._rpc, ("eth_sendRawTransaction", (to_data(attempt.raw),)))
        if isinstance(outcome, NodeError):
            return outcome
        return outcome[0] if isinstance(outcome[0], NodeRefusedError) else None

    async def _heard(
        self, attempt: Attempt, answer: NodeError | None, refusals: Collection[Failure]
    ) -> Failure | None:
        if isinstance(answer, NodeRefusedError):
            kind = failure(answer)
            _LOG.info("send_refused", hash=attempt.hash, failure=kind.value, node_says=answer.rpc_message)
            refused = kind in refusals and not await self._node_has(attempt)
            if refused and self._noted(attempt, AttemptState.REFUSED, answer.rpc_message):
                return kind
        elif answer is not None:
            _LOG.warning("send_unanswered", hash=attempt.hash, error=answer.message)
        self._note_sent(attempt)
        return None

    async def _node_has(self, attempt: Attempt) -> bool:
        """True unless the node says that it does not know the transaction."""
        try:
            return await self._rpc.call("eth_getTransactionByHash", attempt.hash) is not None
        except NodeError:
            return True

    def _note_sent(self, attempt: Attempt) -> None:
        self.last_sent[attempt.hash] = self._clock.now()
        self._noted(attempt, AttemptState.SENT)

    def _noted(self, attempt: Attempt, state: AttemptState, note: str = "") -> bool:
        """Whether the record took it. Where it did not, the attempt stands there as perhaps sent, and that is
        what counts.
        """
        sent_at = int(time.time()) if state is AttemptState.SENT else None
        try:
            self._record.mark_attempt(attempt.hash, state, sent_at=sent_at, note=note)
        except JournalError as error:
            _LOG.warning("answer_not_noted", hash=attempt.hash, state=state.value, error=error.message)
            return False
        return True


def refusal(attempt: Attempt, kind: Failure) -> TransactionRefusedError:
    """The error for a transaction that the node surely did not take."""
    return TransactionRefusedError(
        f"the node refused the transaction: {kind.value.replace('_', ' ')}.",
        fix="nothing was sent; see the node's reason in the log, mend it and try again",
        hash=attempt.hash,
        nonce=attempt.nonce,
        failure=kind.value,
    )


async def _batch(rpc: Rpc, call: Call) -> list[object] | NodeError:
    try:
        return await rpc.batch([call])
    except NodeError as error:
        return error


def _words(said: list[object]) -> str:
    return "; ".join(one.message if isinstance(one, NodeError) else "taken" for one in said)
