"""Connections to the local chains."""

from collections.abc import AsyncIterator, Iterator

import pytest

from devnet import Node
from executor.chain.rpc import Rpc
from executor.config.chains import load_chain
from executor.domain.chain import ChainData


@pytest.fixture(scope="module")
def empty() -> Iterator[Node]:
    """A node with nothing on it."""
    with Node.empty(gas_limit=20_000_000) as node:
        yield node


@pytest.fixture
async def rpc(ethereum: Node) -> AsyncIterator[Rpc]:
    """The local mainnet."""
    async with Rpc(ethereum.url) as connection:
        yield connection


@pytest.fixture
async def empty_rpc(empty: Node) -> AsyncIterator[Rpc]:
    """The empty node."""
    async with Rpc(empty.url) as connection:
        yield connection


@pytest.fixture(scope="session")
def chain() -> ChainData:
    """What is known of Ethereum."""
    return load_chain("ethereum")
