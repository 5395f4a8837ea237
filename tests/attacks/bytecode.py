"""Runtime code as instructions."""

from __future__ import annotations

from collections.abc import Iterator

from devnet.artifacts import Artifact
from tests.support.routers import router_artifacts

PUSH1, PUSH32 = 0x60, 0x7F
NAMES = {
    0x32: "ORIGIN",
    0xF0: "CREATE",
    0xF2: "CALLCODE",
    0xF4: "DELEGATECALL",
    0xF5: "CREATE2",
    0xFF: "SELFDESTRUCT",
}
INVALID = 0xFE


def instructions(code: bytes) -> Iterator[tuple[int, bytes]]:
    """Opcode and immediate of each instruction; the compiler's note behind the code is left out."""
    body = code[: -int.from_bytes(code[-2:], "big") - 2]
    at = 0
    while at < len(body):
        width = body[at] - PUSH1 + 1 if PUSH1 <= body[at] <= PUSH32 else 0
        yield body[at], body[at + 1 : at + 1 + width]
        at += 1 + width


def rare_instructions(artifact: Artifact) -> dict[str, int]:
    """How often each of the instructions in NAMES stands in the code."""
    found: dict[str, int] = {}
    for opcode, _ in instructions(artifact.deployed_bytecode):
        if opcode in NAMES:
            found[NAMES[opcode]] = found.get(NAMES[opcode], 0) + 1
    return found


def selectors_compared(name: str) -> set[bytes]:
    """The four-byte constants of a part's code."""
    code = router_artifacts()[name].deployed_bytecode
    return {immediate for _, immediate in instructions(code) if len(immediate) == 4}
