"""How an error ends an opportunity: its status, and the reason with its stable code."""

from dataclasses import replace

from executor.domain.decision import Reason
from executor.domain.errors import (
    ExecutorError,
    FieldError,
    GasLimitError,
    JournalError,
    MathsError,
    NodeError,
    PlanError,
    PoolNotFoundError,
    PriceUnavailableError,
    RevertError,
    SafetyError,
    TicksUnknownError,
    UnknownOutcomeError,
    WalletError,
)
from executor.domain.execution import Execution, Status
from executor.engine.breakers import BreakerOpenError
from executor.engine.errors import NotOperatorError, RouterMismatchError, RouterPausedError, StaleNodeError
from executor.engine.turnstile import BusyError
from executor.submission.errors import NoRoomError, StoppedError, SupersededError, TransactionRefusedError

_STATUS: tuple[tuple[tuple[type[ExecutorError], ...], Status], ...] = (
    ((UnknownOutcomeError,), Status.PENDING),
    ((MathsError, TicksUnknownError, PriceUnavailableError, RevertError, GasLimitError), Status.DECLINED),
    ((StoppedError, BreakerOpenError, BusyError, NoRoomError), Status.DECLINED),
    (
        (FieldError, PoolNotFoundError, PlanError, SafetyError, WalletError, RouterMismatchError),
        Status.REJECTED,
    ),
    ((RouterPausedError, NotOperatorError), Status.REJECTED),
    ((NodeError, StaleNodeError, JournalError, TransactionRefusedError, SupersededError), Status.FAILED),
)


def status_of(error: ExecutorError) -> Status:
    """Declined: the market says no.

    Rejected: input or set-up must be mended. Failed: something broke. Pending: unknown.
    """
    return next((status for kinds, status in _STATUS if isinstance(error, kinds)), Status.FAILED)


def reason_of(error: ExecutorError) -> Reason:
    """The error as a reason: its code, its message with the fix, its facts."""
    return Reason(error.code, str(error), dict(error.facts))


def fault(error: Exception) -> Reason:
    """An error that nobody foresaw, as a reason."""
    message = f"{type(error).__name__}: {error}. Fix: this is a fault of the executor; report it with "
    return Reason("internal_error", message + "--debug output.", {})


def ended_by(draft: Execution, error: ExecutorError) -> Execution:
    """What is known so far, ended by `error`."""
    return replace(draft, status=status_of(error), reasons=(*draft.reasons, reason_of(error)))
