"""Nodes for tests: one a worker and chain, put back as it was after each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings
from sqlalchemy.engine import URL

from devnet import Node
from tests.support import sharing
from tests.support.postgres import running_postgres

# A busy machine makes single examples slow; whole tests have their own time limit.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Several workers begin with what takes longest, so that all of them end at the same time."""
    if sharing.workers() > 1:
        items[:] = sharing.longest_first(items, sharing.workers())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make what the collected tests share and what takes longer than a test may."""
    asked = {name for item in session.items for name in _names_in(item)}
    wanted = sharing.makers(asked, router="tests.support.routers" in sys.modules)
    sharing.make_in_turn(wanted, sharing.worker())


def _names_in(item: pytest.Item) -> set[str]:
    """The fixtures that a test takes, and those that it may ask for by a parameter."""
    parameters = getattr(getattr(item, "callspec", None), "params", {}).values()
    return {*getattr(item, "fixturenames", ()), *(name for name in parameters if isinstance(name, str))}


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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A PostgreSQL server, one for each worker. Take a database of your own from it by `new_database`."""
    with running_postgres() as server:
        yield server
