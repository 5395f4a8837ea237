"""Nodes for tests: one a worker and chain, put back as it was after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from devnet import Node

# A busy machine makes single examples slow; whole tests have their own time limit.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")


@pytest.fixture(scope="session")
def ethereum_node() -> Iterator[Node]:
    """The local mainnet, one for each worker. Take `ethereum` instead unless the chain is only read."""
    with Node.load("ethereum") as node:
        yield node


@pytest.fixture
def ethereum(ethereum_node: Node) -> Iterator[Node]:
    """The local mainnet as it is at rest; what the test does to it is undone."""
    with ethereum_node.isolated():
        yield ethereum_node


@pytest.fixture(scope="session")
def base_node() -> Iterator[Node]:
    """The local Base chain, one for each worker. Take `base` instead unless the chain is only read."""
    with Node.load("base") as node:
        yield node


@pytest.fixture
def base(base_node: Node) -> Iterator[Node]:
    """The local Base chain as it is at rest; what the test does to it is undone."""
    with base_node.isolated():
        yield base_node


@pytest.fixture(scope="session")
def ethereum_full_node() -> Iterator[Node]:
    """The local mainnet with the full tier. Take `ethereum_full` instead unless the chain is only read."""
    with Node.load("ethereum", tier="full") as node:
        yield node


@pytest.fixture
def ethereum_full(ethereum_full_node: Node) -> Iterator[Node]:
    """The local mainnet with the full tier at rest; what the test does to it is undone."""
    with ethereum_full_node.isolated():
        yield ethereum_full_node


@pytest.fixture(scope="session")
def base_full_node() -> Iterator[Node]:
    """The local Base chain with the full tier. Take `base_full` instead unless the chain is only read."""
    with Node.load("base", tier="full") as node:
        yield node


@pytest.fixture
def base_full(base_full_node: Node) -> Iterator[Node]:
    """The local Base chain with the full tier at rest; what the test does to it is undone."""
    with base_full_node.isolated():
        yield base_full_node
