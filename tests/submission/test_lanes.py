"""A wallet's nonce stream on a real node: one nonce for one intent, recorded before it leaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from devnet import ETHER, GWEI, Node
from executor.chain.rpc import Rpc
from executor.domain.errors import JournalError, NodeError
from executor.domain.execution import Execution, Status
from executor.domain.intent import AttemptKind, AttemptState, IntentState, Purpose
from executor.domain.opportunity import Opportunity
from executor.journal.flags import lift_stop, set_stop
from executor.policy.failures import Failure
from executor.policy.fees import Fees
from executor.submission.envelope import read_envelope
from executor.submission.errors import StoppedError, TransactionRefusedError
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.support.lanes import FEES, ORDER, RECEIVER, Desk, desk, opened_record
from tests.support.proxy import ChangingProxy

WALLET = DEVELOPMENT_ADDRESSES[3]


class FencedOutError(Exception):
    """Another process has taken over."""


async def test_what_is_sent_is_what_was_recorded(at: Desk) -> None:
    """Invariant 2."""
    at.record.accept(Opportunity("seen-1", "ethereum"), slots=1)
    pending = Execution("seen-1", "ethereum", Status.PENDING)
    intent = await at.lane.send(replace(ORDER, opportunity_id="seen-1"), pending)
    stored = at.again(intent).attempts[0]
    assert at.node.rpc("eth_getTransactionByHash", stored.attempt.hash)["from"].lower() == WALLET.lower()
    assert (stored.state, stored.kind) == (AttemptState.SENT, AttemptKind.CALL)
    said = read_envelope(stored.attempt.raw)
    assert (said.to, said.data, said.gas_limit, said.value) == (RECEIVER, ORDER.data, ORDER.gas_limit, 0)
    kept = at.record.stored("seen-1")
    assert kept is not None
    assert kept.execution.transaction_hashes == (stored.attempt.hash,)


async def test_the_record_is_there_when_the_bytes_arrive(clean: Node, tmp_path: Path) -> None:
    """Invariant 2, seen from the node's side of the wire."""
    recorded: list[bool] = []

    def watched(request: dict[str, Any]) -> None:
        if request["method"] == "eth_sendRawTransaction":
            raw = request["params"][0]
            known = [stored for intent in opened.record.open_intents() for stored in intent.attempts]
            recorded.append(any("0x" + stored.attempt.raw.hex() == raw for stored in known))

    async with (
        ChangingProxy(clean.url, withhold=watched) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened,
    ):
        intent = await opened.send()
        await opened.lane.replace(intent, Fees(20 * GWEI, 2 * GWEI, 0), AttemptKind.CANCEL)
    assert recorded == [True, True]


async def test_before_a_send_the_node_is_asked_once(clean: Node, tmp_path: Path) -> None:
    posts: list[int] = []

    class Counting(Rpc):
        async def batch(self, calls: Any) -> list[object]:
            posts.append(len(calls))
            return await super().batch(calls)

    async with desk(clean, tmp_path, rpc=Counting(clean.url)) as opened:
        await opened.send()
    assert posts == [3, 1]


async def test_sixteen_at_once_get_sixteen_nonces(at: Desk) -> None:
    """Invariant 1."""
    sent = await asyncio.gather(*(at.send() for _ in range(16)))
    assert sorted(intent.nonce for intent in sent) == list(range(16))
    assert at.lane.room == 0


async def test_a_hundred_in_flight_are_mined_without_a_gap(clean: Node, tmp_path: Path) -> None:
    """Invariant 1."""
    async with desk(clean, tmp_path, in_flight=100) as opened:
        sent = await asyncio.gather(*(opened.send() for _ in range(100)))
        assert opened.lane.room == 0
        clean.mine(5)
        await opened.tracker.look()
        assert {opened.state(intent) for intent in sent} == {IntentState.MINED}
    assert sorted(intent.nonce for intent in sent) == list(range(100))
    assert int(clean.rpc("eth_getTransactionCount", WALLET, "latest"), 16) == 100


async def test_one_too_many_waits_until_one_is_mined(clean: Node, tmp_path: Path) -> None:
    async with desk(clean, tmp_path, in_flight=2) as opened:
        await opened.send()
        await opened.send()
        third = asyncio.create_task(opened.send())
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(opened.record.open_intents()) == 2
        await opened.mine()
        assert (await third).nonce == 2


async def test_who_waits_for_room_is_stopped_too(clean: Node, tmp_path: Path) -> None:
    async with desk(clean, tmp_path, in_flight=1) as opened:
        await opened.send()
        second = asyncio.create_task(opened.send())
        await asyncio.sleep(0)
        set_stop(opened.record.database, "ethereum", "the operator said so")
        with pytest.raises(StoppedError):
            await second


async def test_a_live_record_that_the_node_does_not_know_keeps_its_nonce(at: Desk) -> None:
    """Invariant 8."""
    at.drop(await at.send())
    assert (await at.send()).nonce == 1


