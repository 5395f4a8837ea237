"""After losses in a row the executor rests and says so; a restart changes nothing; one trade tries first."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from devnet import ETHER, GWEI, market
from devnet.abi import encode_call
from executor.domain.execution import Execution, Status
from executor.domain.intent import IntentState
from executor.engine.executor import Executor
from executor.journal.record import Record
from executor.policy.breaker import BreakerState
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.support.pairs import crossing, mine_in_time, on_demand, record_of, until, waiting
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.refusing_records import accept, refuse
from tests.support.trading import OPERATOR, Trading

__all__ = ["on_demand"]

REST = 3


def settings(trading: Trading, **changes: Any) -> dict[str, Any]:
    """Each opportunity is tried once, and three losses in a row mean a rest of three seconds."""
    return trading.settings(retries={"tries": 1}, breaker={"losses": 3, "rest_seconds": REST}, **changes)


async def lost(executor: Executor, trading: Trading, opportunity: dict[str, Any]) -> Execution:
    """The trade comes too late into a block: it reverts."""
    task = await sent(executor, trading, opportunity)
    with record_of(trading) as record:
        stored = record.stored(opportunity["opportunity_id"])
    assert stored is not None
    trading.node.mine(1, timestamp=int(str(stored.execution.details["deadline"])) + 1)
    execution = await task
    assert execution.status is Status.REVERTED, execution.reasons
    return execution


async def won(executor: Executor, trading: Trading, opportunity: dict[str, Any]) -> Execution:
    task = await sent(executor, trading, opportunity)
    mine_in_time(trading.node)
    execution = await task
    assert execution.status is Status.REALISED, execution.reasons
    return execution


async def sent(executor: Executor, trading: Trading, opportunity: dict[str, Any]) -> asyncio.Task[Execution]:
    task = asyncio.create_task(executor.execute(opportunity))
    await until(lambda: waiting(trading.node, OPERATOR) or task.done())
    assert not task.done(), task.result().reasons
    return task


def states(trading: Trading) -> dict[str, BreakerState]:
    """Of the chain's, the wallet's and the first pair's breakers."""
    legs = crossing(0)["legs"]
    keys = {
        "chain": "chain:ethereum",
        "wallet": f"wallet:ethereum:{OPERATOR.lower()}",
        "route": "route:ethereum:" + "-".join(str(leg["pool"]).lower() for leg in legs),
    }
    with record_of(trading) as record:
        return {name: record.breakers([key])[key].state for name, key in keys.items()}


def all_of(state: BreakerState) -> dict[str, BreakerState]:
    return dict.fromkeys(("chain", "wallet", "route"), state)


async def lost_three(executor: Executor, trading: Trading) -> None:
    for number in range(3):
        if number:
            assert states(trading) == all_of(BreakerState.CLOSED)
        await lost(executor, trading, crossing(0, f"lost-{number}"))


def codes(execution: Execution) -> list[str]:
    return [reason.code for reason in execution.reasons]


async def test_three_losses_in_a_row_open_the_breakers_and_a_restart_does_not_close_them(
    on_demand: Trading,
) -> None:
    trading = on_demand
    own = settings(trading)
    own["chains"]["ethereum"]["breaker"]["rest_seconds"] = 3600
    async with Executor(own) as executor:
        await lost_three(executor, trading)
        assert states(trading) == all_of(BreakerState.OPEN)
        refused = await executor.execute(crossing(1))
    assert refused.status is Status.DECLINED
    assert codes(refused) == ["breaker_open"]
    (reason,) = refused.reasons
    assert (reason.facts["breaker"], reason.facts["losses"]) == ("chain:ethereum", "3")
    assert 0 < int(str(reason.facts["opens_again_at"])) - time.time() <= 3600
    async with Executor(own) as executor:
        assert codes(await executor.execute(crossing(2))) == ["breaker_open"]
    assert trading.nonce() == 3


