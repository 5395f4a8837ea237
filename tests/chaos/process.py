"""One life of an executor: the command line as a process of its own, which a kill ends at any moment."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.chaos.clocks import set_clock
from tests.chaos.nursery import ROOT, Born, Nurseries, environment

COMMAND = ("-c", "from executor.operations.cli import main; main()")


@dataclass(frozen=True)
class Handicap:
    """What is wrong with the machine during one life: the wall clock, which starts wrong by so many seconds
    and can be set (None: it is right for ever); the largest file, in bytes, that the disk has room for (None:
    any).
    """

    clock: int | None = None
    largest_file: int | None = None

    def __str__(self) -> str:
        clock = "" if self.clock is None else f"a clock that starts {self.clock:+d} s off"
        return clock or (
            "sound" if self.largest_file is None else f"files of at most {self.largest_file:,} bytes"
        )


SOUND = Handicap()


class Life:
    """A running executor. `kill` is SIGKILL; `told` is what it said on standard output."""

    def __init__(
        self,
        process: asyncio.subprocess.Process | Born,
        output: Path,
        errors: Path,
        clock: Path | None = None,
    ) -> None:
        self._process = process
        self._output = output
        self._errors = errors
        self._clock = clock
        self.killed = False

    @classmethod
    async def begin(
        cls,
        folder: Path,
        name: str,
        settings: dict[str, Any],
        source: Path,
        handicap: Handicap = SOUND,
        nurseries: Nurseries | None = None,
    ) -> Life:
        """Start `executor run SOURCE` with these settings; `name` labels its files in `folder`.

        In a nursery, where there are any; only there its clock can be wrong.
        """
        config = folder / f"{name}.yaml"
        config.write_text(yaml.safe_dump(settings))
        output, errors = folder / f"{name}.out", folder / f"{name}.err"
        arguments = ("run", str(source), "--config", str(config))
        if nurseries is not None:
            clock = None if handicap.clock is None else folder / f"{name}.clock"
            if clock is not None:
                set_clock(clock, handicap.clock or 0)
            nursery = await nurseries.get(clocks=clock is not None)
            born = await nursery.begin(arguments, output, errors, handicap.largest_file, clock)
            return cls(born, output, errors, clock)
        assert handicap.clock is None, "a clock is set in a nursery"
        with output.open("ab") as out, errors.open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *COMMAND, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=ROOT,
                env=environment(),
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

    def set_clock(self, offset: int) -> None:
        """Its wall clock is wrong by so many seconds from now on; only where it began with such a clock."""
        assert self._clock is not None, "its clock is the machine's"
        set_clock(self._clock, offset)

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
