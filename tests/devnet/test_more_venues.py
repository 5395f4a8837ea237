"""The further venues of the full tier: a small trade at each pool, and what sets each family apart."""

from __future__ import annotations

import pytest

from devnet import BASE_FULL, ETHER, ETHEREUM_FULL, Node, PoolRecord, abi, market
from devnet.books import book_of
from devnet.errors import RpcError
from devnet.liquidity import PRICES_USD, symbol_of, tokens_for, unit
from devnet.roles import account

MILLION = 10**6
VENUES = ("algebra", "slipstream")
# Reverts with the selector that it is called with.
TELLS_ITS_SELECTOR = bytes.fromhex("60045f5f3760045ffd")


def pools() -> list[object]:
    return [
        pytest.param(chain, pool, index, id=f"{chain} {pool.name} sell {symbol_of(book, pool.tokens[index])}")
        for chain, book in (("ethereum_full", ETHEREUM_FULL), ("base_full", BASE_FULL))
        for pool in book.pools
        if pool.venue in VENUES
        for index in range(len(pool.tokens))
    ]


@pytest.mark.parametrize(("chain", "pool", "index"), pools())
def test_a_small_trade_costs_the_fee_and_no_more(
    chain: str, pool: PoolRecord, index: int, request: pytest.FixtureRequest
) -> None:
    node: Node = request.getfixturevalue(chain)
    book = book_of(node)
    token_in, token_out = pool.tokens[index], pool.tokens[1 - index]
    received = market.trade(node, pool, token_in, tokens_for(book, token_in, 300))
    millionths = int(received * PRICES_USD[symbol_of(book, token_out)] * MILLION // unit(book, token_out))
    kept = 300 * (MILLION - pool.fee)
    assert kept * 999 // 1000 <= millionths <= kept + 300


@pytest.mark.parametrize(
    ("chain", "name", "callback"),
    [
        ("ethereum_full", "uniswap_v3 USDC/WETH 500", "uniswapV3SwapCallback"),
        ("ethereum_full", "pancake_v3 USDC/WETH 500", "pancakeV3SwapCallback"),
        ("ethereum_full", "algebra USDC/WETH 500", "algebraSwapCallback"),
        ("base_full", "slipstream WETH/USDC 500", "uniswapV3SwapCallback"),
    ],
)
def test_a_concentrated_pool_calls_back_by_its_familys_name(
    chain: str, name: str, callback: str, request: pytest.FixtureRequest
) -> None:
    node: Node = request.getfixturevalue(chain)
    pool, asker = book_of(node).pool(name), account("asker")
    node.set_code(asker, TELLS_ITS_SELECTOR)
    signature = "swap(address,bool,int256,uint160,bytes)"
    call = abi.encode_call(signature, asker, True, 10**6, market.LOWEST_PRICE, b"")
    with pytest.raises(RpcError) as caught:
        node.call(pool.address, call, from_=asker)
    assert caught.value.data == "0x" + abi.selector(f"{callback}(int256,int256,bytes)").hex()


@pytest.mark.parametrize(
    ("chain", "name", "signature", "words"),
    [
        ("ethereum_full", "uniswap_v3 USDC/WETH 500", "slot0()", 7),
        ("base_full", "slipstream WETH/USDC 500", "slot0()", 6),
        ("ethereum_full", "algebra USDC/WETH 500", "globalState()", 6),
    ],
)
def test_a_concentrated_pools_state_has_its_familys_length(
    chain: str, name: str, signature: str, words: int, request: pytest.FixtureRequest
) -> None:
    node: Node = request.getfixturevalue(f"{chain}_node")
    answer = node.call(book_of(node).pool(name).address, abi.encode_call(signature))
    assert len(answer) == 32 * words


def test_a_large_trade_crosses_ticks_in_each_family(ethereum_full: Node, base_full: Node) -> None:
    for node, name in ((ethereum_full, "algebra USDC/WETH 500"), (base_full, "slipstream WETH/USDC 500")):
        pool, book = book_of(node).pool(name), book_of(node)
        before = node.call(pool.address, abi.encode_call("liquidity()"))
        market.trade(node, pool, book.tokens["WETH"], 3_000 * ETHER)
        assert node.call(pool.address, abi.encode_call("liquidity()")) != before
