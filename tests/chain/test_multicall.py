"""Many calls in one: what each of them would have said alone."""

from __future__ import annotations

import pytest

from devnet import ETHEREUM, Node
from executor.chain.calls import call_many
from executor.chain.multicall import MOST_CALLS, MULTICALL3, call_together
from executor.chain.rpc import Rpc
from executor.domain.abi import eth_call
from executor.domain.address import to_address
from executor.domain.errors import NodeError
from tests.support.lens import multicall_code
from tests.support.misbehaving_node import MisbehavingNode, result

PAIRS = [to_address(pool.address) for pool in ETHEREUM.pools if pool.venue == "uniswap_v2"]
NOBODY = to_address("0x00000000000000000000000000000000000000A1")
GREEDY = to_address("0x00000000000000000000000000000000000000e1")


@pytest.fixture
def node(ethereum: Node) -> Node:
    ethereum.set_code(MULTICALL3, multicall_code())
    ethereum.set_code(GREEDY, bytes.fromhex("5b600056"))
    return ethereum


async def test_answers_come_in_order_and_failures_are_none(rpc: Rpc, node: Node) -> None:
    calls = [eth_call(pair, "getReserves()") for pair in (*PAIRS, NOBODY, *PAIRS)]
    calls.append(eth_call(PAIRS[0], "nothing()"))
    answers = await call_together(rpc, calls)
    assert answers == await call_many(rpc, calls)
    assert answers[len(PAIRS)] is None and answers[-1] is None and None not in answers[: len(PAIRS)]
    assert rpc.has_multicall


async def test_more_calls_than_one_takes_are_cut(rpc: Rpc, node: Node) -> None:
    calls = [eth_call(PAIRS[0], "getReserves()")] * (2 * MOST_CALLS + 1)
    answers = await call_together(rpc, calls)
    assert len(answers) == len(calls) and len(set(answers)) == 1 and answers[0] is not None


async def test_what_failed_after_somebody_burnt_the_gas_is_asked_again(rpc: Rpc, node: Node) -> None:
    calls = [eth_call(target, "getReserves()") for target in (GREEDY, GREEDY, GREEDY, *PAIRS)]
    answers = await call_together(rpc, calls)
    assert answers[:3] == (None,) * 3
    assert answers[3:] == await call_many(rpc, calls[3:])
    assert None not in answers[3:]
    assert rpc.has_multicall


async def test_a_chain_without_it_is_asked_call_by_call(rpc: Rpc, ethereum: Node) -> None:
    ethereum.set_code(MULTICALL3, b"")
    calls = [eth_call(pair, "getReserves()") for pair in PAIRS]
    assert None not in await call_together(rpc, calls)
    assert not rpc.has_multicall


async def test_an_answer_that_is_not_one_for_each_call_is_an_error() -> None:
    no_results = result("0x" + "00" * 31 + "20" + "00" * 32)
    async with MisbehavingNode(no_results) as nonsense, Rpc(nonsense.url()) as rpc:
        with pytest.raises(NodeError, match="Multicall3"):
            await call_together(rpc, [eth_call(NOBODY, "getReserves()")] * 2)
