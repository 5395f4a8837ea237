"""A router with all that it can be robbed of, among all venues and lenders, put back after each test."""

from collections.abc import Iterator

import pytest

from devnet.node import Node
from tests.attacks.scene import stock
from tests.support.routers import Desk, deploy_desk


@pytest.fixture(scope="session")
def _ethereum_full_desk() -> Iterator[Desk]:
    """A node of its own: the router is deployed once, tests undo what they do."""
    with Node.load("ethereum", tier="full") as node:
        desk = deploy_desk(node)
        stock(desk)
        yield desk


@pytest.fixture
def desk(_ethereum_full_desk: Desk) -> Iterator[Desk]:
    """The router, its stock, and people who have approved it."""
    with _ethereum_full_desk.node.isolated():
        yield _ethereum_full_desk
