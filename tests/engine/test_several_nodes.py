"""The executor on a chain of which it knows three nodes, one of them bad."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from devnet import Node
from executor.config.settings import Settings
from executor.domain.execution import Status
from executor.engine.executor import Executor
from executor.operations.check import check
from tests.support.faces import DEAD, LATE_BY, LaggingNode, LyingNode
from tests.support.misbehaving_node import MisbehavingNode, each
from tests.support.trading import Trading, deploy_trading, explicit


@pytest.fixture
def trading(ethereum: Node, tmp_path: Path) -> Trading:
    ethereum.mine(LATE_BY + 1)
    made = deploy_trading(ethereum, tmp_path)
    made.open_gap()
    return made


@pytest.mark.parametrize("bad", ["dead", "lagging", "lying"])
async def test_an_opportunity_is_realised_though_the_first_node_is_bad(trading: Trading, bad: str) -> None:
    honest = trading.node.url
    async with AsyncExitStack() as stack:
        first = DEAD
        if bad == "lagging":
            first = (await stack.enter_async_context(LaggingNode(honest))).url
        if bad == "lying":
            first = (await stack.enter_async_context(LyingNode(honest))).url
        settings = trading.settings(rpc_url=first, rpc_urls=[honest, honest], quorum=2)
        async with Executor(settings) as executor:
            execution = await executor.execute(explicit())
    assert execution.status is Status.REALISED, execution.reasons
    assert trading.nonce() == 1


async def test_nodes_of_different_networks_are_refused_before_anything_is_read(trading: Trading) -> None:
    """A stand-in for a real node of the same chain id."""
    answers = {"eth_blockNumber": "0x5", "eth_chainId": "0x1", "web3_clientVersion": "Geth/v1.16.7"}
    real = each(lambda one: {"id": one["id"], "result": answers[one["method"]]})
    async with MisbehavingNode(real) as other:
        settings = trading.settings(rpc_urls=[other.url()])
        found = (await check(Settings.from_mapping(settings)))["ethereum"]
    assert [one.name for one in found] == ["node"]
    assert "the nodes serve different networks" in found[0].message


async def test_the_check_tells_how_each_node_does(trading: Trading) -> None:
    settings = trading.settings(rpc_urls=[DEAD])
    found = (await check(Settings.from_mapping(settings)))["ethereum"]
    told = {one.name: (one.state.value, one.message) for one in found if one.name.startswith("node ")}
    newest = int(trading.node.rpc("eth_blockNumber"), 16)
    assert told[f"node {trading.node.url.rstrip('/')}"] == ("ok", f"is at block {newest}")
    assert told[f"node {DEAD}"] == ("warning", "does not answer")


async def test_the_check_tells_which_node_is_on_another_branch(trading: Trading) -> None:
    async with LyingNode(trading.node.url) as liar:
        url = liar.url.rstrip("/")
        settings = trading.settings(rpc_urls=[trading.node.url, url])
        found = (await check(Settings.from_mapping(settings)))["ethereum"]
    wrong = [one for one in found if one.name.startswith("node ") and one.state.value == "warning"]
    assert [one.name for one in wrong] == [f"node {url}"]
    assert wrong[0].message.endswith("on another branch than most")
