"""Deployed size of each contract, and which source file its bytes come from.

Every instruction of the runtime code is counted for the file that the compiler's source map names. The
optimiser merges equal code of several files into one, so that a file's share is what it adds, not what it
would be alone. Source: Solidity documentation, "Source Mappings".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from devnet import cache
from devnet.compiler import PROJECT, gather, project_settings, solc

SIZE_LIMIT = 24_576
"""EIP-170, in bytes."""
BUDGET = PROJECT / "benchmarks" / "code_budget.json"
FOLDER = "contracts"
COMPILER_MADE = "made by the compiler"
PUSH1, PUSH32 = 0x60, 0x7F
OUTPUTS = ["evm.deployedBytecode.object", "evm.deployedBytecode.sourceMap"]


@dataclass(frozen=True)
class CodeSize:
    """`deployed` bytes of runtime code; `rooms` are its parts by source file below `contracts/`, without the
    ending, which add up to it.
    """

    deployed: int
    rooms: dict[str, int]


@dataclass(frozen=True)
class SourceMap:
    """Runtime `code`, and for each instruction's place in it the source file and the byte there that it was
    made from; no entry where the compiler made it for no source.
    """

    code: bytes
    sources: dict[int, tuple[str, int]]


def code_sizes() -> dict[str, CodeSize]:
    """The sizes of all deployable contracts, by name: one in each file right in the contracts' folder."""
    return {name: _size(code_map) for name, code_map in source_maps().items()}


def source_maps() -> dict[str, SourceMap]:
    """Where the runtime code of each of these contracts comes from.

    Each is compiled with what it imports and nothing else, as it is deployed: what else is in the compiler's
    run changes the bytes.
    """
    units = [path.relative_to(PROJECT).as_posix() for path in sorted((PROJECT / FOLDER).glob("*.sol"))]
    return {PurePosixPath(unit).stem: _map_of(unit) for unit in units}


def budgets(contract: str, rooms: Iterable[str]) -> dict[str, int]:
    """What each room of a contract may take at most, in bytes: its own budget, or that of its folder for each
    file in it. Raises KeyError for a room that has neither: give it one in `code_budget.json`.
    """
    allowed = json.loads(BUDGET.read_text())[contract]
    return {room: allowed.get(room) or allowed[room.rpartition("/")[0] + "/"] for room in rooms}


def _map_of(unit: str) -> SourceMap:
    output = _compiled(unit)
    files = {source["id"]: name for name, source in output["sources"].items()}
    return _source_map(output["contracts"][unit][PurePosixPath(unit).stem], files)


def _compiled(unit: str) -> dict[str, Any]:
    version, settings = project_settings()
    request = json.dumps(
        {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sorted(gather([unit]).items())},
            "settings": {**settings, "outputSelection": {unit: {"*": OUTPUTS}}},
        },
        sort_keys=True,
    )
    kept = cache.folder("source-maps") / f"{cache.content_key(version, request)}.json"
    if not kept.is_file():
        with cache.progress(f"compiling {unit} with source maps"):
            cache.write_atomically(kept, json.dumps(solc(version, request)).encode())
    output: dict[str, Any] = json.loads(kept.read_text())
    return output


def _source_map(contract: dict[str, Any], files: dict[int, str]) -> SourceMap:
    deployed = contract["evm"]["deployedBytecode"]
    code = bytes.fromhex(deployed["object"])
    places = zip(_instructions(code), _places(deployed["sourceMap"]), strict=False)
    known = {at: (files[file], start) for at, (start, file) in places if file in files}
    return SourceMap(code, known)


def _size(code_map: SourceMap) -> CodeSize:
    rooms: dict[str, int] = {}
    # Behind the last instruction stand constants and the metadata, which no source is named for.
    for at in _instructions(code_map.code):
        file, _ = code_map.sources.get(at, ("", 0))
        width = min(_width(code_map.code[at]), len(code_map.code) - at)
        rooms[_room(file)] = rooms.get(_room(file), 0) + width
    return CodeSize(len(code_map.code), dict(sorted(rooms.items())))


def _instructions(code: bytes) -> Iterator[int]:
    """The place of each instruction in order."""
    at = 0
    while at < len(code):
        yield at
        at += _width(code[at])


def _width(instruction: int) -> int:
    """Bytes of an instruction with what it pushes."""
    return instruction - PUSH1 + 2 if PUSH1 <= instruction <= PUSH32 else 1


def _places(source_map: str) -> Iterator[tuple[int, int]]:
    """(first byte, file number) of each instruction; an empty field repeats the one before."""
    start, file = 0, -1
    for entry in source_map.split(";"):
        fields = entry.split(":")
        if fields[0]:
            start = int(fields[0])
        if len(fields) > 2 and fields[2]:
            file = int(fields[2])
        yield start, file


def _room(file: str) -> str:
    return file.removeprefix(f"{FOLDER}/").removesuffix(".sol") if file else COMPILER_MADE
