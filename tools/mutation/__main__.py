"""`make mutate`: puts faults into the rooms of the contracts, one at a time; counts those that tests notice.

Nothing is written to the sources. What was judged is kept in .forge/mutation until a source or a test of the
room changes, so that a run that was stopped goes on where it was. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict

from tools.bootstrap.store import digest
from tools.forging import CHECKOUT
from tools.mutation import worker
from tools.mutation.compiling import Compiler
from tools.mutation.mutants import Mutant, mutants
from tools.mutation.rooms import ROOMS, Room, equivalents
from tools.mutation.worker import KILLED, REFUSED, SAME, SURVIVED, Verdict

STATE = CHECKOUT / ".forge" / "mutation"
# A worker's compiler and the tests' modules grow; a new one starts in seconds.
TASKS_A_WORKER = 60
ORIGINAL = "without any fault"


class State:
    """What is known of the mutants of one room, for the sources and tests as they are now."""

    def __init__(self, name: str, room: Room, sources: dict[str, str]) -> None:
        files = [CHECKOUT / file for file in room.files()]
        self._file = STATE / f"{name}-{digest(*sorted(sources.values()), *files)}.jsonl"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.is_file() else []
        self._known = {entry["key"]: Verdict(**entry["verdict"]) for entry in map(json.loads, lines)}

    def get(self, key: str) -> Verdict | None:
        """The verdict on a mutant, if it was judged."""
        return self._known.get(key)

    def put(self, key: str, verdict: Verdict) -> None:
        """Keeps a verdict."""
        self._known[key] = verdict
        with self._file.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"key": key, "verdict": asdict(verdict)}) + "\n")


def key_of(mutant: Mutant) -> str:
    """What tells a mutant from all others: its name may stand for two places in one line."""
    return f"{mutant.unit} {mutant.start} {mutant.name}"


def judged(room: Room, state: State, found: list[Mutant], workers: int) -> Iterator[tuple[Mutant, Verdict]]:
    """Every mutant with its verdict, as they come. Raises RuntimeError when tests fail unprovoked."""
    waiting = []
    for mutant in found:
        known = state.get(key_of(mutant))
        if known is None:
            waiting.append(mutant)
        else:
            yield mutant, known
    if not waiting:
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, max_tasks_per_child=TASKS_A_WORKER) as pool:
        healthy = state.get(ORIGINAL) or pool.submit(worker.judge_original, room.files()).result()
        if healthy.fate == SURVIVED:
            state.put(ORIGINAL, healthy)
        else:
            raise RuntimeError(f"{healthy.by} fails without any fault; mend it, or leave it out in rooms.py")
        running = {pool.submit(worker.judge, mutant, room.files()): mutant for mutant in waiting}
        for done in as_completed(running):
            mutant, verdict = running[done], done.result()
            state.put(key_of(mutant), verdict)
            yield mutant, verdict


def campaign(names: Sequence[str], workers: int, sample: int) -> list[tuple[Mutant, Verdict]]:
    """Judges every `sample`-th mutant of the rooms named."""
    with Compiler() as compiler:
        sources = compiler.sources
        units = [f"contracts/{unit}" for name in names for unit in ROOMS[name].units]
        trees = compiler.trees(units)
    all_judged = []
    for name in names:
        room = ROOMS[name]
        found = [
            mutant
            for unit in room.units
            for mutant in mutants(unit, sources[f"contracts/{unit}"], trees[f"contracts/{unit}"])
        ][::sample]
        for number, (mutant, verdict) in enumerate(
            judged(room, State(name, room, sources), found, workers), 1
        ):
            all_judged.append((mutant, verdict))
            line = f"\r{name}: {number} of {len(found)}"
            print(
                line if sys.stderr.isatty() else f"{line} {verdict.fate} {mutant.name}",
                end="",
                file=sys.stderr,
            )
        print(file=sys.stderr)
    return all_judged


def report(results: Sequence[tuple[Mutant, Verdict]], accepted: dict[str, str]) -> dict[str, float]:
    """Prints the survivors; the figures. Mutants that do not compile or are no change are none."""
    real = [(mutant, verdict) for mutant, verdict in results if verdict.fate not in (REFUSED, SAME)]
    equivalent = [mutant for mutant, verdict in real if f"{mutant.unit} {mutant.name}" in accepted]
    counted = [(mutant, verdict) for mutant, verdict in real if mutant not in equivalent]
    survivors = [mutant for mutant, verdict in counted if verdict.fate == SURVIVED]
    for mutant, verdict in real:
        if mutant in equivalent and verdict.fate == KILLED:
            print(f"✗ listed as equivalent, but noticed by {verdict.by}: {mutant.unit} {mutant.name}")
    for mutant in equivalent:
        print(f"equivalent: {mutant.unit} {mutant.name}: {accepted[f'{mutant.unit} {mutant.name}']}")
    for mutant in survivors:
        print(f"survived: {mutant.unit} {mutant.name}")
    killed = len(counted) - len(survivors)
    score = round(100 * killed / len(counted), 2) if counted else 0.0
    return {"mutants": len(counted), "killed": killed, "score": score}


def main(arguments: Sequence[str]) -> int:
    """Runs the campaign; the exit code says whether it could be run, the last line how it went."""
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=list(ROOMS), help=f"any of {', '.join(ROOMS)}")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sample", type=int, default=1, help="judge every n-th mutant only")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.rooms if name not in ROOMS]
    if unknown:
        parser.error(f"there is no room {unknown[0]}; choose from {', '.join(ROOMS)}")
    try:
        results = campaign(chosen.rooms, chosen.workers, chosen.sample)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report(results, equivalents())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
