"""A fake node: an HTTP server that answers JSON-RPC as a test orders, for what real nodes only do on a bad
day.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Self

from aiohttp import web
from aiohttp.test_utils import TestServer

Behaviour = Callable[[web.Request, Any], Awaitable[web.StreamResponse]]


class MisbehavingNode:
    """Serves on a free port. Each exchange takes the next behaviour; the last one repeats. `seen` keeps the
    request bodies.
    """

    def __init__(self, *behaviours: Behaviour) -> None:
        self.seen: list[Any] = []
        self._behaviours = list(behaviours)
        application = web.Application()
        application.router.add_post("/{path:.*}", self._handle)
        self._server = TestServer(application)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._server.close()

    def behave(self, behaviour: Behaviour) -> None:
        """From now on like this."""
        self._behaviours = [behaviour]

    def url(self, path: str = "/") -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.port}{path}"

    def methods(self) -> list[str]:
        """The methods asked, in order, batches flattened."""
        requests = [entry for body in self.seen for entry in (body if isinstance(body, list) else [body])]
        return [str(request["method"]) for request in requests]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        self.seen.append(body)
        behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        return await behaviour(request, body)


def text(content: str, status: int = 200) -> Behaviour:
    """Answers with this very text."""

    async def behave(_request: web.Request, _body: Any) -> web.StreamResponse:
        return web.Response(text=content, status=status, content_type="application/json")

    return behave


def result(value: object) -> Behaviour:
    """Answers each request of a body with this result."""
    return each(lambda request: {"id": request["id"], "result": value})


def error(code: int, message: str, data: object = None) -> Behaviour:
    """Refuses each request of a body."""
    return each(
        lambda request: {"id": request["id"], "error": {"code": code, "message": message, "data": data}}
    )


def each(answer: Callable[[Any], object]) -> Behaviour:
    """Answers each request of a body as `answer` says."""

    async def behave(_request: web.Request, body: Any) -> web.StreamResponse:
        answers = (
            [_told(answer(request)) for request in body] if isinstance(body, list) else _told(answer(body))
        )
        return web.json_response(answers)

    return behave


def silence(seconds: float = 30) -> Behaviour:
    """Takes the request and says nothing for that long."""

    async def behave(_request: web.Request, _body: Any) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return web.Response()

    return behave


def hang_up() -> Behaviour:
    """Promises an answer and drops the connection in the middle of it."""

    async def behave(request: web.Request, _body: Any) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"jsonrpc": "2.0"')
        if request.transport is not None:
            request.transport.abort()
        return response

    return behave


def _told(answer: object) -> object:
    return {"jsonrpc": "2.0", **answer} if isinstance(answer, dict) else answer
