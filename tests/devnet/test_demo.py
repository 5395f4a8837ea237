"""The demo, run as people run it: as a program, to its end or to Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "devnet.demo"]


def start(folder: Path) -> subprocess.Popen[str]:
    """In a process group of its own, as a shell gives it, with a folder of its own for what is temporary."""
    return subprocess.Popen(
        COMMAND,
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demo puts what is temporary; short, since sockets may stand in it."""
    with tempfile.TemporaryDirectory(prefix="demo-test-") as name:
        yield Path(name)


@pytest.mark.slow
def test_it_ends_with_four_cases_of_which_three_earn_to_the_wei_and_leaves_nothing(folder: Path) -> None:
    process = start(folder)
    out, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    cases = json.loads(out.splitlines()[-1])["cases"]
    assert [(case["status"], case["funding"]) for case in cases] == [
        ("realised", "inventory"),
        ("realised", "callback_chain"),
        ("realised", "aave_v3"),
        ("declined", None),
    ]
    for case in cases[:3]:
        assert isinstance(case["expected_profit"], str)
        assert int(case["realised_profit"]) == int(case["expected_profit"]) > 0
        assert case["gas_used"] > 21_000
    assert "No size of this" in errors
    assert list(folder.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way_it_says_so_in_one_line_and_leaves_nothing(
    folder: Path, number: signal.Signals
) -> None:
    process = start(folder)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("local mainnet at"):
            break
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert errors.splitlines()[-1] == "demo: stopped; nothing of it is left running"
    assert list(folder.iterdir()) == []