async def test_what_the_wallet_sent_elsewhere_is_counted(at: Desk) -> None:
    """Invariant 9: no counter of ours says which nonce is next."""
    at.node.rpc("eth_sendTransaction", {"from": WALLET, "to": RECEIVER, "value": "0x1", "gas": "0x5208"})
    assert (await at.send()).nonce == 1
    at.node.mine(1)
    at.node.rpc("eth_sendTransaction", {"from": WALLET, "to": RECEIVER, "value": "0x1", "gas": "0x5208"})
    at.node.mine(1)
    assert (await at.send()).nonce == 3


async def test_a_wallet_without_money_is_refused_and_its_nonce_is_free(at: Desk) -> None:
    at.node.set_balance(WALLET, 1)
    with pytest.raises(TransactionRefusedError) as refused:
        await at.send()
    assert refused.value.failure is Failure.INSUFFICIENT_FUNDS
    assert at.record.open_intents() == ()
    at.node.set_balance(WALLET, ETHER)
    assert (await at.send()).nonce == 0


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"fees": Fees(1, 1, 0)}, Failure.FEE_BELOW_BASE_FEE),
        ({"value": 10**30}, Failure.INSUFFICIENT_FUNDS),
        ({"gas_limit": 31_000_000}, Failure.GAS_LIMIT_TOO_HIGH),
    ],
)
async def test_a_first_refusal_tells_its_kind(at: Desk, changes: dict[str, Any], kind: Failure) -> None:
    with pytest.raises(TransactionRefusedError) as refused:
        await at.send(**changes)
    assert refused.value.failure is kind
    assert at.record.open_intents() == ()


@pytest.mark.parametrize(
    "words",
    ["nonce too low", "replacement transaction underpriced", "txpool is full", "no idea", "already known"],
)
async def test_an_answer_that_is_no_sure_refusal_counts_as_sent(
    clean: Node, tmp_path: Path, words: str
) -> None:
    """Invariant 8."""

    def refused(request: dict[str, Any]) -> dict[str, Any] | None:
        error = {"error": {"code": -32000, "message": words}}
        return error if request["method"] == "eth_sendRawTransaction" else None

    async with (
        ChangingProxy(clean.url, withhold=refused) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened,
    ):
        intent = await opened.send()
        assert opened.state(intent) is IntentState.LIVE
        assert (await opened.send()).nonce == intent.nonce + 1


