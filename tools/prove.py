"""`make prove`: runs the proofs of tests/symbolic and says what they are worth.

Halmos calls a statement proven when its solver did not answer, so that nothing is believed by its word alone:
statements named `check_mustFail_...` are false and have to be refuted in the same run, every statement of the
sources has to appear among the results, and no line may speak of an error, a warning or a bound.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import forging
from tools.bootstrap.report import SetupError
from tools.bootstrap.side import side_environment

PROOFS = forging.CHECKOUT / "tests" / "symbolic"
LOOPS = 8
PATIENCE_SECONDS, TRIES = 400, 3
PROVEN, REFUTED = 0, 1
STATEMENT = re.compile(r"^    function (check_\w+)", re.MULTILINE)
CONTRACT = re.compile(r"^(?:abstract )?contract (\w+)", re.MULTILINE)
DOUBT = re.compile(r"\b(ERROR|WARNING|Error|Traceback)\b")
# Contracts with immutables are not found by their code, which costs the traces their names and nothing else.
HARMLESS = "unknown deployed bytecode"


@dataclass(frozen=True)
class Verdict:
    """What became of one statement. `seconds` is the wall time of its exploration and its solver."""

    contract: str
    statement: str
    exit_code: int
    paths: int
    seconds: float

    @property
    def false_on_purpose(self) -> bool:
        """Whether this is a canary: a statement that has to be refuted."""
        return self.statement.startswith("check_mustFail_")

    @property
    def holds(self) -> bool:
        """Whether the verdict is the one that is wanted."""
        return self.exit_code == (REFUTED if self.false_on_purpose else PROVEN)

    def __str__(self) -> str:
        said = {PROVEN: "proven", REFUTED: "refuted", 2: "timed out", 3: "stuck", 4: "vacuous"}
        word = said.get(self.exit_code, f"failed ({self.exit_code})")
        mark = "  " if self.holds else "✗ "
        return f"{mark}{word:10} {self.seconds:6.1f} s {self.paths:5} paths  {self.contract}.{self.statement}"


def stated(contracts: re.Pattern[str]) -> set[tuple[str, str]]:
    """Every statement of the sources whose contract's name matches, as (contract, statement)."""
    found = set()
    for file in sorted(PROOFS.glob("*.sol")):
        text = file.read_text(encoding="utf-8")
        places = [(match.start(), match.group(1)) for match in CONTRACT.finditer(text)]
        for statement in STATEMENT.finditer(text):
            contract = max(place for place in places if place[0] < statement.start())[1]
            if contracts.search(contract):
                found.add((contract, statement.group(1)))
    return found


def prove(pattern: str = "", *options: str) -> tuple[list[Verdict], list[str]]:
    """Runs the proofs of the contracts whose names match, and the canaries; verdicts and what speaks against
    believing them.

    Raises SetupError when the symbolic executor cannot be installed.
    """
    expected = stated(re.compile(f"^Canary$|{pattern}" if pattern else "."))
    _forget_old_contracts()
    wanted = "|".join(f"^{contract}$" for contract in sorted({contract for contract, _ in expected}))
    python = side_environment("prove") / "python"
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch) / "results.json"
        command = [str(python), "-m", "halmos", "--root", ".", "--no-status", "--loop", str(LOOPS)]
        command += ["--forge-build-out", str(forging.output("prove")), "--match-contract", wanted]
        command += ["--json-output", str(results), "--early-exit", *options]
        output = _output(command)
        data = json.loads(results.read_text()) if results.is_file() else {}
    verdicts = _verdicts(data)
    if not verdicts:
        return [], [line for line in output.splitlines() if line.strip()]
    return verdicts, _doubts(verdicts, expected, output)


def _output(command: Sequence[str]) -> str:
    """What the command wrote when it ended. Now and then Halmos stands still on a busy machine, as long as
    it is let: then it is killed with its solvers, and begun anew.
    """
    for _ in range(TRIES):
        with subprocess.Popen(
            command,
            cwd=forging.CHECKOUT,
            env=forging.environment("prove"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                return process.communicate(timeout=PATIENCE_SECONDS)[0]
            except subprocess.TimeoutExpired:
                print(f"Halmos did not end within {PATIENCE_SECONDS} s; begun anew", file=sys.stderr)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return f"ERROR: Halmos did not end within {PATIENCE_SECONDS} s, {TRIES} times"


def _forget_old_contracts() -> None:
    """Forge keeps what it once compiled of a source, and Halmos would run it."""
    for compiled in (forging.CHECKOUT / forging.output("prove")).glob("*.sol/*.json"):
        source = PROOFS / compiled.parent.name
        if source.is_file() and not re.search(rf"\b{compiled.stem}\b", source.read_text(encoding="utf-8")):
            compiled.unlink()


def _verdicts(data: dict[str, Any]) -> list[Verdict]:
    return [
        Verdict(
            contract=suite.rpartition(":")[2],
            statement=result["name"].partition("(")[0],
            exit_code=result["exitcode"],
            paths=(result.get("num_paths") or [0])[0],
            seconds=(result.get("time") or [0.0])[0],
        )
        for suite, results in data.get("test_results", {}).items()
        for result in results
    ]


def _doubts(verdicts: list[Verdict], expected: set[tuple[str, str]], output: str) -> list[str]:
    doubts = [line.strip() for line in output.splitlines() if DOUBT.search(line) and HARMLESS not in line]
    seen = {(verdict.contract, verdict.statement) for verdict in verdicts}
    doubts += [f"{contract}.{statement} was not run" for contract, statement in sorted(expected - seen)]
    if not any(verdict.false_on_purpose and verdict.contract == "Canary" for verdict in verdicts):
        doubts.append("no canary was refuted: the solver is missing or does not work")
    return doubts


def main(arguments: Sequence[str]) -> int:
    """Prints a line for each statement; the exit code is 0 only if all of them may be believed."""
    parser = argparse.ArgumentParser(prog="make prove", description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="only contracts whose names match")
    try:
        verdicts, doubts = prove(parser.parse_args(arguments).pattern)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    for verdict in sorted(verdicts, key=lambda verdict: (verdict.contract, verdict.statement)):
        print(verdict)
    for doubt in doubts:
        print(f"✗ {doubt}")
    wrong = sum(not verdict.holds for verdict in verdicts)
    proven = sum(verdict.holds and not verdict.false_on_purpose for verdict in verdicts)
    canaries = sum(verdict.holds and verdict.false_on_purpose for verdict in verdicts)
    if not verdicts:
        print("nothing was proven: the sources above do not compile, or no contract has this name")
        return 1
    print(f"{proven} proven, {canaries} false statements refuted, {wrong} wrong, {len(doubts)} doubts")
    return 0 if not wrong and not doubts else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
