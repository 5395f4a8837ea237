"""What a call does inside the node, instruction by instruction: and which slots it reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.routers import Desk

CALLS = {"CALL": -2, "STATICCALL": -2}
"""Where the callee stands on the stack."""


@dataclass(frozen=True)
class Instruction:
    """One instruction; `account` is whose storage it works on, `depth` counts calls from one."""

    name: str
    account: str
    depth: int
    stack: tuple[int, ...]


def trace(desk: Desk, sender: str, data: bytes, *, to: str | None = None) -> list[Instruction]:
    """The instructions of a call to the router, or `to`, on top of the newest block."""
    target = (to or desk.router).lower()
    request = {"from": sender, "to": target, "data": f"0x{data.hex()}"}
    options = {"disableStorage": True, "disableMemory": True}
    logs = desk.node.rpc("debug_traceCall", request, "pending", options)["structLogs"]
    return list(_placed(logs, target))


def _placed(logs: list[dict[str, Any]], target: str) -> Iterator[Instruction]:
    accounts, entered = [target], target
    for log in logs:
        del accounts[log["depth"] :]
        if log["depth"] > len(accounts):
            accounts.append(entered)
        stack = tuple(int(word, 16) for word in log["stack"])
        yield Instruction(log["op"], accounts[-1], log["depth"], stack)
        if log["op"] in CALLS:
            entered = f"0x{stack[CALLS[log['op']]] & (1 << 160) - 1:040x}"
        elif log["op"] == "DELEGATECALL":
            entered = accounts[-1]
        elif log["op"].startswith("CREATE"):
            entered = "created"


def slots_read(desk: Desk, instructions: list[Instruction]) -> list[int]:
    """The storage slots of the router that are read, in order."""
    router = desk.router.lower()
    return [step.stack[-1] for step in instructions if step.name == "SLOAD" and step.account == router]
