"""What can be wrong with the states that are kept."""

from executor.domain.errors import ExecutorError


class BlockGapError(ExecutorError, ValueError):
    """A block or a log does not follow on what the book has; the book is as it was."""

    code = "block_gap"


class ReorgTooDeepError(ExecutorError, LookupError):
    """The book cannot go back as far as the chain did; every pool must be read again."""

    code = "reorg_too_deep"


class StaleStateError(ExecutorError, LookupError):
    """A pool's state at the book's head is not known; it must be read again."""

    code = "stale_state"
