"""What a call leaves in the router's transient storage, read from its trace."""

from __future__ import annotations

from typing import Any

from tests.support.routers import Desk

CALLS = ("CALL", "STATICCALL", "DELEGATECALL", "CALLCODE", "CREATE", "CREATE2")


def left_in_transient(desk: Desk, sender: str, to: str, data: bytes) -> tuple[dict[int, int], int]:
    """The router's transient slots that are not zero when the call ends, and how many writes there were.

    What is written in a call that fails is undone, as the chain does it.
    """
    request = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(16_000_000)}
    options = {"disableStorage": True, "enableMemory": False, "enableReturnData": False}
    steps = desk.node.rpc("debug_traceCall", request, "latest", options)["structLogs"]
    return _follow(steps, to.lower(), desk.router.lower())


def _follow(steps: list[dict[str, Any]], to: str, router: str) -> tuple[dict[int, int], int]:
    """Frames are (storage owner, the slots as they were when the frame began)."""
    slots: dict[int, int] = {}
    writes = 0
    frames: list[tuple[str, dict[int, int]]] = [(to, {})]
    for step in steps:
        while len(frames) > step["depth"]:
            _, before = frames.pop()
            # The caller finds on its stack whether the call succeeded.
            if int(step["stack"][-1], 16) == 0:
                slots = before
        if step["op"] == "TSTORE" and frames[-1][0] == router:
            slots[int(step["stack"][-1], 16)] = int(step["stack"][-2], 16)
            writes += 1
        if step["op"] in CALLS:
            owner = frames[-1][0]
            if step["op"] in ("CALL", "STATICCALL"):
                owner = f"0x{int(step['stack'][-2], 16) & (2**160 - 1):040x}"
            frames.append((owner, dict(slots)))
    return {slot: value for slot, value in slots.items() if value}, writes
