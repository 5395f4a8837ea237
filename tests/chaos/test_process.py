"""A life is a real process: with its own output, limits and clock, and gone when it is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.clocks import CLOCK_LIBRARY, clock_settings, set_clock
from tests.chaos.nursery import open_nursery
from tests.chaos.process import Handicap

TELL_TIME = "import time, sys\nfor _ in sys.stdin: print(time.time(), time.monotonic(), flush=True)"


@pytest.mark.skipif(CLOCK_LIBRARY is None, reason="no package for this machine makes a clock wrong")
async def test_a_clock_can_be_set_while_a_process_runs_and_time_that_passes_stays_right(
    tmp_path: Path,
) -> None:
    file = tmp_path / "clock"
    set_clock(file, -7200)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", TELL_TIME),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **clock_settings(file)},
    )
    assert process.stdin is not None and process.stdout is not None
    for offset in (-7200, 7200):
        set_clock(file, offset)
        process.stdin.write(b"\n")
        clock, monotonic = map(float, (await process.stdout.readline()).split())
        assert abs(clock - time.time() - offset) < 10
        assert abs(monotonic - time.monotonic()) < 10
    process.stdin.close()
    assert await process.wait() == 0


async def test_lives_of_a_nursery_end_as_processes_do(tmp_path: Path) -> None:
    output, errors = tmp_path / "out", tmp_path / "err"
    async with open_nursery() as nursery:
        helped = await nursery.begin(["--help"], output, errors)
        assert await helped.wait() == 0
        assert "execute" in output.read_text().lower()
        wrong = await nursery.begin(["no-such-command"], output, errors)
        assert await wrong.wait() == 2
        assert "no-such-command" in errors.read_text()
        full = await nursery.begin(["--help"], output, errors, output.stat().st_size)
        assert await full.wait() != 0
        reading = await nursery.begin(["schema", "execution"], output, errors)
        reading.send_signal(signal.SIGKILL)
        assert await reading.wait() in (-signal.SIGKILL, 0)


@pytest.mark.skipif(CLOCK_LIBRARY is None, reason="no package for this machine makes a clock wrong")
async def test_lives_of_a_nursery_with_clocks_end_as_others_do(tmp_path: Path) -> None:
    output, errors, clock = tmp_path / "out", tmp_path / "err", tmp_path / "clock"
    set_clock(clock, -7200)
    async with open_nursery(tmp_path / "nursery") as nursery:
        life = await nursery.begin(["wallet", "new", "--help"], output, errors, clock=clock)
        assert await life.wait() == 0
    assert output.read_text()


def test_a_handicap_says_what_it_is() -> None:
    said = [str(one) for one in (Handicap(), Handicap(clock=-30), Handicap(largest_file=1000))]
    assert said == ["sound", "a clock that starts -30 s off", "files of at most 1,000 bytes"]
