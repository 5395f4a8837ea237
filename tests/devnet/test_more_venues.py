"""The further venues of the full tier: a small trade at each pool, and what sets each family apart."""

from __future__ import annotations

import pytest

from devnet import BASE_FULL, ETHER, ETHEREUM_FULL, Node, PoolRecord, abi, market
from devnet.book import NATIVE
from devnet.books import book_of
from devnet.errors import RpcError
from devnet.liquidity import PRICES_USD, symbol_of, tokens_for, unit
from devnet.roles import account

MILLION = 10**6
VENUES = ("algebra", "slipstream", "solidly_v3", "pancake_v1", "own_v2_fork")
STABLE = "aerodrome_v2 DAI/USDC stable"
# Reverts with the selector that it is called with.
TELLS_ITS_SELECTOR = bytes.fromhex("60045f5f3760045ffd")


def pools() -> list[object]:
    return [
        pytest.param(chain, pool, index, id=f"{chain} {pool.name} sell {symbol_of(book, pool.tokens[index])}")
        for chain, book in (("ethereum_full", ETHEREUM_FULL), ("base_full", BASE_FULL))
        for pool in book.pools
        if pool.venue in VENUES or pool.hooks != NATIVE or pool.name == STABLE
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
        ("ethereum_full", "solidly_v3 USDC/WETH 500", "solidlyV3SwapCallback"),
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


@pytest.mark.parametrize(
    ("name", "callback"),
    [
        ("uniswap_v2 USDC/WETH", "uniswapV2Call"),
        ("own_v2_fork USDC/WETH", "uniswapV2Call"),
        ("pancake_v1 USDC/WETH", "pancakeCall"),
    ],
)
def test_a_pair_calls_back_by_its_familys_name(ethereum_full: Node, name: str, callback: str) -> None:
    pool, asker = ETHEREUM_FULL.pool(name), account("asker")
    ethereum_full.set_code(asker, TELLS_ITS_SELECTOR)
    call = abi.encode_call("swap(uint256,uint256,address,bytes)", 10**6, 0, asker, b"data")
    with pytest.raises(RpcError) as caught:
        ethereum_full.call(pool.address, call, from_=asker)
    selector = abi.selector(f"{callback}(address,uint256,uint256,bytes)")
    assert caught.value.data == "0x" + selector.hex()


@pytest.mark.parametrize(
    ("name", "basis_points"),
    [
        ("uniswap_v2 USDC/WETH", 30),
        ("own_v2_fork USDC/WETH", 25),
        ("pancake_v1 USDC/WETH", 20),
        ("own_v2_fork DAI/WETH", 10),
    ],
)
def test_a_pair_gives_what_its_fee_leaves_and_not_a_wei_more(
    ethereum_full: Node, name: str, basis_points: int
) -> None:
    pool, trader = ETHEREUM_FULL.pool(name), account("trader")
    reserves = ethereum_full.call(pool.address, abi.encode_call("getReserves()"))
    sold, bought = abi.decode("(uint112,uint112)", reserves[:64])
    amount = sold // 777
    kept = amount * (10_000 - basis_points)
    output = kept * bought // (sold * 10_000 + kept)
    ethereum_full.set_erc20_balance(pool.tokens[0], trader, amount)
    transfer = abi.encode_call("transfer(address,uint256)", pool.address, amount)
    ethereum_full.send(trader, pool.tokens[0], transfer)

    def swap(wanted: int) -> bytes:
        return abi.encode_call("swap(uint256,uint256,address,bytes)", 0, wanted, trader, b"")

    with pytest.raises(RpcError, match=": K"):
        ethereum_full.send(trader, pool.address, swap(output + 1))
    ethereum_full.send(trader, pool.address, swap(output))
    assert ethereum_full.erc20_balance(pool.tokens[1], trader) == output


def test_the_hook_of_the_hooked_pool_counts_its_swaps(ethereum_full: Node) -> None:
    pool = ETHEREUM_FULL.pool("uniswap_v4 USDC/WETH 3000 hooked")

    def counted() -> tuple[int, ...]:
        names = ("beforeSwapCount(bytes32)", "afterSwapCount(bytes32)")
        calls = (abi.encode_call(name, bytes.fromhex(str(pool.pool_id)[2:])) for name in names)
        return tuple(int.from_bytes(ethereum_full.call(pool.hooks, call)) for call in calls)

    assert counted() == (0, 0)
    for index in (0, 1):
        market.trade(ethereum_full, pool, pool.tokens[index], 10**6)
    assert counted() == (2, 2)


def test_a_hooked_pool_gives_what_the_same_pool_without_a_hook_gives(ethereum_full: Node) -> None:
    sold = ETHEREUM_FULL.tokens["WETH"]
    received = {
        market.trade(ethereum_full, ETHEREUM_FULL.pool(name), sold, 7 * ETHER)
        for name in ("uniswap_v4 USDC/WETH 3000", "uniswap_v4 USDC/WETH 3000 hooked")
    }
    assert len(received) == 1


def test_a_stable_pair_quotes_its_trade_to_the_unit(base_full: Node) -> None:
    pool = BASE_FULL.pool(STABLE)
    for token in pool.tokens:
        amount = tokens_for(BASE_FULL, token, 2_000_000)
        call = abi.encode_call("getAmountOut(uint256,address)", amount, token)
        quoted = int.from_bytes(base_full.call(pool.address, call))
        assert market.trade(base_full, pool, token, amount) == quoted
