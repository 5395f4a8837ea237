"""Many opportunities at a time: those that share nothing run side by side, the others wait and look again."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import yaml

from devnet import ETHER
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from executor.operations.exit_codes import ExitCode
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.support.commands import call
from tests.support.pairs import (
    PAIRS,
    crossing,
    mine_in_time,
    on_demand,
    open_gaps,
    record_of,
    until,
    waiting,
)
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.routers import OWNER
from tests.support.trading import OPERATOR, Trading

__all__ = ["on_demand"]

SECOND_ACCOUNT = 5
SECOND = DEVELOPMENT_ADDRESSES[SECOND_ACCOUNT]


def begin(executor: Executor, *opportunities: dict[str, Any]) -> list[asyncio.Task[Execution]]:
    return [asyncio.create_task(executor.execute(each)) for each in opportunities]


async def test_trades_on_other_pools_are_out_at_one_time_with_nonces_in_a_row(on_demand: Trading) -> None:
    trading = on_demand
    before = trading.balance()
    async with Executor(trading.settings()) as executor:
        tasks = begin(executor, *(crossing(number) for number in range(len(PAIRS))))
        await until(lambda: sorted(waiting(trading.node, OPERATOR)) == list(range(len(PAIRS))))
        assert not any(task.done() for task in tasks)
        mine_in_time(trading.node)
        ended = await asyncio.gather(*tasks)
    assert [each.status for each in ended] == [Status.REALISED] * len(PAIRS)
    assert {int(str(each.details["nonce"])) for each in ended} == set(range(len(PAIRS)))
    assert len({each.block_number for each in ended}) == 1
    assert sum(each.realised_profit or 0 for each in ended) == trading.balance() - before


SHARED = {
    "a pool": (crossing(0), crossing(0, "again")),
    "the router's own balance": (
        crossing(0, funding="inventory", amount=str(10**18)),
        crossing(1, funding="inventory", amount=str(10**18)),
    ),
    "a lender": (crossing(0, funding="balancer_v2"), crossing(1, funding="balancer_v2")),
}


@pytest.mark.parametrize(("first", "second"), SHARED.values(), ids=SHARED.keys())
async def test_what_shares_something_waits_and_then_looks_at_the_market_again(
    on_demand: Trading, first: dict[str, Any], second: dict[str, Any]
) -> None:
    trading = on_demand
    stages: dict[str, list[str]] = {}

    def on_stage(opportunity_id: str, stage: str) -> None:
        stages.setdefault(opportunity_id, []).append(stage)

    async with Executor(trading.settings(), on_stage=on_stage) as executor:
        (one,) = begin(executor, first)
        await until(lambda: waiting(trading.node, OPERATOR))
        (other,) = begin(executor, second)
        await until(lambda: "sizing" in stages.get(second["opportunity_id"], ()))
        await asyncio.sleep(0.3)
        assert list(waiting(trading.node, OPERATOR)) == [0]
        mine_in_time(trading.node)
        assert (await one).status is Status.REALISED
        if second["legs"] == first["legs"]:
            assert (await other).status is Status.DECLINED, "it finds the gap closed"
            return
        await until(lambda: waiting(trading.node, OPERATOR))
        mine_in_time(trading.node)
        assert (await other).status is Status.REALISED
    assert "looking again" in stages[second["opportunity_id"]]


async def test_no_more_than_the_asked_number_is_carried_out_at_a_time(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(trading.settings(max_concurrent_executions=2)) as executor:
        tasks = begin(executor, *(crossing(number) for number in range(len(PAIRS))))
        for _ in range(len(PAIRS) // 2):
            await until(lambda: len(waiting(trading.node, OPERATOR)) == 2)
            await asyncio.sleep(0.3)
            assert len(waiting(trading.node, OPERATOR)) == 2
            mine_in_time(trading.node)
        ended = await asyncio.gather(*tasks)
    assert [each.status for each in ended] == [Status.REALISED] * len(PAIRS)


async def test_whoever_gets_no_place_in_time_is_told_so_and_may_come_again(on_demand: Trading) -> None:
    trading = on_demand
    settings = trading.settings(max_concurrent_executions=1, max_execution_time_seconds=2)
    async with Executor(settings) as executor:
        (one,) = begin(executor, crossing(0))
        await until(lambda: waiting(trading.node, OPERATOR))
        refused = await executor.execute(crossing(1))
        assert refused.status is Status.DECLINED
        assert [reason.code for reason in refused.reasons] == ["busy"]
        mine_in_time(trading.node)
        assert (await one).status in (Status.REALISED, Status.PENDING)
        await until(lambda: _status(trading, "pair-0") is Status.REALISED)
        (other,) = begin(executor, crossing(1, "later"))
        await until(lambda: waiting(trading.node, OPERATOR))
        mine_in_time(trading.node)
        assert (await other).status is Status.REALISED


async def test_several_wallets_are_used_side_by_side(on_demand: Trading) -> None:
    trading = on_demand
    trading.node.rpc("evm_setAutomine", True)
    trading.desk.send(OWNER, "allowOperator(address,bool)", SECOND, True)
    trading.node.rpc("evm_setAutomine", False)
    first_nonce = int(trading.node.rpc("eth_getTransactionCount", SECOND, "latest"), 16)
    settings = trading.settings(wallets=[{"development_account": SECOND_ACCOUNT}])
    async with Executor(settings) as executor:
        tasks = begin(executor, *(crossing(number) for number in range(len(PAIRS))))
        await until(lambda: sum(len(waiting(trading.node, who)) for who in (OPERATOR, SECOND)) == 4)
        assert sorted(waiting(trading.node, OPERATOR)) == [0, 1]
        assert sorted(waiting(trading.node, SECOND)) == [first_nonce, first_nonce + 1]
        mine_in_time(trading.node)
        ended = await asyncio.gather(*tasks)
    assert [each.status for each in ended] == [Status.REALISED] * len(PAIRS)


async def test_a_wallet_whose_count_is_not_believed_leaves_its_trades_to_the_other(
    on_demand: Trading,
) -> None:
    """The first count had to be believed; then the node tells more than anybody has sent."""
    trading, node = on_demand, on_demand.node
    node.rpc("evm_setAutomine", True)
    trading.desk.send(OWNER, "allowOperator(address,bool)", SECOND, True)
    node.rpc("evm_setAutomine", False)
    lies = False

    def change(request: Request, answer: Answer) -> Answer:
        asked = request["method"] == "eth_getTransactionCount" and request["params"][0] == OPERATOR
        return {**answer, "result": hex(int(answer["result"], 16) + 9)} if lies and asked else answer

    others = [{"development_account": SECOND_ACCOUNT}]
    async with (
        ChangingProxy(node.url, change) as proxy,
        Executor(trading.settings(wallets=others, rpc_url=proxy.url, retries={"tries": 2})) as executor,
    ):
        (first,) = begin(executor, crossing(0))
        await until(lambda: waiting(node, OPERATOR))
        mine_in_time(node)
        assert (await first).status is Status.REALISED
        lies = True
        (second,) = begin(executor, crossing(1))
        await until(lambda: second.done() or waiting(node, SECOND))
        mine_in_time(node)
        ended = await second
    assert waiting(node, OPERATOR) == {}
    assert (ended.status, ended.details["sender"]) == (Status.REALISED, SECOND)


async def test_a_full_lane_leaves_the_next_trade_to_the_other_wallet(on_demand: Trading) -> None:
    trading = on_demand
    trading.node.rpc("evm_setAutomine", True)
    trading.desk.send(OWNER, "allowOperator(address,bool)", SECOND, True)
    trading.node.rpc("evm_setAutomine", False)
    settings = trading.settings(wallets=[{"development_account": SECOND_ACCOUNT}], lanes={"in_flight": 1})
    async with Executor(settings) as executor:
        tasks = begin(executor, *(crossing(number) for number in range(3)))
        await until(lambda: waiting(trading.node, OPERATOR) and waiting(trading.node, SECOND))
        await asyncio.sleep(0.3)
        assert [len(waiting(trading.node, who)) for who in (OPERATOR, SECOND)] == [1, 1]
        mine_in_time(trading.node)
        await until(lambda: waiting(trading.node, OPERATOR) or waiting(trading.node, SECOND))
        mine_in_time(trading.node)
        ended = await asyncio.gather(*tasks)
    assert [each.status for each in ended] == [Status.REALISED] * 3


async def test_what_waited_for_room_in_its_lane_looks_at_the_market_again(on_demand: Trading) -> None:
    """Sent as it was decided blocks ago, it would revert and cost its gas."""
    trading, node, stages = on_demand, on_demand.node, []
    async with Executor(
        trading.settings(lanes={"in_flight": 1}), on_stage=lambda *told: stages.append(told)
    ) as executor:
        (first,) = begin(executor, crossing(0))
        await until(lambda: waiting(node, OPERATOR))
        (second,) = begin(executor, crossing(1))
        await until(lambda: ("pair-1", "sizing") in stages)
        await asyncio.sleep(0.5)
        assert list(waiting(node, OPERATOR)) == [0]
        node.rpc("evm_setAutomine", True)
        trading.open_gap("uniswap_v2 WETH/USDT", "WETH", 3_000 * ETHER)
        assert (await first).status is Status.REALISED
        ended = await asyncio.wait_for(second, 20)
    assert ended.status is Status.DECLINED, ended.reasons
    assert trading.nonce() == 1


async def test_who_gets_no_room_in_its_lane_in_time_is_told_so_and_others_go_on(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    settings = trading.settings(lanes={"in_flight": 1, "bump_blocks": 99}, max_execution_time_seconds=2)
    async with Executor(settings) as executor:
        (first,) = begin(executor, crossing(0))
        await until(lambda: waiting(node, OPERATOR))
        others = begin(executor, crossing(1), crossing(2))
        ended = await asyncio.wait_for(asyncio.gather(*others), 20)
        assert [each.status for each in ended] == [Status.DECLINED] * 2
        assert {reason.code for each in ended for reason in each.reasons} == {"no_room"}
        assert (await first).status is Status.PENDING
        mine_in_time(node)
        await until(lambda: _status(trading, "pair-0") is Status.REALISED)
        (later,) = begin(executor, crossing(1, "later"))
        await until(lambda: waiting(node, OPERATOR))
        mine_in_time(node)
        await until(lambda: _status(trading, "later") is Status.REALISED)
        await later


def test_a_file_of_two_dozen_opportunities_is_worked_off_and_nothing_is_sent_twice(trading: Trading) -> None:
    open_gaps(trading)
    opportunities = [
        crossing(number, f"{number}-{turn}") for turn in range(6) for number in range(len(PAIRS))
    ]
    source = trading.folder / "opportunities.jsonl"
    source.write_text("\n".join(json.dumps(each) for each in opportunities))
    config = trading.folder / "config.yaml"
    config.write_text(yaml.safe_dump(trading.settings(max_concurrent_executions=8)))
    before = trading.balance()
    ended = call("run", source, "--config", config)
    assert ended.code == ExitCode.OK, ended.stderr
    by_id = {result["opportunity_id"]: result for result in ended.results}
    assert sorted(by_id) == sorted(each["opportunity_id"] for each in opportunities)
    realised = [result for result in by_id.values() if result["status"] == "realised"]
    assert {result["status"] for result in by_id.values()} == {"realised", "declined"}
    assert {result["opportunity_id"][0] for result in realised} == {"0", "1", "2", "3"}
    assert trading.nonce() == len(realised)
    assert sum(int(result["realised_profit"]) for result in realised) == trading.balance() - before
    with record_of(trading) as record:
        assert record.unfinished() == ()


def _status(trading: Trading, opportunity_id: str) -> Status | None:
    with record_of(trading) as record:
        stored = record.stored(opportunity_id)
    return None if stored is None else stored.execution.status
