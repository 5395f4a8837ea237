"""How a submission can end other than with a receipt."""

from executor.domain.errors import ExecutorError


class TransactionRefusedError(ExecutorError, ConnectionError):
    """The node surely did not take the transaction; nothing was sent and its nonce is free again."""

    code = "transaction_refused"


class SupersededError(ExecutorError, RuntimeError):
    """Another transaction took the nonce; this one can never be mined."""

    code = "superseded"
