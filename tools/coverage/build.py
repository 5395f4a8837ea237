"""The router compiled so that its code can be told from its source: no code is shared or moved."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from devnet import cache, toolchain
from devnet.artifacts import Artifact, parse
from tools import variants

OUTPUTS = ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences", "evm.deployedBytecode"]
SHARES_NOTHING = {"enabled": False, "details": {**variants.DETAILS, "inliner": False, "deduplicate": False}}
JUMPI, PUSH1, PUSH32 = 0x57, 0x60, 0x7F


@dataclass(frozen=True)
class Place:
    """One instruction and the bytes `start`..`end` of the source `unit` that it was made of."""

    at: int
    is_choice: bool
    unit: str
    start: int
    end: int


@dataclass(frozen=True)
class Part:
    """A contract of the router: its runtime code, blank where immutables stand, and its instructions."""

    name: str
    code: bytes
    blanks: tuple[tuple[int, int], ...]
    places: tuple[Place, ...]

    def is_in(self, code: bytes) -> bool:
        """Whether `code` is this contract, whatever its immutables are."""
        return len(code) == len(self.code) and _blanked(code, self.blanks) == self.code


@dataclass(frozen=True)
class Build:
    """The compiled router, its sources and their syntax trees, by source unit."""

    artifacts: Mapping[str, Artifact]
    parts: tuple[Part, ...]
    sources: Mapping[str, str]
    trees: Mapping[str, dict[str, Any]]


@lru_cache(maxsize=1)
def load() -> Build:
    """Compiles, or takes what was compiled of the same sources."""
    version, settings = variants.settings()
    sources = variants.sources()
    selection: dict[str, Any] = {target: {"*": OUTPUTS} for target in variants.targets()}
    selection["*"] = {"": ["ast"]}
    request = json.dumps(
        {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sources.items()},
            "settings": {**settings, "optimizer": SHARES_NOTHING, "outputSelection": selection},
        },
        sort_keys=True,
    )
    kept = cache.folder("coverage") / f"{cache.content_key(version, request)}.json"
    with cache.locked(kept):
        if not kept.is_file():
            command = [str(toolchain.solc_path(version)), "--standard-json"]
            done = subprocess.run(command, input=request, capture_output=True, text=True, check=True)
            cache.write_atomically(kept, done.stdout.encode())
    answer = json.loads(kept.read_text(encoding="utf-8"))
    units = {entry["id"]: name for name, entry in answer["sources"].items()}
    contracts = {name: data for unit in answer["contracts"].values() for name, data in unit.items()}
    wanted = {name: contracts[name] for name in variants.PARTS}
    return Build(
        {name: parse(data, name=name) for name, data in wanted.items()},
        tuple(_part(name, data["evm"]["deployedBytecode"], units) for name, data in wanted.items()),
        sources,
        {name: entry["ast"] for name, entry in answer["sources"].items()},
    )


def _part(name: str, runtime: Mapping[str, Any], units: Mapping[int, str]) -> Part:
    blanks = tuple(
        (blank["start"], blank["start"] + blank["length"])
        for places in runtime["immutableReferences"].values()
        for blank in places
    )
    code = _blanked(bytes.fromhex(runtime["object"]), blanks)
    return Part(name, code, blanks, tuple(_places(code, runtime["sourceMap"], units)))


def _places(code: bytes, source_map: str, units: Mapping[int, str]) -> list[Place]:
    """The instructions that were made of a source. The map leaves out what repeats from entry to entry."""
    found, at, fields = [], 0, ["0", "0", "-1"]
    for entry in source_map.split(";"):
        for index, value in enumerate(entry.split(":")[:3]):
            fields[index] = value or fields[index]
        start, length, unit = (int(field) for field in fields)
        if unit in units:
            found.append(Place(at, code[at] == JUMPI, units[unit], start, start + length))
        at += 1 + (code[at] - PUSH1 + 1 if PUSH1 <= code[at] <= PUSH32 else 0)
    return found


def _blanked(code: bytes, blanks: tuple[tuple[int, int], ...]) -> bytes:
    blanked = bytearray(code)
    for start, end in blanks:
        blanked[start:end] = bytes(end - start)
    return bytes(blanked)
