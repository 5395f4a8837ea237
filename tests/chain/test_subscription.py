"""What a node announces over a WebSocket, and connections that are of no use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from devnet import ETHEREUM, Node
from devnet.market import trade_v2
from executor import venues
from executor.chain.head import head
from executor.chain.logs import logs_of
from executor.chain.rpc import Rpc
from executor.chain.subscription import LogNotice, Notice, Subscription
from executor.domain.address import to_address
from executor.domain.errors import NodeError
from executor.domain.market import BlockHead

PAIR = next(pool for pool in ETHEREUM.pools if pool.venue == "uniswap_v2")
PAIR_ADDRESS = to_address(PAIR.address)
Talk = Callable[[web.WebSocketResponse, int], Awaitable[None]]


def subscription(url: str, silence_seconds: float = 10) -> Subscription:
    return Subscription(url, [PAIR_ADDRESS], venues.topics(), silence_seconds=silence_seconds)


async def some(notices: AsyncIterator[Notice | None], number: int) -> list[Notice | None]:
    found: list[Notice | None] = []
    async with asyncio.timeout(20):
        async for notice in notices:
            found.append(notice)
            if len(found) == number:
                break
    return found


async def test_heads_and_logs_are_those_that_the_node_tells_when_asked(ethereum: Node) -> None:
    async with subscription(ethereum.ws_url) as announced, Rpc(ethereum.url) as rpc:
        start = await head(rpc)
        await asyncio.to_thread(trade_v2, ethereum, PAIR, PAIR.tokens[0], 10**9)
        newest = await head(rpc)
        notices = await some(announced.notices(), newest.number - start.number + 1)
        (told,) = await logs_of(rpc, [newest], [PAIR_ADDRESS], venues.topics())
    assert newest in notices
    assert [notice for notice in notices if isinstance(notice, LogNotice)] == [
        LogNotice(log, removed=False) for log in told
    ]
    assert len(told) == 1


async def test_silence_is_told_and_ends_nothing(ethereum: Node) -> None:
    async with subscription(ethereum.ws_url, silence_seconds=0.05) as announced:
        notices = announced.notices()
        assert await some(notices, 2) == [None, None]
    async with subscription(ethereum.ws_url, silence_seconds=0.05) as announced:
        silent = announced.notices()
        assert await anext(silent) is None
        await asyncio.to_thread(ethereum.mine)
        async with asyncio.timeout(20):
            async for notice in silent:
                if isinstance(notice, BlockHead):
                    break


async def test_where_nobody_listens_the_error_names_the_node_and_no_secret() -> None:
    with pytest.raises(NodeError, match="ws_url") as caught:
        async with subscription("ws://127.0.0.1:9/v2/a-secret-key"):
            pass
    assert "a-secret-key" not in str(caught.value) + repr(caught.value.facts)
    assert caught.value.facts["node"] == "ws://127.0.0.1:9"


class FakeSocket:
    """A fake node that talks over a WebSocket as a test orders."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        application = web.Application()
        application.router.add_get("/", self._handle)
        self._server = TestServer(application)

    async def __aenter__(self) -> str:
        await self._server.start_server()
        return f"ws://127.0.0.1:{self._server.port}/"

    async def __aexit__(self, *exc_info: object) -> None:
        await self._server.close()

    async def _handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._talk(socket, json.loads(message.data)["id"])
        return socket


def then(*said: str) -> Talk:
    """Accepts both subscriptions, the second one only after these words."""

    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        if number == 2:
            for words in said:
                await socket.send_str(words)
        await socket.send_json({"jsonrpc": "2.0", "id": number, "result": f"0x{number}"})

    return talk


async def refuse(socket: web.WebSocketResponse, number: int) -> None:
    await socket.send_json({"jsonrpc": "2.0", "id": number, "error": {"code": -32601, "message": "unknown"}})


async def hang_up(socket: web.WebSocketResponse, _number: int) -> None:
    await socket.close()


@pytest.mark.parametrize(
    "talk",
    [refuse, hang_up, then("no json"), then("[]")],
    ids=["refused", "closed", "no json", "no object"],
)
async def test_a_node_that_does_not_subscribe_is_an_error(talk: Talk) -> None:
    async with FakeSocket(talk) as url:
        with pytest.raises(NodeError, match="of no use"):
            async with subscription(url):
                pass


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"subscription": "0x9", "result": {}}, "nobody asked"),
        ({"subscription": "0x1", "result": {"number": "0x1"}}, "block"),
        ({"subscription": "0x2", "result": {"topics": []}}, "log"),
        (None, "nobody asked"),
    ],
)
async def test_an_announcement_that_makes_no_sense_is_an_error(params: object, problem: str) -> None:
    words = json.dumps({"jsonrpc": "2.0", "method": "eth_subscription", "params": params})
    async with FakeSocket(then(words)) as url, subscription(url) as announced:
        with pytest.raises(NodeError, match=problem):
            await anext(announced.notices())
