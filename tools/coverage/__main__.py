"""`make coverage`: runs the tests of the contracts on code that tells its lines; prints what no test ran.

Counted are statements and both sides of conditions, outside assembly and constructors, of which the router's
parts have code. The last line is one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.coverage.build import Build, load
from tools.coverage.recorder import FOLDER
from tools.forging import CHECKOUT

TESTS = ("tests/contracts", "tests/attacks")
STATEMENTS = (
    "ExpressionStatement",
    "VariableDeclarationStatement",
    "Return",
    "RevertStatement",
    "EmitStatement",
)
CHOICES = ("IfStatement", "Conditional", "ForStatement", "WhileStatement")


@dataclass(frozen=True)
class Spot:
    """A statement or a condition, at bytes `start`..`end` of a source unit."""

    unit: str
    kind: str
    start: int
    end: int


def spots(unit: str, tree: Any) -> Iterator[Spot]:
    """Every statement and condition of a unit outside assembly and constructors."""
    if isinstance(tree, list):
        for child in tree:
            yield from spots(unit, child)
    elif (
        isinstance(tree, dict)
        and tree.get("nodeType") != "InlineAssembly"
        and tree.get("kind") != "constructor"
    ):
        kind = tree.get("nodeType", "")
        if kind in STATEMENTS + CHOICES or (kind == "BinaryOperation" and tree["operator"] in ("&&", "||")):
            start, length, _ = (int(part) for part in tree["src"].split(":"))
            yield Spot(unit, kind, start, start + length)
        for child in tree.values():
            yield from spots(unit, child)


Span = tuple[str, int, int]


class Run:
    """What was run of the spans of source that the parts' instructions were made of."""

    def __init__(self, build: Build, told: Sequence[Mapping[str, Any]]) -> None:
        self.made: dict[str, set[Span]] = defaultdict(set)
        self.run: dict[str, set[Span]] = defaultdict(set)
        self.sides: dict[Span, set[bool]] = defaultdict(set)
        for part in build.parts:
            places = {place for entry in told for place in entry["places"].get(part.name, ())}
            took: dict[int, set[int]] = defaultdict(set)
            for jump in {jump for entry in told for jump in entry["jumps"].get(part.name, ())}:
                at, _, target = jump.partition(">")
                took[int(at)].add(int(target))
            for place in part.places:
                span = (place.unit, place.start, place.end)
                self.made[place.unit].add(span)
                if place.at in places:
                    self.run[place.unit].add(span)
                if place.is_choice:
                    self.sides[span] |= {target == place.at + 1 for target in took[place.at]}

    def inside(self, spot: Spot, spans: set[Span]) -> bool:
        """Whether any of the spans lies in the spot."""
        return any(spot.start <= start and end <= spot.end for _, start, end in spans)


def measure(build: Build, told: Sequence[Mapping[str, Any]]) -> tuple[list[Spot], list[tuple[Spot, str]]]:
    """All spots that have code, and those that were not run, or of which only one side was."""
    run = Run(build, told)
    counted, missed = [], []
    for unit, tree in build.trees.items():
        if not unit.startswith("contracts/"):
            continue
        for spot in spots(unit, tree):
            if not run.inside(spot, run.made[unit]):
                continue
            counted.append(spot)
            sides = run.sides.get((spot.unit, spot.start, spot.end))
            if spot.kind in STATEMENTS:
                if not run.inside(spot, run.run[unit]):
                    missed.append((spot, "was not run"))
            elif sides is not None and len(sides) < 2:
                missed.append((spot, "went one way only" if sides else "was not asked"))
    return counted, missed


def record(folder: Path, workers: str, tests: Sequence[str]) -> int:
    """Runs the tests with the recorder; their exit code."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tools.coverage.recorder",
        "-n",
        workers,
        "--dist",
        "worksteal",
        *tests,
    ]
    # Figures of the real code; and searches at random, which take hours with each step recorded, and of which
    # leaving them out can only make less of what is counted as run.
    words = (
        "own_gas",
        "deployed_code",
        "code_generator",
        "random",
        "one_byte_changed",
        "thief",
        "every_opcode",
    )
    left_out = " and ".join(f"not {word}" for word in words)
    environment = {**os.environ, FOLDER: str(folder)}
    return subprocess.run(
        [*command, "-k", left_out, "--timeout", "1200"], cwd=CHECKOUT, env=environment, check=False
    ).returncode


def main(arguments: Sequence[str]) -> int:
    """Prints what was not run; the exit code is that of the tests."""
    build = load()
    with tempfile.TemporaryDirectory() as scratch:
        code = record(Path(scratch), os.environ.get("WORKERS", "2"), arguments or TESTS)
        told = [json.loads(file.read_text(encoding="utf-8")) for file in Path(scratch).glob("*.json")]
    counted, missed = measure(build, told)
    for spot, what in sorted(missed, key=lambda item: (item[0].unit, item[0].start)):
        text = build.sources[spot.unit].encode()
        line = text[: spot.start].count(b"\n") + 1
        shown = " ".join(text[spot.start : spot.end].decode().split())[:90]
        print(f"{spot.unit}:{line}: {what}: {shown}")
    share = round(100 * (1 - len(missed) / len(counted)), 2) if counted else 0.0
    print(json.dumps({"counted": len(counted), "covered": len(counted) - len(missed), "share": share}))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
