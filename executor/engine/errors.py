"""Why the engine refuses before it trades."""

from executor.domain.errors import ExecutorError


class RouterMismatchError(ExecutorError, PermissionError):
    """The code at the router's address is not what the deployment file says."""

    code = "router_mismatch"


class RouterPausedError(ExecutorError, PermissionError):
    """The router is paused: it would refuse every plan."""

    code = "router_paused"


class NotOperatorError(ExecutorError, PermissionError):
    """The wallet is no operator of the router: it would refuse every plan."""

    code = "not_operator"


class StaleNodeError(ExecutorError, ConnectionError):
    """The node's newest block is old; what it tells of the market is the past."""

    code = "node_behind"
