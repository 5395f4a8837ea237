"""An accepted opportunity is followed to its end whatever else ends: its durable work, its task, another
chain's node, a look of the tracker."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from executor.config.settings import Settings
from executor.domain.errors import JournalError, NodeError
from executor.domain.execution import Status
from executor.domain.intent import IntentState
from executor.engine import executor as executor_module
from executor.engine import house as house_module
from executor.engine import watching as watching_module
from executor.engine.durable.port import FencedError, Json, Steps
from executor.engine.executor import Executor
from executor.engine.house import House
from executor.engine.trying import Tries
from executor.engine.works import Works
from executor.journal.record import FILE_NAME
from executor.submission import settling
from executor.submission.tracker import Tracker
from tests.support.pairs import mine_in_time, record_of, until
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.records import ANCHOR, opportunity
from tests.support.refusing_records import refuse
from tests.support.trading import Trading, explicit

TWO_CHAINS = ("ethereum", "base")


def works_of(executor: Executor) -> Works:
    works = executor._chains["ethereum"]
    assert isinstance(works, Works)
    return works


def status_of(trading: Trading) -> Status | None:
    with record_of(trading) as record:
        stored = record.stored("seen-1")
    return stored.execution.status if stored else None


async def test_a_durable_work_belongs_to_its_chain_so_that_another_chain_may_have_the_same_id(
    trading: Trading,
) -> None:
    """Else the second chain's opportunity is taken for the first one's, and nobody follows it."""
    trading.open_gap()
    async with Executor(trading.settings()) as executor:
        assert (await executor.execute(explicit())).status is Status.REALISED
    with sqlite3.connect(trading.folder / "journal" / FILE_NAME) as connection:
        ids = connection.execute("SELECT workflow_uuid FROM workflow_status").fetchall()
    assert ids == [("ethereum/seen-1",)]


async def test_what_its_durable_work_leaves_alone_is_followed_all_the_same(
    trading: Trading, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the engine cancels it, which no handler of errors sees."""
    monkeypatch.setattr(house_module, "TAKE_OVER_SECONDS", 0.1)
    cancelled: list[str] = []

    async def carry(self: Works, steps: Steps, opportunity_id: str) -> Json:
        cancelled.append(opportunity_id)
        raise asyncio.CancelledError

    monkeypatch.setattr(Works, "carry", carry)
    trading.open_gap()
    async with Executor(trading.settings()) as executor:
        assert (await executor.execute(explicit())).status is Status.REALISED
    assert cancelled == ["seen-1"]
    assert sum("followed_again" in line for line in caplog.messages) == 1


