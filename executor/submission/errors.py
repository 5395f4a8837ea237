"""How a submission can end other than with a receipt."""

from executor.domain.errors import ExecutorError, NodeError
from executor.policy.failures import Failure


class TransactionRefusedError(ExecutorError, ConnectionError):
    """The node surely did not take the transaction. If it was the first on its nonce, nothing was sent and
    the nonce is free again; `facts["failure"]` names the kind of refusal.
    """

    code = "transaction_refused"

    @property
    def failure(self) -> Failure:
        """What went wrong, for `policy.failures.next_action`."""
        return Failure(str(self.facts.get("failure", Failure.UNKNOWN)))


class SupersededError(ExecutorError, RuntimeError):
    """Another transaction took the nonce; this one can never be mined."""

    code = "superseded"


class StoppedError(ExecutorError, RuntimeError):
    """The stop flag is set: nothing is signed or sent but cancels."""

    code = "stopped"


class NoRoomError(ExecutorError, TimeoutError):
    """As many transactions of the wallet are out as may be, and stayed so for too long; nothing was sent."""

    code = "no_room"


class UnexplainedCountError(NodeError):
    """A node tells more transactions of a wallet than the record and the chain's blocks account for."""

    code = "count_not_believed"
