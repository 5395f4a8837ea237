"""A router that the deploy script put on the local mainnet, once a worker; what tests do to it is undone."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from devnet import Node
from executor.chain.deployments import deployment_file, read_deployment
from executor.domain.deployment import Deployment
from scripts._support.deploying import Wanted, deploy
from tests.support.ape_sessions import CHECKOUT, OPERATOR, OWNER, PAUSER, session_on


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ape finds its project by the working folder."""
    monkeypatch.chdir(CHECKOUT)


@dataclass(frozen=True)
class Prepared:
    """A chain with a router and the folder of its record."""

    node: Node
    folder: Path


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """A node of its own with a router that has all roles."""
    folder = tmp_path_factory.mktemp("deployments")
    with Node.load("ethereum") as node:
        with session_on(node) as session:
            deploy(session, Wanted(OWNER, OPERATOR, PAUSER), folder=folder)
        yield Prepared(node, folder)


@pytest.fixture
def ethereum(request: pytest.FixtureRequest) -> Iterator[Node]:
    """The local mainnet; for tests that take `deployed`, the one with the router."""
    deployed = "deployed" in request.fixturenames
    node = request.getfixturevalue("prepared").node if deployed else request.getfixturevalue("ethereum_node")
    with node.isolated():
        yield node


@pytest.fixture
def deployed(ethereum: Node, prepared: Prepared, tmp_path: Path) -> Deployment:
    """The router, recorded below the test's own folder."""
    file = deployment_file(tmp_path, ethereum.chain_id)
    shutil.copy(deployment_file(prepared.folder, ethereum.chain_id), file)
    return read_deployment(file)