async def test_a_fault_within_a_durable_work_does_not_end_it(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the engine's own database has no room for what a step has brought."""
    monkeypatch.setattr(executor_module, "PAUSE_SECONDS", 0.1)
    carry, faults = Works.carry, [OSError("no space left on device"), sqlite3.OperationalError("disk full")]

    async def carry_out(self: Works, steps: Steps, opportunity_id: str) -> Json:
        if faults:
            raise faults.pop()
        return await carry(self, steps, opportunity_id)

    monkeypatch.setattr(Works, "carry", carry_out)
    trading.open_gap()
    async with Executor(trading.settings()) as executor:
        assert (await executor.execute(explicit())).status is Status.REALISED
    assert faults == []


async def test_what_is_taken_up_again_is_followed_also_where_its_work_runs_in_another_process(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine hands works of the dead to any living process, not only to the one that took over."""
    trading.open_gap()
    trading.node.rpc("evm_setAutomine", False)
    async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
        assert (await executor.execute(explicit())).status is Status.PENDING
    mine_in_time(trading.node)
    trading.node.rpc("evm_setAutomine", True)

    async def elsewhere(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Executor, "_work", elsewhere)
    async with Executor(trading.settings()) as executor:
        await executor.look_after("ethereum")
        await until(lambda: status_of(trading) is Status.REALISED)
    assert trading.nonce() == 1


@pytest.mark.parametrize("books", ["kept", "refused"])
async def test_what_looked_superseded_and_was_mined_all_the_same_is_realised(
    trading: Trading, books: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that hides a transaction while it counts it, and tells of it when the work has ended. That the
    books cannot be kept does not hide it.
    """
    monkeypatch.setattr(settling, "TELL_SECONDS", 0.3)
    monkeypatch.setattr(settling, "RETELL_SECONDS", 0.1)
    if books == "refused":
        refuse(trading, "bookings")
    hidden = {"eth_getTransactionReceipt", "eth_getTransactionByHash"}

    def hide(request: Request, answer: Answer) -> Answer:
        if request["method"] in hidden:
            return {"jsonrpc": "2.0", "id": answer["id"], "result": None}
        return answer

    trading.open_gap()
    lanes = {"settle_blocks": 1, "finality_blocks": 40}
    async with (
        ChangingProxy(trading.node.url, hide) as proxy,
        Executor(trading.settings(rpc_url=proxy.url, lanes=lanes)) as executor,
    ):
        task = asyncio.create_task(executor.execute(explicit()))
        while not task.done():
            await asyncio.sleep(0.2)
            if trading.nonce():
                mine_in_time(trading.node)
        failed = await task
        assert failed.status is Status.FAILED
        assert [reason.code for reason in failed.reasons] == ["superseded"]
        works = works_of(executor)
        (intent,) = works.desk.record.intents_of("seen-1")
        # Told once more, as where the books could not be written the first time: it has ended all the same.
        await works.follower.changed(intent, None)
        assert status_of(trading) is Status.FAILED
        proxy.change = None
        await until(lambda: status_of(trading) is Status.REALISED)
        again = await executor.execute(explicit())
    assert again.realised_profit == again.expected_profit
    assert again.reasons == ()
    assert ("booking" in again.details) == (books == "refused")
    assert trading.nonce() == 1


@asynccontextmanager
async def housed(folder: Path, left: Any) -> AsyncIterator[House]:
    """A house with an accepted opportunity on each of two chains."""
    chains = {name: {"rpc_url": "http://127.0.0.1:1"} for name in TWO_CHAINS}
    settings = Settings.from_mapping({"journal": str(folder), "chains": chains})

    async def work(steps: Steps, work_id: str, order: Json) -> Json:
        raise AssertionError("no work is made here")

    house = House(settings, work, left)
    try:
        for name in TWO_CHAINS:
            record = (await house.means(name, None)).record
            record.tie(ANCHOR if name == "ethereum" else type(ANCHOR)(8453, 1, "0x" + "cd" * 32, False))
            record.accept(opportunity(chain=name), slots=4)
        yield house
    finally:
        await house.close()


async def test_a_chain_whose_node_is_down_keeps_no_other_chain_from_going_on_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house_module, "TAKE_OVER_SECONDS", 0.05)
    asked: list[str] = []

    async def left(name: str) -> None:
        asked.append(name)
        if name == "ethereum":
            raise NodeError("nobody answers.", fix="check it")
        raise RuntimeError("a fault")

    async with housed(tmp_path, left):
        await until(lambda: asked.count("base") > 1 and asked.count("ethereum") > 1)


async def test_a_fence_that_cannot_be_read_is_trouble_with_the_record_and_ends_no_watch(
    tmp_path: Path,
) -> None:
    async def left(name: str) -> None:
        pass

    async with housed(tmp_path, left) as house:
        fence = (await house.means("base", None)).fence
        await fence()
        assert house._database is not None
        with house._database.writing() as connection:
            connection.execute(text("ALTER TABLE executor_slots RENAME TO elsewhere"))
        with pytest.raises(JournalError, match="cannot be used"):
            await fence()
        with house._database.writing() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO executor_slots"))
        await fence()


async def test_a_loss_that_was_told_is_not_tried_again_when_its_block_is_final(trading: Trading) -> None:
    """Where finality is far the loss is the result, and a result stays."""
    trading.open_gap()
    trading.node.rpc("evm_setAutomine", False)
    lanes = {"bump_blocks": 99, "finality_blocks": 8}
    async with Executor(trading.settings(lanes=lanes, max_execution_time_seconds=300)) as executor:
        task = asyncio.create_task(executor.execute(explicit(funding="inventory")))
        await until(lambda: trading.node.rpc("txpool_status")["pending"] == "0x1")
        with record_of(trading) as record:
            (intent,) = record.intents_of("seen-1")
        raw = intent.attempts[0].attempt.raw
        trading.node.rpc("anvil_dropAllTransactions")
        trading.node.rpc("evm_setAutomine", True)
        trading.open_gap("sushi_v2 USDC/WETH", "USDC", 500_000 * 10**6)
        trading.node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        assert (await task).status is Status.REVERTED
        trading.open_gap(amount=400 * 10**18)
        trading.node.rpc("anvil_mine", "0x8", "0x1")
        await until(lambda: _is_final(trading))
        await asyncio.sleep(2.5)
        assert status_of(trading) is Status.REVERTED
    assert trading.nonce() == 1


async def test_a_watch_that_a_fault_has_ended_begins_anew(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching_module, "AGAIN_SECONDS", 0.05)
    run, faults = Tracker.run, [RuntimeError("a fault"), FencedError("taken over.", fix="end")]

    async def run_after_faults(self: Tracker) -> None:
        if faults:
            raise faults.pop()
        await run(self)

    monkeypatch.setattr(Tracker, "run", run_after_faults)
    async with Executor(trading.settings()) as executor:
        assert (await executor.execute(explicit("opens", amount="1"))).status is Status.DECLINED
        await until(lambda: works_of(executor).follower.tracker._running)
    assert faults == []


async def test_what_is_mended_under_its_old_id_is_what_goes_on_after_a_crash(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading.open_gap()
    wrong = explicit()
    wrong["legs"][1]["pool"] = "0x" + "11" * 20
    async with Executor(trading.settings()) as executor:
        refused = await executor.execute(wrong)
        assert refused.status is Status.REJECTED, refused.reasons
        never = asyncio.Event()
        monkeypatch.setattr(Tries, "until_sent", lambda *_: never.wait())
        mended = asyncio.create_task(executor.execute(explicit()))
        await until(lambda: status_of(trading) is Status.ACCEPTED)
    assert (await mended).status is Status.ACCEPTED, "closing leaves it as it is recorded"
    monkeypatch.undo()
    async with Executor(trading.settings()) as executor:
        await executor.look_after("ethereum")
        await until(lambda: status_of(trading) is Status.REALISED)


def rewrite(trading: Trading, name: str, assignment: str) -> None:
    """As a newer version may have written it."""
    with closing(sqlite3.connect(trading.folder / "journal" / FILE_NAME)) as connection, connection:
        statement = f"UPDATE executions SET {assignment} WHERE opportunity_id = ?"  # noqa: S608 - our own
        assert connection.execute(statement, (name,)).rowcount == 1


NEWER = "opportunity = json_set(opportunity, '$.newer', 1)"


async def test_what_cannot_be_read_keeps_nothing_else_from_going_on(
    trading: Trading, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(house_module, "TAKE_OVER_SECONDS", 0.1)
    trading.open_gap()
    with monkeypatch.context() as patch:
        never = asyncio.Event()
        patch.setattr(Tries, "until_sent", lambda *_: never.wait())
        async with Executor(trading.settings()) as executor:
            left = [asyncio.create_task(executor.execute(explicit(f"seen-{n}"))) for n in (2, 3, 1)]
            await until(lambda: status_of(trading) is Status.ACCEPTED)
    await asyncio.gather(*left)
    rewrite(trading, "seen-2", NEWER)
    rewrite(trading, "seen-3", "result = '?'")
    async with Executor(trading.settings()) as executor:
        await executor.look_after("ethereum")
        await until(lambda: status_of(trading) is Status.REALISED)
        told = await executor.execute(explicit("seen-2"))
    assert (told.status, [reason.code for reason in told.reasons]) == (Status.PENDING, ["journal_error"])
    for name in ("seen-2", "seen-3"):
        lines = [line for line in caplog.messages if "not_gone_on_with" in line and name in line]
        assert len(lines) == 1, "it is said once"


async def test_what_is_out_is_followed_to_its_end_though_what_was_asked_cannot_be_read(
    trading: Trading,
) -> None:
    trading.open_gap()
    trading.node.rpc("evm_setAutomine", False)
    async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
        assert (await executor.execute(explicit())).status is Status.PENDING
    rewrite(trading, "seen-1", NEWER)
    mine_in_time(trading.node)
    trading.node.rpc("evm_setAutomine", True)
    async with Executor(trading.settings()) as executor:
        await executor.look_after("ethereum")
        await until(lambda: status_of(trading) is Status.REALISED, 10)


async def test_closing_opens_no_chain_again_and_finds_no_fault(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house_module, "TAKE_OVER_SECONDS", 0.01)
    trading.open_gap()
    trading.node.rpc("evm_setAutomine", False)
    closed = 0
    close = Works.close

    async def close_slowly(self: Works) -> None:
        nonlocal closed
        closed += 1
        await close(self)
        await asyncio.sleep(0.5)

    monkeypatch.setattr(Works, "close", close_slowly)
    async with Executor(trading.settings(max_execution_time_seconds=1)) as executor:
        assert (await executor.execute(explicit())).status is Status.PENDING
    assert closed == 1
    assert executor._chains == {}
    trading.node.rpc("anvil_dropAllTransactions")
    trading.node.rpc("evm_setAutomine", True)
    with record_of(trading) as record:
        stored = record.stored("seen-1")
    assert stored is not None
    assert (stored.execution.status, stored.execution.reasons) == (Status.PENDING, ())


def _is_final(trading: Trading) -> bool:
    with record_of(trading) as record:
        return record.intents_of("seen-1")[0].state is IntentState.FINAL
