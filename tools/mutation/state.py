"""What is known of the mutants already, so that a campaign goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from tools.bootstrap.store import digest
from tools.forging import CHECKOUT
from tools.mutation.rooms import Room
from tools.mutation.worker import KILLED, Verdict

STATE = CHECKOUT / ".forge" / "mutation"


class State:
    """The verdicts on one room's mutants, for the sources as they are now.

    A verdict stands as long as the test files that it rests on: the one whose test noticed the mutant, or all
    of the room's where none did. So a test that is added is tried on the survivors only.
    """

    def __init__(self, name: str, room: Room, sources: Mapping[str, str], folder: Path = STATE) -> None:
        self._files = room.files()
        self._out = folder / f"{name}-{digest(*sorted(sources.values()))}.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        lines = self._out.read_text(encoding="utf-8").splitlines() if self._out.is_file() else []
        self._known: dict[str, Verdict] = {}
        for entry in map(json.loads, lines):
            verdict = Verdict(**entry["verdict"])
            if entry["rests_on"] == self._rests_on(verdict):
                self._known[entry["key"]] = verdict

    def get(self, key: str) -> Verdict | None:
        """The verdict on a mutant, if it was judged and what it rests on has not changed."""
        return self._known.get(key)

    def put(self, key: str, verdict: Verdict) -> None:
        """Keeps a verdict."""
        self._known[key] = verdict
        entry = {"key": key, "rests_on": self._rests_on(verdict), "verdict": asdict(verdict)}
        with self._out.open("a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")

    def _rests_on(self, verdict: Verdict) -> str:
        noticed_in = {f"tests/{node.partition('::')[0]}" for node in verdict.by.split(", ")}
        noticing = [file for file in self._files if verdict.fate == KILLED and file in noticed_in]
        return digest(*(CHECKOUT / file for file in noticing or self._files))
