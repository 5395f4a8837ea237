"""From sent to sure: what the tracker makes of an ordinary life, of restarts, and of what is not there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devnet import ETHER, Node
from executor.chain.rpc import Rpc
from executor.domain.attempt import Receipt
from executor.domain.errors import JournalError, NodeError, UnknownOutcomeError
from executor.domain.intent import AttemptState, Intent, IntentState, Purpose
from executor.journal.flags import set_stop
from executor.submission.errors import TransactionRefusedError
from executor.submission.settling import RETELL_SECONDS, TELL_SECONDS
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.support.lanes import PACE, RECEIVER, Desk, TurnedClock, desk
from tests.support.proxy import ChangingProxy

WALLET = DEVELOPMENT_ADDRESSES[3]
LIVE, MINED, FINAL = IntentState.LIVE, IntentState.MINED, IntentState.FINAL


async def test_what_is_mined_is_recorded_and_told_and_final_in_the_end(at: Desk) -> None:
    intent = await at.send()
    await at.mine()
    mined = at.again(intent)
    receipt = at.receipt(intent)
    assert (mined.state, mined.winner) == (MINED, receipt["transactionHash"])
    assert mined.block is not None
    assert mined.block.hash == receipt["blockHash"]
    await at.mine(PACE.finality_blocks - 2)
    assert at.state(intent) is MINED
    await at.mine()
    assert at.state(intent) is FINAL
    assert at.changes == [(MINED, receipt["blockHash"]), (FINAL, receipt["blockHash"])]


async def test_a_fate_is_told_with_the_receipt_of_what_was_mined(clean: Node, tmp_path: Path) -> None:
    """Invariant 4."""
    async with desk(clean, tmp_path, confirmations=3, mines=True) as opened:
        intent = await opened.send()
        fate = await opened.tracker.fate(intent.intent_id, 60)
        assert fate.receipt is not None
        assert fate.receipt.success
        assert clean.block_number - fate.receipt.block_number + 1 >= 3
        assert fate.receipt.gas_cost == fate.receipt.gas_used * fate.receipt.effective_gas_price


async def test_a_fate_can_be_asked_for_after_the_end(clean: Node, tmp_path: Path) -> None:
    async with desk(clean, tmp_path) as opened:
        intent = await opened.send()
        await opened.mine(PACE.finality_blocks)
    async with desk(clean, tmp_path) as later:
        fate = await later.tracker.fate(intent.intent_id, 0)
        assert fate.intent.state is FINAL
        assert fate.receipt is not None


async def test_when_time_is_over_the_outcome_is_unknown_and_the_nonce_taken(at: Desk) -> None:
    """Invariant 8."""
    intent = await at.send()
    with pytest.raises(UnknownOutcomeError, match="its fate is open"):
        await at.tracker.fate(intent.intent_id, 3)
    assert at.state(intent) is LIVE
    assert (await at.send()).nonce == intent.nonce + 1


async def test_when_time_is_over_one_last_look_finds_success(at: Desk) -> None:
    intent = await at.send()
    at.node.mine(1)
    assert (await at.tracker.fate(intent.intent_id, 0)).intent.state is MINED


async def test_a_look_is_one_batch(clean: Node, tmp_path: Path) -> None:
    posts: list[list[str]] = []

    class Counting(Rpc):
        async def batch(self, calls: Any) -> list[object]:
            posts.append([method for method, _ in calls])
            return await super().batch(calls)

    async with desk(clean, tmp_path, rpc=Counting(clean.url)) as opened:
        await asyncio.gather(*(opened.send() for _ in range(16)))
        for _ in range(3):
            posts.clear()
            await opened.mine()
            assert len(posts) == 1
        assert posts == [["eth_getBlockByNumber", "eth_getTransactionCount", "eth_getBlockByNumber"]]


async def test_with_nothing_open_no_node_is_asked(at: Desk) -> None:
    await at.rpc.close()
    await at.tracker.look()


async def test_what_a_crash_kept_from_leaving_leaves_after_the_restart(clean: Node, tmp_path: Path) -> None:
    """Invariant 3: recorded, killed, started again."""

    async def killed() -> None:
        if len(opened.record.open_intents()) == 1:
            raise KeyboardInterrupt

    async with desk(clean, tmp_path, fence=killed) as opened:
        with pytest.raises(KeyboardInterrupt):
            await opened.send()
    async with desk(clean, tmp_path) as again:
        (intent,) = again.record.open_intents()
        await again.tracker.look()
        await again.mine()
        assert again.state(intent) is MINED
    assert int(clean.rpc("eth_getTransactionCount", WALLET, "latest"), 16) == 1


async def test_a_restart_tells_how_each_open_one_stands(clean: Node, tmp_path: Path) -> None:
    """The books may have missed it; they are told at least once."""
    async with desk(clean, tmp_path) as opened:
        mined = await opened.send()
        await opened.mine()
        await opened.send()
    async with desk(clean, tmp_path) as again:
        await again.tracker.look()
        assert sorted(state for state, _ in again.changes) == [LIVE, MINED]
        assert (MINED, again.receipt(mined)["blockHash"]) in again.changes
        again.changes.clear()
        await again.tracker.look()
        assert again.changes == []


async def test_who_could_not_be_told_is_told_at_the_next_look(at: Desk) -> None:
    heard: list[IntentState] = []

    async def on_change(intent: Intent, receipt: Receipt | None) -> None:
        if not heard:
            heard.append(LIVE)
            raise ArithmeticError("the books do not add up")
        heard.append(intent.state)

    at.tracker._settling._on_change = on_change
    intent = await at.send()
    await at.mine()
    assert at.state(intent) is MINED
    await at.tracker.look()
    assert heard == [LIVE, MINED]


async def test_what_the_books_never_take_is_told_in_the_end_and_they_are_told_on(at: Desk) -> None:
    closed = True

    async def on_change(intent: Intent, receipt: Receipt | None) -> None:
        if closed:
            raise ArithmeticError("the books do not add up")

    at.tracker._settling._on_change = on_change
    intent = await at.send()
    for _ in range(PACE.finality_blocks + 2):
        await at.mine()
    with pytest.raises(UnknownOutcomeError):
        await at.tracker.fate(intent.intent_id, 0)
    at.clock.turn(TELL_SECONDS)
    fate = await at.tracker.fate(intent.intent_id, 0)
    assert (fate.intent.state, fate.booked) == (MINED, False)
    closed = False
    await at.mine()
    assert at.state(intent) is MINED, "after so many tries there is a pause before each"
    at.clock.turn(RETELL_SECONDS)
    await at.mine()
    assert at.state(intent) is FINAL
    assert (await at.tracker.fate(intent.intent_id, 0)).booked


async def test_a_fate_waits_until_the_books_know_it(at: Desk) -> None:
    async def on_change(intent: Intent, receipt: Receipt | None) -> None:
        raise ArithmeticError("the books do not add up")

    at.tracker._settling._on_change = on_change
    intent = await at.send()
    await at.mine()
    with pytest.raises(UnknownOutcomeError):
        await at.tracker.fate(intent.intent_id, 0)


async def test_what_the_pool_dropped_goes_out_again_once_a_block(at: Desk) -> None:
    intent = await at.send()
    at.drop(intent)
    at.node.mine(1)
    await at.tracker.look()
    assert at.node.rpc("txpool_status")["pending"] == "0x1"
    at.drop(intent)
    await at.tracker.look()
    assert at.node.rpc("txpool_status")["pending"] == "0x0"


async def test_what_stays_silent_goes_out_again(clean: Node, tmp_path: Path) -> None:
    async with ChangingProxy(clean.url) as proxy, desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened:
        await opened.send()
        sends = proxy.methods.count
        opened.clock.turn(PACE.resend_seconds)
        await opened.tracker.look()
        assert sends("eth_sendRawTransaction") == 2
        await opened.tracker.look()
        assert sends("eth_sendRawTransaction") == 2


async def test_a_gap_is_filled_when_it_has_been_there_for_a_block(at: Desk) -> None:
    """Invariant 1: below the highest sent, every nonce is mined, live or filled."""
    first, second = await at.send(), await at.send()
    at.drop(first)
    at.record.reoffer(first.intent_id, first.attempts[0].attempt.hash)
    at.record.mark_attempt(first.attempts[0].attempt.hash, AttemptState.REFUSED)
    at.record.mark_intent(first.intent_id, IntentState.DROPPED)
    await at.tracker.look()
    assert len(at.record.open_intents()) == 1
    await at.mine()
    fill, _ = at.record.open_intents()
    assert (fill.purpose, fill.nonce) == (Purpose.FILL, 0)
    await at.mine()
    assert (at.state(fill), at.state(second)) == (MINED, MINED)


async def test_a_gap_that_the_next_send_closes_is_not_filled(at: Desk) -> None:
    first, _ = await at.send(), await at.send()
    at.drop(first)
    at.record.reoffer(first.intent_id, first.attempts[0].attempt.hash)
    at.record.mark_attempt(first.attempts[0].attempt.hash, AttemptState.REFUSED)
    at.record.mark_intent(first.intent_id, IntentState.DROPPED)
    await at.tracker.look()
    assert (await at.send()).nonce == 0
    await at.mine(2)
    assert {intent.purpose for intent in at.record.open_intents()} == {Purpose.TRADE}


async def test_what_was_refused_and_mined_all_the_same_counts(clean: Node, tmp_path: Path) -> None:
    """A node that says no and passes it on: late success, invariant 4."""
    lies = {"eth_getTransactionByHash": None}

    def lied(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if request["method"] == "eth_sendRawTransaction" and lies:
            return {**answer, "result": None, "error": {"code": -32000, "message": "insufficient funds"}}
        return {**answer, "result": None} if request["method"] in lies else answer

    async with ChangingProxy(clean.url, lied) as proxy, desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened:
        with pytest.raises(TransactionRefusedError) as refused:
            await opened.send()
        hash_ = str(refused.value.facts["hash"])
        lies.clear()
        await opened.mine()
        found = opened.record.intent_of(hash_)
        assert found is not None
        assert found.state is MINED
        assert opened.changes[-1][0] is MINED


@pytest.mark.parametrize("mined_while_nobody_looked", [False, True])
async def test_what_was_refused_and_mined_after_a_restart_counts(
    clean: Node, tmp_path: Path, mined_while_nobody_looked: bool
) -> None:
    """Late success is looked for by the record, not by memory, invariant 4."""
    async with desk(clean, tmp_path) as before:
        found = await _refused(before)
    clean.set_balance(WALLET, ETHER)
    if mined_while_nobody_looked:
        _passed_on(clean, found)
    async with desk(clean, tmp_path) as after:
        await after.tracker.look()
        if not mined_while_nobody_looked:
            assert after.state(found) is IntentState.DROPPED
            _passed_on(clean, found)
            await after.tracker.look()
        assert after.state(found) is MINED
        assert after.changes[-1][0] is MINED


async def test_what_was_refused_is_looked_for_no_longer_than_a_reorganisation_may_reach(
    clean: Node, tmp_path: Path
) -> None:
    async with desk(clean, tmp_path) as before:
        await _refused(before)
    async with ChangingProxy(clean.url) as proxy, desk(clean, tmp_path, rpc=Rpc(proxy.url)) as after:
        for _ in range(PACE.finality_blocks + 1):
            await after.mine()
        assert "eth_getTransactionReceipt" in proxy.methods
        proxy.methods.clear()
        await after.mine()
        assert proxy.methods == []


async def test_who_takes_over_looks_for_late_successes_too(clean: Node, tmp_path: Path) -> None:
    """Invariant 4: the one that would have looked is dead."""
    async with desk(clean, tmp_path) as dead:
        found = await _refused(dead)
        clean.set_balance(WALLET, ETHER)
        async with desk(clean, tmp_path, database=dead.record.database, executor_id="heir") as heir:
            await heir.tracker.look()
            _passed_on(clean, found)
            await heir.tracker.look()
            assert heir.state(found) is IntentState.DROPPED, "another's is left to that one"
            assert heir.record.adopt("desk") == 0
            await heir.tracker.look()
            assert heir.state(found) is MINED


async def _refused(opened: Desk) -> Intent:
    """An intent that the node refuses, since the wallet has no money."""
    opened.node.set_balance(WALLET, 1)
    with pytest.raises(TransactionRefusedError) as refused:
        await opened.send()
    found = opened.record.intent_of(str(refused.value.facts["hash"]))
    assert found is not None
    return found


def _passed_on(node: Node, intent: Intent) -> None:
    """What one node refused is mined all the same."""
    node.rpc("eth_sendRawTransaction", "0x" + intent.attempts[0].attempt.raw.hex())
    node.mine(1)


async def test_the_same_bytes_sent_again_after_a_refusal_are_the_later_ones(at: Desk) -> None:
    """A wallet without money, then with it: the same bytes under two intents, mined once."""
    at.node.set_balance(WALLET, 1)
    with pytest.raises(TransactionRefusedError) as refused:
        await at.send()
    at.node.set_balance(WALLET, ETHER)
    again = await at.send()
    assert again.attempts[0].attempt.hash == refused.value.facts["hash"]
    await at.mine(2)
    assert at.state(again) is MINED
    assert at.state(replace(again, intent_id=again.intent_id - 1)) is IntentState.DROPPED


async def test_a_head_that_stands_still_is_said_once_a_while(
    clean: Node, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(clean, tmp_path) as opened:
        intent = await opened.send()
        with caplog.at_level(logging.WARNING, "executor.submission"):
            for _ in range(40):
                await opened.tracker.look()
                opened.clock.turn(10)
        assert opened.state(intent) is LIVE
        assert len(opened.again(intent).attempts) == 1
    said = [record.message for record in caplog.records if "no_new_block" in record.message]
    assert len(said) == 3


async def test_a_silent_node_changes_nothing(clean: Node, tmp_path: Path) -> None:
    """Invariant 8."""
    async with ChangingProxy(clean.url) as proxy, desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened:
        intent = await opened.send()
        proxy.withhold = lambda request: {"error": {"code": -32603, "message": "internal error"}}
        for _ in range(30):
            opened.clock.turn(10)
            with suppress(NodeError):
                await opened.tracker.look()
        assert opened.state(intent) is LIVE
        assert opened.changes == []
        proxy.withhold = None
        await opened.mine()
        assert opened.state(intent) is MINED


async def test_it_looks_at_each_announced_block_and_polls_when_nobody_announces(
    clean: Node, tmp_path: Path
) -> None:
    announced = asyncio.Queue[int | None]()

    async def heads() -> AsyncIterator[int]:
        while (head := await announced.get()) is not None:
            yield head
        raise NodeError("The connection is lost.", fix="it is polled meanwhile")

    class Frozen(TurnedClock):
        thaw = asyncio.Event()

        async def sleep(self, seconds: float) -> None:
            await self.thaw.wait()

    async with desk(clean, tmp_path) as opened:
        opened.tracker._new_heads, opened.tracker._clock = heads, Frozen()
        first, second = await opened.send(), await opened.send()
        running = asyncio.create_task(opened.tracker.run())
        await asyncio.sleep(0)
        clean.mine(1)
        announced.put_nowait(1)
        assert (await opened.tracker.fate(first.intent_id)).intent.state is MINED
        announced.put_nowait(None)
        Frozen.thaw.set()
        assert (await opened.tracker.fate(second.intent_id)).intent.state is MINED
        third = await opened.send()
        clean.mine(1)
        assert (await opened.tracker.fate(third.intent_id)).intent.state is MINED
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_on_its_way_out_it_looks_for_success_once_more(clean: Node, tmp_path: Path) -> None:
    async with desk(clean, tmp_path) as opened:
        intent = await opened.send()
        running = asyncio.create_task(opened.tracker.run())
        await asyncio.sleep(0)
        running.cancel()
        clean.mine(1)
        with pytest.raises(asyncio.CancelledError):
            await running
        assert opened.state(intent) is MINED


async def test_a_stop_flag_of_another_process_cancels_what_is_pending(at: Desk) -> None:
    """The original is still in the pool: what was set aside is what mines."""
    intents = [await at.send(value=1) for _ in range(3)]
    before = at.node.balance(RECEIVER)
    set_stop(at.record.database, None, "the operator said so")
    await at.tracker.look()
    await at.mine()
    for intent in intents:
        assert at.again(intent).was_cancelled
        assert at.again(intent).unwanted_because == "stopped: the operator said so"
    assert at.node.balance(RECEIVER) == before


async def test_all_can_be_cancelled_at_once(at: Desk) -> None:
    intents = [await at.send() for _ in range(3)]
    assert await at.tracker.cancel_all("no more today") == 3
    await at.mine()
    assert all(at.again(intent).was_cancelled for intent in intents)
    assert await at.tracker.cancel_all("no more today") == 0


async def test_what_a_record_that_was_away_hid_is_looked_for_all_the_same(
    clean: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 4: an intent that was refused just when the record could not be read."""
    async with desk(clean, tmp_path) as opened:
        live = await opened.send()
        found = await _refused(opened)
        read = opened.record.intent
        away = [JournalError("It is away.", fix="wait")]

        def intent(number: int) -> Intent:
            if away:
                raise away.pop()
            return read(number)

        monkeypatch.setattr(opened.record, "intent", intent)
        with pytest.raises(JournalError):
            await opened.tracker.look()
        clean.set_balance(WALLET, ETHER)
        await opened.mine()
        assert opened.state(live) is MINED
        _passed_on(clean, found)
        await opened.tracker.look()
        assert opened.state(found) is MINED


async def test_a_watch_that_begins_anew_hears_of_new_blocks_again(clean: Node, tmp_path: Path) -> None:
    announced = asyncio.Queue[int]()

    async def heads() -> AsyncIterator[int]:
        while True:
            yield await announced.get()

    class Frozen(TurnedClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    async with desk(clean, tmp_path) as opened:
        opened.tracker._new_heads, opened.tracker._clock = heads, Frozen()
        for _ in range(2):
            intent = await opened.send()
            running = asyncio.create_task(opened.tracker.run())
            await asyncio.sleep(0.05)
            clean.mine(1)
            announced.put_nowait(1)
            assert (await opened.tracker.fate(intent.intent_id)).intent.state is MINED
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
