"""One life of an executor: the command line as a process of its own, which a kill ends at any moment."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Handicap:
    """What is wrong with the machine during one life: the wall clock by so many seconds; the largest file, in
    bytes, that the disk has room for (None: any).
    """

    clock: int = 0
    largest_file: int | None = None


SOUND = Handicap()


class Life:
    """A running executor. `kill` is SIGKILL; `told` is what it said on standard output."""

    def __init__(self, process: asyncio.subprocess.Process, output: Path, errors: Path) -> None:
        self._process = process
        self._output = output
        self._errors = errors
        self.killed = False

    @classmethod
    async def begin(
        cls, folder: Path, name: str, settings: dict[str, Any], source: Path, handicap: Handicap = SOUND
    ) -> Life:
        """Start `executor run SOURCE` with these settings; `name` labels its files in `folder`."""
        config = folder / f"{name}.yaml"
        config.write_text(yaml.safe_dump(settings))
        output, errors = folder / f"{name}.out", folder / f"{name}.err"
        with output.open("ab") as out, errors.open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(LAUNCH), str(handicap.clock)),
                *("run", str(source), "--config", str(config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
                preexec_fn=_limited(handicap.largest_file),
            )
        return cls(process, output, errors)

    @property
    def ended(self) -> bool:
        """Whether it lives no more."""
        return self._process.returncode is not None

    @property
    def pid(self) -> int:
        """The operating system's number of it."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code; minus the signal's number where one ended it; None while it lives."""
        return self._process.returncode

    @property
    def errors(self) -> str:
        """What it said on standard error."""
        return self._errors.read_text(errors="replace")

    def kill(self) -> None:
        """At once, without a chance to tidy up. Harmless when it has ended."""
        if not self.ended:
            self.killed = True
            self._process.send_signal(signal.SIGKILL)

    async def end(self, seconds: float) -> int | None:
        """Its exit code, or None if it still lives after so many seconds."""
        try:
            return await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return None

    def told(self) -> list[dict[str, Any]]:
        """The results that it wrote, and those of lives before it under the same name; a line that a kill cut
        off is none.
        """
        found = []
        for line in self._output.read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found


def _limited(largest_file: int | None) -> Any:
    if largest_file is None:
        return None

    def limit() -> None:
        # Python ignores the signal that comes with it, so that a write fails as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    return limit
