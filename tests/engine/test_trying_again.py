"""What fails is tried again where that can help: with what the kind of failure asks for, and never while the
first try could still happen."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode

from devnet import ETHER, ETHEREUM
from executor.domain.execution import Execution, Status
from executor.domain.intent import IntentState
from executor.engine.executor import Executor
from tests.support.pairs import crossing, mine_in_time, on_demand, open_gaps, record_of, until, waiting
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.trading import OPERATOR, Trading, explicit, receipt_of

__all__ = ["on_demand"]

UNDERPRICED = {"error": {"code": -32000, "message": "transaction underpriced: tip needed 1, tip permitted 0"}}


def reverted(words: str) -> Answer:
    """A node's answer to a call that reverts with these words."""
    data = "0x08c379a0" + encode(["string"], [words]).hex()
    return {"error": {"code": 3, "message": f"execution reverted: {words}", "data": data}}


DRY = reverted("BAL#528")


def simulations(trading: Trading, *answers: Answer) -> Callable[[Request], Answer | None]:
    """The first simulations of a trade end in these answers, whatever the chain would say."""
    left = list(answers)

    def withhold(request: Request) -> Answer | None:
        call: Any = request["params"][0] if request["params"] else None
        if request["method"] != "eth_call" or str(call.get("to")).lower() != trading.router.lower():
            return None
        return left.pop(0) if left and str(call.get("from")).lower() == OPERATOR.lower() else None

    return withhold


async def execute_by(
    trading: Trading,
    withhold: Callable[[Request], Answer | None],
    opportunity: dict[str, Any],
    **changes: Any,
) -> tuple[Execution, Counter[str], Counter[str]]:
    """The fate of it, with the stages it went through and the methods the node was asked."""
    stages: Counter[str] = Counter()
    async with (
        ChangingProxy(trading.node.url, withhold=withhold) as proxy,
        Executor(
            trading.settings(rpc_url=proxy.url, **changes),
            on_stage=lambda _, stage: stages.update([stage]),
        ) as executor,
    ):
        execution = await executor.execute(opportunity)
        return execution, stages, Counter(proxy.methods)


AROUND = (
    ("balancer_v2 USDC/WETH", "WETH"),
    ("balancer_v2 DAI/USDC/USDT", "USDC"),
    ("balancer_v2 DAI/WETH", "DAI"),
)
"""No pool of it pays for itself in a swap, so a lender must."""


async def test_a_lender_that_is_dry_is_replaced_by_another(trading: Trading) -> None:
    trading.open_gap("balancer_v2 DAI/WETH")
    trading.node.set_erc20_balance(trading.desk.token("WETH").address, trading.router, 0)
    legs = [{"pool": ETHEREUM.pool(name).address, "token_in": token} for name, token in AROUND]
    async with Executor(trading.settings(), dry_run=True) as executor:
        expected = await executor.execute(explicit() | {"legs": legs})
    assert expected.status is Status.DRY_RUN, expected.reasons
    dry = simulations(trading, DRY)
    realised, stages, _ = await execute_by(trading, dry, explicit() | {"legs": legs})
    assert realised.status is Status.REALISED, realised.reasons
    assert expected.funding == "uniswap_v4"
    assert realised.funding not in (None, "uniswap_v4", "callback_chain")
    assert stages["sizing"] == 2


async def test_a_block_that_is_gone_while_it_is_read_is_followed_by_another_try(trading: Trading) -> None:
    trading.open_gap()
    gone = [{"error": {"code": -32001, "message": "Resource not found"}}]

    def withhold(request: Request) -> Answer | None:
        at_a_block = request["method"] == "eth_call" and request["params"][-1] not in ("latest", "pending")
        return gone.pop() if gone and at_a_block else None

    realised, _, _ = await execute_by(trading, withhold, explicit())
    assert gone == []
    assert realised.status is Status.REALISED, realised.reasons


async def test_a_funding_that_the_user_named_is_not_replaced(trading: Trading) -> None:
    trading.open_gap()
    dry = simulations(trading, DRY)
    declined, stages, _ = await execute_by(trading, dry, explicit(funding="balancer_v2"))
    assert declined.status is Status.DECLINED
    assert [reason.code for reason in declined.reasons] == ["simulation_reverted"]
    assert stages["sizing"] == 1


async def test_where_a_pool_holds_too_little_half_as_much_is_tried(trading: Trading) -> None:
    open_gaps(trading, 1)
    whole, _, _ = await execute_by(trading, lambda _: None, crossing(0, "asks", amount=str(8 * ETHER)))
    open_gaps(trading, 1)
    thin = simulations(trading, reverted("UniswapV2: INSUFFICIENT_LIQUIDITY"))
    realised, _, _ = await execute_by(trading, thin, crossing(0, amount=str(8 * ETHER)))
    assert realised.status is Status.REALISED, realised.reasons
    assert whole.amount_in is not None
    assert realised.amount_in is not None
    assert whole.amount_in * 49 // 100 < realised.amount_in <= whole.amount_in // 2


@pytest.mark.parametrize(("tries", "sends", "status"), [(3, 3, Status.REALISED), (2, 2, Status.FAILED)])
async def test_a_price_that_nodes_refuse_is_chosen_anew_as_often_as_asked(
    trading: Trading, tries: int, sends: int, status: Status
) -> None:
    open_gaps(trading, 1)
    refusals = [UNDERPRICED, UNDERPRICED]

    def withhold(request: Request) -> Answer | None:
        return refusals.pop() if request["method"] == "eth_sendRawTransaction" and refusals else None

    ended, _, methods = await execute_by(trading, withhold, crossing(0), retries={"tries": tries})
    assert ended.status is status, ended.reasons
    assert methods["eth_sendRawTransaction"] == sends
    with record_of(trading) as record:
        states = [intent.state for intent in record.intents_of("pair-0")]
        nonces = {intent.nonce for intent in record.intents_of("pair-0")}
    assert states.count(IntentState.DROPPED) == 2
    assert nonces == {0}, "what was refused left its nonce free"


