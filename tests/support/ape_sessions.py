"""Ape as a library, connected to a node of the local mainnet; and Ape as people start it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from ape import networks
from click.testing import CliRunner

from devnet import Node
from executor.domain.address import Address
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from scripts._support.session import Session, open_session

CHECKOUT = Path(__file__).resolve().parents[2]
OWNER, OPERATOR, PAUSER, STRANGER = DEVELOPMENT_ADDRESSES[:4]
ACCOUNTS = {role: f"TEST::{index}" for index, role in enumerate((OWNER, OPERATOR, PAUSER, STRANGER))}


@contextmanager
def session_on(
    node: Node, who: Address = OWNER, *, chain: str | None = None, network: str = "mainnet"
) -> Iterator[Session]:
    """A session of a development account, as the scripts open it."""
    with networks.parse_network_choice(f"ethereum:{network}:{node.url}") as provider:
        yield open_session(provider, account=ACCOUNTS[who], chain=chain)


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said on both channels, in order."""

    code: int
    said: str


def run(command: click.Command, *arguments: str) -> Ran:
    """Run a script's command in this process, as `ape run` would."""
    done = CliRunner().invoke(command, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ran(done.exit_code, done.output)


def ape(
    *arguments: str, data_folder: Path, answers: str = "", environ: Mapping[str, str] | None = None
) -> Ran:
    """Run the real `ape` in this checkout with accounts and caches of its own; `answers` is typed in."""
    command = [str(Path(sys.executable).with_name("ape")), *arguments]
    environment = {**os.environ, "APE_DATA_FOLDER": str(data_folder), **(environ or {})}
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environment,
        input=answers,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    return Ran(done.returncode, done.stdout)