async def test_a_refusal_of_what_the_node_has_all_the_same_counts_as_sent(
    clean: Node, tmp_path: Path
) -> None:
    """A balancer in front of several nodes: one took it, another answers that the money is not enough."""

    def lied(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if request["method"] != "eth_sendRawTransaction":
            return answer
        return {**answer, "result": None, "error": {"code": -32000, "message": "insufficient funds"}}

    async with ChangingProxy(clean.url, lied) as proxy, desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened:
        assert opened.state(await opened.send()) is IntentState.LIVE


async def test_no_answer_counts_as_sent(clean: Node, tmp_path: Path) -> None:
    """Invariant 8."""
    async with desk(clean, tmp_path, rpc=_Deaf(clean.url)) as opened:
        intent = await opened.send()
        assert opened.state(intent) is IntentState.LIVE


class _Deaf(Rpc):
    """Never hears what became of a send."""

    async def batch(self, calls: Any) -> list[object]:
        answers = await super().batch(calls)
        if calls[0][0] == "eth_sendRawTransaction":
            raise NodeError("The connection broke.", fix="look again")
        return answers


async def test_a_refused_replacement_never_frees_the_nonce(at: Desk) -> None:
    """Invariant 8: earlier attempts may be out."""
    intent = await at.send()
    at.drop(intent)
    at.node.set_balance(WALLET, 1)
    with pytest.raises(TransactionRefusedError):
        await at.lane.replace(intent, Fees(20 * GWEI, 2 * GWEI, 0), AttemptKind.CALL)
    after = at.again(intent)
    assert after.state is IntentState.LIVE
    assert [stored.state for stored in after.attempts] == [AttemptState.SENT, AttemptState.REFUSED]


async def test_a_replacement_says_the_same_for_more(at: Desk) -> None:
    intent = await at.send(value=5)
    await at.lane.replace(intent, Fees(20 * GWEI, 2 * GWEI, 0), AttemptKind.CALL)
    first, second = at.again(intent).attempts
    assert read_envelope(first.attempt.raw) == read_envelope(second.attempt.raw)
    assert second.attempt.nonce == first.attempt.nonce
    assert second.attempt.max_fee_per_gas == 20 * GWEI


async def test_a_cancel_moves_nothing(at: Desk) -> None:
    """Invariant 5."""
    intent = await at.send(value=5)
    await at.lane.replace(intent, Fees(20 * GWEI, 2 * GWEI, 0), AttemptKind.CANCEL)
    said = read_envelope(at.again(intent).attempts[1].attempt.raw)
    assert (said.to.lower(), said.data, said.value, said.gas_limit) == (WALLET.lower(), b"", 0, 21_000)


async def test_where_a_transfer_costs_more_its_gas_is_estimated(clean: Node, tmp_path: Path) -> None:
    async with desk(clean, tmp_path, transfer_gas=None) as opened:
        intent = await opened.send()
        await opened.lane.replace(intent, Fees(20 * GWEI, 2 * GWEI, 0), AttemptKind.CANCEL)
        assert opened.again(intent).attempts[1].attempt.gas_limit == 25_200


async def test_while_stopped_nothing_is_signed(at: Desk) -> None:
    set_stop(at.record.database, None, "the operator said so")
    with pytest.raises(StoppedError, match="the operator said so"):
        await at.send()
    assert at.record.open_intents() == ()
    lift_stop(at.record.database, None)
    assert (await at.send()).nonce == 0


async def test_what_a_stop_overtakes_never_leaves(clean: Node, tmp_path: Path) -> None:
    """The flag is set after the signature and before the send."""
    asked: list[int] = []

    async def fence() -> None:
        asked.append(1)
        if len(asked) == 2:
            set_stop(opened.record.database, "ethereum", "now")

    async with desk(clean, tmp_path, fence=fence) as opened:
        with pytest.raises(StoppedError):
            await opened.send()
        assert opened.record.open_intents() == ()
        lift_stop(opened.record.database, "ethereum")
        assert clean.rpc("txpool_status")["pending"] == "0x0"
        assert (await opened.send()).nonce == 0


async def test_while_stopped_a_cancel_leaves_and_a_bump_does_not(at: Desk) -> None:
    intent = await at.send()
    set_stop(at.record.database, "ethereum", "now")
    with pytest.raises(StoppedError):
        await at.lane.replace(intent, Fees(20 * GWEI, 2 * GWEI, 0), AttemptKind.CALL)
    with pytest.raises(StoppedError):
        await at.lane.send_again(intent.attempts[0])
    await at.lane.replace(intent, Fees(20 * GWEI, 2 * GWEI, 0), AttemptKind.CANCEL)
    at.node.mine(1)
    await at.tracker.look()
    assert at.again(intent).was_cancelled


async def test_who_was_taken_over_sends_nothing_more(clean: Node, tmp_path: Path) -> None:
    """Whoever took over does: what was recorded stays live for him."""
    asked: list[int] = []

    async def fence() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise FencedOutError

    async with desk(clean, tmp_path, fence=fence) as opened:
        with pytest.raises(FencedOutError):
            await opened.send()
        assert len(opened.record.open_intents()) == 1
        assert clean.rpc("txpool_status")["pending"] == "0x0"


async def test_who_hears_of_a_refusal_after_it_was_taken_over_frees_no_nonce(
    clean: Node, tmp_path: Path
) -> None:
    """It was halted meanwhile, and whoever took over has sent the same bytes."""

    def late(request: dict[str, Any]) -> dict[str, Any] | None:
        if request["method"] == "eth_getTransactionByHash":
            return {"result": None}
        if request["method"] != "eth_sendRawTransaction":
            return None
        (intent,) = opened.record.open_intents()
        heir = opened_record(opened.record.database, clean, "heir")
        heir.adopt(opened.record.executor_id)
        heir.mark_attempt(intent.attempts[0].attempt.hash, AttemptState.SENT)
        return {"error": {"code": -32000, "message": "transaction underpriced"}}

    async with (
        ChangingProxy(clean.url, withhold=late) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened,
    ):
        after = opened.again(await opened.send())
    assert (after.executor_id, after.state) == ("heir", IntentState.LIVE)
    assert [stored.state for stored in after.attempts] == [AttemptState.SENT]


async def test_nothing_is_signed_for_another_network(at: Desk, tmp_path: Path) -> None:
    with Node.empty(no_mining=True, timestamp=1_700_000_000) as other:
        folder = tmp_path / "other"
        folder.mkdir()
        async with desk(other, folder, database=at.record.database) as opened:
            with pytest.raises(JournalError, match="another network"):
                await opened.send()
        assert other.rpc("txpool_status")["pending"] == "0x0"
    assert at.record.open_intents() == ()


async def test_a_record_that_cannot_be_written_stops_the_send(at: Desk) -> None:
    with at.record.database.writing() as connection:
        connection.execute(text("DROP TABLE attempts"))
    with pytest.raises(JournalError):
        await at.send()
    assert at.node.rpc("txpool_status")["pending"] == "0x0"


async def test_a_gap_is_filled_by_a_transfer_to_oneself(at: Desk) -> None:
    """Invariant 1."""
    await at.lane.fill(0, FEES)
    (fill,) = at.record.open_intents()
    assert (fill.purpose, fill.nonce) == (Purpose.FILL, 0)
    assert read_envelope(fill.attempts[0].attempt.raw).to.lower() == WALLET.lower()
    assert await at.lane.fill(0, FEES) is None
