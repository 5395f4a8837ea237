"""What the chain takes back, what another took, and nodes that do not agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devnet import GWEI, Node
from executor.chain.nodes import Nodes
from executor.chain.rpc import Rpc
from executor.domain.errors import NodeError
from executor.domain.intent import Intent, IntentState
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.chaos.faulty_node import Fault, FaultyNode
from tests.support.lanes import PACE, RECEIVER, Desk, desk
from tests.support.proxy import ChangingProxy

WALLET = DEVELOPMENT_ADDRESSES[3]
LIVE, MINED, FINAL = IntentState.LIVE, IntentState.MINED, IntentState.FINAL
SUPERSEDED = IntentState.SUPERSEDED


@pytest.fixture
def clean() -> Iterator[Node]:
    """A node of its own: a reorganisation takes more back than a snapshot brings again."""
    with Node.empty(no_mining=True) as node:
        node.mine(2)
        yield node


@pytest.mark.parametrize("depth", range(1, 21))
async def test_what_a_reorganisation_takes_back_is_live_again_and_mined_again(
    clean: Node, tmp_path: Path, depth: int
) -> None:
    """Invariant 7: each time it is told, and never twice that it is mined."""
    pace = replace(PACE, finality_blocks=30)
    async with desk(clean, tmp_path, pace=pace) as opened:
        intent = await opened.send()
        await opened.mine(depth)
        lost = opened.again(intent).block
        assert lost is not None
        clean.rpc("anvil_reorg", depth, [])
        await opened.tracker.look()
        assert opened.state(intent) is LIVE
        await opened.mine()
        found = opened.again(intent).block
        assert found is not None
        assert opened.changes == [(MINED, lost.hash), (LIVE, None), (MINED, found.hash)]
    assert int(clean.rpc("eth_getTransactionCount", WALLET, "latest"), 16) == 1


async def test_what_moved_to_another_block_is_taken_back_and_told_anew(clean: Node, tmp_path: Path) -> None:
    """Invariant 7."""
    async with desk(clean, tmp_path) as opened:
        intent = await opened.send()
        await opened.mine(3)
        old = opened.again(intent).block
        raw = "0x" + intent.attempts[0].attempt.raw.hex()
        clean.rpc("anvil_reorg", 3, [[raw, 1]])
        await opened.tracker.look()
        new = opened.again(intent).block
        assert old is not None
        assert new is not None
        assert old != new
        assert opened.changes == [(MINED, old.hash), (LIVE, None), (MINED, new.hash)]


async def test_a_shallow_reorganisation_leaves_what_lies_deeper(clean: Node, tmp_path: Path) -> None:
    async with desk(clean, tmp_path) as opened:
        deep = await opened.send()
        await opened.mine(3)
        shallow = await opened.send()
        await opened.mine()
        clean.rpc("anvil_reorg", 2, [])
        await opened.tracker.look()
        assert (opened.state(deep), opened.state(shallow)) == (MINED, LIVE)
        await opened.mine(2)
        assert (opened.state(deep), opened.state(shallow)) == (MINED, MINED)


async def test_while_the_chain_is_shorter_nothing_is_taken_back(clean: Node, tmp_path: Path) -> None:
    """A node that lags looks the same: only another block at that height is proof."""
    async with desk(clean, tmp_path) as opened:
        intent = await opened.send()
        await opened.mine()
        clean.rpc("anvil_rollback", 1)
        await opened.tracker.look()
        assert opened.state(intent) is MINED
        clean.mine(1)
        await opened.tracker.look()
        assert opened.state(intent) is LIVE


async def test_a_receipt_that_is_hidden_while_its_block_stands_is_no_reorganisation(
    clean: Node, tmp_path: Path
) -> None:
    """Invariant 7."""
    async with ChangingProxy(clean.url) as proxy, desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened:
        intent = await opened.send()
        await opened.mine()
        proxy.change = _without_receipts
        await opened.mine(PACE.finality_blocks - 2)
        assert opened.state(intent) is MINED
        await opened.mine()
        assert opened.state(intent) is FINAL


def _without_receipts(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "result": None} if request["method"] == "eth_getTransactionReceipt" else answer


async def test_receipts_that_lag_behind_the_count_lose_nothing(clean: Node, tmp_path: Path) -> None:
    """Invariant 8: the nonce is used up, and by ourselves; the pool's answer says so."""
    async with ChangingProxy(clean.url) as proxy, desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened:
        intent = await opened.send()
        proxy.change = _without_receipts
        await opened.mine(2 * PACE.settle_blocks)
        assert opened.state(intent) is LIVE
        proxy.change = None
        await opened.tracker.look()
        assert opened.state(intent) is MINED


