"""Several nodes behind the face of one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from devnet import Node
from executor.chain.nodes import REST_SECONDS, STRAGGLER_SECONDS, Nodes, NodesDisagreeError
from executor.chain.rpc import NodeRefusedError
from executor.domain.errors import ConfigError, NodeError
from tests.support.misbehaving_node import Behaviour, MisbehavingNode, each, error, result, silence, text

OVERLOADED = text("busy", status=503)


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Stand:
    """Nodes that behave as ordered, and the executor's view of them all."""

    def __init__(self, *behaviours: Behaviour, timeout_seconds: float = 2) -> None:
        self._behaviours = behaviours
        self._timeout_seconds = timeout_seconds
        self._stack = AsyncExitStack()
        self.clock = Clock()

    async def __aenter__(self) -> Stand:
        self.nodes = [await self._stack.enter_async_context(MisbehavingNode(b)) for b in self._behaviours]
        urls = [node.url() for node in self.nodes]
        nodes = Nodes(urls, timeout_seconds=self._timeout_seconds, now=self.clock)
        self.rpc = await self._stack.enter_async_context(nodes)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.aclose()

    def asked(self) -> list[int]:
        """How often each node was asked."""
        return [len(node.seen) for node in self.nodes]


async def test_the_first_node_answers_while_it_can() -> None:
    async with Stand(result("0x1"), result("0x2")) as stand:
        assert await stand.rpc.call("eth_gasPrice") == "0x1"
        assert stand.asked() == [1, 0]


async def test_the_next_node_answers_where_the_first_does_not() -> None:
    async with Stand(OVERLOADED, result("0x2")) as stand:
        assert await stand.rpc.call("eth_gasPrice") == "0x2"


async def test_a_node_that_failed_is_asked_last_until_it_has_rested() -> None:
    async with Stand(OVERLOADED, result("0x2")) as stand:
        await stand.rpc.call("eth_gasPrice")
        await stand.rpc.call("eth_gasPrice")
        assert stand.asked() == [1, 2]

        stand.clock.seconds += REST_SECONDS
        await stand.rpc.call("eth_gasPrice")
        assert stand.asked() == [2, 3]


async def test_a_refusal_is_an_answer_and_asks_nobody_else() -> None:
    async with Stand(error(-32000, "execution reverted"), result("0x2")) as stand:
        with pytest.raises(NodeRefusedError, match="execution reverted"):
            await stand.rpc.call("eth_call")
        assert stand.asked() == [1, 0]


async def test_a_transaction_is_never_sent_to_a_second_node_unasked() -> None:
    async with Stand(OVERLOADED, result("0x2")) as stand:
        with pytest.raises(NodeError, match="overloaded"):
            await stand.rpc.call("eth_sendRawTransaction", "0x00")
        assert stand.asked() == [1, 0]


async def test_the_same_bytes_can_be_sent_everywhere_and_every_answer_is_told() -> None:
    async with Stand(OVERLOADED, result("0xhash"), error(-32000, "already known")) as stand:
        first, second, third = await stand.rpc.everywhere([("eth_sendRawTransaction", ("0x00",))])

        assert isinstance(first, NodeError)
        assert second == ["0xhash"]
        assert isinstance(third, list)
        assert isinstance(third[0], NodeRefusedError)


async def test_when_no_node_answers_the_last_reason_is_told() -> None:
    async with Stand(OVERLOADED, text("no json")) as stand:
        with pytest.raises(NodeError, match="without JSON"):
            await stand.rpc.call("eth_gasPrice")


async def test_two_of_three_decide_against_the_one_that_lies() -> None:
    async with Stand(result({"nonce": "0x9"}), result({"nonce": "0x5"}), result({"nonce": "0x5"})) as stand:
        assert await stand.rpc.agreed([("eth_getTransactionCount", ())], quorum=2) == [{"nonce": "0x5"}]


async def test_without_enough_that_agree_nothing_is_known() -> None:
    async with Stand(result("0x9"), result("0x5"), OVERLOADED) as stand:
        with pytest.raises(NodesDisagreeError) as caught:
            await stand.rpc.agreed([("eth_getTransactionCount", ())], quorum=2)
        assert caught.value.facts["answers"] == ['"0x5"', '"0x9"']


async def test_nodes_may_agree_in_refusing() -> None:
    async with Stand(error(-32000, "nonce too low"), error(-32000, "nonce too low")) as stand:
        (answer,) = await stand.rpc.agreed([("eth_sendRawTransaction", ())], quorum=2)
        assert isinstance(answer, NodeRefusedError)


def at(head: int, *, chain: int = 1, client: str = "Geth", branch: str = "0xaa") -> Behaviour:
    """A node at that block; asked anything else it tells the block, too."""
    told = {"eth_chainId": hex(chain), "web3_clientVersion": client, "eth_getBlockByNumber": {"hash": branch}}
    return each(lambda one: {"id": one["id"], "result": told.get(one["method"], hex(head))})


async def test_a_node_that_lags_is_asked_last() -> None:
    async with Stand(at(100), at(105)) as stand:
        assert await stand.rpc.look() == 105
        assert await stand.rpc.call("eth_gasPrice") == "0x69"


async def test_a_node_within_two_blocks_keeps_its_turn() -> None:
    async with Stand(at(103), at(105)) as stand:
        await stand.rpc.look()
        assert await stand.rpc.call("eth_gasPrice") == "0x67"


async def test_one_that_claims_to_be_far_ahead_is_not_preferred() -> None:
    async with Stand(at(105), at(105), at(10**9)) as stand:
        await stand.rpc.look()
        assert await stand.rpc.call("eth_gasPrice") == "0x69"


