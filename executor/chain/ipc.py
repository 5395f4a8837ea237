"""JSON-RPC over the local socket of a node on this machine: nothing but the JSON itself goes over it.

It spares a transaction on its way out what HTTP takes on both sides. Who may use the socket is a matter of
the file's permissions.
"""

import asyncio
import json
from urllib.parse import unquote, urlsplit

_CHUNK = 1 << 18
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class IpcConnections:
    """The connections to the socket at `path`, opened as they are needed and kept. One exchange at a time
    goes over each, so that an answer can only be that to the request before it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._idle: list[_Connection] = []

    async def exchange(self, request: bytes, seconds: float | None) -> bytes:
        """The answer to one JSON text. Raises TimeoutError after `seconds`, and OSError: FileNotFoundError,
        PermissionError or ConnectionRefusedError where there is no node at the path. Of a request whose
        answer did not come nothing is known.
        """
        async with asyncio.timeout(seconds):
            reader, writer = self._kept() or await asyncio.open_unix_connection(self._path)
            try:
                writer.write(request + b"\n")
                answer = await _whole(reader)
            except BaseException:
                # What may come over it yet would answer nobody.
                writer.close()
                raise
        self._idle.append((reader, writer))
        return answer

    def _kept(self) -> _Connection | None:
        """One that the node has not closed meanwhile."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not (reader.at_eof() or writer.is_closing()):
                return reader, writer
            writer.close()
        return None

    async def close(self) -> None:
        """Close those that are idle. Harmless when repeated."""
        while self._idle:
            self._idle.pop()[1].close()


def socket_path(url: str) -> str | None:
    """The path in ipc:///path; None for the URL of another scheme."""
    parts = urlsplit(url)
    return unquote(parts.path) if parts.scheme == "ipc" else None


async def _whole(reader: asyncio.StreamReader) -> bytes:
    """One JSON text. Most nodes end it with a line break, and none stands within."""
    text = b""
    while True:
        chunk = await reader.read(_CHUNK)
        if not chunk:
            raise ConnectionResetError("the node closed its socket")
        text += chunk
        if chunk.endswith(b"\n") or (chunk.endswith((b"}", b"]")) and _is_json(text)):
            return text


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
