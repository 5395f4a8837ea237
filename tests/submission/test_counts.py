"""What nodes say of a wallet's count is believed only where it can be: a nonce too far costs real money."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic

from devnet import GWEI, Node
from executor.chain.nodes import Nodes, open_nodes
from executor.chain.rpc import Rpc
from executor.domain.errors import JournalError, NodeError
from executor.domain.intent import AttemptState, IntentState, Purpose
from executor.submission.authorizations import uses_nonce
from executor.submission.errors import UnexplainedCountError
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.support.faces import DEAD, LATE_BY, LaggingNode
from tests.support.lanes import PACE, RECEIVER, Desk, desk
from tests.support.proxy import Answer, Change, ChangingProxy, Request

WALLET = DEVELOPMENT_ADDRESSES[3]


def counting_more(by: int) -> Change:
    """A node that has counted too far, whichever block it is asked about."""

    def change(request: Request, answer: Answer) -> Answer:
        if request["method"] != "eth_getTransactionCount" or "result" not in answer:
            return answer
        return {**answer, "result": hex(int(answer["result"], 16) + by)}

    return change


def elsewhere(request: Request, answer: Answer) -> Answer:
    """A node of another network: its blocks are not ours."""
    if request["method"] == "eth_getBlockByNumber" and isinstance(answer.get("result"), dict):
        return {**answer, "result": {**answer["result"], "hash": "0x" + "11" * 32}}
    return answer


def forgetful(change: Change | None = None) -> Change:
    """A node that keeps the newest state alone."""

    def changed(request: Request, answer: Answer) -> Answer:
        told = request["method"] == "eth_getTransactionCount" and request["params"][1] not in (
            "latest",
            "pending",
        )
        if told:
            return {
                "jsonrpc": "2.0",
                "id": request["id"],
                "error": {"code": -32000, "message": "missing trie"},
            }
        return change(request, answer) if change else answer

    return changed


@asynccontextmanager
async def seen_by(node: Node, *changes: Change | str | None) -> AsyncIterator[Nodes]:
    """The chain by nodes that change their answers so; None for an honest one."""
    async with AsyncExitStack() as stack:
        urls = []
        for change in changes:
            if change == "lagging":
                urls.append((await stack.enter_async_context(LaggingNode(node.url))).url)
            elif isinstance(change, str):
                urls.append(change)
            else:
                urls.append((await stack.enter_async_context(ChangingProxy(node.url, change))).url)
        yield await stack.enter_async_context(open_nodes(urls, timeout_seconds=2, look_seconds=60))


def used_elsewhere(node: Node, times: int = 1) -> None:
    for _ in range(times):
        node.rpc("eth_sendTransaction", {"from": WALLET, "to": RECEIVER, "value": "0x1", "gas": "0x5208"})
    node.mine(1)


def key_of(number: int) -> bytes:
    """The key of a development account."""
    mnemonic = "test test test test test test test test test test test junk"
    return key_from_seed(seed_from_mnemonic(mnemonic, ""), f"m/44'/60'/0'/0/{number}")


def fills(at: Desk) -> list[int]:
    return [intent.nonce for intent in at.everything() if intent.purpose is Purpose.FILL]


@asynccontextmanager
async def mined_once(
    node: Node, folder: Path, change: Change | None = None
) -> AsyncIterator[tuple[Desk, Callable[[Change | None], None]]]:
    """A wallet of which the record knows one transaction, mined, on a node that may begin to lie."""
    async with (
        ChangingProxy(node.url, change) as proxy,
        desk(node, folder, rpc=Rpc(proxy.url)) as opened,
    ):
        await opened.send()
        await opened.mine()

        def lie(how: Change | None) -> None:
            proxy.change = how

        yield opened, lie


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_one_node_of_three_that_counts_too_far_leaves_no_gap(
    clean: Node, tmp_path: Path, place: int
) -> None:
    """Invariants 1 and 9."""
    changes: list[Change | None] = [None, None]
    changes.insert(place, counting_more(7))
    async with seen_by(clean, *changes) as nodes, desk(clean, tmp_path, rpc=nodes, quorum=2) as opened:
        assert [(await opened.send()).nonce for _ in range(2)] == [0, 1]
        await opened.mine(3)
        assert (await opened.send()).nonce == 2
        assert fills(opened) == []


async def test_one_node_of_three_that_lags_does_not_hold_the_count_back(clean: Node, tmp_path: Path) -> None:
    """Invariant 9."""
    clean.mine(LATE_BY + 1)
    async with (
        seen_by(clean, "lagging", None, None) as nodes,
        desk(clean, tmp_path, rpc=nodes, quorum=2) as opened,
    ):
        clean.mine(LATE_BY)
        used_elsewhere(clean, 2)
        assert (await opened.send()).nonce == 2


async def test_too_few_nodes_that_tell_a_count_send_nothing(clean: Node, tmp_path: Path) -> None:
    async with (
        seen_by(clean, DEAD, None, DEAD) as nodes,
        desk(clean, tmp_path, rpc=nodes, quorum=2) as opened,
    ):
        with pytest.raises(NodeError, match="only 1 of the nodes"):
            await opened.send()
        assert opened.record.open_intents() == ()


@pytest.mark.parametrize("strangers", [1, 2])
async def test_the_block_that_ties_the_record_must_be_that_of_a_quorum(
    clean: Node, tmp_path: Path, strangers: int
) -> None:
    changes = [elsewhere] * strangers + [None] * (3 - strangers)
    async with seen_by(clean, *changes) as nodes, desk(clean, tmp_path, rpc=nodes, quorum=2) as opened:
        if strangers == 1:
            assert (await opened.send()).nonce == 0
            return
        with pytest.raises(JournalError, match="another network"):
            await opened.send()
        assert opened.record.open_intents() == ()


async def test_a_single_node_that_suddenly_counts_further_is_not_believed(
    clean: Node, tmp_path: Path, caplog: Any
) -> None:
    """Invariants 1 and 9: its own blocks do not show what it counts, however long it says so."""
    async with mined_once(clean, tmp_path) as (at, lie):
        lie(counting_more(5))
        for _ in range(2):
            with pytest.raises(UnexplainedCountError) as held:
                await at.send()
            assert (held.value.facts["mined"], held.value.facts["expected"]) == (6, 1)
            assert at.lane.held
            clean.mine(PACE.settle_blocks + 1)
        assert at.record.open_intents(sender=at.lane.sender)[-1].nonce == 0, "nothing was signed"
        lie(None)
        assert (await at.send()).nonce == 1
        assert not at.lane.held
        await at.mine(3)
        assert fills(at) == []


async def test_a_count_that_only_one_answer_tells_wrong_holds_nothing_up(clean: Node, tmp_path: Path) -> None:
    """Behind one address there may be several nodes."""
    async with mined_once(clean, tmp_path) as (at, lie):
        more, asked = counting_more(5), []

        def once(request: Request, answer: Answer) -> Answer:
            if request["method"] != "eth_getTransactionCount":
                return answer
            asked.append(1)
            return more(request, answer) if len(asked) <= 2 else answer

        lie(once)
        assert (await at.send()).nonce == 1


async def test_what_a_block_shows_of_the_wallet_is_believed_at_once(clean: Node, tmp_path: Path) -> None:
    """Invariant 9: the operator may use the wallet by hand."""
    async with mined_once(clean, tmp_path) as (at, _):
        used_elsewhere(clean, 4)
        clean.mine(9)
        assert (await at.send()).nonce == 5


async def test_where_old_states_are_gone_a_count_is_believed_once_it_has_stood(
    clean: Node, tmp_path: Path
) -> None:
    """Invariant 9."""
    async with mined_once(clean, tmp_path, forgetful()) as (at, _):
        used_elsewhere(clean, 4)
        clean.mine(9)
        with pytest.raises(UnexplainedCountError):
            await at.send()
        clean.mine(PACE.settle_blocks - 1)
        with pytest.raises(UnexplainedCountError):
            await at.send()
        clean.mine(1)
        assert (await at.send()).nonce == 5


async def test_a_count_that_stands_too_far_away_is_never_believed(clean: Node, tmp_path: Path) -> None:
    """Each nonce below it would have to be paid for."""
    async with mined_once(clean, tmp_path) as (at, lie):
        lie(forgetful(counting_more(100)))
        for _ in range(3):
            with pytest.raises(UnexplainedCountError):
                await at.send()
            clean.mine(PACE.settle_blocks)


async def test_a_gap_that_only_a_lie_can_have_left_is_not_paid_for(clean: Node, tmp_path: Path) -> None:
    """The record was empty, so that the first count had to be believed."""
    async with (
        ChangingProxy(clean.url, counting_more(100)) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url)) as at,
    ):
        assert (await at.send()).nonce == 100
        proxy.change = None
        await at.mine(5)
        assert fills(at) == []
        assert (await at.send()).nonce == 0


async def test_what_lies_in_reach_is_filled_though_a_lie_has_left_a_gap_beyond(
    clean: Node, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 1: the one far above must not hold up the ones that can be mined."""
    async with (
        ChangingProxy(clean.url, counting_more(100)) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url)) as at,
    ):
        await at.send()
        proxy.change = None
        low, high = await at.send(), await at.send()
        assert (low.nonce, high.nonce) == (0, 1)
        at.drop(low)
        at.record.reoffer(low.intent_id, low.attempts[0].attempt.hash)
        at.record.mark_attempt(low.attempts[0].attempt.hash, AttemptState.REFUSED)
        at.record.mark_intent(low.intent_id, IntentState.DROPPED)
        await at.tracker.look()
        await at.mine(2)
        assert fills(at) == [0]
        assert at.state(high) is IntentState.MINED
        assert sum("gap_too_wide" in line for line in caplog.messages) == 1


