"""A journal belongs to one network, told by an old block's hash and not by the chain id."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from devnet import Node
from executor.chain.network import Network, identify
from executor.chain.rpc import Rpc
from executor.domain.errors import JournalError, NodeError
from executor.journal.anchor import DEPTH, choose_anchor, verify_anchor
from tests.support.misbehaving_node import MisbehavingNode, result

REAL = Network(31337, False, "Geth")


@pytest.fixture
async def rpc(node: Node) -> AsyncIterator[Rpc]:
    async with Rpc(node.url) as opened:
        yield opened


@pytest.fixture
def node() -> Iterator[Node]:
    with Node.empty() as empty:
        yield empty


async def test_a_real_network_is_told_by_a_block_below_any_reorganisation(node: Node, rpc: Rpc) -> None:
    node.mine(100)
    anchor = await choose_anchor(rpc, REAL)
    assert anchor.number == 100 - DEPTH
    assert anchor.hash == node.rpc("eth_getBlockByNumber", hex(anchor.number), False)["hash"]
    node.mine(10)
    await verify_anchor(rpc, REAL, anchor)


async def test_a_young_chain_is_told_by_its_first_block(rpc: Rpc) -> None:
    assert (await choose_anchor(rpc, REAL)).number == 0


async def test_a_node_without_old_blocks_is_told_by_the_oldest_near_that_it_has() -> None:
    with Node.empty(number=1_000_000) as late:
        late.mine(20)
        async with Rpc(late.url) as rpc:
            anchor = await choose_anchor(rpc, REAL)
    assert 1_000_000 <= anchor.number <= 1_000_020


async def test_a_local_network_is_told_by_its_own_head(node: Node, rpc: Rpc) -> None:
    """Two forks of one upstream share every block but their own."""
    node.mine(100)
    assert (await choose_anchor(rpc, await identify(rpc))).number == 100


async def test_other_networks_are_refused_whatever_their_chain_id(node: Node, rpc: Rpc) -> None:
    node.mine(5)
    network = await identify(rpc)
    anchor = await choose_anchor(rpc, network)
    await verify_anchor(rpc, network, anchor)
    for other in (
        replace(anchor, chain_id=1),
        replace(anchor, hash="0x" + "ab" * 32),
        replace(anchor, number=500),
        replace(anchor, is_local=False),
    ):
        with pytest.raises(JournalError) as caught:
            await verify_anchor(rpc, network, other)
        assert caught.value.fix


async def test_a_block_without_a_hash_is_no_anchor() -> None:
    async with MisbehavingNode(result("0x10"), result({"number": "0x10"})) as bad, Rpc(bad.url()) as rpc:
        with pytest.raises(NodeError, match="no hash"):
            await choose_anchor(rpc, REAL)
