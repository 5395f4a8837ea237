"""What the router calls in the course of a transaction, also in parts of it that fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.routers import Desk


@dataclass(frozen=True)
class Outgoing:
    """A call that the router makes, other than to itself and to the code of its parts."""

    kind: str
    target: str
    data: bytes

    @property
    def selector(self) -> bytes:
        """What is called."""
        return self.data[:4]


def outgoing(desk: Desk, sender: str, data: bytes, *, to: str | None = None) -> list[Outgoing]:
    """The router's calls in a call to it, or to `to`, in their order."""
    request = {"from": sender, "to": to or desk.router, "data": f"0x{data.hex()}", "gas": hex(16_000_000)}
    tree = desk.node.rpc("debug_traceCall", request, "pending", {"tracer": "callTracer"})
    own = {part.lower() for part in desk.parts.values()}
    return [
        Outgoing(frame["type"], frame["to"], bytes.fromhex(frame["input"][2:]))
        for frame in _frames(tree)
        if frame["from"].lower() == desk.router.lower() and frame["to"].lower() not in own
    ]


def _frames(frame: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield frame
    for inner in frame.get("calls", ()):
        yield from _frames(inner)
