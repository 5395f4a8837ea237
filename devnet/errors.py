"""Errors of the local mainnet. Each carries a stable `code` and says in `fix` what to do next."""

from __future__ import annotations


class DevnetError(Exception):
    """Base of all errors raised here. `code` is stable; `fix` says what to do next."""

    code = "devnet.error"

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(f"{message}: {fix}")
        self.message = message
        self.fix = fix


class PackageError(DevnetError, OSError):
    """A pinned package could not be fetched or is not the one that was pinned."""

    code = "devnet.package"


class ArtifactError(DevnetError, ValueError):
    """A compiled contract has no usable bytecode, or cannot be linked."""

    code = "devnet.artifact"


class CompileError(DevnetError, ValueError):
    """The Solidity compiler refused the sources."""

    code = "devnet.compile"


class BuildError(DevnetError, RuntimeError):
    """The chain did not come out as its address book says."""

    code = "devnet.build"


class NodeError(DevnetError, RuntimeError):
    """The node process could not be started or has died."""

    code = "devnet.node"


class PortInUseError(NodeError):
    """The port asked for is taken by another process."""

    code = "devnet.port_in_use"


class RpcError(DevnetError, RuntimeError):
    """The node answered a JSON-RPC request with an error. `number` and `data` are the node's own."""

    code = "devnet.rpc"

    def __init__(self, method: str, number: int, text: str, data: object = None) -> None:
        super().__init__(f"{method} failed ({number}): {text}", "read the node's message")
        self.method = method
        self.number = number
        self.text = text
        self.data = data


class TransactionError(DevnetError, RuntimeError):
    """A transaction was mined but reverted. `receipt` is the node's; `reason` its replayed revert data."""

    code = "devnet.transaction_reverted"

    def __init__(self, message: str, receipt: dict[str, object], reason: object) -> None:
        super().__init__(message, "replay the call with `Node.call` to see why")
        self.receipt = receipt
        self.reason = reason
