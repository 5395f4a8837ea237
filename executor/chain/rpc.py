"""JSON-RPC over HTTP or a local socket: connections that are kept, batches, time limits, and errors that say
what happened.

Two kinds of failure are kept apart. `NodeRefusedError`: the node answered with an error, so it is known that
it did not do the thing asked. Any other `NodeError`: no sensible answer came, so nothing is known.
"""

import asyncio
import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any, Self, cast
from urllib.parse import SplitResult, parse_qsl, urlsplit

import aiohttp
from pydantic import SecretStr

from executor.chain.ipc import IpcConnections, socket_path
from executor.domain.errors import NodeError
from executor.domain.json_text import load_json

Call = tuple[str, Sequence[object]]

_ONCE_ONLY = ("eth_send", "personal_", "evm_", "anvil_", "hardhat_", "debug_set", "miner_")
_WORTH_ANOTHER_TRY = frozenset({429, 502, 503, 504})
_THROTTLED = frozenset({429, -32005, -32029})
_NO_CONNECTION = (aiohttp.ClientConnectorError, ConnectionRefusedError, FileNotFoundError, PermissionError)
_OK = 200
_FIRST_PAUSE_SECONDS = 0.1
_SHORTEST_SECRET = 8


class NodeRefusedError(NodeError):
    """The node answered a request with an error. `rpc_data` is what it attached (revert bytes as hex, or
    None).
    """

    code = "node_refused"

    def __init__(self, method: str, rpc_code: int, rpc_message: str, rpc_data: object) -> None:
        super().__init__(
            f"The node refused {method}: {rpc_message} (code {rpc_code}).",
            fix="see the node's message",
            method=method,
            rpc_code=rpc_code,
            rpc_message=rpc_message,
        )
        self.rpc_code = rpc_code
        self.rpc_message = rpc_message
        self.rpc_data = rpc_data


class _TransientError(NodeError):
    """No answer this time; a read may be tried again."""


