"""A man in the middle: a real node behind a server that changes some of what passes, for what only bad days
bring."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Self

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

Request = dict[str, Any]
Answer = dict[str, Any]
Change = Callable[[Request, Answer], Answer]


class ChangingProxy:
    """Passes JSON-RPC on to a real node; `change` may put another answer in place of the node's.

    A request that `withhold` names never reaches the node. `methods` keeps what was asked, in order, `posts`
    counts the HTTP requests.
    """

    def __init__(
        self,
        upstream: str,
        change: Change | None = None,
        *,
        withhold: Callable[[Request], Answer | None] | None = None,
    ) -> None:
        self._upstream = upstream
        self.change = change
        self.withhold = withhold
        self.methods: list[str] = []
        self.posts = 0
        self._session: aiohttp.ClientSession | None = None
        application = web.Application(client_max_size=2**24)
        application.router.add_post("/", self._handle)
        self._server = TestServer(application)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        await self._server.start_server()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._server.close()
        if self._session is not None:
            await self._session.close()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.port}/"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.posts += 1
        body = json.loads(await request.read())
        requests = body if isinstance(body, list) else [body]
        answers = [await self._answer(one) for one in requests]
        return web.json_response(answers if isinstance(body, list) else answers[0])

    async def _answer(self, request: Request) -> Answer:
        self.methods.append(request["method"])
        held = self.withhold(request) if self.withhold else None
        if held is not None:
            return {"jsonrpc": "2.0", "id": request["id"], **held}
        assert self._session is not None
        async with self._session.post(self._upstream, json=request) as response:
            answer: Answer = await response.json()
        return self.change(request, answer) if self.change else answer


GETH = "Geth/v1.16.7-stable/linux-amd64/go1.24.9"
_NOT_FOUND = {"error": {"code": -32601, "message": "the method does not exist/is not available"}}
_DEVELOPMENT = ("anvil_", "hardhat_", "evm_", "ganache_", "eth_sendTransaction")


class RealLookingNode(ChangingProxy):
    """A local node that says it is Geth and hides the methods of a development node, so that it passes for a
    real network."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, withhold=self._disguise)

    @staticmethod
    def _disguise(request: Request) -> Answer | None:
        if request["method"] == "web3_clientVersion":
            return {"result": GETH}
        return _NOT_FOUND if request["method"].startswith(_DEVELOPMENT) else None
