"""JSON-RPC over one kept-open HTTP connection a thread: plain values in, plain values out."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from typing import Any

from devnet.errors import NodeError, RpcError

TIMEOUT_SECONDS = 60.0


class RpcClient:
    """Talks to one node on this machine. Usable from several threads at once."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._ids = itertools.count(1)
        self._local = threading.local()

    def call(self, method: str, *params: Any) -> Any:
        """One request; its `result`. Raises RpcError for an error answer, NodeError when unreachable."""
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        return _result(method, self._post(body))

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _post(self, body: Any) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(*self._address, timeout=TIMEOUT_SECONDS)
            self._local.connection = connection
        try:
            connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
            text = connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            host, port = self._address
            message = f"no answer from the node at {host}:{port} ({error!r})"
            raise NodeError(message, "is it still running?") from error
        try:
            return json.loads(text)
        except ValueError as error:
            raise NodeError(f"the node answered {text[:80]!r}", "send a valid JSON-RPC request") from error


def _result(method: str, answer: Any) -> Any:
    if "error" in answer:
        error = answer["error"]
        raise RpcError(method, error.get("code", 0), error.get("message", ""), error.get("data"))
    return answer["result"]
