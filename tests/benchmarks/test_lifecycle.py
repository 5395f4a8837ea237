"""The figures of many transactions are of transactions that were really mined, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.lifecycle_lanes import ordinary_lives, our_lives
from benchmarks.ordinary import Web3Way
from devnet import Node
from executor.wallet.development import DEVELOPMENT_ADDRESSES


@pytest.mark.parametrize(("lanes", "in_flight"), [(1, 16), (2, 4)])
async def test_each_transaction_is_mined_once_and_no_nonce_is_left(
    tmp_path: Path, lanes: int, in_flight: int
) -> None:
    with Node.empty(chain_id=1, block_time=1) as node:
        lives = await our_lives(node, tmp_path, lanes=lanes, in_flight=in_flight, count=24)
        mined = [
            int(node.rpc("eth_getTransactionCount", wallet, "latest"), 16)
            for wallet in DEVELOPMENT_ADDRESSES[:lanes]
        ]
    assert sum(mined) == len(lives.ms) == 24
    assert min(mined) > 0
    assert lives.nonce_gaps == 0
    assert lives.seconds * 1000 >= max(lives.ms)


def test_the_ordinary_way_waits_for_each_block() -> None:
    with Node.empty(chain_id=1, block_time=1) as node:
        lives = ordinary_lives("web3.py", Web3Way(node, 8), 3)
        assert int(node.rpc("eth_getTransactionCount", DEVELOPMENT_ADDRESSES[8], "latest"), 16) == 3
    assert lives.seconds > 2
