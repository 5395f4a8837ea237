"""One life of an executor: the command line as a process of its own, which a kill ends at any moment."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from tests.chaos.nursery import ROOT, Born, Nursery, environment

COMMAND = ("-c", "from executor.operations.cli import main; main()")
SHARED_MEMORY = Path("/dev/shm")


def _clock_library() -> Path | None:
    package = find_spec("libfaketime")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"


CLOCK_LIBRARY = _clock_library()
"""What makes the wall clock of a process wrong; None where its package is not for this machine, which is one
with another system than Linux on x86-64.
"""


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
        nursery: Nursery | None = None,
    ) -> Life:
        """Start `executor run SOURCE` with these settings; `name` labels its files in `folder`.

        In the nursery, where there is one, unless its clock is to be wrong: that takes a new interpreter.
        """
        config = folder / f"{name}.yaml"
        config.write_text(yaml.safe_dump(settings))
        output, errors = folder / f"{name}.out", folder / f"{name}.err"
        arguments = ("run", str(source), "--config", str(config))
        if nursery is not None and handicap.clock is None:
            born = await nursery.begin(arguments, output, errors, handicap.largest_file)
            return cls(born, output, errors)
        clock = None if handicap.clock is None else folder / f"{name}.clock"
        if clock is not None:
            set_clock(clock, handicap.clock or 0)
        with output.open("ab") as out, errors.open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *COMMAND, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=ROOT,
                env={**environment(), **clock_settings(clock)},
                preexec_fn=_limited(handicap.largest_file),
            )
        return cls(process, output, errors, clock)

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
            code = await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return None
        if self._clock is not None:
            # What the clock's library shares between processes outlives a kill.
            for name in (f"faketime_shm_{self.pid}", f"sem.faketime_sem_{self.pid}"):
                with suppress(OSError):
                    (SHARED_MEMORY / name).unlink()
        return code

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


def set_clock(file: Path, offset: int) -> None:
    """From now on `file` tells a clock that is wrong by so many seconds."""
    new = file.with_suffix(".new")
    new.write_text(f"{offset:+d}\n")
    new.replace(file)


def clock_settings(file: Path | None) -> dict[str, str]:
    """The environment in which the whole process, its libraries included, has the wall clock that `file`
    tells, at each look; the monotonic clock stays right, as on a machine whose time is set.
    """
    if file is None:
        return {}
    assert CLOCK_LIBRARY is not None, "clocks can be wrong here"
    return {
        "LD_PRELOAD": str(CLOCK_LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def _limited(largest_file: int | None) -> Any:
    if largest_file is None:
        return None

    def limit() -> None:
        # Python ignores the signal that comes with it, so that a write fails as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    return limit