async def overtaken(trading: Trading) -> str:
    """Somebody narrows the gap before ours is mined, which reverts; its hash."""
    node = trading.node
    await until(lambda: waiting(node, OPERATOR))
    (ours,) = waiting(node, OPERATOR).values()
    raw = node.rpc("eth_getRawTransactionByHash", ours)
    node.rpc("anvil_dropTransaction", ours)
    node.rpc("evm_setAutomine", True)
    trading.open_gap("uniswap_v2 USDC/WETH", "WETH", 40 * ETHER)
    node.rpc("eth_sendRawTransaction", raw)
    # Nobody else may run before: another try would be mined as soon as it is sent.
    node.wait_for(ours)
    node.rpc("evm_setAutomine", False)
    assert receipt_of(node, ours)["status"] == "0x0"
    return str(ours)


def patient(trading: Trading, **lanes: Any) -> dict[str, Any]:
    """Settings by which nothing is bumped or sent again meanwhile."""
    return trading.settings(
        lanes={"bump_blocks": 99, "resend_seconds": 3600, **lanes}, max_execution_time_seconds=60
    )


async def test_after_a_paid_revert_another_size_is_tried_and_its_gas_counts(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    before, money = trading.balance(), node.balance(OPERATOR)
    async with Executor(patient(trading)) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        first = await overtaken(trading)
        await until(lambda: 1 in waiting(node, OPERATOR))
        mine_in_time(node)
        realised = await task
    assert realised.status is Status.REALISED, realised.reasons
    profit, paid = trading.balance() - before, money - node.balance(OPERATOR)
    lost = receipt_of(node, first)
    earlier = int(lost["gasUsed"], 16) * int(lost["effectiveGasPrice"], 16)
    assert int(str(realised.details["earlier_gas_wei"])) == earlier > 0
    assert realised.details["earlier_transactions"] == [first]
    assert realised.realised_profit == profit
    assert realised.gas_cost_wei == paid - earlier
    assert realised.realised_net_profit == profit - paid
    assert trading.nonce() == 2


def losses(trading: Trading) -> int:
    """In a row, by the chain's breaker."""
    with record_of(trading) as record:
        return record.breakers(["chain:ethereum"])["chain:ethereum"].losses


async def test_a_paid_revert_is_a_loss_though_another_try_follows(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    async with Executor(patient(trading)) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await overtaken(trading)
        await until(lambda: 1 in waiting(node, OPERATOR))
        assert losses(trading) == 1
        mine_in_time(node)
        realised = await task
    assert realised.status is Status.REALISED, realised.reasons
    assert losses(trading) == 0, "what came of it in the end has earned more than all its gas"


async def test_a_loss_that_opens_a_breaker_keeps_the_next_try_from_being_sent(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    settings = patient(trading)
    settings["chains"]["ethereum"]["breaker"] = {"losses": 1, "rest_seconds": 3600}
    async with Executor(settings) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await overtaken(trading)
        lost = await task
        assert waiting(node, OPERATOR) == {}
    assert lost.status is Status.REVERTED
    assert [reason.code for reason in lost.reasons][-1] == "breaker_open"
    assert losses(trading) == 1, "told at its end again, it still counts once"
    assert trading.nonce() == 1


async def test_nothing_is_tried_again_while_the_first_could_still_be_undone(on_demand: Trading) -> None:
    """Three blocks are asked for before a result is final."""
    trading, node = on_demand, on_demand.node
    async with Executor(patient(trading, finality_blocks=3)) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await overtaken(trading)
        await asyncio.sleep(1)
        assert waiting(node, OPERATOR) == {}
        assert not task.done()
        mine_in_time(node, 2)
        await until(lambda: 1 in waiting(node, OPERATOR))
        mine_in_time(node)
        assert (await task).status is Status.REALISED
    assert trading.nonce() == 2


async def test_where_finality_is_far_a_revert_is_the_end(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    async with Executor(patient(trading, finality_blocks=30)) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await overtaken(trading)
        assert (await task).status is Status.REVERTED
        mine_in_time(node, 30)
        await asyncio.sleep(1)
        assert waiting(node, OPERATOR) == {}
    assert trading.nonce() == 1


BOUNDS: dict[str, dict[str, Any]] = {
    "tries": {"retries": {"tries": 1}},
    "gas money": {"retries": {"gas_money": "0"}},
}


@pytest.mark.parametrize("changes", BOUNDS.values(), ids=BOUNDS.keys())
async def test_a_bound_ends_the_tries(on_demand: Trading, changes: dict[str, Any]) -> None:
    trading = on_demand
    settings = patient(trading)
    settings["chains"]["ethereum"] |= changes
    async with Executor(settings) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await overtaken(trading)
        lost = await task
    assert lost.status is Status.REVERTED
    assert lost.realised_net_profit == -(lost.gas_cost_wei or 0)
    assert trading.nonce() == 1


async def test_time_ends_the_tries(on_demand: Trading) -> None:
    """The first is mined so late that there is no time for a second."""
    trading = on_demand
    settings = patient(trading)
    settings["chains"]["ethereum"]["max_execution_time_seconds"] = 3
    async with Executor(settings) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await until(lambda: waiting(trading.node, OPERATOR))
        pending = await task
        assert pending.status is Status.PENDING
        again = asyncio.create_task(executor.execute(crossing(0)))
        trading.node.mine(1, timestamp=int(str(pending.details["deadline"])) + 1)
        assert (await again).status is Status.REVERTED
    assert trading.nonce() == 1
