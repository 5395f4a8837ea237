"""Deployed size of each contract, and which source file its bytes come from.

Every instruction of the runtime code is counted for the file that the compiler's source map names. The
optimiser merges equal code of several files into one, so that a file's share is what it adds, not what it
would be alone. Source: Solidity documentation, "Source Mappings".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
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


def code_sizes() -> dict[str, CodeSize]:
    """The sizes of all deployable contracts, by name: one in each file right in the contracts' folder."""
    units = [path.relative_to(PROJECT).as_posix() for path in sorted((PROJECT / FOLDER).glob("*.sol"))]
    output = _compiled(units)
    files = {source["id"]: name for name, source in output["sources"].items()}
    return {
        PurePosixPath(unit).stem: _size(output["contracts"][unit][PurePosixPath(unit).stem], files)
        for unit in units
    }


def budgets(rooms: dict[str, int], allowed: dict[str, int]) -> dict[str, int]:
    """The budget of each room: its own in `allowed`, or that of its folder for each of the folder's files.

    Raises KeyError for a room that has neither.
    """
    return {room: allowed.get(room) or allowed[room.rpartition("/")[0] + "/"] for room in rooms}


def _compiled(units: list[str]) -> dict[str, Any]:
    version, settings = project_settings()
    request = json.dumps(
        {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sorted(gather(units).items())},
            "settings": {**settings, "outputSelection": {unit: {"*": OUTPUTS} for unit in units}},
        },
        sort_keys=True,
    )
    kept = cache.folder("source-maps") / f"{cache.content_key(version, request)}.json"
    if not kept.is_file():
        with cache.progress("compiling the contracts with source maps"):
            cache.write_atomically(kept, json.dumps(solc(version, request)).encode())
    output: dict[str, Any] = json.loads(kept.read_text())
    return output


def _size(contract: dict[str, Any], files: dict[int, str]) -> CodeSize:
    code = bytes.fromhex(contract["evm"]["deployedBytecode"]["object"])
    rooms: dict[str, int] = {}
    counted = 0
    for width, file in zip(
        _widths(code), _files(contract["evm"]["deployedBytecode"]["sourceMap"]), strict=False
    ):
        width = min(width, len(code) - counted)
        counted += width
        room = _room(files.get(file, ""))
        rooms[room] = rooms.get(room, 0) + width
    # Behind the last instruction stand constants and the metadata.
    rooms[COMPILER_MADE] = rooms.get(COMPILER_MADE, 0) + len(code) - counted
    return CodeSize(len(code), dict(sorted(rooms.items())))


def _widths(code: bytes) -> Iterator[int]:
    """Bytes of each instruction in order."""
    at = 0
    while at < len(code):
        width = code[at] - PUSH1 + 2 if PUSH1 <= code[at] <= PUSH32 else 1
        yield width
        at += width


def _files(source_map: str) -> Iterator[int]:
    """The file number of each instruction; an empty field repeats the one before."""
    file = -1
    for entry in source_map.split(";"):
        fields = entry.split(":")
        if len(fields) > 2 and fields[2]:
            file = int(fields[2])
        yield file


def _room(file: str) -> str:
    return file.removeprefix(f"{FOLDER}/").removesuffix(".sol") if file else COMPILER_MADE