class Rpc:
    """A node at http://, https:// or ipc:///path. Use as an async context manager; safe to share between
    tasks of one event loop.

    `timeout_seconds` bounds each exchange; a read that got no answer is tried `read_retries` times more,
    a write never. `name` is the node without path and credentials; nothing else of the URL is ever shown.
    """

    def __init__(
        self,
        url: str | SecretStr,
        *,
        timeout_seconds: float = 10,
        read_retries: int = 2,
        max_batch: int = 100,
    ) -> None:
        self._url = url if isinstance(url, SecretStr) else SecretStr(url)
        parts = urlsplit(self._url.get_secret_value())
        self._path = socket_path(self._url.get_secret_value())
        self.name = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        self._secrets = _secrets(parts)
        if self._path is not None:
            self.name, self._secrets = self._path, ()
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._read_retries = read_retries
        self._max_batch = max_batch
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | IpcConnections | None = None
        self.takes_block_hash = True
        """False once the node has refused a block named by its hash."""
        self.knows_simulate = True
        """False once the node has said that it has no eth_simulateV1."""
        self.lends_code = True
        """False once the node has not taken code for an address in eth_call."""
        self.creates_in_calls = True
        """False once the node has not taken an eth_call that creates a contract."""
        self.has_multicall = True
        """False once the chain has turned out to have no Multicall3."""

    def __repr__(self) -> str:
        return f"Rpc({self.name})"

    async def __aenter__(self) -> Self:
        if self._path is not None:
            self._session = IpcConnections(self._path)
        else:
            self._session = aiohttp.ClientSession(timeout=self._timeout, json_serialize=json.dumps)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. Harmless when repeated."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(self, method: str, *params: object) -> object:
        """The result of one request. Raises NodeRefusedError when the node answers with an error, else
        NodeError.
        """
        answer = (await self.batch([(method, params)]))[0]
        if isinstance(answer, NodeRefusedError):
            raise answer
        return answer

    async def batch(self, calls: Sequence[Call]) -> list[object]:
        """The results of many requests in order, a refusal standing as a NodeRefusedError in its place.
        Raises NodeError.
        """
        if 0 < len(calls) <= self._max_batch:
            return await self._exchange(calls)
        chunks = [calls[start : start + self._max_batch] for start in range(0, len(calls), self._max_batch)]
        exchanges = await asyncio.gather(*map(self._exchange, chunks), return_exceptions=True)
        answers: list[object] = []
        for exchange in exchanges:
            if isinstance(exchange, BaseException):
                raise exchange
            answers += exchange
        return answers

    async def _exchange(self, calls: Sequence[Call]) -> list[object]:
        tries = 1 + (0 if acts(calls) else self._read_retries)
        pause = _FIRST_PAUSE_SECONDS
        while True:
            tries -= 1
            try:
                answers = await self._exchange_once(calls)
                if not tries or not any(throttled(answer) for answer in answers):
                    return answers
            except _TransientError as error:
                if not tries:
                    raise NodeError(error.message, fix=error.fix, **dict(error.facts)) from None
            await asyncio.sleep(pause)
            pause *= 2

    async def _exchange_once(self, calls: Sequence[Call]) -> list[object]:
        requests = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
            for method, params in calls
        ]
        body: object = requests[0] if len(requests) == 1 else requests
        answer = self._parsed(*await self._post(body))
        if isinstance(answer, dict) and len(requests) > 1 and "error" in answer:
            refusal = self._refusal("the batch", answer["error"])
            raise self._no_answer(f"refused a batch of {len(requests)} requests: {refusal.rpc_message}")
        return self._matched(requests, answer if isinstance(answer, list) else [answer])

    async def _post(self, body: object) -> tuple[int, bytes]:
        if self._session is None:
            raise NodeError(
                f"The connection to {self.name} is not open.", fix="use the Rpc inside `async with`"
            )
        try:
            if isinstance(self._session, IpcConnections):
                request = json.dumps(body).encode()
                return _OK, await self._session.exchange(request, self._timeout.total)
            async with self._session.post(
                self._url.get_secret_value(), json=body, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except TimeoutError:
            raise _TransientError(
                f"The node {self.name} did not answer within {self._timeout.total:g} seconds.",
                fix="check that the node is up, or raise rpc_timeout_seconds",
                node=self.name,
            ) from None
        except _NO_CONNECTION as error:
            raise _TransientError(
                f"The node {self.name} cannot be reached ({error.strerror or 'no connection'}).",
                fix="check rpc_url and that the node is up",
                node=self.name,
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            raise _TransientError(
                f"The connection to the node {self.name} broke ({type(error).__name__}).",
                fix="check that the node is up",
                node=self.name,
            ) from None

    def _parsed(self, status: int, body: bytes) -> object:
        if status in _WORTH_ANOTHER_TRY:
            raise _TransientError(
                f"The node {self.name} is overloaded (HTTP {status}).",
                fix="wait, or use another node",
                node=self.name,
                http_status=status,
            )
        try:
            answer: object = load_json(body)
        except (ValueError, RecursionError):
            raise self._no_answer(f"answered HTTP {status} without JSON", http_status=status) from None
        if status != _OK and not (isinstance(answer, dict) and isinstance(answer.get("error"), dict)):
            raise self._no_answer(f"answered HTTP {status}", http_status=status)
        return answer

    def _matched(self, requests: Sequence[dict[str, Any]], answers: Sequence[object]) -> list[object]:
        by_id: dict[int, dict[str, object]] = {}
        for answer in answers:
            if not isinstance(answer, dict):
                raise self._no_answer("answered something that is no JSON-RPC object")
            answer_id = answer.get("id")
            if len(requests) == 1 and answer_id is None and "error" in answer:
                answer_id = requests[0]["id"]
            if not isinstance(answer_id, int) or isinstance(answer_id, bool):
                raise self._no_answer("answered without a usable `id`")
            by_id[answer_id] = answer
        return [self._result(request, by_id) for request in requests]

    def _result(self, request: dict[str, Any], by_id: dict[int, dict[str, object]]) -> object:
        method = request["method"]
        answer = by_id.get(request["id"])
        if answer is None:
            raise self._no_answer(f"answered {method} under a wrong `id`", method=method)
        if answer.get("error") is not None:
            return self._refusal(method, answer["error"])
        if "result" not in answer:
            raise self._no_answer(f"answered {method} with neither `result` nor `error`", method=method)
        return answer["result"]

    def _refusal(self, method: str, error: object) -> NodeRefusedError:
        """An error object, or, as some relays send it, a bare text."""
        if not isinstance(error, dict):
            return NodeRefusedError(method, 0, self._without_secrets(str(error)), None)
        fields = cast(dict[str, object], error)
        code, message = fields.get("code"), fields.get("message")
        return NodeRefusedError(
            method,
            code if isinstance(code, int) else 0,
            self._without_secrets(message) if isinstance(message, str) else "no message",
            fields.get("data"),
        )

    def _without_secrets(self, message: str) -> str:
        """A provider that quotes the key it was called with must not bring it into logs and records."""
        for secret in self._secrets:
            message = message.replace(secret, "***")
        return message

    def _no_answer(self, what: str, **facts: object) -> NodeError:
        return NodeError(
            f"The node {self.name} {what}.", fix="check rpc_url, or use another node", node=self.name, **facts
        )


def acts(calls: Iterable[Call]) -> bool:
    """True if one of the calls does something at the node, so that it must not be repeated unasked."""
    return any(method.startswith(_ONCE_ONLY) for method, _ in calls)


def results(answers: Iterable[object]) -> list[object]:
    """The answers of a batch in which nothing may be refused. Raises the first NodeRefusedError."""
    out = []
    for answer in answers:
        if isinstance(answer, NodeRefusedError):
            raise answer
        out.append(answer)
    return out


def throttled(answer: object) -> bool:
    """True for the refusal of a provider that wants to be asked more slowly."""
    return isinstance(answer, NodeRefusedError) and answer.rpc_code in _THROTTLED


def _secrets(url: SplitResult) -> tuple[str, ...]:
    """The parts of a node's URL that a provider may have put a key into, the longest first."""
    parts = [url.username, url.password, *url.path.split("/"), *(value for _, value in parse_qsl(url.query))]
    return tuple(sorted({part for part in parts if part and len(part) >= _SHORTEST_SECRET}, key=len)[::-1])
