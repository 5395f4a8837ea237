"""Three nodes of one chain, one of them bad: what decides money is known all the same, and reads go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import permutations

import pytest

from devnet import GWEI, Node
from executor.chain.head import head
from executor.chain.nodes import Nodes, open_nodes
from executor.domain.address import to_address
from executor.domain.errors import NodeError
from executor.submission.sight import Questions, look
from tests.support.faces import DEAD, LATE_BY, LaggingNode, LyingNode

UNKNOWN = "0x" + "77" * 32
SENDER, OTHER = 0, 1
BAD = ("dead", "lagging", "lying")


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node.empty() as empty:
        empty.mine(LATE_BY + 1)
        yield empty


@asynccontextmanager
async def seen_by(node: Node, *faces: str) -> AsyncIterator[Nodes]:
    """The chain by nodes with these faces, in this order."""
    async with AsyncExitStack() as stack:
        urls = []
        for face in faces:
            if face == "lagging":
                urls.append((await stack.enter_async_context(LaggingNode(node.url))).url)
            elif face == "lying":
                urls.append((await stack.enter_async_context(LyingNode(node.url))).url)
            else:
                urls.append(DEAD if face == "dead" else node.url)
        yield await stack.enter_async_context(open_nodes(urls, timeout_seconds=2, look_seconds=0.2))


def pay(node: Node) -> str:
    """A transfer that is mined; its hash."""
    sender, other = node.accounts[SENDER].address, node.accounts[OTHER].address
    price = {"maxFeePerGas": hex(50 * GWEI), "maxPriorityFeePerGas": hex(GWEI)}
    sent = str(node.rpc("eth_sendTransaction", {"from": sender, "to": other, "value": "0x1", **price}))
    if node.rpc("eth_getTransactionReceipt", sent) is None:
        node.mine()
    return sent


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_with_one_bad_node_of_three_head_counts_and_receipts_are_known(
    node: Node, bad: str, place: int
) -> None:
    sent = pay(node)
    sender = to_address(node.accounts[SENDER].address)
    newest = int(node.rpc("eth_blockNumber"), 16)
    receipt = node.rpc("eth_getTransactionReceipt", sent)
    mined_in = int(receipt["blockNumber"], 16)
    faces = ["honest", "honest"]
    faces.insert(place, bad)
    async with seen_by(node, *faces) as nodes:
        seen = await look(nodes, Questions((sender,), (sent, UNKNOWN), (), (mined_in,)), quorum=2)
    assert seen.head == newest
    assert seen.counts == {sender: int(node.rpc("eth_getTransactionCount", sender, "latest"), 16)}
    assert seen.receipts[sent].success
    assert seen.receipts[sent].gas_used == int(receipt["gasUsed"], 16)
    assert seen.receipts[sent].block_hash == receipt["blockHash"] == seen.blocks[mined_in]
    assert seen.without == {UNKNOWN}


@pytest.mark.parametrize("faces", permutations(("honest", "lagging", "lying")))
async def test_with_two_bad_ones_nothing_is_believed_that_is_not_so(
    node: Node, faces: tuple[str, ...]
) -> None:
    sent = pay(node)
    sender = to_address(node.accounts[SENDER].address)
    count = int(node.rpc("eth_getTransactionCount", sender, "latest"), 16)
    async with seen_by(node, *faces) as nodes:
        seen = await look(nodes, Questions((sender,), (sent,)), quorum=2)
    assert seen.head <= int(node.rpc("eth_blockNumber"), 16)
    assert seen.counts[sender] <= count
    assert seen.receipts == {}
    assert seen.without == frozenset()


async def test_with_two_dead_ones_nothing_is_known(node: Node) -> None:
    async with seen_by(node, "dead", "honest", "dead") as nodes:
        assert await nodes.call("eth_chainId") == "0x7a69"
        with pytest.raises(NodeError, match="only 1 of the nodes"):
            await look(nodes, Questions(), quorum=2)


@pytest.mark.parametrize("bad", BAD)
async def test_reads_go_on_where_the_first_node_is_bad(node: Node, bad: str) -> None:
    pay(node)
    other = node.accounts[OTHER].address
    balance = node.rpc("eth_getBalance", other, "latest")
    async with seen_by(node, bad, "honest", "honest") as nodes:
        newest = await head(nodes)
        assert newest.number == int(node.rpc("eth_blockNumber"), 16)
        assert await nodes.call("eth_getBalance", other, {"blockHash": newest.hash}) == balance


async def test_a_state_that_only_others_have_is_read_from_them(node: Node) -> None:
    """A node that has fallen behind since it was looked at."""
    async with seen_by(node, "lagging", "honest") as nodes:
        newest = node.rpc("eth_getBlockByNumber", "latest", False)
        for health in nodes.health.values():
            health.head = None
        other = node.accounts[OTHER].address
        told = await nodes.call("eth_getBalance", other, {"blockHash": newest["hash"]})
        assert told == node.rpc("eth_getBalance", other, "latest")


async def test_nodes_are_looked_after_while_they_are_open(node: Node) -> None:
    async with seen_by(node, "honest", "honest") as nodes:
        node.mine(3)
        newest = int(node.rpc("eth_blockNumber"), 16)
        for _ in range(100):
            if [health.head for health in nodes.health.values()] == [newest, newest]:
                return
            await asyncio.sleep(0.05)
    raise AssertionError("nobody looked")
