"""The anvil that `make setup` places: a fork never answers from what an earlier fork fetched."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from devnet import toolchain

READY = re.compile(r"Listening on (127\.0\.0\.1:\d+)")
GENESIS = ["--timestamp", "1900000000", "--hardfork", "osaka", "--chain-id", "1"]
HOLDER = "0x" + "11" * 20
DEADLINE_SECONDS = 20.0


@contextmanager
def anvil(home: Path, *options: str) -> Iterator[str]:
    """Runs the placed anvil on a free port, with `home` as HOME; yields its URL and ends it politely."""
    command = [str(toolchain.anvil_path()), "--port", "0", *options]
    environment = toolchain.environment() | {"HOME": str(home)}
    log = home / "anvil.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        yield listening(log, process)
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE_SECONDS)


def listening(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if match := READY.search(log.read_text()):
            return f"http://{match.group(1)}"
        time.sleep(0.02)
    raise AssertionError(f"anvil did not start: {log.read_text()}")


def rpc(url: str, method: str, *params: Any) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        answer = json.loads(response.read())
    assert "error" not in answer, answer
    return answer["result"]


def value_seen_by_a_fork(home: Path, value: int) -> int:
    """Writes `value` into a slot of an upstream whose block and time are always the same; forks and reads."""
    with anvil(home, *GENESIS) as upstream:
        rpc(upstream, "anvil_setCode", HOLDER, "0x00")
        rpc(upstream, "anvil_setStorageAt", HOLDER, "0x0", f"0x{value:064x}")
        with anvil(home, "--fork-url", upstream, "--hardfork", "osaka") as fork:
            return int(rpc(fork, "eth_getStorageAt", HOLDER, "0x0", "latest"), 16)


def test_a_fork_of_a_changed_upstream_reads_the_change(tmp_path: Path) -> None:
    assert value_seen_by_a_fork(tmp_path, 1) == 1
    assert value_seen_by_a_fork(tmp_path, 2) == 2
    assert not list(tmp_path.glob(".foundry/cache/**/storage.json"))


@pytest.mark.parametrize(
    "options", [["--version"], ["--fork-url", "http://127.0.0.1:9", "--no-storage-caching", "--help"]]
)
def test_other_uses_of_anvil_are_left_alone(options: list[str]) -> None:
    done = subprocess.run(
        [str(toolchain.anvil_path()), *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
