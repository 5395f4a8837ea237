"""A router that knows every lender of the full tier, put back after each test."""

from collections.abc import Iterator

import pytest

from devnet.books import book_of
from devnet.node import Node
from devnet.place import Placer
from executor.domain.deployment import Part
from tests.support.routers import (
    LENDERS,
    OPERATOR,
    OWNER,
    Desk,
    constants,
    deploy_desk,
    deploy_parts,
    router_artifacts,
)


@pytest.fixture(scope="session")
def _lending_desk() -> Iterator[Desk]:
    """Its ERC-3156 lender is the one that takes a fee and has WETH; it holds no inventory."""
    with Node.load("ethereum", tier="full") as node:
        book = book_of(node)
        fixed = list(constants(book))
        fixed[2 + LENDERS.index("maker_dss_flash")] = book.contracts["erc3156_lender_with_fee"]
        parts = deploy_parts(Placer(node), OWNER, tuple(fixed), router_artifacts())
        desk = Desk(node, book, parts[Part.ROUTER], parts)
        desk.send(OWNER, "setPrimaryOperator(address)", OPERATOR)
        yield desk


@pytest.fixture
def desk(_lending_desk: Desk) -> Iterator[Desk]:
    """On the local mainnet."""
    with _lending_desk.node.isolated():
        yield _lending_desk


@pytest.fixture(scope="session")
def _base_desk() -> Iterator[Desk]:
    with Node.load("base", tier="full") as node:
        yield deploy_desk(node, inventory=0)


@pytest.fixture
def base_desk(_base_desk: Desk) -> Iterator[Desk]:
    """On the local Base chain."""
    with _base_desk.node.isolated():
        yield _base_desk
