"""The logs of one block, and answers that are none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from devnet import ETHEREUM, Node
from devnet.market import trade_v2
from executor import venues
from executor.chain.head import head
from executor.chain.logs import MOST_ADDRESSES, log_filter, logs_of, parse_log
from executor.chain.rpc import Rpc
from executor.domain.address import to_address
from executor.domain.errors import NodeError
from executor.domain.log import Log
from tests.support.market import address
from tests.support.misbehaving_node import MisbehavingNode, each
from tests.support.proxy import Answer, ChangingProxy, Request

PAIR = next(pool for pool in ETHEREUM.pools if pool.venue == "uniswap_v2")
PAIR_ADDRESS = to_address(PAIR.address)
GOOD: dict[str, Any] = {
    "address": "0x" + "11" * 20,
    "topics": ["0x" + "22" * 32],
    "data": "0x",
    "blockNumber": "0x1",
    "blockHash": "0x" + "33" * 32,
    "logIndex": "0x0",
}


async def test_the_logs_of_each_block_are_its_own(rpc: Rpc, ethereum: Node) -> None:
    before = await head(rpc)
    for _ in range(2):
        await asyncio.to_thread(trade_v2, ethereum, PAIR, PAIR.tokens[0], 10**9)
    newest = await head(rpc)
    blocks = [await head(rpc, number) for number in range(before.number, newest.number + 1)]
    found = await logs_of(rpc, blocks, [PAIR_ADDRESS], venues.topics())
    assert [log.block_hash for logs in found for log in logs] == [
        block.hash for block, logs in zip(blocks, found, strict=True) for _ in logs
    ]
    assert sum(map(len, found)) == 2 and not found[0]
    assert await logs_of(rpc, blocks, [], venues.topics()) == [()] * len(blocks)


async def test_more_addresses_than_a_filter_takes_are_sifted_here(rpc: Rpc, ethereum: Node) -> None:
    await asyncio.to_thread(trade_v2, ethereum, PAIR, PAIR.tokens[0], 10**9)
    many = [address(number) for number in range(1, MOST_ADDRESSES + 1)]
    assert "address" in log_filter(many, venues.topics())
    assert "address" not in log_filter([*many, PAIR_ADDRESS], venues.topics())
    newest = await head(rpc)
    (with_pair,) = await logs_of(rpc, [newest], [*many, PAIR_ADDRESS], venues.topics())
    assert {log.address for log in with_pair} == {PAIR_ADDRESS}
    assert await logs_of(rpc, [newest], [*many, address(5_000)], venues.topics()) == [()]


async def test_a_block_that_the_node_does_not_have_is_an_error_even_if_it_tells_of_no_logs(
    rpc: Rpc, ethereum: Node
) -> None:
    def ignorant(request: Request, answer: Answer) -> Answer:
        none = {"jsonrpc": "2.0", "id": request["id"], "result": []}
        return none if request["method"] == "eth_getLogs" else answer

    newest = await head(rpc)
    unknown = replace(newest, hash="0x" + "77" * 32)
    async with ChangingProxy(ethereum.url, ignorant) as proxy, Rpc(proxy.url) as connection:
        assert await logs_of(connection, [newest], [PAIR_ADDRESS], venues.topics()) == [()]
        with pytest.raises(NodeError, match="unknown to the node"):
            await logs_of(connection, [unknown], [PAIR_ADDRESS], venues.topics())


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        "0x",
        [{**GOOD, "removed": True}],
        [{**GOOD, "blockHash": "0x" + "44" * 32}],
        ["0x"],
    ],
)
async def test_logs_that_are_none_of_the_block_are_an_error(told: object, rpc: Rpc) -> None:
    block = replace(await head(rpc), hash=GOOD["blockHash"])

    def answer(request: Any) -> object:
        wanted = told if request["method"] == "eth_getLogs" else "0x1"
        return {"id": request["id"], "result": wanted}

    async with MisbehavingNode(each(answer)) as node, Rpc(node.url()) as connection:
        with pytest.raises(NodeError):
            await logs_of(connection, [block], [to_address(GOOD["address"])], venues.topics())


def test_a_log_is_parsed_field_by_field() -> None:
    parsed = Log(to_address(GOOD["address"]), (b"\x22" * 32,), b"", 1, GOOD["blockHash"], 0)
    assert parse_log(GOOD, "log") == (parsed, False)
    assert parse_log({**GOOD, "removed": True}, "log") == (parsed, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "0x11"),
        ("topics", "0x"),
        ("topics", ["0x" + "22" * 32] * 5),
        ("topics", ["0x22"]),
        ("data", None),
        ("data", "0x1"),
        ("blockNumber", None),
        ("blockHash", "0x33"),
        ("logIndex", -1),
    ],
)
def test_a_log_with_a_wrong_field_is_an_error_that_names_it(field: str, value: object) -> None:
    with pytest.raises(NodeError, match=field):
        parse_log({**GOOD, field: value}, "log")
