"""A stop that works now: nothing is signed or sent after it, what is out is cancelled, and nothing is lost
by it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from devnet import Node
from executor.domain.execution import Status
from executor.domain.intent import AttemptKind, IntentState
from executor.engine.executor import Executor
from executor.journal.books import Books
from executor.journal.flags import lift_stop, set_stop
from executor.journal.record import FILE_NAME, Database
from tests.support.pairs import crossing, mine_in_time, on_demand, open_gaps, record_of, until, waiting
from tests.support.trading import OPERATOR, Trading, receipt_of

__all__ = ["on_demand"]


def set_flag(trading: Trading, chain: str | None = None) -> None:
    """As another process does it."""
    database = Database.open_beside(record_file(trading))
    set_stop(database, chain, "for a test")
    database.close()


def lift_flag(trading: Trading, chain: str | None = None) -> None:
    database = Database.open_beside(record_file(trading))
    lift_stop(database, chain)
    database.close()


def record_file(trading: Trading) -> Path:
    return trading.folder / "journal" / FILE_NAME


def is_cancel(node: Node, transaction_hash: str) -> bool:
    sent = node.rpc("eth_getTransactionByHash", transaction_hash)
    return sent is not None and sent["to"].lower() == sent["from"].lower() and sent["input"] == "0x"


def cancels(node: Node) -> int:
    """Transfers to oneself that wait in the pool; what was replaced while we looked is none."""
    return sum(is_cancel(node, one) for one in waiting(node, OPERATOR).values())


async def test_a_flag_that_another_process_sets_cancels_what_is_out(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    before = trading.balance()
    async with Executor(trading.settings()) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await until(lambda: waiting(node, OPERATOR))
        ours = waiting(node, OPERATOR)[0]
        set_flag(trading)
        await until(lambda: waiting(node, OPERATOR).get(0, ours) != ours)
        cancel = waiting(node, OPERATOR)[0]
        assert is_cancel(node, cancel)
        refused = await executor.execute(crossing(1))
        assert refused.status is Status.DECLINED
        assert [reason.code for reason in refused.reasons] == ["stopped"]
        assert waiting(node, OPERATOR) == {0: cancel}
        mine_in_time(node)
        cancelled = await task
    assert cancelled.status is Status.CANCELLED
    assert cancelled.transaction_hashes[-1] == cancel
    receipt = receipt_of(node, cancel)
    paid = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert cancelled.gas_cost_wei == paid
    assert (cancelled.realised_profit, cancelled.realised_net_profit) == (0, -paid)
    assert trading.balance() == before
    assert trading.nonce() == 1
    with record_of(trading) as record:
        (intent,) = record.intents_of("pair-0")
        booked = Books(record.database).standing(intent.intent_id)
    assert [each.kind for each in intent.attempts] == [AttemptKind.CALL, AttemptKind.CANCEL]
    assert intent.winner == cancel
    assert booked is not None
    assert sum(entry.amount for entry in booked.entries) == -paid


async def test_while_it_stands_nothing_is_signed_and_afterwards_the_same_id_goes_through(
    trading: Trading,
) -> None:
    open_gaps(trading, 1)
    async with Executor(trading.settings()) as executor:
        await executor.execute(crossing(1))
        set_flag(trading)
        refused = await executor.execute(crossing(0))
        assert [reason.code for reason in refused.reasons] == ["stopped"]
        with record_of(trading) as record:
            assert record.intents_of("pair-0") == ()
        lift_flag(trading)
        realised = await executor.execute(crossing(0))
    assert realised.status is Status.REALISED
    assert trading.nonce() == 1


async def test_what_a_stop_has_cancelled_is_not_tried_again(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    async with Executor(trading.settings()) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await until(lambda: waiting(node, OPERATOR))
        set_flag(trading)
        await until(lambda: cancels(node) == 1)
        mine_in_time(node)
        cancelled = await task
        lift_flag(trading)
        assert (await executor.execute(crossing(0))).as_dict() == cancelled.as_dict()
    assert trading.nonce() == 1


async def test_the_flag_of_one_chain_leaves_the_others_alone(trading: Trading) -> None:
    open_gaps(trading, 3)
    async with Executor(trading.settings()) as executor:
        assert (await executor.execute(crossing(0))).status is Status.REALISED
        set_flag(trading, "base")
        assert (await executor.execute(crossing(1))).status is Status.REALISED
        set_flag(trading, "ethereum")
        refused = await executor.execute(crossing(2))
    assert [reason.code for reason in refused.reasons] == ["stopped"]


async def test_a_trade_that_was_mined_before_its_cancel_counts_as_what_it_is(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    async with Executor(trading.settings()) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await until(lambda: waiting(node, OPERATOR))
        mine_in_time(node)
        set_flag(trading)
        assert (await task).status is Status.REALISED
    assert trading.nonce() == 1


async def test_a_stop_outlives_the_process(on_demand: Trading) -> None:
    """Set while nobody runs: the next executor cancels what the last one left, and sends nothing."""
    trading, node = on_demand, on_demand.node
    async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
        assert (await executor.execute(crossing(0))).status is Status.PENDING
    set_flag(trading)
    async with Executor(trading.settings()) as executor:
        refused = await executor.execute(crossing(1))
        assert [reason.code for reason in refused.reasons] == ["stopped"]
        await until(lambda: cancels(node) == 1)
        mine_in_time(node)
        cancelled = await executor.execute(crossing(0))
    assert cancelled.status is Status.CANCELLED
    with record_of(trading) as record:
        assert [intent.state for intent in record.intents_of("pair-0")] == [IntentState.FINAL]


async def test_three_cancelled_by_a_stop_open_no_breaker(on_demand: Trading) -> None:
    """The user's stop is no loss of the strategy's: after the resume it trades at once."""
    trading, node = on_demand, on_demand.node
    async with Executor(trading.settings()) as executor:
        tasks = [asyncio.create_task(executor.execute(crossing(number))) for number in range(3)]
        await until(lambda: len(waiting(node, OPERATOR)) == 3)
        set_flag(trading)
        await until(lambda: cancels(node) == 3)
        mine_in_time(node)
        assert {(await task).status for task in tasks} == {Status.CANCELLED}
        lift_flag(trading)
        node.rpc("evm_setAutomine", True)
        realised = await executor.execute(crossing(3))
    assert realised.status is Status.REALISED, realised.reasons
