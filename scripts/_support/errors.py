"""Errors of the scripts, and how every error becomes one line for people."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click
from ape.exceptions import ApeException

from devnet.errors import DevnetError
from devnet.toolchain import ToolMissingError
from executor.domain.errors import ExecutorError


class WrongChainError(ExecutorError, ConnectionError):
    """The node serves another chain than the one configured."""

    code = "wrong_chain"


class DeploymentError(ExecutorError, RuntimeError):
    """A router cannot be deployed, or what stands on the chain is not what was deployed."""

    code = "deployment_error"


class RoleError(ExecutorError, PermissionError):
    """The account lacks the role that the router demands of the caller."""

    code = "role_missing"


class FundsError(ExecutorError, RuntimeError):
    """The account cannot pay for the transaction."""

    code = "insufficient_funds"


class ExplorerError(ExecutorError, ConnectionError):
    """The block explorer did not take or did not confirm the source code."""

    code = "explorer_error"


@contextmanager
def one_line() -> Iterator[None]:
    """Turn the errors that people can do something about into one line and exit code 1."""
    try:
        yield
    except ExecutorError as error:
        raise click.ClickException(str(error)) from None
    except (DevnetError, ToolMissingError) as error:
        raise click.ClickException(str(error)) from None
    except ApeException as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise click.ClickException(f"Ape: {text}{_advice(text)}") from None


def _advice(text: str) -> str:
    """What to do about Ape's errors that do not say it."""
    if unset := re.search(r"\$\{(\w+)\}", text):
        return f" Fix: set the environment variable {unset[1]} to the URL of your node"
    if "Timed out waiting" in text:
        return (
            " Fix: is the node up that is to be forked? Set MAINNET_RPC_URL, or run `make devnet` beside this"
        )
    return next((f" Fix: {fix}" for words, fix in _FIXES.items() if words in text), "")


_FIXES = {
    "node found on": "check that the node is up, and its URL",
    "No provider named": "write the URL of a node with http:// or https:// before it",
    "does not match network chain ID": "name the --network that the node serves",
}
