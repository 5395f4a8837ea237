"""A deployed router for each test, on a chain that is put back afterwards."""

from collections.abc import Iterator

import pytest

from devnet.node import Node
from tests.support.routers import Desk, deploy_desk


@pytest.fixture(scope="session")
def router_node() -> Iterator[Node]:
    """A node of its own: the router is deployed once, tests undo what they do."""
    with Node.load("ethereum") as node:
        yield node


@pytest.fixture(scope="session")
def _deployed(router_node: Node) -> Desk:
    return deploy_desk(router_node)


@pytest.fixture
def desk(_deployed: Desk) -> Iterator[Desk]:
    with _deployed.node.isolated():
        yield _deployed
