"""From the fate of a nonce to the record of the opportunity that it was for."""

from dataclasses import replace

from executor.domain.attempt import Attempt, Receipt
from executor.domain.decision import Reason
from executor.domain.execution import Execution, Status
from executor.domain.intent import Intent, IntentState
from executor.engine.fates import ended_by
from executor.engine.outcome import settle, without_trade
from executor.engine.session import Session
from executor.submission.errors import SupersededError, TransactionRefusedError

REORGANISED = Reason(
    "reorganised",
    "The block of the transaction is no longer part of the chain; it is followed until it is mined again.",
    {},
)

MINED_AFTER_ALL = Reason(
    "mined_after_all", "What had looked lost was mined all the same; it is followed to its end.", {}
)


async def settled(session: Session, pending: Execution, intent: Intent, receipt: Receipt | None) -> Execution:
    """The record of `pending`, whose nonce met this fate. Raises NodeError."""
    pending = replace(with_nonce(pending, intent), reasons=())
    if intent.state is IntentState.SUPERSEDED:
        return ended_by(without_trade(session, pending, None), superseded(intent))
    if intent.state is IntentState.DROPPED:
        return ended_by(without_trade(session, pending, None), dropped(intent))
    assert receipt is not None, "what is mined has a receipt"
    if intent.was_cancelled:
        return _cancelled(without_trade(session, pending, receipt), intent, receipt)
    return await settle(session, pending, _winner(intent), receipt)


def reopened(execution: Execution, intent: Intent, because: Reason = REORGANISED) -> Execution:
    """The record when the block that had decided it is gone: open again, and nothing of it earned."""
    return replace(
        execution,
        status=Status.PENDING,
        reasons=(because,),
        transaction_hashes=hashes_of(intent),
        realised_profit=None,
        realised_net_profit=None,
        profit_usd=None,
        gas_used=None,
        gas_cost_wei=None,
        block_number=None,
    )


def ended_unmined(execution: Execution) -> bool:
    """Whether it is recorded as failed because nothing of it was, or could be, mined."""
    codes = {reason.code for reason in execution.reasons}
    unmined = {SupersededError.code, TransactionRefusedError.code}
    return execution.status is Status.FAILED and not codes.isdisjoint(unmined)


def knows_not_of(execution: Execution, intent: Intent) -> bool:
    """Whether a trade that was mined is not what the record tells of."""
    if execution.status is Status.PENDING:
        return False
    unsent = execution.status in (Status.ACCEPTED, Status.DECLINED, Status.REJECTED)
    return unsent or ended_unmined(execution) or intent.winner not in execution.transaction_hashes


def mined_after_all(execution: Execution, intent: Intent, *, after_a_loss: bool) -> Execution:
    """The record when what had looked lost is in a block: open until that is settled. `after_a_loss`: what is
    recorded was mined before it and failed, and its gas counts.
    """
    if after_a_loss:
        gas, hashes = spent_by(execution)
        earlier = {"earlier_gas_wei": gas, "earlier_transactions": list(hashes)}
        execution = replace(execution, details={**execution.details, **earlier})
    return reopened(execution, intent, MINED_AFTER_ALL)


def spent_by(lost: Execution) -> tuple[int, tuple[str, ...]]:
    """The gas (wei) and the hashes of all that was mined for an opportunity and failed for good; `lost` tells
    of the last one.
    """
    gas = int(str(lost.details.get("earlier_gas_wei", 0))) + (lost.gas_cost_wei or 0)
    return gas, (*earlier_transactions(lost), *lost.transaction_hashes)


def earlier_transactions(execution: Execution) -> tuple[str, ...]:
    """What was mined for the opportunity before the trade that `execution` tells of, and failed for good."""
    found = execution.details.get("earlier_transactions")
    return tuple(map(str, found)) if isinstance(found, list) else ()


def over_refused(signed: Execution, ended: Execution) -> Execution:
    """`ended`, of which nothing is out, with what settles and books what was `signed` before and refused,
    should that be mined after all. As it is where nothing was signed.
    """
    if signed.settlement_token is None:
        return ended
    details = {**signed.details, **ended.details}
    if ended.settlement_token is not None:
        return replace(ended, details=details)
    return replace(
        ended,
        settlement_token=signed.settlement_token,
        settlement_symbol=signed.settlement_symbol,
        settlement_decimals=signed.settlement_decimals,
        details=details,
    )


def with_nonce(execution: Execution, intent: Intent) -> Execution:
    """The record with the wallet and the nonce that it was signed for, and all that was signed."""
    details = {**execution.details, "sender": intent.sender, "nonce": intent.nonce}
    return replace(execution, transaction_hashes=hashes_of(intent), details=details)


def hashes_of(intent: Intent) -> tuple[str, ...]:
    """The transactions of an intent, the oldest first."""
    return tuple(stored.attempt.hash for stored in intent.attempts)


def superseded(intent: Intent) -> SupersededError:
    """What ended an intent whose nonce another transaction took."""
    return SupersededError(
        f"another transaction took nonce {intent.nonce} of {intent.sender}; this one can never be mined.",
        fix="let this executor alone use this wallet on this chain",
        nonce=intent.nonce,
        sender=intent.sender,
    )


def dropped(intent: Intent) -> TransactionRefusedError:
    """What ended an intent that no node took."""
    return TransactionRefusedError(
        "no node took the transaction; nothing was sent.",
        fix="send the opportunity again if it still holds",
        hash=intent.attempts[0].attempt.hash,
    )


def _winner(intent: Intent) -> Attempt:
    return next(stored.attempt for stored in intent.attempts if stored.attempt.hash == intent.winner)


def _cancelled(pending: Execution, intent: Intent, receipt: Receipt) -> Execution:
    reason = Reason(
        "cancelled",
        f"It was replaced by a transfer to oneself before it was mined: {intent.unwanted_because}. "
        "Nothing was traded; the replacement's gas is what it cost.",
        {"transaction_hash": receipt.transaction_hash, "because": intent.unwanted_because},
    )
    return replace(pending, status=Status.CANCELLED, reasons=(reason,))