async def test_after_its_rest_one_trade_tries_and_a_good_one_closes_it(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(settings(trading)) as executor:
        await lost_three(executor, trading)
        await asyncio.sleep(REST)
        trial = await sent(executor, trading, crossing(0, "trial"))
        assert codes(await executor.execute(crossing(1))) == ["breaker_open"], "one at a time"
        mine_in_time(trading.node)
        assert (await trial).status is Status.REALISED
        assert states(trading) == all_of(BreakerState.CLOSED)
        await won(executor, trading, crossing(2))


async def test_a_bad_trial_makes_the_rest_twice_as_long(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(settings(trading)) as executor:
        await lost_three(executor, trading)
        await asyncio.sleep(REST)
        await lost(executor, trading, crossing(0, "trial"))
        with record_of(trading) as record:
            breaker = record.breakers(["chain:ethereum"])["chain:ethereum"]
    assert (breaker.state, breaker.rest_seconds, breaker.losses) == (BreakerState.OPEN, 2 * REST, 4)


async def test_a_trial_that_never_left_does_not_keep_the_breaker_from_trying(on_demand: Trading) -> None:
    """The node refuses it: after another rest the next one is the trial."""
    trading = on_demand
    refusing = False

    def withhold(request: Request) -> Answer | None:
        if not refusing or request["method"] != "eth_sendRawTransaction":
            return None
        return {"error": {"code": -32000, "message": "transaction underpriced"}}

    async with (
        ChangingProxy(trading.node.url, withhold=withhold) as proxy,
        Executor(settings(trading, rpc_url=proxy.url)) as executor,
    ):
        await lost_three(executor, trading)
        await asyncio.sleep(REST)
        refusing = True
        assert codes(await executor.execute(crossing(0, "refused"))) == ["transaction_refused"]
        refusing = False
        await asyncio.sleep(REST)
        await won(executor, trading, crossing(0, "trial"))
    assert states(trading) == all_of(BreakerState.CLOSED)


async def test_a_route_that_loses_between_good_trades_of_others_rests_alone(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(settings(trading)) as executor:
        for number in range(3):
            await lost(executor, trading, crossing(0, f"lost-{number}"))
            if number < 2:
                await won(executor, trading, crossing(1 + number))
        assert states(trading) == all_of(BreakerState.CLOSED) | {"route": BreakerState.OPEN}
        refused = await executor.execute(crossing(0, "once-more"))
        assert codes(refused) == ["breaker_open"]
        assert str(refused.reasons[0].facts["breaker"]).startswith("route:ethereum:")
        await won(executor, trading, crossing(3))


THIEF = DEVELOPMENT_ADDRESSES[6]


def approach(trading: Trading) -> None:
    """Another trader makes ready to take the first pair's gap."""
    weth = trading.desk.token("WETH").address
    trading.node.set_erc20_balance(weth, THIEF, 2_000 * ETHER)
    venue = trading.desk.book.contracts["uniswap_v2_router"]
    trading.node.send(THIEF, weth, encode_call("approve(address,uint256)", venue, 2_000 * ETHER))


def take_gap(trading: Trading) -> None:
    """He pays more for gas, and so comes first in the same block."""
    tokens, venue = trading.desk.book.tokens, trading.desk.book.contracts["uniswap_v2_router"]
    path = [tokens["WETH"], tokens["USDC"]]
    data = encode_call(market.SWAP_V2, 1_000 * ETHER, 0, path, THIEF, market.NEVER)
    fees = {"maxFeePerGas": hex(900 * GWEI), "maxPriorityFeePerGas": hex(500 * GWEI)}
    request = {"from": THIEF, "to": venue, "data": "0x" + data.hex(), "gas": hex(400_000), **fees}
    trading.node.rpc("eth_sendTransaction", request)


async def test_a_trade_that_another_overtook_within_its_block_is_one_loss_and_no_mystery(
    on_demand: Trading,
) -> None:
    trading, node = on_demand, on_demand.node
    node.rpc("evm_setAutomine", True)
    approach(trading)
    node.rpc("evm_setAutomine", False)
    async with Executor(settings(trading)) as executor:
        task = await sent(executor, trading, crossing(0))
        take_gap(trading)
        mine_in_time(node)
        overtaken = await task
        assert overtaken.status is Status.REVERTED
        assert overtaken.reasons[0].facts["meaning"] == "moved_price"
        await won(executor, trading, crossing(1))
    with record_of(trading) as record:
        assert record.breakers(["chain:ethereum"])["chain:ethereum"].state is BreakerState.CLOSED


async def test_a_nonce_that_was_lost_cost_nothing_and_is_no_loss(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    own = settings(trading, lanes={"settle_blocks": 1, "resend_seconds": 3600})
    async with Executor(own) as executor:
        task = await sent(executor, trading, crossing(0))
        (ours,) = waiting(node, OPERATOR).values()
        node.rpc("anvil_dropTransaction", ours)
        node.rpc("evm_setAutomine", True)
        node.send(OPERATOR, OPERATOR, value=1)
        for _ in range(4):
            await asyncio.sleep(0.3)
            mine_in_time(node)
        superseded = await task
    assert codes(superseded) == ["superseded"]
    assert (superseded.gas_cost_wei, superseded.realised_net_profit) == (None, 0)
    with record_of(trading) as record:
        assert record.breakers(["chain:ethereum"])["chain:ethereum"].losses == 0


async def test_a_loss_that_could_not_be_written_down_counts_once_it_can(on_demand: Trading) -> None:
    """The breakers hear of it before it is the end, so that no crash and no fault in between hides it."""
    trading = on_demand
    async with Executor(settings(trading)) as executor:
        task = await sent(executor, trading, crossing(0))
        with record_of(trading) as record:
            stored = record.stored("pair-0")
        assert stored is not None
        refuse(trading, "breakers")
        trading.node.mine(1, timestamp=int(str(stored.execution.details["deadline"])) + 1)
        with record_of(trading) as record:
            await until(lambda: record.intents_of("pair-0")[0].state is not IntentState.LIVE)
        await asyncio.sleep(0.5)
        with record_of(trading) as record:
            stored = record.stored("pair-0")
        assert stored is not None and not stored.execution.status.is_final
        accept(trading)
        assert (await asyncio.wait_for(task, 30)).status is Status.REVERTED
    with record_of(trading) as record:
        assert record.breakers(["chain:ethereum"])["chain:ethereum"].losses == 1


async def test_a_loss_that_is_taken_back_and_mined_again_is_one(on_demand: Trading) -> None:
    trading = on_demand
    own = settings(trading, lanes={"finality_blocks": 40, "bump_blocks": 99})
    async with Executor(own) as executor:
        await lost(executor, trading, crossing(0))
        trading.node.rpc("anvil_reorg", 1, [])
        with record_of(trading) as record:
            await until(lambda: record.open_intents()[0].state is IntentState.LIVE)
            await until(lambda: waiting(trading.node, OPERATOR))
            trading.node.mine(1, timestamp=int(trading.node.block()["timestamp"], 16) + 3600)
            await until(lambda: _ended(record) is Status.REVERTED)
            assert record.breakers(["chain:ethereum"])["chain:ethereum"].losses == 1


def _ended(record: Record) -> Status | None:
    stored = record.stored("pair-0")
    return None if stored is None else stored.execution.status
