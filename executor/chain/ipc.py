"""JSON-RPC over the local socket of a node on this machine: nothing but the JSON itself goes over it.

It spares a transaction on its way out what HTTP takes on both sides. Who may use the socket is a matter of
the file's permissions.
"""

import asyncio
from typing import cast
from urllib.parse import unquote, urlsplit

from executor.domain.json_text import load_json

MOST_CONNECTIONS = 32
"""Connections at once; what is asked beyond waits for its turn. A socket refuses whoever comes while as many
wait as its node has room for, often 100.
"""


class IpcConnections:
    """The connections to the socket at `path`, opened as they are needed and kept, MOST_CONNECTIONS of them.
    One exchange at a time goes over each, so that an answer can only be that to the request before it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._closed = False

    async def exchange(self, request: bytes, seconds: float | None) -> bytes:
        """The answer to one JSON text. Raises TimeoutError after `seconds`, and OSError: FileNotFoundError,
        PermissionError or ConnectionRefusedError where there is no node at the path, ConnectionResetError
        where either side closes. Of a request whose answer did not come nothing is known.
        """
        async with asyncio.timeout(seconds), self._places:
            connection = self._kept() or await self._opened()
            self._busy.add(connection)
            try:
                answer = await connection.ask(request)
            except BaseException:
                # What may come over it yet would answer nobody.
                connection.close()
                raise
            finally:
                self._busy.discard(connection)
            self._idle.append(connection)
            return answer

    def _kept(self) -> "_Connection | None":
        """One that the node has not closed meanwhile."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _opened(self) -> "_Connection":
        self._require_open()
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_unix_connection(_Connection, self._path)
        try:
            self._require_open()
        except ConnectionResetError:
            connection.close()
            raise
        return connection

    def _require_open(self) -> None:
        if self._closed:
            raise ConnectionResetError("the connections were closed")

    async def close(self) -> None:
        """Close them all, as an HTTP session does: what is under way gets no answer. Harmless when
        repeated.
        """
        self._closed = True
        for connection in (*self._idle, *self._busy):
            connection.close()
        self._idle.clear()


class _Connection(asyncio.Protocol):
    """One connection, with at most one question under way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._text = bytearray()

    @property
    def is_open(self) -> bool:
        """Whether another question may go over it."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> bytes:
        """The answer to `request`. Raises ConnectionResetError where the node closes the socket."""
        if self._transport is None:
            raise ConnectionResetError("the node has closed its socket")
        self._text.clear()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request + b"\n")
        return await self._answer

    def close(self) -> None:
        """Close it. Harmless when repeated."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """A piece of the answer, or the line break after the one before. What nobody has asked for means
        that the two do not understand each other.
        """
        answer = self._answer if self._answer is not None and not self._answer.done() else None
        if answer is None or not self._text:
            data = data.lstrip()
        if not data:
            return
        if answer is None:
            self.close()
            return
        self._text += data
        # Most nodes end a text with a line break, and none stands within.
        if data.endswith(b"\n") or (data.endswith((b"}", b"]")) and _is_json(self._text)):
            answer.set_result(bytes(self._text))

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the node has closed its socket"))


def socket_path(url: str) -> str | None:
    """The path in ipc:///path; None for the URL of another scheme."""
    parts = urlsplit(url)
    return unquote(parts.path) if parts.scheme == "ipc" else None


def _is_json(text: bytearray) -> bool:
    try:
        load_json(text)
    except (ValueError, RecursionError):
        return False
    return True
