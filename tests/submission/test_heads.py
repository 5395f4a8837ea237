"""New blocks as they are announced."""

from __future__ import annotations

import asyncio

from devnet import Node
from executor.chain.rpc import Rpc
from executor.domain.fee_rules import ETHEREUM_BASE_FEE
from executor.submission.heads import new_heads


async def test_each_new_block_is_told(ethereum: Node) -> None:
    heads = new_heads(ethereum.ws_url, ETHEREUM_BASE_FEE)
    first = asyncio.ensure_future(anext(heads))
    await asyncio.sleep(0.5)
    ethereum.mine(1)
    told = await asyncio.wait_for(first, 10)
    async with Rpc(ethereum.url) as rpc:
        assert hex(told.number) == await rpc.call("eth_blockNumber")
    await heads.aclose()  # type: ignore[attr-defined]


async def test_a_connection_that_is_refused_is_tried_again(ethereum: Node) -> None:
    heads = new_heads("ws://127.0.0.1:9", ETHEREUM_BASE_FEE, again_seconds=0.01)
    waiting = asyncio.ensure_future(anext(heads))
    await asyncio.sleep(0.3)
    assert not waiting.done(), "it neither ends nor raises"
    waiting.cancel()
