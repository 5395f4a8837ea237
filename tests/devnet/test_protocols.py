"""One real swap or loan at each protocol of the loaded chains."""

from __future__ import annotations

import os

import pytest

from devnet import BASE, BASE_FULL, ETHER, ETHEREUM, ETHEREUM_FULL, Node, PoolRecord, abi, market
from devnet.book import POOL_KEY
from devnet.books import book_of
from devnet.errors import RpcError
from devnet.liquidity import PRICES_USD, positions, symbol_of, tokens_for, unit
from devnet.protocols.uniswap_v4 import key_of
from tests.devnet.borrower import Borrower

MILLION = 10**6


def every_pool() -> list[object]:
    """Each pool of the lean chains, then those that the full tier adds."""
    books = {"ethereum": ETHEREUM, "base": BASE, "ethereum_full": ETHEREUM_FULL, "base_full": BASE_FULL}
    known = {*ETHEREUM.pools, *BASE.pools}
    return [
        pytest.param(chain, pool, index, id=f"{chain} {pool.name} sell {symbol_of(book, pool.tokens[index])}")
        for chain, book in books.items()
        for pool in book.pools
        if "full" not in chain or pool not in known
        for index in range(len(pool.tokens))
    ]


@pytest.mark.parametrize(("chain", "pool", "index"), every_pool())
def test_a_small_trade_costs_the_fee_and_no_more(
    chain: str, pool: PoolRecord, index: int, request: pytest.FixtureRequest
) -> None:
    node: Node = request.getfixturevalue(chain)
    book = book_of(node)
    token_in = pool.tokens[index]
    received = market.trade(node, pool, token_in, tokens_for(book, token_in, 300))
    token_out = next(token for token in pool.tokens if token != token_in)
    millionths_of_dollars = (
        received * PRICES_USD[symbol_of(book, token_out)] * MILLION // unit(book, token_out)
    )
    kept = 300 * (MILLION - pool.fee)
    if "STA" in (symbol_of(book, token_in), symbol_of(book, token_out)):
        kept = kept * 99 // 100
    # At most one per mille of price impact: nothing is to be gained at rest, little is lost.
    assert kept * 999 // 1000 <= millionths_of_dollars <= kept + 300


def test_a_large_v3_trade_crosses_ticks(ethereum: Node) -> None:
    pool = ETHEREUM.pool("uniswap_v3 USDC/WETH 500")

    def liquidity() -> int:
        return int(abi.decode("(uint128)", ethereum.call(pool.address, abi.encode_call("liquidity()")))[0])

    at_rest = liquidity()
    market.trade(ethereum, pool, ETHEREUM.tokens["WETH"], 4_000 * ETHER)
    assert 0 < liquidity() < at_rest


def test_the_v3_pools_hold_at_least_three_overlapping_ranges(ethereum_node: Node) -> None:
    for pool in ETHEREUM.pools:
        if pool.tick_spacing:
            ranges = positions(ETHEREUM, pool)
            assert len({(lower, upper) for lower, upper, _ in ranges}) >= 3
            middle = max(lower for lower, _, _ in ranges), min(upper for _, upper, _ in ranges)
            assert middle[0] < middle[1]


@pytest.mark.parametrize("name", ["uniswap_v2 USDC/WETH", "sushi_v2 USDC/WETH"])
def test_a_v2_pair_lends_for_its_fee(ethereum: Node, name: str) -> None:
    pool, token = ETHEREUM.pool(name), ETHEREUM.tokens["WETH"]
    borrower = Borrower(ethereum, token, ETHER)
    signature = "borrowV2(address,address,bool,uint256)"
    held, fee = borrower.borrow(signature, pool.address, token, token == pool.tokens[0], 100 * ETHER)
    assert held == 100 * ETHER
    assert fee == 100 * ETHER * 3 // 997 + 1


@pytest.mark.parametrize("name", ["uniswap_v3 USDC/WETH 500", "pancake_v3 USDC/WETH 500"])
def test_a_v3_pool_lends_for_its_fee(ethereum: Node, name: str) -> None:
    pool, token = ETHEREUM.pool(name), ETHEREUM.tokens["WETH"]
    borrower = Borrower(ethereum, token, ETHER)
    signature = "borrowV3(address,address,bool,uint256)"
    held, fee = borrower.borrow(signature, pool.address, token, token == pool.tokens[0], 100 * ETHER)
    assert held == 100 * ETHER
    assert fee == 100 * ETHER * pool.fee // MILLION


@pytest.mark.parametrize("chain", ["ethereum", "base"])
def test_uniswap_v4_lends_for_nothing(chain: str, request: pytest.FixtureRequest) -> None:
    node: Node = request.getfixturevalue(chain)
    book = book_of(node)
    borrower = Borrower(node, book.tokens["USDC"], 0)
    manager = book.contracts["uniswap_v4_pool_manager"]
    amount = 1_000_000 * 10**6
    assert borrower.borrow("borrowV4(address,address,uint256)", manager, borrower.token, amount) == (
        amount,
        0,
    )


@pytest.mark.parametrize("chain", ["ethereum", "base"])
def test_the_balancer_vault_lends_for_nothing(chain: str, request: pytest.FixtureRequest) -> None:
    node: Node = request.getfixturevalue(chain)
    book = book_of(node)
    borrower = Borrower(node, book.tokens["WETH"], 0)
    vault = book.contracts["balancer_v2_vault"]
    assert borrower.borrow("borrowBalancer(address,address,uint256)", vault, borrower.token, 500 * ETHER) == (
        500 * ETHER,
        0,
    )


