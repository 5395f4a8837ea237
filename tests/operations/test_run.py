"""`executor run` as people and scripts use it: a process with a file or a pipe, lines of JSON out, an exit
code."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from executor.domain.execution import Status
from executor.journal.record import FILE_NAME
from executor.operations.cli import main
from executor.operations.execution_schema import execution_schema
from executor.operations.exit_codes import ExitCode
from tests.support.pairs import blocks_on_demand, crossing, open_gaps, record_of, until, waiting
from tests.support.trading import OPERATOR, Trading, explicit, high_level

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from executor.operations.cli import main; main()")


@dataclass(frozen=True)
class Ended:
    """A command that has come to its end."""

    code: int
    stdout: str
    stderr: str

    @property
    def results(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def statuses(self) -> list[str]:
        return [str(result["status"]) for result in self.results]


def config(trading: Trading, **changes: Any) -> Path:
    path = trading.folder / "config.yaml"
    path.write_text(yaml.safe_dump(trading.settings(**changes)))
    return path


def call(*arguments: object, stdin: str | None = None, cwd: Path | None = None) -> Ended:
    """The command: in a process of its own where it reads standard input or looks around, else in this
    one."""
    texts = [str(argument) for argument in arguments]
    if stdin is None and cwd is None:
        return _call_here(texts)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    done = subprocess.run(
        [*COMMAND, *texts],
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd or ROOT,
        env=environment,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def _call_here(arguments: list[str]) -> Ended:
    output, error = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(error):
        patch.setattr(sys, "argv", ["executor", *arguments])
        patch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as caught:
            main()
    return Ended(int(caught.value.code or 0), output.getvalue(), error.getvalue())


def run(trading: Trading, source: str | Path, *more: str, stdin: str | None = None, **changes: Any) -> Ended:
    ended = call("run", source, "--config", config(trading, **changes), *more, stdin=stdin)
    for result in ended.results:
        Draft202012Validator(execution_schema()).validate(result)
    assert "Traceback" not in ended.stderr
    return ended


def written(trading: Trading, text: str) -> Path:
    path = trading.folder / "opportunities.json"
    path.write_text(text)
    return path


def test_a_file_of_json_lines_gives_a_line_for_each(trading: Trading) -> None:
    trading.open_gap()
    lines = "\n".join(json.dumps(opportunity) for opportunity in (explicit("a"), explicit("b")))
    ended = run(trading, written(trading, lines + "\n\n"))
    assert ended.statuses == ["realised", "declined"]
    assert ended.code == ExitCode.OK
    assert ended.results[0]["realised_profit"] == ended.results[0]["expected_profit"]


def test_an_array_and_a_single_object_over_many_lines_are_read_too(trading: Trading) -> None:
    array = run(
        trading, written(trading, json.dumps([explicit("a"), high_level("b")], indent=2)), "--dry-run"
    )
    assert array.statuses == ["declined", "declined"]
    single = run(trading, written(trading, json.dumps(explicit("c"), indent=2)), "--dry-run")
    assert [result["opportunity_id"] for result in single.results] == ["c"]


def test_a_dry_run_sends_nothing(trading: Trading) -> None:
    trading.open_gap()
    ended = run(trading, written(trading, json.dumps(explicit())), "--dry-run")
    assert ended.statuses == ["dry_run"]
    assert ended.code == ExitCode.OK
    assert ended.results[0]["plan"].startswith("0x")
    assert ended.results[0]["details"]["gas_limit"]
    assert trading.nonce() == 0


def test_a_rejection_tells_the_place_and_the_field_and_the_rest_goes_on(trading: Trading) -> None:
    trading.open_gap()
    lines = ['{"amount": 1', json.dumps(explicit("a", amount=5)), json.dumps(explicit("b"))]
    ended = run(trading, "-", stdin="\n".join(lines))
    assert sorted(ended.statuses) == ["realised", "rejected", "rejected"]
    assert ended.code == ExitCode.REJECTED
    assert [result["details"].get("place") for result in ended.results] == ["line 1", "line 2", None]
    assert ended.results[1]["reasons"][0]["facts"]["field"] == "amount"
    assert ended.results[1]["opportunity_id"] == "a"


def test_a_failure_has_its_own_exit_code(trading: Trading) -> None:
    ended = run(trading, written(trading, json.dumps(explicit())), rpc_url="http://127.0.0.1:9")
    assert ended.statuses == ["failed"]
    assert ended.code == ExitCode.FAILED


def test_an_unknown_outcome_is_the_most_pressing_exit_code(trading: Trading) -> None:
    trading.open_gap()
    trading.node.rpc("evm_setAutomine", False)
    try:
        source = written(trading, json.dumps([explicit("a"), {"opportunity_id": "b"}]))
        ended = run(trading, source, max_execution_time_seconds=1)
    finally:
        trading.node.rpc("anvil_dropAllTransactions")
        trading.node.rpc("evm_setAutomine", True)
    assert sorted(ended.statuses) == ["pending", "rejected"]
    assert ended.code == ExitCode.PENDING


async def _started(trading: Trading, *more: str, **changes: Any) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *("run", "-", "--config", str(config(trading, **changes)), *more),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def _say(process: asyncio.subprocess.Process, opportunity: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(opportunity).encode() + b"\n")
    await process.stdin.drain()


async def test_lines_on_standard_input_are_answered_as_they_come(trading: Trading) -> None:
    process = await _started(trading, "--dry-run")
    assert process.stdout is not None
    for name in ("a", "b"):
        await _say(process, explicit(name))
        answer = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        assert answer["opportunity_id"] == name
    assert process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 30) == ExitCode.OK


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_from_outside_ends_in_order_with_the_record_kept(
    trading: Trading, number: signal.Signals
) -> None:
    trading.open_gap()
    trading.node.rpc("evm_setAutomine", False)
    try:
        process = await _started(trading)
        await _say(process, explicit())
        for _ in range(600):
            if trading.node.rpc("txpool_status")["pending"] != "0x0":
                break
            await asyncio.sleep(0.1)
        process.send_signal(number)
        _, stderr = await asyncio.wait_for(process.communicate(), 30)
    finally:
        trading.node.rpc("evm_setAutomine", True)
        trading.node.mine(1)
    assert process.returncode == ExitCode.INTERRUPTED
    assert b"recorded" in stderr
    assert b"Traceback" not in stderr
    ended = run(trading, "-", stdin=json.dumps(explicit()))
    assert ended.statuses == ["realised"]
    assert trading.nonce() == 1


async def test_a_run_whose_work_another_has_taken_over_tells_how_it_stands_and_reads_no_further(
    trading: Trading,
) -> None:
    open_gaps(trading, 2)
    with blocks_on_demand(trading.node):
        process = await _started(trading)
        await _say(process, crossing(0))
        await until(lambda: waiting(trading.node, OPERATOR))
        with closing(sqlite3.connect(trading.folder / "journal" / FILE_NAME)) as connection, connection:
            connection.execute("UPDATE executor_slots SET epoch = epoch + 1")
        await _say(process, crossing(1))
        assert process.stdout is not None
        assert process.stderr is not None
        output, errors = await asyncio.wait_for(
            asyncio.gather(process.stdout.read(), process.stderr.read()), 30
        )
        assert await process.wait() == ExitCode.TAKEN_OVER
        assert len(waiting(trading.node, OPERATOR)) == 1
    told = {line["opportunity_id"]: line for line in map(json.loads, output.splitlines())}
    statuses = {name: line["status"] for name, line in told.items()}
    assert statuses == {"pair-0": "pending", "pair-1": "accepted"}, "both are recorded for who goes on"
    assert {line["reasons"][-1]["code"] for line in told.values()} == {"fenced"}
    assert b"has taken over the works of executor-1" in errors
    assert b"Traceback" not in errors


async def test_what_an_earlier_run_has_left_is_followed_before_any_opportunity_comes(
    trading: Trading,
) -> None:
    trading.open_gap()
    trading.node.rpc("evm_setAutomine", False)
    try:
        ended = run(trading, "-", stdin=json.dumps(explicit()), max_execution_time_seconds=1)
        assert ended.statuses == ["pending"]
        trading.node.rpc("anvil_dropAllTransactions")
    finally:
        trading.node.rpc("evm_setAutomine", True)
    process = await _started(trading)
    try:
        await until(lambda: trading.nonce() == 1)
        with record_of(trading) as record:
            await until(lambda: record.unfinished() == ())
            stored = record.stored("seen-1")
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 30)
    assert stored is not None
    assert stored.execution.status is Status.REALISED


def test_an_idle_stream_stops_at_once(trading: Trading) -> None:
    """The input stays open and falls silent; a signal must not wait for it."""
    path = config(trading)
    with subprocess.Popen(
        [*COMMAND, "run", "-", "--config", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"no JSON\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["status"] == "rejected"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == ExitCode.INTERRUPTED
        assert process.stderr is not None
        assert b"Fatal" not in process.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "missing.json"), "FILE: missing.json cannot be read"),
        (("run", "."), "cannot be read"),
        (("explain", "0x12"), "selector"),
        (("explain", "words"), "not hexadecimal"),
    ],
)
def test_an_error_is_one_line_with_the_fix(trading: Trading, arguments: tuple[str, ...], told: str) -> None:
    more = ("--config", config(trading)) if arguments[0] == "run" else ()
    done = call(*arguments, *more)
    assert done.code == ExitCode.USAGE
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert told in line
    assert " Fix: " in line


def test_a_wrong_setting_is_named_by_its_path(trading: Trading) -> None:
    done = call("run", "-", "--config", config(trading, min_profit_usd="a lot"))
    assert done.code == ExitCode.USAGE
    assert "chains.ethereum.min_profit_usd" in done.stderr


def test_no_settings_at_all_is_told(tmp_path: Path) -> None:
    done = call("run", "-", cwd=tmp_path)
    assert done.code == ExitCode.USAGE
    assert "no chain is configured" in done.stderr


def test_a_secret_in_the_nodes_url_is_never_shown(trading: Trading) -> None:
    source = written(trading, json.dumps(explicit()))
    secret = "http://user:hunter2@127.0.0.1:9/v3/apikey123"
    for command in (("run", str(source)), ("check",), ("check", "--json")):
        done = call(*command, "--config", config(trading, rpc_url=secret, rpc_timeout_seconds=1), "--debug")
        assert done.code != 0
        for shown in (done.stdout, done.stderr):
            assert "hunter2" not in shown
            assert "apikey123" not in shown
