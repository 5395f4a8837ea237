"""`executor check`, `explain`, `rehearse` and `schema`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from devnet import ETHEREUM, Node
from executor.domain.errors import ConfigError
from executor.engine.executor import Executor
from executor.engine.opportunity_schema import opportunity_schema
from executor.operations.check import check
from executor.operations.execution_schema import execution_schema
from executor.operations.exit_codes import MEANINGS, ExitCode
from executor.operations.findings import Finding, State, is_well
from executor.operations.rehearse import rehearse_plan
from executor.plan import DecodedPlan, Header
from executor.plan.encoding import encode_plan
from tests.operations.test_run import call, config
from tests.support.routers import FOREVER, OWNER, PAUSER
from tests.support.trading import OPERATOR, Trading, explicit

DOCS = Path(__file__).parents[2] / "docs"


async def findings(trading: Trading, **changes: Any) -> dict[str, Finding]:
    executor = Executor(trading.settings(**changes))
    found = await check(executor.settings)
    return {finding.name: finding for finding in found["ethereum"]}


def wrong(found: dict[str, Finding]) -> set[str]:
    return {name for name, finding in found.items() if finding.state is State.WRONG}


async def test_a_chain_that_is_ready_has_nothing_wrong(trading: Trading) -> None:
    found = await findings(trading)
    assert wrong(found) == set()
    assert found["operator"].facts["operator"] == OPERATOR
    assert found["settlement token 0"].facts["amount"] == str(trading.balance())
    assert found["price of WETH"].facts["usd"] == "3000"
    assert "lends up to" in found["lender aave_v3"].message


async def test_looking_changes_nothing(trading: Trading) -> None:
    head = trading.node.block_number
    await findings(trading)
    assert trading.node.block_number == head
    assert not (trading.folder / "journal").exists()


async def test_each_trouble_is_named(trading: Trading) -> None:
    trading.desk.send(PAUSER, "pause()")
    assert wrong(await findings(trading)) == {"paused", "wallet is operator"}
    trading.desk.send(OWNER, "unpause()")
    assert wrong(await findings(trading, wallet={"development_account": 7})) == {"wallet is operator"}
    trading.node.set_balance(OPERATOR, 1)
    assert wrong(await findings(trading)) == {"gas money"}


async def test_another_router_is_named(trading: Trading) -> None:
    settings = Executor(trading.settings()).settings
    trading.node.set_code(trading.router, trading.node.code(ETHEREUM.tokens["WETH"]))
    found = {finding.name: finding for finding in (await check(settings))["ethereum"]}
    assert wrong(found) == {"router"}


async def test_a_node_of_another_chain_is_named(trading: Trading) -> None:
    with Node.empty(chain_id=5) as other:
        assert wrong(await findings(trading, rpc_url=other.url)) == {"chain id"}


async def test_a_price_that_a_limit_needs_is_a_warning_when_it_is_old(trading: Trading) -> None:
    trading.node.increase_time(10 * 86_400)
    found = await findings(trading)
    assert found["price of WETH"].state is State.WARNING
    found = await findings(trading, min_profit_usd=0)
    assert found["price of WETH"].state is State.NOTE


def test_nothing_configured_is_not_well() -> None:
    assert not is_well({})


def test_check_prints_a_table_or_json_and_tells_by_its_exit_code(trading: Trading) -> None:
    done = call("check", "--config", config(trading), "--json")
    told = json.loads(done.stdout)
    assert (told["ok"], done.code) == (True, ExitCode.OK)
    trading.desk.send(PAUSER, "pause()")
    done = call("check", "--config", config(trading))
    assert "the router is paused" in done.stdout
    assert done.code == ExitCode.CHECK_FAILED


async def test_explain_says_what_a_plan_of_ours_does(trading: Trading) -> None:
    trading.open_gap()
    async with Executor(trading.settings(), dry_run=True) as executor:
        execution = await executor.execute(explicit())
    assert execution.plan is not None
    done = await asyncio.to_thread(call, "explain", execution.plan, stdin="")
    assert done.code == 0
    assert ETHEREUM.pool("uniswap_v2 USDC/WETH").address in done.stdout
    assert str(execution.minimum_profit) in done.stdout
    assert (await asyncio.to_thread(call, "explain", "-", stdin=execution.plan + "\n")).stdout == done.stdout


async def planned(trading: Trading) -> tuple[str, int]:
    """A plan over a gap that is open, and the profit that it was simulated to give."""
    trading.open_gap()
    async with Executor(trading.settings(), dry_run=True) as executor:
        execution = await executor.execute(explicit())
    assert execution.plan is not None
    assert execution.expected_profit is not None
    return execution.plan, execution.expected_profit


async def test_rehearse_says_what_each_step_of_a_plan_would_give(trading: Trading) -> None:
    plan, profit = await planned(trading)
    arguments = ("rehearse", plan, "--config", config(trading))
    done = await asyncio.to_thread(call, *arguments, "--json")
    told = json.loads(done.stdout)
    assert (done.code, told["ok"], told["profit"]) == (0, True, str(profit))
    assert all(int(step["output"]) > 0 and step["gas_used"] > 0 for step in told["steps"])
    shown = (await asyncio.to_thread(call, *arguments)).stdout
    assert told["profit"] in shown
    assert told["steps"][-1]["output"] in shown
    assert trading.nonce() == 0


async def test_rehearse_says_why_a_plan_would_fail(trading: Trading) -> None:
    plan, _ = await planned(trading)
    trading.desk.execute(bytes.fromhex(plan[2:]), sender=OPERATOR)
    arguments = ("rehearse", plan, "--config", config(trading))
    done = await asyncio.to_thread(call, *arguments, "--json")
    told = json.loads(done.stdout)
    assert (done.code, told["ok"]) == (ExitCode.CHECK_FAILED, False)
    assert told["error"]["facts"]["error"] == "profit_below_minimum"
    done = await asyncio.to_thread(call, *arguments)
    assert done.code == ExitCode.CHECK_FAILED
    assert "ProfitBelowMinimum" in done.stderr


async def test_rehearse_asks_for_the_chain_where_there_are_several(trading: Trading) -> None:
    settings = trading.settings()
    several = {**settings, "chains": {**settings["chains"], "base": settings["chains"]["ethereum"]}}
    with pytest.raises(ConfigError, match="--chain: more than one chain is configured"):
        await rehearse_plan(Executor(several).settings, encode_plan(DecodedPlan(Header(0, FOREVER, 0), ())))


@pytest.mark.parametrize(
    ("name", "schema"), [("opportunity", opportunity_schema()), ("execution", execution_schema())]
)
def test_the_published_schemas_are_what_the_command_prints(name: str, schema: dict[str, Any]) -> None:
    done = call("schema", name)
    assert json.loads(done.stdout) == schema == json.loads((DOCS / f"{name}.schema.json").read_text())


def test_help_lists_every_exit_code() -> None:
    shown = call("run", "--help").stdout
    for code in MEANINGS:
        assert f" {code.value}  " in shown
