"""Routers on the full tiers of the local chains, put back after each test."""

from collections.abc import Iterator

import pytest

from devnet.node import Node
from tests.support.routers import Desk, deploy_desk


@pytest.fixture(scope="session")
def ethereum_full_desk() -> Iterator[Desk]:
    """A node of its own: the router is deployed once, tests undo what they do."""
    with Node.load("ethereum", tier="full") as node:
        yield deploy_desk(node)


@pytest.fixture(scope="session")
def base_full_desk() -> Iterator[Desk]:
    """As above, on Base."""
    with Node.load("base", tier="full") as node:
        yield deploy_desk(node)


@pytest.fixture
def desk(ethereum_full_desk: Desk) -> Iterator[Desk]:
    """The router on the local mainnet."""
    with ethereum_full_desk.node.isolated():
        yield ethereum_full_desk


@pytest.fixture
def base_desk(base_full_desk: Desk) -> Iterator[Desk]:
    """The router on the local Base chain."""
    with base_full_desk.node.isolated():
        yield base_full_desk