@pytest.mark.parametrize(
    ("chain", "symbol"),
    [("ethereum", "WETH"), ("ethereum", "USDC"), ("ethereum", "DAI"), ("base", "WETH"), ("base", "USDC")],
)
def test_aave_lends_for_five_basis_points(chain: str, symbol: str, request: pytest.FixtureRequest) -> None:
    node: Node = request.getfixturevalue(chain)
    book = book_of(node)
    token = book.tokens[symbol]
    amount = tokens_for(book, token, 1_000_000)
    borrower = Borrower(node, token, amount // 1000)
    pool = book.contracts["aave_v3_pool"]
    held, fee = borrower.borrow("borrowAave(address,address,uint256)", pool, token, amount)
    assert held == amount
    assert abs(fee - amount * 5 // 10_000) <= 1


def test_aave_prices_its_reserves_by_the_feeds(ethereum_node: Node) -> None:
    provider = ETHEREUM.contracts["aave_v3_addresses_provider"]
    oracle = abi.decode("(address)", ethereum_node.call(provider, abi.encode_call("getPriceOracle()")))[0]
    call = abi.encode_call("getAssetPrice(address)", ETHEREUM.tokens["WETH"])
    assert abi.decode("(uint256)", ethereum_node.call(oracle, call))[0] == 3000 * 10**8


def test_dai_lends_itself(ethereum: Node) -> None:
    dai = ETHEREUM.tokens["DAI"]
    borrower = Borrower(ethereum, dai, 0)
    amount = 10**6 * ETHER
    assert borrower.borrow("borrowERC3156(address,address,uint256)", dai, dai, amount) == (amount, 0)


def test_a_lender_that_is_not_repaid_reverts_everything(ethereum: Node) -> None:
    token, pool = ETHEREUM.tokens["WETH"], ETHEREUM.contracts["aave_v3_pool"]
    borrower = Borrower(ethereum, token, 0)
    with pytest.raises(RpcError, match="revert"):
        borrower.borrow("borrowAave(address,address,uint256)", pool, token, 100 * ETHER)


def test_multicall3_reads_two_balances_in_one_call(ethereum_node: Node) -> None:
    weth, usdc = ETHEREUM.tokens["WETH"], ETHEREUM.tokens["USDC"]
    pool = ETHEREUM.pool("uniswap_v2 USDC/WETH").address
    balance = abi.encode_call("balanceOf(address)", pool)
    calls = [(weth, False, balance), (usdc, False, balance)]
    data = abi.encode_call("aggregate3((address,bool,bytes)[])", calls)
    answer = abi.decode("((bool,bytes)[])", ethereum_node.call(ETHEREUM.contracts["multicall3"], data))[0]
    amounts = [int.from_bytes(word) for _, word in answer]
    assert amounts == [ethereum_node.erc20_balance(token, pool) for token in (weth, usdc)]


def test_the_quoter_foresees_a_v3_trade_to_the_wei(ethereum: Node) -> None:
    pool, weth = ETHEREUM.pool("uniswap_v3 USDC/WETH 3000"), ETHEREUM.tokens["WETH"]
    signature = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
    call = abi.encode_call(signature, (weth, ETHEREUM.tokens["USDC"], 700 * ETHER, pool.fee, 0))
    quoter = ETHEREUM.contracts["uniswap_v3_quoter_v2"]
    quoted = abi.decode("(uint256,uint160,uint32,uint256)", ethereum.call(quoter, call))[0]
    assert market.trade(ethereum, pool, weth, 700 * ETHER) == quoted


def test_the_v4_quoter_foresees_a_v4_trade_to_the_wei(ethereum: Node) -> None:
    pool, usdc = ETHEREUM.pool("uniswap_v4 USDC/WETH 3000"), ETHEREUM.tokens["USDC"]
    signature = f"quoteExactInputSingle(({POOL_KEY},bool,uint128,bytes))"
    call = abi.encode_call(signature, (key_of(pool), True, 90_000 * 10**6, b""))
    quoted = abi.decode("(uint256,uint256)", ethereum.call(ETHEREUM.contracts["uniswap_v4_quoter"], call))[0]
    assert market.trade(ethereum, pool, usdc, 90_000 * 10**6) == quoted


def test_the_v4_ether_pool_has_mainnets_id() -> None:
    pool = ETHEREUM.pool("uniswap_v4 ETH/USDC 500")
    assert pool.pool_id == "0x21c67e77068de97969ba93d4aab21826d33ca12bb9f565d8496e8fda8a82ca27"


def test_bases_oracle_names_a_data_fee_that_grows_with_the_data(base_node: Node) -> None:
    oracle = BASE.contracts["gas_price_oracle"]

    def fee(data: bytes) -> int:
        return int(
            abi.decode("(uint256)", base_node.call(oracle, abi.encode_call("getL1Fee(bytes)", data)))[0]
        )

    short, long = fee(os.urandom(200)), fee(os.urandom(2000))
    assert 0 < short < long


def test_selling_a_token_that_the_pool_does_not_hold_is_a_clear_error(ethereum: Node) -> None:
    with pytest.raises(ValueError, match=r"uniswap_v2 USDC/WETH does not hold .* sell one of"):
        market.trade(ethereum, ETHEREUM.pool("uniswap_v2 USDC/WETH"), ETHEREUM.tokens["DAI"], 1)