@pytest.mark.parametrize("signer", [3, 6], ids=["the wallet", "a stranger"])
async def test_an_authorization_explains_the_count_of_who_signed_it(
    clean: Node, tmp_path: Path, signer: int
) -> None:
    """Invariant 9: EIP-7702 uses up a nonce of who signed it, whoever sends it."""
    async with mined_once(clean, tmp_path) as (at, lie):
        chain = {"chainId": clean.chain_id}
        permitted = {**chain, "address": RECEIVER, "nonce": 1}
        transaction = {
            **chain,
            "nonce": 0,
            "to": RECEIVER,
            "gas": 200_000,
            "maxFeePerGas": 50 * GWEI,
            "maxPriorityFeePerGas": GWEI,
            "authorizationList": [Account.sign_authorization(permitted, key_of(signer))],
        }
        signed = Account.sign_transaction(transaction, key_of(5))
        clean.rpc("eth_sendRawTransaction", signed.raw_transaction.to_0x_hex())
        clean.mine(3)
        used = int(clean.rpc("eth_getTransactionCount", WALLET, "latest"), 16)
        if signer == 3:
            assert used == 2
            assert (await at.send()).nonce == 2
            return
        assert used == 1
        lie(counting_more(1))
        with pytest.raises(UnexplainedCountError):
            await at.send()


@pytest.mark.parametrize("carried", [5, "0x", [None], [{}], [{"chainId": "0x1", "nonce": "0x0", "r": "x"}]])
def test_an_authorization_that_is_none_explains_nothing(carried: object) -> None:
    assert not uses_nonce({"authorizationList": carried}, WALLET, 1, 0)
