"""A fork that Ape runs, of the user's own mainnet RPC or else of the local mainnet."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from ape import chain, networks
from ape.api import ProviderAPI
from ape.exceptions import RPCTimeoutError

from devnet import Node
from scripts._support.deploying import Wanted, deploy
from scripts._support.session import open_session
from tests.support.ape_sessions import ACCOUNTS, CHECKOUT, OPERATOR, OWNER
from tests.support.fork_desk import ForkDesk

STARTS = 3
"""Ape waits 20 seconds for a fork to answer, which a busy machine may exceed."""


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """What is forked."""
    own = os.environ.get("MAINNET_RPC_URL")
    if own:
        yield own
        return
    with Node.load("ethereum") as node:
        yield node.url


@pytest.fixture(scope="session")
def fork_provider(upstream: str) -> Iterator[ProviderAPI]:
    """`ethereum:mainnet-fork:foundry`, as ape-config.yaml has it but for the upstream."""
    forked = {"fork": {"ethereum": {"mainnet": {"upstream_provider": upstream}}}}
    network = networks.ethereum.mainnet_fork
    with ExitStack() as stack:
        for patience in reversed(range(STARTS)):
            using = network.use_provider("foundry", provider_settings=forked, disconnect_after=True)
            try:
                provider = stack.enter_context(using)
            except RPCTimeoutError:
                if not patience:
                    raise
            else:
                break
        yield provider


@pytest.fixture(scope="session")
def _deployed(fork_provider: ProviderAPI, tmp_path_factory: pytest.TempPathFactory) -> ForkDesk:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(CHECKOUT)
        session = open_session(fork_provider, account=ACCOUNTS[OWNER], chain=None)
        folder: Path = tmp_path_factory.mktemp("deployments")
        record = deploy(session, Wanted(OWNER, OPERATOR), folder=folder)
    return ForkDesk(session, record)


@pytest.fixture
def desk(fork_provider: ProviderAPI, _deployed: ForkDesk) -> Iterator[ForkDesk]:
    """A router on the fork; what the test does is undone."""
    with fork_provider.network.use_provider(fork_provider), chain.isolate():
        yield _deployed
