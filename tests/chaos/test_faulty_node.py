"""The worst days are as bad as they say: each fault really happens, and the pool refuses in geth's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet import Node
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.errors import NodeError
from executor.policy.bumping import bumped
from executor.policy.fees import Fees
from executor.wallet.development import DEVELOPMENT_ADDRESSES, development_signer
from executor.wallet.signer import TransactionFields
from tests.chaos.faulty_node import Fault, FaultyNode
from tests.chaos.geth_pool import FEE_CAP, GethPool, Pooled

GWEI = 10**9
SIGNER = development_signer(2)
SENDER = SIGNER.address
RICH = 10**21
BLOCK = 30_000_000
FIRST = Pooled("0x1", SENDER, 5, 30 * GWEI, 2 * GWEI, 100_000, 0)


def refusal(new: Pooled, held: Pooled | None = FIRST, **changes: int) -> str | None:
    pool = GethPool()
    if held is not None:
        pool.take(held)
    facts = {"mined": 5, "balance": RICH, "block_gas_limit": BLOCK, **changes}
    return pool.refusal(new, **facts)


def test_the_same_transaction_is_known() -> None:
    assert refusal(FIRST) == "already known"


@pytest.mark.parametrize(
    ("fee", "tip", "taken"),
    [(33 * GWEI, 2_200_000_000, True), (33 * GWEI, 2_199_999_999, False), (32_999_999_999, 3 * GWEI, False)],
)
def test_a_replacement_needs_a_tenth_more_in_both_fees(fee: int, tip: int, taken: bool) -> None:
    words = refusal(replace(FIRST, hash="0x2", max_fee=fee, tip=tip))
    assert words == (None if taken else "replacement transaction underpriced")


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_our_own_bump_is_always_taken(tip: int, above: int) -> None:
    last = Fees(tip + above, tip, 0)
    new = bumped(last, Fees(0, 0, 0), ceiling=10**30)
    assert new is not None
    held = replace(FIRST, max_fee=last.max_fee_per_gas, tip=tip, gas=21_000)
    bid = replace(held, hash="0x2", max_fee=new.max_fee_per_gas, tip=new.max_priority_fee_per_gas)
    assert refusal(bid, held) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nonce": 4}, "nonce too low: next nonce 5, tx nonce 4"),
        ({"tip": 0}, "transaction underpriced: gas tip cap 0, minimum needed 1"),
        ({"tip": 31 * GWEI}, "max priority fee per gas higher than max fee per gas"),
        ({"gas": 20_000}, "intrinsic gas too low"),
        ({"gas": 2**24 + 1}, "transaction gas limit too high (cap: 16777216"),
        ({"max_fee": FEE_CAP // 50_000}, "exceeds the configured cap (1.00 ether)"),
        ({"value": RICH}, "insufficient funds for gas * price + value"),
    ],
)
def test_what_geth_refuses_is_refused_in_its_words(changes: dict[str, int], words: str) -> None:
    assert words in str(refusal(replace(FIRST, hash="0x2", **changes), None))  # type: ignore[arg-type]


def test_funds_must_do_for_all_that_is_pending() -> None:
    words = refusal(replace(FIRST, hash="0x2", nonce=6), balance=FIRST.cost + 1)
    assert "queued cost" in str(words)


def test_the_slots_for_transactions_behind_a_gap_are_counted() -> None:
    pool = GethPool()
    for nonce in range(7, 7 + 64):
        pool.take(replace(FIRST, hash=hex(nonce), nonce=nonce))
    facts = {"mined": 5, "balance": RICH, "block_gas_limit": BLOCK}
    assert pool.refusal(replace(FIRST, nonce=5), **facts) is None
    assert "account limit exceeded" in str(pool.refusal(replace(FIRST, hash="0x2", nonce=99), **facts))


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node.empty() as running:
        running.rpc("evm_setAutomine", False)
        running.rpc("anvil_mine", "0x10")
        yield running


def signed(node: Node, nonce: int, tip: int = GWEI) -> str:
    fields = TransactionFields(31_337, nonce, SENDER, b"", 0, 21_000, 10 * GWEI + tip, tip)
    return "0x" + SIGNER.sign(fields).raw.hex()


async def test_a_node_that_would_take_any_replacement_now_keeps_geths_rules(node: Node) -> None:
    nonce = int(node.rpc("eth_getTransactionCount", SENDER, "latest"), 16)
    async with FaultyNode(node.url, 1, {}) as faulty, Rpc(faulty.url) as rpc:
        await rpc.call("eth_sendRawTransaction", signed(node, nonce))
        with pytest.raises(NodeRefusedError, match="replacement transaction underpriced"):
            await rpc.call("eth_sendRawTransaction", signed(node, nonce, GWEI + 1))
        await rpc.call("eth_sendRawTransaction", signed(node, nonce, 12 * GWEI))
    node.rpc("anvil_mine", "0x1")


@pytest.mark.parametrize("fault", [Fault.REQUEST_LOST, Fault.ANSWER_LOST, Fault.TRUNCATED, Fault.THROTTLED])
async def test_some_faults_leave_no_answer(node: Node, fault: Fault) -> None:
    async with FaultyNode(node.url, 7, {fault: 1}) as faulty, Rpc(faulty.url, read_retries=0) as rpc:
        with pytest.raises(NodeError):
            await rpc.call("eth_chainId")
        assert faulty.happened == {fault: 1}


async def test_an_answer_that_is_lost_was_given(node: Node) -> None:
    nonce = int(node.rpc("eth_getTransactionCount", SENDER, "latest"), 16)
    async with FaultyNode(node.url, 7, {Fault.ANSWER_LOST: 1}) as faulty, Rpc(faulty.url) as rpc:
        with pytest.raises(NodeError):
            await rpc.call("eth_sendRawTransaction", signed(node, nonce))
    node.rpc("anvil_mine", "0x1")
    assert int(node.rpc("eth_getTransactionCount", SENDER, "latest"), 16) == nonce + 1


async def test_a_request_that_is_lost_never_came(node: Node) -> None:
    nonce = int(node.rpc("eth_getTransactionCount", SENDER, "latest"), 16)
    async with FaultyNode(node.url, 7, {Fault.REQUEST_LOST: 1}) as faulty, Rpc(faulty.url) as rpc:
        with pytest.raises(NodeError):
            await rpc.call("eth_sendRawTransaction", signed(node, nonce))
    node.rpc("anvil_mine", "0x1")
    assert int(node.rpc("eth_getTransactionCount", SENDER, "latest"), 16) == nonce


async def test_a_batch_out_of_order_is_put_in_order_by_whoever_asks(node: Node) -> None:
    calls: list[tuple[str, Any]] = [("eth_chainId", ()), ("eth_blockNumber", ()), ("eth_gasPrice", ())]
    async with FaultyNode(node.url, 3, {Fault.REORDERED: 1}) as faulty, Rpc(faulty.url) as rpc:
        async with Rpc(node.url) as straight:
            assert await rpc.batch(calls) == await straight.batch(calls)
        body = [
            {"jsonrpc": "2.0", "id": n, "method": method, "params": []} for n, (method, _) in enumerate(calls)
        ]
        async with aiohttp.ClientSession() as session:
            orders = set()
            for _ in range(12):
                async with session.post(faulty.url, json=body) as response:
                    orders.add(tuple(answer["id"] for answer in await response.json()))
    assert len(orders) > 1


async def test_yesterdays_state_is_that_of_an_earlier_block(node: Node) -> None:
    other = DEVELOPMENT_ADDRESSES[9]
    before = int(node.rpc("eth_getBalance", other, "latest"), 16)
    node.rpc("anvil_mine", "0x4")
    node.set_balance(other, before + 5)
    node.rpc("anvil_mine", "0x1")
    async with FaultyNode(node.url, 3, {Fault.YESTERDAYS_STATE: 1}) as faulty, Rpc(faulty.url) as rpc:
        assert int(str(await rpc.call("eth_getBalance", other, "latest")), 16) == before
        faulty.calm = True
        assert int(str(await rpc.call("eth_getBalance", other, "latest")), 16) == before + 5


async def test_a_node_may_lie_about_nonces_and_deny_receipts(node: Node) -> None:
    nonce = int(node.rpc("eth_getTransactionCount", SENDER, "latest"), 16)
    hash_ = node.rpc("eth_sendRawTransaction", signed(node, nonce))
    node.rpc("anvil_mine", "0x1")
    odds: dict[Fault, float] = {Fault.WRONG_NONCE: 1, Fault.NO_RECEIPT: 1}
    async with FaultyNode(node.url, 3, odds) as faulty, Rpc(faulty.url) as rpc:
        assert int(str(await rpc.call("eth_getTransactionCount", SENDER, "latest")), 16) != nonce + 1
        assert await rpc.call("eth_getTransactionReceipt", hash_) is None
        assert set(faulty.happened) == set(odds)


async def test_a_node_may_tell_the_contrary_of_what_happened(node: Node) -> None:
    nonce = int(node.rpc("eth_getTransactionCount", SENDER, "latest"), 16)
    hash_ = node.rpc("eth_sendRawTransaction", signed(node, nonce))
    node.rpc("anvil_mine", "0x1")
    truth = node.rpc("eth_getTransactionReceipt", hash_)
    lies = []
    for seed in (3, 4):
        async with FaultyNode(node.url, seed, {Fault.FALSE_RECEIPT: 1}) as faulty, Rpc(faulty.url) as rpc:
            assert await rpc.call("eth_getTransactionReceipt", "0x" + "11" * 32) is None
            assert faulty.happened[Fault.FALSE_RECEIPT] == 0
            lies.append(await rpc.call("eth_getTransactionReceipt", hash_))
            assert faulty.happened == {Fault.FALSE_RECEIPT: 1}
    assert (truth["status"], {lie["status"] for lie in lies}) == ("0x1", {"0x0"})  # type: ignore[index]
    assert lies[0] != lies[1]


async def test_a_full_pool_takes_nothing_new(node: Node) -> None:
    nonce = int(node.rpc("eth_getTransactionCount", SENDER, "latest"), 16)
    async with FaultyNode(node.url, 3, {Fault.POOL_FULL: 1}) as faulty, Rpc(faulty.url) as rpc:
        with pytest.raises(NodeRefusedError, match=r"txpool is full|transaction underpriced"):
            await rpc.call("eth_sendRawTransaction", signed(node, nonce))
        assert faulty.happened == {Fault.POOL_FULL: 1}
        assert faulty.refusals.total() == 1
    node.rpc("anvil_mine", "0x1")
    assert int(node.rpc("eth_getTransactionCount", SENDER, "latest"), 16) == nonce


async def test_the_seed_decides(node: Node) -> None:
    odds = dict.fromkeys((Fault.THROTTLED, Fault.TRUNCATED), 0.3)
    histories = []
    for _ in range(2):
        async with FaultyNode(node.url, 42, odds) as faulty, Rpc(faulty.url, read_retries=0) as rpc:
            history = []
            for _ in range(20):
                try:
                    await rpc.call("eth_chainId")
                    history.append("answered")
                except NodeError as error:
                    history.append(error.message.replace(rpc.name, "node"))
            histories.append(history)
    assert histories[0] == histories[1]
    assert len(set(histories[0])) > 1
