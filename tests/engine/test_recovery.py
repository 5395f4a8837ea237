"""Nothing sent is ever lost or sent twice: repeats, time limits, restarts, kills, and what others do
meanwhile."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from devnet import Node
from executor.domain.execution import Status
from executor.engine.executor import Executor
from executor.journal.record import FILE_NAME, Database, Record
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.trading import OPERATOR, Trading, asked_until_known, explicit, high_level


class HurriedClock:
    """A clock on which each short sleep passes `factor` times as fast as on the wall: waits of minutes in
    seconds."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._now = 0.0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += seconds * self._factor
        await asyncio.sleep(seconds)


@contextmanager
def record_of(trading: Trading) -> Iterator[Record]:
    database = Database.open_reading(trading.folder / "journal" / FILE_NAME)
    yield Record(database, "ethereum", "executor-1")
    database.close()


@pytest.fixture
def on_demand(trading: Trading) -> Iterator[Trading]:
    """The chain with an open gap, on which blocks come only when the test makes them."""
    trading.open_gap()
    trading.node.rpc("evm_setAutomine", False)
    yield trading
    trading.node.rpc("anvil_dropAllTransactions")
    trading.node.rpc("evm_setAutomine", True)


def mine_in_time(node: Node) -> None:
    """The next block, a second after the last one, however long the test took."""
    node.mine(1, timestamp=int(node.block()["timestamp"], 16) + 1)


async def test_a_repeated_id_returns_the_stored_execution(trading: Trading) -> None:
    trading.open_gap()
    async with Executor(trading.settings()) as executor:
        first = await executor.execute(explicit())
        assert await executor.execute(explicit()) == first
    async with Executor(trading.settings()) as executor:
        again = await executor.execute(explicit())
    assert first.status is Status.REALISED
    assert again.as_dict() == first.as_dict()
    assert trading.nonce() == 1


async def test_a_declined_id_stays_declined(trading: Trading) -> None:
    async with Executor(trading.settings()) as executor:
        declined = await executor.execute(explicit())
        trading.open_gap()
        assert (await executor.execute(explicit())).as_dict() == declined.as_dict()
        assert (await executor.execute(explicit("seen-2"))).status is Status.REALISED


async def test_a_repeated_id_with_other_content_tells_where_it_differs(trading: Trading) -> None:
    trading.open_gap()
    async with Executor(trading.settings()) as executor:
        first = await executor.execute(high_level())
        again = await executor.execute(high_level(amount="5", estimated_net_profit_usd=7))
    assert again.transaction_hashes == first.transaction_hashes
    assert again.details["differs_from_stored"] == ["amount"]
    assert trading.nonce() == 1


