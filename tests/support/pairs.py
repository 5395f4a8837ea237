"""Gaps that have no pool in common, and what an executor makes of them on a chain whose blocks come on
demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from devnet import ETHER, Node
from executor.journal.record import FILE_NAME, Database, Record
from tests.support.trading import Trading, explicit

PAIRS = (
    ("uniswap_v2 USDC/WETH", "sushi_v2 USDC/WETH", "USDC"),
    ("uniswap_v2 WETH/USDT", "sushi_v2 WETH/USDT", "USDT"),
    ("uniswap_v2 DAI/WETH", "sushi_v2 DAI/WETH", "DAI"),
    ("uniswap_v3 WETH/USDT 3000", "pancake_v3 WETH/USDT 500", "USDT"),
)
"""Two venues with one pair, and the token that is bought at the first; no pool stands here twice."""

_GAPS = (200, 200, 200, 300)
"""Ether that opens each gap."""


def open_gaps(trading: Trading, count: int = len(PAIRS)) -> None:
    """Move the price at the second venue of the first `count` pairs."""
    for (_, second, _), ether in zip(PAIRS[:count], _GAPS, strict=False):
        trading.open_gap(second, "WETH", ether * ETHER)


def crossing(number: int, opportunity_id: str | None = None, **more: Any) -> dict[str, Any]:
    """The opportunity of pair `number`, paid for by its own pools unless `more` says otherwise."""
    first, second, token = PAIRS[number]
    found = explicit(
        opportunity_id or f"pair-{number}",
        first=first,
        second=second,
        **{"funding": "callback_chain", **more},
    )
    found["legs"][1]["token_in"] = token
    return found


@contextmanager
def record_of(trading: Trading, executor_id: str = "executor-1") -> Iterator[Record]:
    """What the executor has written so far."""
    database = Database.open_reading(trading.folder / "journal" / FILE_NAME)
    yield Record(database, "ethereum", executor_id)
    database.close()


@contextmanager
def blocks_on_demand(node: Node) -> Iterator[None]:
    """Blocks come only when they are asked for; what is not mined by the end never is."""
    node.rpc("evm_setAutomine", False)
    try:
        yield
    finally:
        node.rpc("anvil_dropAllTransactions")
        node.rpc("evm_setAutomine", True)


@pytest.fixture
def on_demand(trading: Trading) -> Iterator[Trading]:
    """The chain with all gaps open, on which blocks come only when the test makes them."""
    open_gaps(trading)
    with blocks_on_demand(trading.node):
        yield trading


def mine_in_time(node: Node, blocks: int = 1) -> None:
    """The next blocks, a second after each other, however long the test took."""
    for _ in range(blocks):
        node.mine(1, timestamp=int(node.block()["timestamp"], 16) + 1)


def waiting(node: Node, sender: str) -> dict[int, str]:
    """Hashes by nonce of what the node's pool has of that wallet."""
    pending = node.rpc("txpool_content")["pending"]
    mine: dict[str, Any] = next((them for who, them in pending.items() if who.lower() == sender.lower()), {})
    return {int(nonce): str(each["hash"]) for nonce, each in mine.items()}


async def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait until it is; AssertionError when it never is."""
    for _ in range(int(seconds / 0.05)):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it was not so within {seconds:g} seconds")
