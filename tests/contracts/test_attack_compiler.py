"""Known faults of the compiler that the router is built with, and why none of them reaches it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.routers import router_artifact

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
# mstore(0x40, 0x80): the heap starts where it does when no local variable has been moved to memory.
HEAP_AT_0X80 = bytes.fromhex("6080604052")


def test_no_local_variable_lives_in_memory_where_another_recursion_could_overwrite_it() -> None:
    """Up to 0.8.36 the IR pipeline may give two functions that call each other one memory slot for a variable
    each; the router's steps do call each other. (Solidity's list of known bugs.)
    """
    assert router_artifact().deployed_bytecode.startswith(HEAP_AT_0X80)


def test_nothing_is_cleared_by_delete() -> None:
    """From 0.8.28 to 0.8.33 the IR pipeline may clear storage where transient storage was meant, by `delete`.
    (Solidity's list of known bugs.)
    """
    for source in CONTRACTS.rglob("*.sol"):
        assert not re.search(r"^\s*delete\b", source.read_text(), re.MULTILINE), source.name
