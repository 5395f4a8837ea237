"""JSON-RPC: what a node does wrong is named, reads are tried again, writes never."""

import asyncio
import logging
import traceback

import pytest

from devnet import Node
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.errors import NodeError
from tests.support.misbehaving_node import (
    Behaviour,
    MisbehavingNode,
    each,
    error,
    hang_up,
    result,
    silence,
    text,
)


async def failure(*behaviours: Behaviour, method: str = "eth_chainId", retries: int = 0) -> NodeError:
    async with (
        MisbehavingNode(*behaviours) as node,
        Rpc(node.url(), timeout_seconds=0.3, read_retries=retries) as rpc,
    ):
        with pytest.raises(NodeError) as caught:
            await rpc.call(method)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (text("<html>gateway</html>"), "without JSON"),
        (text(""), "without JSON"),
        (text('{"jsonrpc": "2.0", "id": 1, "res'), "without JSON"),
        (text("[]"), "wrong `id`"),
        (text("null"), "no JSON-RPC object"),
        (text('"0x1"'), "no JSON-RPC object"),
        (text("{}"), "usable `id`"),
        (each(lambda request: {"result": "0x1"}), "usable `id`"),
        (each(lambda request: {"id": 999, "result": "0x1"}), "wrong `id`"),
        (each(lambda request: {"id": str(request["id"]), "result": "0x1"}), "usable `id`"),
        (each(lambda request: {"id": request["id"]}), "neither `result` nor `error`"),
        (text("forbidden", status=403), "HTTP 403"),
        (text("{}", status=500), "HTTP 500"),
        (text("", status=302), "HTTP 302"),
        (silence(), "did not answer within 0.3 seconds"),
        (hang_up(), "broke"),
        (text("busy", status=429), "overloaded (HTTP 429)"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_a_node_error_in_words(answer: Behaviour, told: str) -> None:
    error = await failure(answer)
    assert told in str(error)
    assert error.fix
    assert not isinstance(error, NodeRefusedError)


async def test_a_node_that_is_not_there_is_a_node_error() -> None:
    async with Rpc("http://127.0.0.1:1", read_retries=0) as rpc:
        with pytest.raises(NodeError, match=r"http://127\.0\.0\.1:1 cannot be reached"):
            await rpc.call("eth_chainId")


async def test_a_refusal_carries_code_message_and_data() -> None:
    refusal = await failure(error(3, "execution reverted", "0x08c379a0"))
    assert isinstance(refusal, NodeRefusedError)
    assert (refusal.rpc_code, refusal.rpc_message, refusal.rpc_data) == (
        3,
        "execution reverted",
        "0x08c379a0",
    )


async def test_a_refusal_is_understood_under_an_http_error_status() -> None:
    told = '{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "parse error"}}'
    refusal = await failure(text(told, status=400))
    assert isinstance(refusal, NodeRefusedError)
    assert refusal.rpc_message == "parse error"


async def test_a_refusal_in_bare_text_is_understood() -> None:
    refusal = await failure(each(lambda request: {"id": request["id"], "error": "no such method"}))
    assert isinstance(refusal, NodeRefusedError)
    assert refusal.rpc_message == "no such method"


async def test_a_result_of_null_is_a_result() -> None:
    async with MisbehavingNode(result(None)) as node, Rpc(node.url()) as rpc:
        assert await rpc.call("eth_getTransactionReceipt", "0x00") is None


@pytest.mark.parametrize("trouble", [text("busy", status=503), hang_up(), silence()])
async def test_a_read_is_tried_again(trouble: Behaviour) -> None:
    async with (
        MisbehavingNode(trouble, trouble, result("0x1")) as node,
        Rpc(node.url(), timeout_seconds=0.3) as rpc,
    ):
        assert await rpc.call("eth_blockNumber") == "0x1"
        assert node.methods() == ["eth_blockNumber"] * 3


@pytest.mark.parametrize("code", [429, -32005, -32029])
async def test_a_read_that_a_provider_throttles_is_tried_again(code: int) -> None:
    async with MisbehavingNode(error(code, "slow down"), result("0x1")) as node, Rpc(node.url()) as rpc:
        assert await rpc.call("eth_blockNumber") == "0x1"


async def test_a_throttled_transaction_is_refused_and_not_sent_again() -> None:
    async with MisbehavingNode(error(429, "slow down"), result("0x1")) as node, Rpc(node.url()) as rpc:
        with pytest.raises(NodeRefusedError):
            await rpc.call("eth_sendRawTransaction", "0x02")
        assert len(node.seen) == 1


async def test_a_read_is_not_tried_for_ever() -> None:
    async with MisbehavingNode(text("busy", status=503)) as node, Rpc(node.url(), read_retries=2) as rpc:
        with pytest.raises(NodeError):
            await rpc.call("eth_blockNumber")
        assert len(node.seen) == 3


@pytest.mark.parametrize("trouble", [text("busy", status=503), hang_up(), silence(), text("oops")])
async def test_a_transaction_is_sent_once_whatever_comes_back(trouble: Behaviour) -> None:
    async with MisbehavingNode(trouble, result("0x1")) as node, Rpc(node.url(), timeout_seconds=0.3) as rpc:
        with pytest.raises(NodeError) as caught:
            await rpc.call("eth_sendRawTransaction", "0x02")
        assert node.methods() == ["eth_sendRawTransaction"]
        assert not isinstance(caught.value, NodeRefusedError)


async def test_a_batch_with_a_transaction_in_it_is_sent_once() -> None:
    async with MisbehavingNode(text("busy", status=503)) as node, Rpc(node.url()) as rpc:
        with pytest.raises(NodeError):
            await rpc.batch([("eth_chainId", ()), ("eth_sendRawTransaction", ("0x02",))])
        assert len(node.seen) == 1


async def test_answers_of_a_batch_are_put_in_order_by_their_ids() -> None:
    async def backwards(request: object, body: list[dict[str, object]]) -> object:
        return await each(lambda entry: {"id": entry["id"], "result": entry["params"]})(request, body[::-1])  # type: ignore[arg-type]

    async with MisbehavingNode(backwards) as node, Rpc(node.url()) as rpc:  # type: ignore[arg-type]
        assert await rpc.batch([("a", (1,)), ("b", (2,)), ("c", (3,))]) == [[1], [2], [3]]


async def test_a_refusal_in_a_batch_stands_in_its_place() -> None:
    def answer(request: dict[str, object]) -> object:
        if request["method"] == "bad":
            return {"id": request["id"], "error": {"code": -32601, "message": "Method not found"}}
        return {"id": request["id"], "result": "0x1"}

    async with MisbehavingNode(each(answer)) as node, Rpc(node.url()) as rpc:
        first, second, third = await rpc.batch([("good", ()), ("bad", ()), ("good", ())])
        assert (first, third) == ("0x1", "0x1")
        assert isinstance(second, NodeRefusedError)


async def test_a_batch_that_is_answered_in_part_is_an_error() -> None:
    async with (
        MisbehavingNode(text('[{"jsonrpc": "2.0", "id": 1, "result": "0x1"}]')) as node,
        Rpc(node.url()) as rpc,
    ):
        with pytest.raises(NodeError, match="eth_gasPrice under a wrong `id`"):
            await rpc.batch([("eth_chainId", ()), ("eth_gasPrice", ())])


async def test_a_batch_refused_as_a_whole_is_no_answer() -> None:
    told = '{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "batch too large"}}'
    async with MisbehavingNode(text(told)) as node, Rpc(node.url()) as rpc:
        with pytest.raises(NodeError, match="batch too large"):
            await rpc.batch([("eth_chainId", ()), ("eth_gasPrice", ())])


async def test_a_large_batch_is_split() -> None:
    async with MisbehavingNode(result("0x1")) as node, Rpc(node.url(), max_batch=4) as rpc:
        assert await rpc.batch([("eth_chainId", ())] * 10) == ["0x1"] * 10
        assert sorted(len(body) for body in node.seen) == [2, 4, 4]


async def test_an_empty_batch_asks_nothing() -> None:
    async with MisbehavingNode(result("0x1")) as node, Rpc(node.url()) as rpc:
        assert await rpc.batch([]) == []
        assert node.seen == []


async def test_a_redirect_is_not_followed() -> None:
    async with MisbehavingNode(text("", status=307)) as node, Rpc(node.url(), read_retries=0) as rpc:
        with pytest.raises(NodeError, match="HTTP 307"):
            await rpc.call("eth_chainId")


async def test_the_credentials_of_a_url_show_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with MisbehavingNode(text("oops")) as node:
        url = node.url("/v3/0123456789abcdef").replace("http://", "http://user:hunter2@")
        async with Rpc(url) as rpc:
            with pytest.raises(NodeError) as caught:
                await rpc.call("eth_chainId")
            ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
            shown = [repr(rpc), rpc.name, str(caught.value.as_dict()), *ours]
        with pytest.raises(NodeError) as closed:
            await rpc.call("eth_chainId")
        shown += ["".join(traceback.format_exception(error)) for error in (caught.value, closed.value)]
    for told in shown:
        assert "hunter2" not in told
        assert "0123456789abcdef" not in told


async def test_one_connection_serves_many_requests_of_a_real_node(ethereum_node: Node) -> None:
    async with Rpc(ethereum_node.url) as rpc:
        answers = await asyncio.gather(*(rpc.call("eth_chainId") for _ in range(20)))
        assert set(answers) == {"0x1"}


async def test_a_real_node_refuses_what_it_does_not_know(ethereum_node: Node) -> None:
    async with Rpc(ethereum_node.url) as rpc:
        with pytest.raises(NodeRefusedError, match="eth_noSuchThing") as caught:
            await rpc.call("eth_noSuchThing")
        assert caught.value.rpc_code == -32601


@pytest.mark.parametrize("path", ["/v3/0123456789abcdef", "/?apikey=0123456789abcdef"])
@pytest.mark.parametrize(
    "told",
    [
        error(-32000, "project 0123456789abcdef is over its limit"),
        each(lambda request: {"id": request["id"], "error": "no such key: 0123456789abcdef"}),
    ],
)
async def test_a_key_that_the_provider_quotes_is_not_passed_on(path: str, told: Behaviour) -> None:
    async with MisbehavingNode(told) as node, Rpc(node.url(path)) as rpc:
        with pytest.raises(NodeRefusedError, match=r"\*\*\*") as caught:
            await rpc.call("eth_chainId")
    shown = f"{caught.value} {caught.value.as_dict()} {caught.value.rpc_message}"
    assert "0123456789abcdef" not in shown


async def test_an_answer_nested_too_deep_is_no_answer() -> None:
    assert "without JSON" in (await failure(text("[" * 100_000))).message