async def test_time_running_out_is_pending_and_the_same_id_goes_on_later(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
        pending = await executor.execute(explicit())
        assert pending.status is Status.PENDING
        assert [reason.code for reason in pending.reasons] == ["outcome_unknown"]
        mine_in_time(trading.node)
        realised = await asked_until_known(executor)
    assert realised.status is Status.REALISED
    assert realised.transaction_hashes == pending.transaction_hashes
    assert realised.expected_profit == realised.realised_profit
    assert realised.reasons == ()
    assert trading.nonce() == 1


async def test_what_was_mined_while_we_were_away_is_settled_on_opening(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
        assert (await executor.execute(explicit())).status is Status.PENDING
    mine_in_time(trading.node)
    trading.node.rpc("evm_setAutomine", True)
    async with Executor(trading.settings()) as executor:
        await executor.execute(explicit("another"))
        await _until(lambda: _status(trading) is Status.REALISED)
    with record_of(trading) as record:
        assert record.open_intents() == ()


CRASHES = {
    "between the record and the send": "before",
    "after the send": "after",
}

PROGRAM = """
import asyncio, json, os, signal, sys
from executor.engine.executor import Executor
from executor.submission.transmission import Transmission

moment, settings, opportunity = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
first = Transmission.first

async def crash(self, *arguments):
    if moment == "after":
        await first(self, *arguments)
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    Transmission.first = crash
    async with Executor(settings) as executor:
        await executor.execute(opportunity)

asyncio.run(main())
"""


@pytest.mark.chaos
@pytest.mark.parametrize("moment", CRASHES.values(), ids=CRASHES.keys())
async def test_a_kill_at_any_moment_leads_to_one_transaction(trading: Trading, moment: str) -> None:
    trading.open_gap()
    before = trading.balance()
    arguments = [moment, json.dumps(trading.settings()), json.dumps(explicit())]
    process = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", PROGRAM, *arguments],
        timeout=120,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert process.returncode == -signal.SIGKILL
    assert trading.nonce() == (1 if moment == "after" else 0)
    async with Executor(trading.settings()) as executor:
        realised = await executor.execute(explicit())
    assert realised.status is Status.REALISED, realised.reasons
    assert realised.expected_profit == trading.balance() - before
    assert trading.nonce() == 1


async def test_what_was_out_goes_out_again_after_a_restart_as_it_was(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
        pending = await executor.execute(explicit())
    trading.node.rpc("anvil_dropTransaction", pending.transaction_hashes[0])
    async with Executor(trading.settings()) as executor:
        task = asyncio.create_task(executor.execute(explicit()))
        assert await _in_pool(trading.node) == pending.transaction_hashes[0]
        mine_in_time(trading.node)
        first = await task
    assert first.status is Status.REALISED
    assert first.details["nonce"] == "0"
    assert trading.nonce() == 1


async def test_a_trade_on_the_same_pools_waits_for_the_one_that_is_out(on_demand: Trading) -> None:
    """It is looked at when that one has ended, and finds the gap closed."""
    trading = on_demand
    async with Executor(trading.settings()) as executor:
        first = asyncio.create_task(executor.execute(explicit()))
        await _in_pool(trading.node)
        second = asyncio.create_task(executor.execute(explicit("another")))
        await asyncio.sleep(0.5)
        assert not second.done()
        mine_in_time(trading.node)
        assert (await first).status is Status.REALISED
        assert (await second).status is Status.DECLINED
    assert trading.nonce() == 1


async def test_a_dropped_transaction_is_sent_again_as_it_was(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(
        trading.settings(max_execution_time_seconds=600), clock=HurriedClock(factor=20)
    ) as executor:
        task = asyncio.create_task(executor.execute(explicit()))
        dropped = await _in_pool(trading.node)
        trading.node.rpc("anvil_dropTransaction", dropped)
        assert await _in_pool(trading.node) == dropped
        mine_in_time(trading.node)
        assert (await task).status is Status.REALISED


async def test_a_moved_market_reverts_with_the_routers_own_figures(on_demand: Trading) -> None:
    """Somebody else takes the gap in an earlier block; the loss is the gas, and nothing else."""
    trading = on_demand
    before = trading.balance()
    async with Executor(trading.settings(lanes={"bump_blocks": 99})) as executor:
        task = asyncio.create_task(executor.execute(explicit(funding="inventory")))
        ours = await _in_pool(trading.node)
        raw = trading.node.rpc("eth_getRawTransactionByHash", ours)
        trading.node.rpc("anvil_dropTransaction", ours)
        trading.node.rpc("evm_setAutomine", True)
        trading.open_gap("sushi_v2 USDC/WETH", "USDC", 500_000 * 10**6)
        trading.node.rpc("eth_sendRawTransaction", raw)
        reverted = await task
    assert reverted.status is Status.REVERTED
    reason, why_not_again = reverted.reasons
    assert why_not_again.code == "not_profitable", "it is looked at once more, and finds nothing"
    assert reason.facts["error"] == "profit_below_minimum"
    arguments: Any = reason.facts["args"]
    assert int(arguments["minimum"]) == reverted.minimum_profit
    assert reverted.realised_profit == 0
    assert reverted.realised_net_profit == -(reverted.gas_cost_wei or 0) < 0
    assert trading.balance() == before


async def test_a_nonce_that_another_program_took_is_told(on_demand: Trading) -> None:
    trading = on_demand
    async with Executor(
        trading.settings(max_execution_time_seconds=600), clock=HurriedClock(factor=5)
    ) as executor:
        task = asyncio.create_task(executor.execute(explicit()))
        ours = await _in_pool(trading.node)
        trading.node.rpc("anvil_dropTransaction", ours)
        trading.node.rpc("evm_setAutomine", True)
        trading.node.send(OPERATOR, OPERATOR, value=1)
        for _ in range(8):
            await asyncio.sleep(0.2)
            mine_in_time(trading.node)
        lost = await task
    assert lost.status is Status.FAILED
    assert [reason.code for reason in lost.reasons] == ["superseded"]


def tampered(method: str, change: Callable[[Answer], Answer]) -> Callable[[Request, Answer], Answer]:
    def apply(request: Request, answer: Answer) -> Answer:
        return change(answer) if request["method"] == method else answer

    return apply


async def test_a_garbled_answer_to_the_send_counts_as_sent(trading: Trading) -> None:
    trading.open_gap()
    garble = tampered("eth_sendRawTransaction", lambda answer: {"jsonrpc": "2.0", "id": answer["id"]})
    async with (
        ChangingProxy(trading.node.url, garble) as proxy,
        Executor(trading.settings(rpc_url=proxy.url)) as executor,
    ):
        realised = await executor.execute(explicit())
    assert realised.status is Status.REALISED
    assert trading.nonce() == 1


async def test_an_already_known_transaction_is_no_failure(trading: Trading) -> None:
    trading.open_gap()
    known = tampered(
        "eth_sendRawTransaction",
        lambda answer: {
            "jsonrpc": "2.0",
            "id": answer["id"],
            "error": {"code": -32000, "message": "already known"},
        },
    )
    async with (
        ChangingProxy(trading.node.url, known) as proxy,
        Executor(trading.settings(rpc_url=proxy.url)) as executor,
    ):
        assert (await executor.execute(explicit())).status is Status.REALISED


async def test_a_sure_refusal_frees_the_nonce(trading: Trading) -> None:
    trading.open_gap()
    refusal = {
        "error": {"code": -32000, "message": "transaction underpriced: gas tip cap 0, minimum needed 1"}
    }

    def withhold(request: Request) -> Answer | None:
        return dict(refusal) if request["method"] == "eth_sendRawTransaction" else None

    async with (
        ChangingProxy(trading.node.url, withhold=withhold) as proxy,
        Executor(trading.settings(rpc_url=proxy.url)) as executor,
    ):
        failed = await executor.execute(explicit())
        assert failed.status is Status.FAILED
        assert [reason.code for reason in failed.reasons] == ["transaction_refused"]
        proxy.withhold = None
        realised = await executor.execute(explicit("seen-2"))
    assert realised.status is Status.REALISED
    assert realised.details["nonce"] == "0"
    assert trading.nonce() == 1


async def test_an_unclear_refusal_keeps_the_nonce(trading: Trading) -> None:
    trading.open_gap()

    def withhold(request: Request) -> Answer | None:
        held = request["method"] == "eth_sendRawTransaction"
        return {"error": {"code": -32603, "message": "internal error"}} if held else None

    settings = trading.settings(max_execution_time_seconds=2, lanes={"resend_seconds": 1})
    async with ChangingProxy(trading.node.url, withhold=withhold) as proxy:
        settings["chains"]["ethereum"]["rpc_url"] = proxy.url
        async with Executor(settings) as executor:
            pending = await executor.execute(explicit())
            assert pending.status is Status.PENDING
            proxy.withhold = None
            timestamp = int(trading.node.block()["timestamp"], 16) + 1
            trading.node.rpc("evm_setNextBlockTimestamp", timestamp)
            realised = await executor.execute(explicit())
    assert realised.status is Status.REALISED
    assert realised.transaction_hashes == pending.transaction_hashes


GARBLED = {
    "a block without a hash": ("eth_getBlockByNumber", {"result": {"number": "0x1"}}),
    "a block that is a number": ("eth_getBlockByNumber", {"result": 7}),
    "an estimate that is a word": ("eth_estimateGas", {"result": "plenty"}),
    "a call's answer that is no data": ("eth_call", {"result": 12}),
    "a balance of null": ("eth_getBalance", {"result": None}),
    "a history of fees that is a number": ("eth_feeHistory", {"result": 7}),
    "a refused count": ("eth_getTransactionCount", {"error": {"code": -32005, "message": "limit exceeded"}}),
}


@pytest.mark.parametrize(("method", "told"), GARBLED.values(), ids=GARBLED.keys())
async def test_a_senseless_answer_before_sending_fails_and_sends_nothing(
    trading: Trading, method: str, told: Answer
) -> None:
    trading.open_gap()
    async with (
        ChangingProxy(trading.node.url) as proxy,
        Executor(trading.settings(rpc_url=proxy.url)) as executor,
    ):
        assert (await executor.execute(explicit("opens", amount="1"))).status is Status.DECLINED
        proxy.change = tampered(method, lambda answer: {"jsonrpc": "2.0", "id": answer["id"], **told})
        failed = await executor.execute(explicit())
        assert failed.status is Status.FAILED, failed.reasons
        assert failed.reasons[0].code in ("node_error", "node_refused")
        assert trading.nonce() == 0
        proxy.change = None
        assert (await executor.execute(explicit())).status is Status.REALISED


async def test_a_node_that_falls_silent_after_the_send_leaves_it_pending(trading: Trading) -> None:
    trading.open_gap()
    settings = trading.settings(max_execution_time_seconds=2)
    async with ChangingProxy(trading.node.url) as proxy:
        settings["chains"]["ethereum"]["rpc_url"] = proxy.url
        proxy.change = tampered(
            "eth_getTransactionReceipt", lambda answer: {"jsonrpc": "2.0", "id": answer["id"], "result": 3}
        )
        async with Executor(settings) as executor:
            pending = await executor.execute(explicit())
            assert pending.status is Status.PENDING
            proxy.change = None
            assert (await executor.execute(explicit())).status is Status.REALISED
    assert trading.nonce() == 1


async def test_confirmations_are_waited_for(trading: Trading) -> None:
    trading.open_gap()
    async with Executor(trading.settings(confirmations=3)) as executor:
        task = asyncio.create_task(executor.execute(explicit()))
        for _ in range(300):
            if trading.nonce() == 1:
                break
            await asyncio.sleep(0.1)
        assert trading.nonce() == 1
        await asyncio.sleep(0.5)
        assert not task.done()
        trading.node.mine(2)
        assert (await task).status is Status.REALISED


async def test_a_journal_of_another_network_is_refused(trading: Trading) -> None:
    """Both are chain id 1 and hold the same chain; only the hash of a block tells them apart."""
    trading.open_gap()
    async with Executor(trading.settings()) as executor:
        assert (await executor.execute(explicit())).status is Status.REALISED
    with Node.load("ethereum") as other:
        settings = trading.settings(rpc_url=other.url)
        for part in trading.desk.parts.values():
            other.set_code(part, trading.node.code(part))
        async with Executor(settings) as executor:
            refused = await executor.execute(explicit("seen-2"))
    assert [reason.code for reason in refused.reasons] == ["journal_error"]
    assert "another network" in refused.reasons[0].message


async def test_a_second_executor_on_the_same_journal_is_told(trading: Trading) -> None:
    trading.open_gap()
    async with Executor(trading.settings()) as first, Executor(trading.settings()) as second:
        assert (await first.execute(explicit())).status is Status.REALISED
        refused = await second.execute(explicit("seen-2"))
    assert [reason.code for reason in refused.reasons] == ["journal_error"]
    assert "in use" in refused.reasons[0].message


async def test_a_node_that_is_not_there_fails_and_may_come_back(trading: Trading) -> None:
    trading.open_gap()
    settings = trading.settings(rpc_url="http://127.0.0.1:9", rpc_timeout_seconds=1)
    async with Executor(settings) as executor:
        failed = await executor.execute(explicit())
    assert failed.status is Status.FAILED
    assert [reason.code for reason in failed.reasons] == ["node_error"]
    async with Executor(trading.settings()) as executor:
        assert (await executor.execute(explicit())).status is Status.REALISED


def _status(trading: Trading, opportunity_id: str = "seen-1") -> Status | None:
    with record_of(trading) as record:
        stored = record.stored(opportunity_id)
    return None if stored is None else stored.execution.status


async def _until(true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it never came true")


async def _in_pool(node: Node) -> str:
    """The hash of the operator's transaction that waits in the node's pool, once there is one."""
    for _ in range(400):
        pending = node.rpc("txpool_content")["pending"]
        for address, by_nonce in pending.items():
            if address.lower() == OPERATOR.lower() and by_nonce:
                return str(next(iter(by_nonce.values()))["hash"])
        await asyncio.sleep(0.05)
    raise AssertionError("nothing came into the pool")


async def test_a_fault_of_our_own_ends_one_opportunity_and_not_the_process(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading.open_gap()

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("made for this test")

    async with Executor(trading.settings()) as executor:
        with monkeypatch.context() as patch:
            patch.setattr("executor.engine.same_chain.best_trade", broken)
            failed = await executor.execute(explicit())
        assert failed.status is Status.FAILED
        assert [reason.code for reason in failed.reasons] == ["internal_error"]
        assert (await executor.execute(explicit())).status is Status.REALISED


async def test_a_fault_of_our_own_after_the_send_is_pending(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading.open_gap()

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("made for this test")

    async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
        with monkeypatch.context() as patch:
            patch.setattr("executor.engine.follower.settled", broken)
            pending = await executor.execute(explicit())
        assert pending.status is Status.PENDING
        assert [reason.code for reason in pending.reasons] == ["internal_error", "outcome_unknown"]
        realised = await executor.execute(explicit())
    assert realised.status is Status.REALISED
    assert realised.transaction_hashes == pending.transaction_hashes
    assert trading.nonce() == 1
