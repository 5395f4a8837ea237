"""A router ready for the executor: operated by a development account, recorded in a deployment file, with
settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from devnet import ETHER, ETHEREUM, Node, market
from executor.chain.deployments import write_deployment
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.deployment import Deployment, Part, PartRecord, RouterConstants
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.support.routers import OWNER, PAUSER, Desk, constants, deploy_desk

OPERATOR_ACCOUNT = 1
OPERATOR = DEVELOPMENT_ADDRESSES[OPERATOR_ACCOUNT]

CHAIN_NAMES = {1: "ethereum", 8453: "base"}

UNISWAP_V2, SUSHI_V2 = "uniswap_v2 USDC/WETH", "sushi_v2 USDC/WETH"


@dataclass(frozen=True)
class Trading:
    """A chain with a router and everything that an executor is told about it. `folder` is the user's own."""

    desk: Desk
    folder: Path

    @property
    def node(self) -> Node:
        """The chain."""
        return self.desk.node

    @property
    def router(self) -> Address:
        """The router."""
        return self.desk.router

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Settings for the chain, with `changes` to its section."""
        section = {
            "rpc_url": self.node.url,
            "deployment": str(self.deployment_file()),
            "wallet": {"development_account": OPERATOR_ACCOUNT},
            "max_execution_time_seconds": 30,
            **changes,
        }
        return {"journal": str(self.folder / "journal"), "chains": {CHAIN_NAMES[self.node.chain_id]: section}}

    def deployment_file(self) -> Path:
        """The file that the deploy script would have left; written when asked for first."""
        path = self.folder / "deployments" / f"{self.node.chain_id}.json"
        if not path.exists():
            write_deployment(path, self.deployment())
        return path

    def deployment(self, *, local: bool = True) -> Deployment:
        """What stands on the chain."""
        return Deployment(
            chain_id=self.node.chain_id,
            router=self.router,
            version="2",
            initial_owner=to_address(OWNER),
            owner=to_address(OWNER),
            operator=OPERATOR,
            pauser=to_address(PAUSER),
            constants=self._constants(),
            parts={
                part: PartRecord(address, self._code_hash(address))
                for part, address in self.desk.parts.items()
                if part is not Part.ROUTER
            },
            deployer=to_address(OWNER),
            salt="0x" + "00" * 32,
            runtime_code_hash=self._code_hash(self.router),
            block=None,
            local=local,
        )

    def _constants(self) -> RouterConstants:
        tokens, *others = constants(self.desk.book)
        assert isinstance(tokens, list)
        settlement = tuple(to_address(token) for token in tokens if token != ZERO_ADDRESS)
        wrapped, *lenders = (to_address(address) for address in others)
        return RouterConstants(settlement, wrapped, *(None if it == ZERO_ADDRESS else it for it in lenders))

    def _code_hash(self, address: Address) -> str:
        return "0x" + keccak(self.node.code(address)).hex()

    def open_gap(self, pool: str = SUSHI_V2, symbol: str = "WETH", amount: int = 200 * ETHER) -> None:
        """A real trade by another account that moves the price at one venue."""
        market.trade(self.node, self.desk.book.pool(pool), self.desk.book.tokens[symbol], amount)

    def nonce(self) -> int:
        """Transactions that the operator's wallet has sent and had mined."""
        return int(self.node.rpc("eth_getTransactionCount", OPERATOR, "latest"), 16)

    def balance(self, symbol: str = "WETH") -> int:
        """What the router holds."""
        return self.desk.balance(symbol)


def deploy_trading(node: Node, folder: Path, *, inventory: int = 50 * ETHER) -> Trading:
    """A router on `node` whose primary operator is the development account `OPERATOR`."""
    desk = deploy_desk(node, inventory=inventory)
    desk.send(OWNER, "setPrimaryOperator(address)", OPERATOR)
    return Trading(desk, folder)


def explicit(
    opportunity_id: str = "seen-1", *, first: str = UNISWAP_V2, second: str = SUSHI_V2, **more: Any
) -> dict[str, Any]:
    """WETH into `first`, USDC into `second`, pool by pool. Profitable after `open_gap`."""
    legs = [
        {"pool": ETHEREUM.pool(first).address, "token_in": "WETH"},
        {"pool": ETHEREUM.pool(second).address, "token_in": "USDC"},
    ]
    return {"opportunity_id": opportunity_id, "chain": "ethereum", "legs": legs, **more}


def high_level(
    opportunity_id: str = "seen-1", *, buy: str = "uniswap_v2", sell: str = "sushiswap_v2", **more: Any
) -> dict[str, Any]:
    """Buy USDC with WETH at one venue, sell it at the other."""
    return {
        "opportunity_id": opportunity_id,
        "chain": "ethereum",
        "token": "USDC",
        "quote_token": "WETH",
        "buy_dex": buy,
        "sell_dex": sell,
        **more,
    }


@pytest.fixture(scope="session")
def _trading_node() -> Iterator[Node]:
    """A node of its own: the router is deployed once, tests undo what they do."""
    with Node.load("ethereum") as node:
        yield node


@pytest.fixture(scope="session")
def _deployed(_trading_node: Node, tmp_path_factory: pytest.TempPathFactory) -> Trading:
    return deploy_trading(_trading_node, tmp_path_factory.mktemp("deployed"))


@pytest.fixture
def trading(_deployed: Trading, tmp_path: Path) -> Iterator[Trading]:
    """A router with inventory on the local mainnet, a folder for the user's files; undone after the test."""
    with _deployed.node.isolated():
        yield replace(_deployed, folder=tmp_path)


def receipt_of(node: Node, transaction_hash: str) -> dict[str, Any]:
    """What the node says of a transaction."""
    found = node.rpc("eth_getTransactionReceipt", transaction_hash)
    assert isinstance(found, dict)
    return found


async def asked_until_known(executor: Executor) -> Execution:
    """The fate of `explicit()`, asked for again while it is pending: on a busy machine its time may be over
    before the receipt was read.
    """
    execution = await executor.execute(explicit())
    for _ in range(20):
        if execution.status is not Status.PENDING:
            break
        execution = await executor.execute(explicit())
    return execution
