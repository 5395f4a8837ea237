"""What was sent is followed, even while the journal cannot be written and after the settings have changed."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from executor.chain.network import Network
from executor.domain.execution import Execution, Status
from executor.domain.intent import AttemptState, IntentState
from executor.domain.market import BlockHead
from executor.engine import house as house_module
from executor.engine.errors import StaleNodeError
from executor.engine.executor import Executor
from executor.engine.market import STALE_SECONDS, check_fresh
from executor.journal.record import FILE_NAME, Database, Record
from tests.support.pairs import crossing, mine_in_time, on_demand, until, waiting
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.refusing_records import hide, show
from tests.support.trading import OPERATOR, Trading, asked_until_known, explicit

__all__ = ["on_demand"]


def record_file(trading: Trading) -> Path:
    return trading.folder / "journal" / FILE_NAME


def recorded(trading: Trading, name: str = "seen-1") -> tuple[Execution, list[IntentState]]:
    database = Database.open_reading(record_file(trading))
    record = Record(database, "ethereum", "executor-1")
    stored, intents = record.stored(name), record.intents_of(name)
    database.close()
    assert stored is not None
    return stored.execution, [intent.state for intent in intents]


async def settled(trading: Trading) -> tuple[Execution, list[IntentState]]:
    """The same once it is final: an executor goes on with what it finds while others are carried out."""
    for _ in range(100):
        execution, states = recorded(trading)
        if execution.status.is_final:
            break
        await asyncio.sleep(0.1)
    return execution, states


@pytest.mark.chaos
@pytest.mark.parametrize("refused", [False, True], ids=["taken", "refused"])
async def test_a_journal_that_cannot_be_written_after_the_send_is_pending_and_no_failure(
    trading: Trading, refused: bool
) -> None:
    """Another program locks the file between the record and the node's answer."""
    trading.open_gap()
    locks: list[sqlite3.Connection] = []

    def lock_then_pass(request: Request) -> Answer | None:
        if request["method"] != "eth_sendRawTransaction" or locks:
            return None
        locks.append(sqlite3.connect(record_file(trading), isolation_level=None))
        locks[0].execute("BEGIN IMMEDIATE")
        message = {"error": {"code": -32000, "message": "transaction underpriced"}}
        return message if refused else None

    settings = trading.settings(max_execution_time_seconds=3, lanes={"resend_seconds": 1})
    async with ChangingProxy(trading.node.url, withhold=lock_then_pass) as proxy:
        settings["chains"]["ethereum"]["rpc_url"] = proxy.url
        async with Executor(settings) as executor:
            pending = await executor.execute(explicit())
            assert pending.status is Status.PENDING, pending.reasons
            locks[0].close()
            realised = await asked_until_known(executor)
    assert realised.status is Status.REALISED, realised.reasons
    assert realised.transaction_hashes == pending.transaction_hashes
    assert trading.nonce() == 1
    assert recorded(trading)[1][0] in (IntentState.MINED, IntentState.FINAL)


@pytest.mark.parametrize("at", ["the send", "the answer", "the end of patience"])
async def test_while_the_record_is_away_nobody_hears_of_a_failure_of_what_is_out_or_will_be(
    on_demand: Trading, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who believed in it would hand the gap in under another id, and have it traded twice."""
    monkeypatch.setattr(house_module, "TAKE_OVER_SECONDS", 0.1)
    trading, hidden = on_demand, asyncio.Event()

    def hide_now() -> None:
        if not hidden.is_set():
            hidden.set()
            hide(trading, "attempts")

    def on_send(request: Request) -> None:
        if at == "the answer" and request["method"] == "eth_sendRawTransaction":
            hide_now()

    def on_stage(_: str, stage: str) -> None:
        if at == "the send" and stage == "sending":
            hide_now()

    async with ChangingProxy(trading.node.url, withhold=on_send) as proxy:
        settings = trading.settings(rpc_url=proxy.url, max_execution_time_seconds=2)
        async with Executor(settings, on_stage=on_stage) as executor:
            task = asyncio.create_task(executor.execute(crossing(0)))
            if at == "the end of patience":
                await until(lambda: waiting(trading.node, OPERATOR))
                hide_now()
            told = await task
            assert hidden.is_set()
            assert told.status is Status.PENDING, told.reasons
            assert [reason.code for reason in told.reasons] == ["journal_error"]
            again = await executor.execute(crossing(0))
            assert again.status is Status.PENDING, again.reasons
            show(trading, "attempts")
            await until(lambda: waiting(trading.node, OPERATOR))
            mine_in_time(trading.node)
            await until(lambda: recorded(trading, "pair-0")[0].status is Status.REALISED)
    assert trading.nonce() == 1


async def test_recovery_waits_for_as_many_blocks_as_a_run_does(trading: Trading) -> None:
    trading.open_gap()
    settings = trading.settings(max_execution_time_seconds=1, confirmations=3)
    async with Executor(settings) as executor:
        assert (await executor.execute(explicit())).status is Status.PENDING
    assert trading.nonce() == 1
    async with Executor(settings) as executor:
        await executor.execute(explicit("opens", amount="1"))
    execution, states = recorded(trading)
    assert (execution.status, states) == (Status.PENDING, [IntentState.MINED])
    trading.node.mine(2)
    async with Executor(settings) as executor:
        await executor.execute(explicit("opens", amount="1"))
        execution, states = await settled(trading)
    assert execution.status is Status.REALISED
    assert states[0] in (IntentState.MINED, IntentState.FINAL)


async def test_a_refusal_that_a_kill_left_without_its_outcome_has_a_reason(trading: Trading) -> None:
    trading.open_gap()
    trading.node.rpc("evm_setAutomine", False)
    async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
        pending = await executor.execute(explicit())
    trading.node.rpc("anvil_dropAllTransactions")
    trading.node.rpc("evm_setAutomine", True)
    database = Database.open(record_file(trading))
    record = Record(database, "ethereum", "executor-1")
    (intent,) = record.intents_of("seen-1")
    record.reoffer(intent.intent_id, pending.transaction_hashes[0])
    record.mark_attempt(pending.transaction_hashes[0], AttemptState.REFUSED)
    record.mark_intent(intent.intent_id, IntentState.DROPPED)
    database.close()
    async with Executor(trading.settings()) as executor:
        failed = await executor.execute(explicit())
    assert failed.status is Status.FAILED
    assert [reason.code for reason in failed.reasons] == ["transaction_refused"]
    assert trading.nonce() == 0


def test_a_slow_clock_is_told_from_a_fresh_node() -> None:
    """By a clock that is behind, an old block of a stopped node would look new."""
    block = BlockHead(1, "0x" + "11" * 32, "0x" + "22" * 32, int(time.time()), 1, 1, 30_000_000)
    real, local = Network(1, False, "Geth"), Network(1, True, "anvil")
    check_fresh(block, real)
    ahead = replace(block, timestamp=block.timestamp + STALE_SECONDS + 10)
    with pytest.raises(StaleNodeError, match="set the clock"):
        check_fresh(ahead, real)
    check_fresh(ahead, local)
