"""The one root of every error that the executor raises.

Each class has a stable `code` (part of the public output), carries its facts as a mapping and says in `fix`
what to do next. Each also inherits from the built-in that fits, so that callers may catch either.
"""

from collections.abc import Mapping
from typing import ClassVar


class ExecutorError(Exception):
    """Root of all executor errors. `code` is stable; `facts` are JSON-friendly; `fix` tells the user what to
    do next.
    """

    code: ClassVar[str] = "executor_error"

    def __init__(self, message: str, *, fix: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.facts: Mapping[str, object] = dict(facts)

    def __str__(self) -> str:
        return f"{self.message} Fix: {self.fix}" if self.fix else self.message

    def as_dict(self) -> dict[str, object]:
        """The error as JSON output prints it: code, message, fix and facts (ints as decimal strings)."""
        facts = {
            key: str(value) if isinstance(value, int) and not isinstance(value, bool) else value
            for key, value in self.facts.items()
        }
        return {"code": self.code, "message": self.message, "fix": self.fix, "facts": facts}


class FieldError(ExecutorError, ValueError):
    """A value in some input is not acceptable; `facts["field"]` names it by its path."""

    code = "invalid_field"

    def __init__(self, field: str, problem: str, *, fix: str, **facts: object) -> None:
        super().__init__(f"{field}: {problem}.", fix=fix, field=field, **facts)
        self.field = field


class OpportunityError(FieldError):
    """The opportunity cannot be accepted; nothing was sent."""

    code = "invalid_opportunity"


class ConfigError(FieldError):
    """The configuration cannot be accepted; the process does not start."""

    code = "invalid_config"


class AddressError(FieldError):
    """Text that should be an address is not one."""

    code = "invalid_address"


class PlanError(ExecutorError, ValueError):
    """A plan cannot be encoded, or bytes are not a plan."""

    code = "invalid_plan"


class MathsError(ExecutorError, ArithmeticError):
    """A venue cannot make the asked trade (no liquidity, amount out of range)."""

    code = "no_liquidity"


class TicksUnknownError(ExecutorError, LookupError):
    """A V3 trade ran past the ticks that were read; read further, never extrapolate.

    `facts` name the `pool`, the direction (`toward_low`) and the range that is known (`known_low`,
    `known_high`).
    """

    code = "ticks_unknown"


class GasLimitError(ExecutorError, OverflowError):
    """A call needs more gas than one transaction may have."""

    code = "gas_limit_too_high"


class PoolNotFoundError(ExecutorError, LookupError):
    """No pool of that venue exists for the pair, or the address is not the pool it is said to be."""

    code = "pool_not_found"


class PriceUnavailableError(ExecutorError, LookupError):
    """A limit needs a USD price that no feed gives (missing, stale or out of bounds)."""

    code = "price_unavailable"


class NodeError(ExecutorError, ConnectionError):
    """A node did not answer, or answered what makes no sense."""

    code = "node_error"


class RevertError(ExecutorError, RuntimeError):
    """A call reverted; `facts` hold the decoded error's name and arguments where it could be decoded."""

    code = "reverted"


class SafetyError(ExecutorError, PermissionError):
    """An action that could cost real money is refused (wrong key for the network, public mempool, unchecked
    address).
    """

    code = "refused_for_safety"


class WalletError(ExecutorError, PermissionError):
    """A key cannot be opened or may not be used here. Never carries any part of a key or passphrase."""

    code = "wallet_error"


class JournalError(ExecutorError, RuntimeError):
    """The durable record cannot be used (another network's, another process's, damaged)."""

    code = "journal_error"


class UnknownOutcomeError(ExecutorError, TimeoutError):
    """A transaction was sent, its fate is not known yet: no failure, and no reason to reuse its nonce."""

    code = "outcome_unknown"
