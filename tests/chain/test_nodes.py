"""Several nodes behind the face of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from devnet import Node
from executor.chain.nodes import REST_SECONDS, Nodes, NodesDisagreeError
from executor.chain.rpc import NodeRefusedError
from executor.domain.errors import NodeError
from tests.support.misbehaving_node import Behaviour, MisbehavingNode, error, result, text

OVERLOADED = text("busy", status=503)


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Stand:
    """Nodes that behave as ordered, and the executor's view of them all."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = behaviours
        self._stack = AsyncExitStack()
        self.clock = Clock()

    async def __aenter__(self) -> Stand:
        self.nodes = [await self._stack.enter_async_context(MisbehavingNode(b)) for b in self._behaviours]
        urls = [node.url() for node in self.nodes]
        self.rpc = await self._stack.enter_async_context(Nodes(urls, timeout_seconds=2, now=self.clock))
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


async def test_a_node_that_lags_is_asked_last() -> None:
    async with Stand(result("0x64"), result("0x69")) as stand:
        assert await stand.rpc.look() == 105
        assert await stand.rpc.call("eth_gasPrice") == "0x69"


async def test_a_node_within_two_blocks_keeps_its_turn() -> None:
    async with Stand(result("0x67"), result("0x69")) as stand:
        await stand.rpc.look()
        assert await stand.rpc.call("eth_gasPrice") == "0x67"


async def test_when_no_node_tells_its_head_that_is_said() -> None:
    async with Stand(OVERLOADED, OVERLOADED) as stand:
        with pytest.raises(NodeError, match="newest block"):
            await stand.rpc.look()


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