async def test_a_nonce_that_another_transaction_took_is_lost_once_that_has_settled(
    clean: Node, tmp_path: Path
) -> None:
    """Invariant 9: the chain's truth wins."""
    async with desk(clean, tmp_path) as opened:
        intent = await opened.send()
        _foreign(clean)
        await opened.mine(PACE.settle_blocks)
        assert opened.state(intent) is LIVE
        await opened.mine()
        assert opened.state(intent) is SUPERSEDED
        assert opened.changes == [(SUPERSEDED, None)]
        assert (await opened.tracker.fate(intent.intent_id, 0)).receipt is None
        assert (await opened.send()).nonce == 1


async def test_what_was_lost_to_another_and_mined_after_a_reorganisation_counts(
    clean: Node, tmp_path: Path
) -> None:
    """Late success of what looked lost, invariant 4."""
    async with desk(clean, tmp_path) as opened:
        intent = await _lost_to_another(opened, clean)
        _mined_after_all(clean, intent)
        await opened.tracker.look()
        assert opened.state(intent) is MINED
        assert [state for state, _ in opened.changes] == [SUPERSEDED, MINED]


async def test_what_was_lost_to_another_is_found_mined_after_a_restart(clean: Node, tmp_path: Path) -> None:
    """Late success of what looked lost, invariant 4: the record remembers it, no process has to."""
    async with desk(clean, tmp_path) as before:
        intent = await _lost_to_another(before, clean)
    _mined_after_all(clean, intent)
    async with desk(clean, tmp_path) as after:
        await after.tracker.look()
        assert after.state(intent) is MINED
        assert after.changes[-1][0] is MINED


async def _lost_to_another(opened: Desk, node: Node) -> Intent:
    """An intent whose nonce somebody else's transaction has used for good."""
    intent = await opened.send()
    _foreign(node)
    await opened.mine(PACE.settle_blocks + 1)
    assert opened.state(intent) is SUPERSEDED
    return intent


def _mined_after_all(node: Node, intent: Intent) -> None:
    """The other's transaction is reorganised away, and the intent's stands in its place."""
    raw = "0x" + intent.attempts[0].attempt.raw.hex()
    node.rpc("anvil_reorg", PACE.settle_blocks + 1, [[raw, 1]])


def _foreign(node: Node) -> None:
    """Somebody else uses the wallet: another transaction on the same nonce, for more."""
    node.rpc(
        "eth_sendTransaction",
        {
            "from": WALLET,
            "to": RECEIVER,
            "value": "0x1",
            "gas": "0x5208",
            "nonce": "0x0",
            "maxFeePerGas": hex(50 * GWEI),
            "maxPriorityFeePerGas": hex(5 * GWEI),
        },
    )


