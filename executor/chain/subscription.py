"""Heads and logs as a node announces them, over a WebSocket.

The transport is aiohttp's, which the HTTP side has already.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from executor.chain.head import parse_head
from executor.chain.logs import log_filter, parse_log
from executor.domain.address import Address
from executor.domain.errors import NodeError
from executor.domain.fee_rules import ETHEREUM_BASE_FEE, BaseFeeRule
from executor.domain.json_text import load_json
from executor.domain.log import Log
from executor.domain.market import BlockHead

HEARTBEAT_SECONDS = 15
MOST_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class LogNotice:
    """A log of a block, or, where `removed`, one whose block was taken back."""

    log: Log
    removed: bool


Notice = BlockHead | LogNotice


class Subscription:
    """One connection that is told of new heads and of the logs of `emitters`, where there are any. Use as an
    async context manager.

    `silence_seconds`: after that long without a word, None is given in the place of a notice. Nothing of the
    URL but its host is ever shown.
    """

    def __init__(
        self,
        url: str | SecretStr,
        emitters: Collection[Address],
        topics: Collection[bytes],
        *,
        rule: BaseFeeRule = ETHEREUM_BASE_FEE,
        timeout_seconds: float = 10,
        silence_seconds: float = 30,
    ) -> None:
        self._url = url if isinstance(url, SecretStr) else SecretStr(url)
        parts = urlsplit(self._url.get_secret_value())
        self.name = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        self._filter = log_filter(emitters, topics) if emitters else None
        self._rule = rule
        self._timeout = timeout_seconds
        self._silence = silence_seconds
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._kinds: dict[str, str] = {}
        self._early: list[Mapping[str, object]] = []

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        try:
            async with asyncio.timeout(self._timeout):
                self._socket = await self._session.ws_connect(
                    self._url.get_secret_value(), heartbeat=HEARTBEAT_SECONDS, max_msg_size=MOST_BYTES
                )
                await self._subscribe("newHeads", ["newHeads"])
                if self._filter is not None:
                    await self._subscribe("logs", ["logs", self._filter])
        except BaseException as error:
            await self.__aexit__()
            if isinstance(error, aiohttp.ClientError | OSError):
                raise self._lost(type(error).__name__) from None
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        session, self._session, self._socket = self._session, None, None
        if session is not None:
            await session.close()

    async def notices(self) -> AsyncIterator[Notice | None]:
        """What the node announces, in its order; None for each long silence. Raises NodeError when the
        connection is lost or what comes makes no sense.
        """
        while True:
            message = self._early.pop(0) if self._early else await self._receive(self._silence)
            yield None if message is None else self._notice(message)

    async def _subscribe(self, kind: str, params: list[object]) -> None:
        assert self._socket is not None
        number = len(self._kinds) + 1
        await self._socket.send_json(
            {"jsonrpc": "2.0", "id": number, "method": "eth_subscribe", "params": params}
        )
        while True:
            message = await self._receive(self._timeout)
            if message is None:
                raise self._lost("no answer to eth_subscribe")
            if message.get("id") != number:
                self._early.append(message)
                continue
            subscribed = message.get("result")
            if not isinstance(subscribed, str):
                raise self._lost(f"eth_subscribe to {kind} was refused")
            self._kinds[subscribed] = kind
            return

    async def _receive(self, seconds: float) -> Mapping[str, object] | None:
        """The next message, None if there is none in that time."""
        if self._socket is None:
            raise self._lost("it is not open")
        try:
            message = await self._socket.receive(timeout=seconds)
        except TimeoutError:
            return None
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise self._lost("it was closed")
        try:
            parsed = load_json(message.data)
        except (ValueError, RecursionError):
            raise self._lost("it carried no JSON") from None
        if not isinstance(parsed, dict):
            raise self._lost("it carried no JSON-RPC object")
        return parsed

    def _notice(self, message: Mapping[str, object]) -> Notice:
        params = message.get("params")
        if not isinstance(params, dict) or params.get("subscription") not in self._kinds:
            raise self._lost("it carried something that nobody asked for")
        if self._kinds[params["subscription"]] == "newHeads":
            return parse_head(params.get("result"), rule=self._rule)
        return LogNotice(*parse_log(params.get("result"), "log"))

    def _lost(self, why: str) -> NodeError:
        return NodeError(
            f"The connection to {self.name} is of no use: {why}.",
            fix="check ws_url and that the node is up; meanwhile the node is polled",
            node=self.name,
        )
