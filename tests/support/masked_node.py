"""A real node behind a mask: a proxy that hides what gives a development node away and calls itself Geth."""

import json
from typing import Any, Self

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

GETH = "Geth/v1.16.7-stable/linux-amd64/go1.24.9"
_HIDDEN = ("anvil_", "hardhat_", "evm_", "eth_sendTransaction")


class NodeMaskedAsGeth:
    """Passes JSON-RPC on to the node at `upstream`; development methods are unknown to it. `url` is where it
    serves.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._session: aiohttp.ClientSession | None = None
        application = web.Application()
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
        return f"http://127.0.0.1:{self._server.port}"

    async def _handle(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if isinstance(body, list):
            return web.json_response([await self._answer(entry) for entry in body])
        return web.json_response(await self._answer(body))

    async def _answer(self, request: dict[str, Any]) -> Any:
        method = str(request["method"])
        told = {"jsonrpc": "2.0", "id": request["id"]}
        if method == "web3_clientVersion":
            return {**told, "result": GETH}
        if method.startswith(_HIDDEN):
            message = f"the method {method} does not exist/is not available"
            return {**told, "error": {"code": -32601, "message": message}}
        assert self._session is not None
        async with self._session.post(self._upstream, json=request) as response:
            return await response.json()
