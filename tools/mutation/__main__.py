"""`make mutate`: puts faults into the rooms of the contracts, one at a time; counts those that tests notice.

Nothing is written to the sources. What was judged is kept in .forge/mutation, so that a run that was stopped
goes on where it was, and one after new tests tries them on the survivors. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from tools.mutation import worker
from tools.mutation.compiling import Compiler
from tools.mutation.mutants import Mutant, mutants
from tools.mutation.rooms import ROOMS, Room, equivalents
from tools.mutation.state import State
from tools.mutation.worker import KILLED, REFUSED, SAME, SURVIVED, Verdict

# A worker's compiler and the tests' modules grow; a new one starts in seconds.
TASKS_A_WORKER = 60
ORIGINAL = "without any fault"


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
    healthy = state.get(ORIGINAL)
    if healthy is None:
        with pool_of(workers) as pool:
            healthy = pool.submit(worker.judge_original, room.files()).result()
    if healthy.fate != SURVIVED:
        raise RuntimeError(f"{healthy.by} fails without any fault; mend it, or leave it out in rooms.py")
    state.put(ORIGINAL, healthy)
    for begin in range(0, len(waiting), TASKS_A_WORKER * workers):
        # The pool's own limit of tasks a worker leaves it waiting for a worker that nobody starts.
        with pool_of(workers) as pool:
            running = {
                pool.submit(worker.judge, mutant, room.files()): mutant
                for mutant in waiting[begin : begin + TASKS_A_WORKER * workers]
            }
            for done in as_completed(running):
                mutant, verdict = running[done], done.result()
                state.put(key_of(mutant), verdict)
                yield mutant, verdict


def pool_of(workers: int) -> ProcessPoolExecutor:
    """Processes that know nothing of this one, nor of what was judged before."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


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
