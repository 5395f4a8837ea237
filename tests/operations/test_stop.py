"""`executor stop` and `executor resume`, as people and scripts use them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.engine import URL

from executor.config.settings import Settings
from executor.domain.execution import Status
from executor.engine.executor import Executor
from executor.operations.exit_codes import ExitCode
from executor.operations.stopping import stop
from tests.support.commands import Ended, call
from tests.support.pairs import (
    blocks_on_demand,
    crossing,
    mine_in_time,
    on_demand,
    open_gaps,
    record_of,
    until,
    waiting,
)
from tests.support.postgres import new_database
from tests.support.trading import OPERATOR, Trading

__all__ = ["on_demand"]

ROOT = Path(__file__).parents[2]


def config(trading: Trading, **changes: Any) -> Path:
    return written(trading, trading.settings(**changes))


def written(trading: Trading, settings: dict[str, Any]) -> Path:
    path = trading.folder / "config.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


async def beside(*arguments: object) -> Ended:
    """The command in a process of its own, while this one goes on."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from executor.operations.cli import main; main()"),
        *(str(each) for each in arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return Ended(process.returncode, output.decode(), errors.decode())


def test_stop_and_resume_tell_what_stands(trading: Trading) -> None:
    path = config(trading)
    stopped = call("stop", "--because", "a rumour", "--config", path, "--json")
    assert stopped.code == ExitCode.OK
    (flag,) = json.loads(stopped.stdout)["stopped"]
    assert (flag["chain"], flag["because"]) == (None, "a rumour")
    assert "all chains: stopped (a rumour)" in call("stop", "--because", "a rumour", "--config", path).stdout
    resumed = call("resume", "--config", path)
    assert (resumed.code, resumed.stdout.strip()) == (ExitCode.OK, "nothing is stopped")


def test_a_stop_holds_for_later_runs_until_it_is_lifted(trading: Trading) -> None:
    open_gaps(trading, 1)
    path, source = config(trading), trading.folder / "opportunity.json"
    source.write_text(json.dumps(crossing(0)))
    call("stop", "--config", path)
    (refused,) = call("run", source, "--config", path).results
    assert (refused["status"], refused["reasons"][0]["code"]) == ("declined", "stopped")
    assert "executor resume" in refused["reasons"][0]["message"]
    assert trading.nonce() == 0
    call("resume", "--config", path)
    (realised,) = call("run", source, "--config", path).results
    assert realised["status"] == "realised"


def test_the_stop_of_one_chain_is_lifted_by_name(trading: Trading) -> None:
    open_gaps(trading, 1)
    path, source = config(trading), trading.folder / "opportunity.json"
    source.write_text(json.dumps(crossing(0)))
    call("stop", "--chain", "ethereum", "--config", path)
    still = call("resume", "--config", path)
    assert "ethereum: stopped" in still.stdout, "the stop of all chains is another flag"
    (refused,) = call("run", source, "--config", path).results
    assert refused["reasons"][0]["code"] == "stopped"
    call("resume", "--chain", "ethereum", "--config", path)
    (realised,) = call("run", source, "--config", path).results
    assert realised["status"] == "realised"


@pytest.mark.parametrize("command", ["stop", "resume"])
def test_a_chain_that_is_not_configured_is_named(trading: Trading, command: str) -> None:
    ended = call(command, "--chain", "base", "--config", config(trading))
    assert ended.code == ExitCode.USAGE
    assert "--chain" in ended.stderr
    assert "use one of: ethereum" in ended.stderr


async def test_a_stop_leaves_the_cancel_to_the_executor_that_has_the_file(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    settings = Settings.from_mapping(trading.settings())
    async with Executor(trading.settings()) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await until(lambda: waiting(node, OPERATOR))
        stopping = asyncio.create_task(stop(settings, None, "for a test", seconds=30))
        ours = waiting(node, OPERATOR)[0]
        await until(lambda: waiting(node, OPERATOR).get(0, ours) != ours)
        mine_in_time(node)
        assert (await task).status is Status.CANCELLED
        stopped = await stopping
    assert (stopped.out["ethereum"], stopped.problems) == ((), {})
    assert trading.nonce() == 1


@pytest.fixture
def left_out(on_demand: Trading) -> Trading:
    """An executor has sent something that is not mined, and has ended."""
    trading = on_demand

    async def leave() -> None:
        async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
            assert (await executor.execute(crossing(0))).status is Status.PENDING

    asyncio.run(leave())
    return trading


def test_a_stop_without_a_running_executor_cancels_by_itself(left_out: Trading) -> None:
    trading, node = left_out, left_out.node
    ours = waiting(node, OPERATOR)[0]
    node.rpc("evm_setIntervalMining", 1)
    node.rpc("anvil_dropAllTransactions")
    try:
        ended = call("stop", "--config", config(trading), "--seconds", "30")
    finally:
        node.rpc("evm_setIntervalMining", 0)
    assert (ended.code, ended.stderr) == (ExitCode.OK, "")
    assert ended.stdout.strip() == "all chains: stopped (by the operator)"
    with record_of(trading) as record:
        (intent,) = record.intents_of("pair-0")
    assert intent.was_cancelled
    assert intent.winner != ours
    assert trading.nonce() == 1


def test_a_stop_that_cannot_cancel_stands_all_the_same_and_says_why(left_out: Trading) -> None:
    path = config(left_out, rpc_url="http://127.0.0.1:9", rpc_timeout_seconds=1)
    ended = call("stop", "--config", path, "--seconds", "1")
    assert ended.code == ExitCode.PENDING
    told = ended.stdout.splitlines()
    assert told[0] == "all chains: stopped (by the operator)"
    assert "is still out" in told[1]
    assert told[2].startswith("ethereum: not cancelled by this process: ")


def test_what_is_still_out_when_the_time_is_over_is_told(left_out: Trading) -> None:
    """No block comes."""
    trading = left_out
    ended = call("stop", "--config", config(trading), "--seconds", "1")
    assert ended.code == ExitCode.PENDING
    assert f"ethereum: nonce 0 of {OPERATOR} is still out" in ended.stdout
    as_json = call("stop", "--config", config(trading), "--seconds", "0", "--json")
    (out,) = json.loads(as_json.stdout)["out"]["ethereum"]
    assert (out["nonce"], out["opportunity_id"]) == (0, "pair-0")
    assert len(out["transaction_hashes"]) == 2, "the trade and its cancel"


async def test_on_a_server_a_stop_leaves_the_cancel_to_the_executor_that_runs(
    trading: Trading, postgres_server: URL
) -> None:
    open_gaps(trading, 1)
    node = trading.node
    with new_database(postgres_server, "stopping") as url, blocks_on_demand(node):
        settings = trading.settings() | {"database_url": url.render_as_string(hide_password=False)}
        path = written(trading, settings)
        async with Executor(settings) as executor:
            task = asyncio.create_task(executor.execute(crossing(0)))
            await until(lambda: waiting(node, OPERATOR))
            ours = waiting(node, OPERATOR)[0]
            stopping = asyncio.create_task(beside("stop", "--config", path, "--seconds", "30"))
            await until(lambda: waiting(node, OPERATOR).get(0, ours) != ours)
            mine_in_time(node)
            assert (await task).status is Status.CANCELLED
            ended = await stopping
        assert (ended.code, ended.stderr) == (ExitCode.OK, "")
    assert trading.nonce() == 1
