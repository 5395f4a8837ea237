"""`python -m devnet`, as a person runs it."""

from __future__ import annotations

import random
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devnet import BASE, ETHEREUM, ETHEREUM_FULL, Node, __main__, dumps, feeds
from devnet.chains import CHAINS

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "devnet"]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def read_until_running(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith("Running."):
            return text
    raise AssertionError(f"it ended early: {text}{process.stderr.read() if process.stderr else ''}")


def free_port(count: int = 1) -> int:
    """The first of `count` free ports in a row, below those that the system hands out by itself."""
    for first in random.sample(range(20_000, 30_000), 50):
        probes = [socket.socket() for _ in range(count)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + offset))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return first
    raise AssertionError("no free ports")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_where_everything_is_and_stops_cleanly(number: signal.Signals) -> None:
    process = start("--chain", "base", "--port", str(free_port()))
    text = read_until_running(process)
    process.send_signal(number)
    rest, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert rest.strip() == "Stopped."
    assert errors == ""
    assert "RPC        http://127.0.0.1:" in text
    assert BASE.tokens["USDC"] in text
    assert "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266" in text


def test_the_full_tier_can_be_played_with_too() -> None:
    # Built here first: whoever starts it by hand waits as long as it takes, a test does not.
    dumps.path(CHAINS["ethereum"], "full")
    process = start("--chain", "ethereum", "--tier", "full", "--port", str(free_port()))
    text = read_until_running(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert ETHEREUM_FULL.contracts["morpho_blue"] in text
    assert ETHEREUM_FULL.pool("balancer_v3 USDC/WETH").address in text


def test_both_chains_run_side_by_side_by_default() -> None:
    port = free_port(2)
    process = start("--port", str(port))
    text = read_until_running(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert re.findall(r"^(\w+) \(chain id (\d+)", text, re.MULTILINE) == [("ethereum", "1"), ("base", "8453")]
    assert f"http://127.0.0.1:{port} " in text
    assert f"http://127.0.0.1:{port + 1} " in text
    assert ETHEREUM.contracts["aave_v3_pool"] in text


def test_a_taken_port_is_one_line_and_no_traceback() -> None:
    with Node.empty() as holder:
        done = subprocess.run(
            [*COMMAND, "--port", str(holder.port)], cwd=PROJECT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    fix = "stop the program that holds it, or choose another (make devnet PORT=18545)"
    assert done.stderr == f"devnet: port {holder.port} is in use: {fix}\n"


def test_missing_tools_are_one_line_and_no_traceback(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, devnet.toolchain as t; t.TOOLS = pathlib.Path(sys.argv[1]);"
        "from devnet.__main__ import main; sys.exit(main([]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("devnet: ")
    assert done.stderr.rstrip().endswith("run `make setup`")
    assert len(done.stderr.splitlines()) == 1


def test_the_base_fee_does_not_decay_while_somebody_plays() -> None:
    class Over(Exception):
        pass

    with Node.load("base") as node:
        looks = iter(["play", "look", "stop"])

        def instead_of_sleeping(seconds: float) -> None:
            step = next(looks)
            if step == "play":
                node.rpc("anvil_mine", "0x28")
                assert int(node.block()["baseFeePerGas"], 16) < CHAINS["base"].base_fee
            if step == "stop":
                raise Over

        with pytest.raises(Over):
            __main__._keep({"base": node}, instead_of_sleeping)
        node.rpc("evm_mine")
        assert int(node.block()["baseFeePerGas"], 16) == CHAINS["base"].base_fee


def test_the_feeds_do_not_age_while_nobody_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    class Over(Exception):
        pass

    monkeypatch.setattr(__main__, "FEED_EVERY_SECONDS", 0)
    with Node.load("base") as node:
        node.increase_time(7200)
        looks = iter(["look", "stop"])

        def instead_of_sleeping(seconds: float) -> None:
            if next(looks) == "stop":
                raise Over

        with pytest.raises(Over):
            __main__._keep({"base": node}, instead_of_sleeping)
        age = int(node.block()["timestamp"], 16) - feeds.latest(node, BASE.feeds["ETH/USD"])[1]
        assert 0 <= age < 60
