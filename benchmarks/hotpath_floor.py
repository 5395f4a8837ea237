"""What no send can be faster than on this machine: the node's own time for the two exchanges, over a bare
socket, and the disk's for the three commits.
"""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from executor.chain.quantities import to_data
from executor.chain.rpc import Call

COMMITS = 3
"""The intake, the claims, and the intent with its attempt."""

_ROW = 4096


@dataclass
class Floor:
    """Milliseconds: `node` from the first byte of the question for the nonce to the answer to the send,
    without what lies between the two; `disk` of three commits of a row of 4 KiB each.
    """

    node: list[float] = field(default_factory=list)
    disk: list[float] = field(default_factory=list)


class BareNode:
    """A node's socket at `path`, and nothing around it."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def milliseconds(self, questions: Sequence[Call], sign: Callable[[int], bytes]) -> float:
        """Of the questions, whose first answer is the nonce, and of the send of what is signed for it."""
        asked, (nonce, *_) = self._timed([_request(number, *call) for number, call in enumerate(questions)])
        raw = sign(int(nonce["result"], 16))
        sent, (answer,) = self._timed([_request(0, "eth_sendRawTransaction", [to_data(raw)])])
        if "result" not in answer:
            raise AssertionError(f"the node did not take it: {answer}")
        return asked + sent

    def _timed(self, requests: list[dict[str, object]]) -> tuple[float, list[dict[str, str]]]:
        body = json.dumps(requests if len(requests) > 1 else requests[0]).encode() + b"\n"
        began = perf_counter()
        self._socket.sendall(body)
        text = b""
        while not text.endswith(b"\n"):
            text += self._socket.recv(1 << 16)
        took = (perf_counter() - began) * 1e3
        answers = json.loads(text)
        return took, answers if isinstance(answers, list) else [answers]


class BareDisk:
    """An SQLite file at `path`, synced at each commit as the record is, and nothing around it."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._file.execute(f"PRAGMA {pragma}")
        self._file.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, entry BLOB)")

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def milliseconds(self) -> float:
        """Of `COMMITS` commits."""
        began = perf_counter()
        for _ in range(COMMITS):
            self._file.execute("BEGIN IMMEDIATE")
            self._file.execute("INSERT INTO entries (entry) VALUES (?)", (bytes(_ROW),))
            self._file.execute("COMMIT")
        return (perf_counter() - began) * 1e3


def _request(number: int, method: str, params: Sequence[object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