async def test_one_on_another_branch_is_asked_last_until_it_is_back() -> None:
    async with Stand(at(106, branch="0xbb"), at(105), at(104)) as stand:
        await stand.rpc.look()
        assert await stand.rpc.call("eth_gasPrice") == "0x69"
        stand.nodes[0].behave(at(106))
        await stand.rpc.look()
        assert await stand.rpc.call("eth_gasPrice") == "0x6a"


async def test_where_no_branch_has_most_nodes_the_settings_order_stays() -> None:
    async with Stand(at(104, branch="0xbb"), at(104, branch="0xcc"), at(105)) as stand:
        await stand.rpc.look()
        assert await stand.rpc.call("eth_gasPrice") == "0x68"


async def test_when_no_node_tells_its_head_that_is_said() -> None:
    async with Stand(OVERLOADED, OVERLOADED) as stand:
        with pytest.raises(NodeError, match="newest block"):
            await stand.rpc.look()


@pytest.mark.parametrize("stranger", [at(999, chain=5), at(999, client="anvil/v1.7.1")])
async def test_a_node_of_another_network_is_never_asked(stranger: Behaviour) -> None:
    async with Stand(stranger, at(105), at(105)) as stand:
        assert await stand.rpc.look() == 105
        assert await stand.rpc.call("eth_gasPrice") == "0x69"
        assert len(await stand.rpc.everywhere([("eth_sendRawTransaction", ("0x00",))])) == 2
        with pytest.raises(ConfigError, match=r"different networks \(.*: a (real 5|local 1); "):
            stand.rpc.require_one_network("chains.ethereum.rpc_urls")


async def test_a_node_that_was_silent_is_used_once_it_has_said_which_network_it_serves() -> None:
    late = Behind(OVERLOADED, OVERLOADED, at(105))
    async with Stand(late.take, at(104)) as stand:
        await stand.rpc.look()
        stand.clock.seconds += 1_000
        assert await stand.rpc.call("eth_gasPrice") == "0x68"
        await stand.rpc.look()
        stand.clock.seconds += 1_000
        assert await stand.rpc.call("eth_gasPrice") == "0x68"
        await stand.rpc.look()
        assert await stand.rpc.call("eth_gasPrice") == "0x69"


async def test_when_every_node_has_changed_its_network_nothing_is_asked_any_more() -> None:
    async with Stand(at(105), at(105)) as stand:
        await stand.rpc.look()
        for node in stand.nodes:
            node.behave(at(105, chain=5))
        with pytest.raises(NodeError, match="newest block"):
            await stand.rpc.look()
        with pytest.raises(NodeError, match="network that it did at the start"):
            await stand.rpc.call("eth_gasPrice")
        assert await stand.rpc.everywhere([("eth_gasPrice", ())]) == ()


class Behind:
    """Takes one behaviour after the other; the last one stays."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)

    async def take(self, request: web.Request, body: Any) -> web.StreamResponse:
        behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        return await behaviour(request, body)


LATE = error(-32000, "header not found")


@pytest.mark.parametrize(
    "words",
    [
        "header not found",
        "header for hash not found",
        "Unknown block",
        "missing trie node 1f (path )",
        "request beyond head block: requested 9, head 8",
        "block height is 8 but requested was 9",
        "hash 0x12..34 is not currently canonical",
        "Resource not found",
    ],
)
async def test_a_block_that_one_node_does_not_have_yet_is_read_from_the_next(words: str) -> None:
    async with Stand(error(-32000, words), result("0x2")) as stand:
        assert await stand.rpc.call("eth_call", {}, {"blockHash": "0x00"}) == "0x2"
    async with Stand(result(None), result({"number": "0x5"})) as stand:
        assert await stand.rpc.call("eth_getBlockByNumber", "0x5", False) == {"number": "0x5"}


async def test_a_block_that_no_node_has_is_said_to_be_unknown() -> None:
    async with Stand(LATE, OVERLOADED, LATE) as stand:
        with pytest.raises(NodeRefusedError, match="header not found"):
            await stand.rpc.call("eth_call", {}, {"blockHash": "0x00"})
        assert stand.asked() == [1, 1, 1]


async def test_a_receipt_that_is_not_there_asks_nobody_else() -> None:
    async with Stand(result(None), result({})) as stand:
        assert await stand.rpc.call("eth_getTransactionReceipt", "0x00") is None
        assert stand.asked() == [1, 0]


async def test_a_silent_node_holds_nobody_up() -> None:
    async with Stand(silence(30), result("0x2"), result("0x2"), timeout_seconds=20) as stand:
        started = time.monotonic()
        slow, *quick = await stand.rpc.everywhere([("eth_gasPrice", ())])
        assert time.monotonic() - started < STRAGGLER_SECONDS + 1
        assert isinstance(slow, NodeError)
        assert quick == [["0x2"], ["0x2"]]

        started = time.monotonic()
        await stand.rpc.everywhere([("eth_gasPrice", ())])
        assert time.monotonic() - started < 1


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Node, Node]]:
    with Node.empty() as one, Node.empty() as other:
        yield one, other


async def test_real_nodes_agree_on_what_is_the_same_and_not_on_what_differs(pair: tuple[Node, Node]) -> None:
    one, other = pair
    other.rpc("anvil_mine", "0x3")
    async with Nodes([one.url, other.url]) as nodes:
        assert await nodes.agreed([("eth_chainId", ())], quorum=2)
        with pytest.raises(NodesDisagreeError):
            await nodes.agreed([("eth_blockNumber", ())], quorum=2)
        assert await nodes.look() == int(other.rpc("eth_blockNumber"), 16)
        assert {health.failures for health in nodes.health.values()} == {0}