async def test_one_node_that_lies_about_a_receipt_is_not_believed(clean: Node, tmp_path: Path) -> None:
    """Three nodes, two must say the same."""
    forged: dict[str, Any] = {}

    def lied(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if request["method"] != "eth_getTransactionReceipt":
            return answer
        return {**answer, "result": {**forged, "transactionHash": request["params"][0]}}

    async with (
        ChangingProxy(clean.url, lied) as liar,
        desk(clean, tmp_path, rpc=Nodes([liar.url, clean.url, clean.url]), quorum=2) as opened,
    ):
        warm = await opened.send()
        clean.mine(1)
        forged.update(opened.receipt(warm))
        await opened.tracker.look()
        assert opened.state(warm) is MINED
        intent = await opened.send()
        await opened.tracker.look()
        assert opened.state(intent) is LIVE
        await opened.mine()
        assert opened.state(intent) is MINED


async def test_two_nodes_that_say_different_things_say_nothing(clean: Node, tmp_path: Path) -> None:
    """Invariant 8."""
    async with (
        ChangingProxy(clean.url, _without_receipts) as lagging,
        desk(clean, tmp_path, rpc=Nodes([clean.url, lagging.url]), quorum=2) as opened,
    ):
        intent = await opened.send()
        await opened.mine(2 * PACE.settle_blocks)
        assert opened.state(intent) is LIVE
        lagging.change = None
        await opened.tracker.look()
        assert opened.state(intent) is MINED


async def test_with_one_node_gone_the_others_are_enough(clean: Node, tmp_path: Path) -> None:
    nodes = Nodes(["http://127.0.0.1:9", clean.url, clean.url])
    async with desk(clean, tmp_path, rpc=nodes, quorum=2) as opened:
        intent = await opened.send()
        await opened.mine(2)
        assert opened.state(intent) is MINED


async def test_a_count_that_one_node_makes_up_loses_no_nonce(clean: Node, tmp_path: Path) -> None:
    """Invariants 1 and 9."""

    def lied(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        counts = request["method"] == "eth_getTransactionCount"
        return {**answer, "result": "0x9"} if counts else answer

    async with (
        ChangingProxy(clean.url, lied) as liar,
        desk(clean, tmp_path, rpc=Nodes([clean.url, liar.url, clean.url]), quorum=2) as opened,
    ):
        intent = await opened.send()
        opened.drop(intent)
        await opened.mine(2 * PACE.settle_blocks)
        assert opened.state(intent) is MINED


@pytest.mark.parametrize("made_up", [66, 10**12])
async def test_a_pool_that_one_node_makes_up_costs_no_fills(
    clean: Node, tmp_path: Path, made_up: int
) -> None:
    """Each nonce below one that is far too high would be paid for."""

    def lied(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        pending = request["method"] == "eth_getTransactionCount" and request["params"][1] == "pending"
        return {**answer, "result": hex(made_up)} if pending else answer

    async with (
        ChangingProxy(clean.url, lied) as liar,
        desk(clean, tmp_path, rpc=Rpc(liar.url)) as opened,
    ):
        with pytest.raises(NodeError, match="more than were sent from here"):
            await opened.send()
        liar.change = None
        assert (await opened.send()).nonce == 0
        liar.change = lied
        with pytest.raises(NodeError, match="more than were sent from here"):
            await opened.send()
        liar.change = None
        assert (await opened.send()).nonce == 1


@pytest.mark.parametrize("seed", range(4))
async def test_through_a_node_on_its_worst_days_each_nonce_is_mined_once(
    clean: Node, tmp_path: Path, seed: int
) -> None:
    """Invariants 1, 3, 8 and 9: everything fails now and then, the tracker is restarted in the middle."""
    odds: dict[Fault, float] = {fault: 0.08 for fault in Fault if fault is not Fault.DELAYED}
    async with FaultyNode(clean.url, seed, odds) as node:
        for _ in range(2):
            async with desk(clean, tmp_path, rpc=Rpc(node.url, read_retries=0)) as opened:
                await _some_work(opened)
        node.calm = True
        async with desk(clean, tmp_path, rpc=Rpc(node.url)) as opened:
            for _ in range(3 * PACE.finality_blocks):
                opened.clock.turn(PACE.resend_seconds)
                await opened.mine()
            assert opened.record.open_intents() == ()
            nonces = [intent.nonce for intent in opened.everything() if intent.state is FINAL]
        assert sum(node.happened.values()) > 5
    count = int(clean.rpc("eth_getTransactionCount", WALLET, "latest"), 16)
    assert sorted(nonces) == list(range(count))


async def _some_work(opened: Desk) -> None:
    for _ in range(8):
        with suppress(NodeError):
            await opened.send(value=1)
        with suppress(NodeError):
            await opened.mine()
        opened.clock.turn(5)


async def test_what_a_reorganisation_took_back_while_nobody_looked_is_live_again(
    clean: Node, tmp_path: Path
) -> None:
    """Invariants 3 and 7: after a restart there is no receipt left of what was mined before."""
    async with desk(clean, tmp_path) as opened:
        intent = await opened.send()
        await opened.mine()
    clean.rpc("anvil_reorg", 1, [])
    async with desk(clean, tmp_path) as again:
        await again.mine()
        assert [state for state, _ in again.changes][:1] == [LIVE]
        await again.mine()
        assert again.state(intent) is MINED
