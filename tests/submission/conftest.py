"""A node that mines when it is told to, and a wallet at work on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from devnet import GWEI, Node
from tests.support.lanes import Desk, desk


@pytest.fixture(scope="session")
def quiet_node() -> Iterator[Node]:
    with Node.empty(no_mining=True) as empty:
        empty.set_base_fee(GWEI)
        yield empty


@pytest.fixture
def clean(quiet_node: Node) -> Iterator[Node]:
    """The quiet node; what the test does to it is undone."""
    with quiet_node.isolated():
        yield quiet_node
        quiet_node.rpc("anvil_dropAllTransactions")


@pytest.fixture
async def at(clean: Node, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(clean, tmp_path) as opened:
        yield opened
