"""The full tier: a real swap or loan at each protocol that it adds to the lean one."""

from __future__ import annotations

import pytest

from devnet import BASE, BASE_FULL, ETHER, ETHEREUM, ETHEREUM_FULL, Node, abi, market
from devnet.addresses_full import FULL_SUBSTITUTES
from devnet.book import NATIVE, AddressBook
from devnet.books import book_of
from devnet.liquidity import tokens_for, unit
from tests.devnet.borrower import STRANGER, Borrower


@pytest.mark.parametrize(
    ("chain", "book"),
    [("ethereum", ETHEREUM), ("ethereum_full", ETHEREUM_FULL), ("base", BASE), ("base_full", BASE_FULL)],
)
def test_a_node_finds_the_book_of_its_tier(
    chain: str, book: AddressBook, request: pytest.FixtureRequest
) -> None:
    assert book_of(request.getfixturevalue(f"{chain}_node")) is book


def test_a_fork_of_the_full_tier_finds_its_book_too(ethereum_full_node: Node) -> None:
    with Node.fork(ethereum_full_node.url) as fork:
        assert book_of(fork) is ETHEREUM_FULL


@pytest.mark.parametrize(
    ("chain", "symbol"),
    [
        ("ethereum_full", "WETH"),
        ("ethereum_full", "USDC"),
        ("ethereum_full", "DAI"),
        ("base_full", "WETH"),
        ("base_full", "USDC"),
    ],
)
def test_morpho_lends_for_nothing(chain: str, symbol: str, request: pytest.FixtureRequest) -> None:
    node: Node = request.getfixturevalue(chain)
    book = book_of(node)
    token = book.tokens[symbol]
    borrower = Borrower(node, token, 0)
    amount = tokens_for(book, token, 90_000_000)
    signature = "borrowMorpho(address,address,uint256)"
    assert borrower.borrow(signature, book.contracts["morpho_blue"], token, amount) == (amount, 0)


@pytest.mark.parametrize(
    ("chain", "symbol"),
    [
        ("ethereum_full", "WETH"),
        ("ethereum_full", "USDC"),
        ("ethereum_full", "DAI"),
        ("ethereum_full", "USDT"),
        ("base_full", "WETH"),
    ],
)
def test_the_balancer_v3_vault_lends_for_nothing(
    chain: str, symbol: str, request: pytest.FixtureRequest
) -> None:
    node: Node = request.getfixturevalue(chain)
    book = book_of(node)
    token = book.tokens[symbol]
    borrower = Borrower(node, token, 0)
    amount = tokens_for(book, token, 5_000_000)
    signature = "borrowBalancerV3(address,address,uint256)"
    assert borrower.borrow(signature, book.contracts["balancer_v3_vault"], token, amount) == (amount, 0)


def test_every_balancer_v3_contract_fits_under_the_size_limit(ethereum_full_node: Node) -> None:
    sizes = {
        name: len(ethereum_full_node.code(address))
        for name, address in ETHEREUM_FULL.contracts.items()
        if name.startswith("balancer_v3")
    }
    assert len(sizes) == 7
    assert max(sizes.values()) <= 24_576


def test_a_balancer_v3_pool_has_the_weights_of_the_book(ethereum_full_node: Node) -> None:
    pool = ETHEREUM_FULL.pool("balancer_v3 DAI/WETH")
    answer = ethereum_full_node.call(pool.address, abi.encode_call("getNormalizedWeights()"))
    assert abi.decode("(uint256[])", answer)[0] == tuple(weight * 10**16 for weight in pool.weights)


def test_a_balancer_v3_pool_takes_a_vaults_share_at_its_rate(ethereum_full_node: Node) -> None:
    vault = ETHEREUM_FULL.contracts["balancer_v3_vault"]
    pool = ETHEREUM_FULL.pool("balancer_v3 sDAI/USDC")
    answer = ethereum_full_node.call(vault, abi.encode_call("getPoolTokenRates(address)", pool.address))
    _, rates = abi.decode("(uint256[],uint256[])", answer)
    assert abs(rates[0] - 12 * ETHER // 10) <= 1
    assert rates[1] == ETHER


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("balancer_v3 DAI/WETH", "WETH"), ("balancer_v3 sDAI/USDC", "USDC"), ("balancer_v3 USDC/WETH", "USDC")],
)
def test_the_balancer_v3_router_foresees_a_trade_to_the_wei(
    ethereum_full: Node, name: str, symbol: str
) -> None:
    pool, token = ETHEREUM_FULL.pool(name), ETHEREUM_FULL.tokens[symbol]
    token_out = next(other for other in pool.tokens if other != token)
    amount = tokens_for(ETHEREUM_FULL, token, 700_000)
    signature = "querySwapSingleTokenExactIn(address,address,address,uint256,address,bytes)"
    call = abi.encode_call(signature, pool.address, token, token_out, amount, STRANGER, b"")
    router = ETHEREUM_FULL.contracts["balancer_v3_router"]
    # Only a call from nobody counts as a query.
    answer = ethereum_full.call(router, call, from_=NATIVE)
    quoted = abi.decode("(uint256)", answer)[0]
    assert market.trade(ethereum_full, pool, token, amount) == quoted


@pytest.mark.parametrize(
    ("prefix", "symbol"),
    [
        ("spark", "WETH"),
        ("spark", "USDC"),
        ("spark", "DAI"),
        ("aave_v3_prime", "WETH"),
        ("aave_v3_prime", "USDC"),
    ],
)
def test_a_market_with_aaves_code_lends_for_five_basis_points(
    ethereum_full: Node, prefix: str, symbol: str
) -> None:
    token = ETHEREUM_FULL.tokens[symbol]
    amount = tokens_for(ETHEREUM_FULL, token, 1_000_000)
    borrower = Borrower(ethereum_full, token, amount // 1000)
    pool = ETHEREUM_FULL.contracts[f"{prefix}_pool"]
    held, fee = borrower.borrow("borrowAave(address,address,uint256)", pool, token, amount)
    assert held == amount
    assert abs(fee - amount * 5 // 10_000) <= 1


def test_the_side_markets_keep_their_books_apart(ethereum_full_node: Node) -> None:
    signature = "getReservesList()"
    listed = {
        name: abi.decode("(address[])", ethereum_full_node.call(address, abi.encode_call(signature)))[0]
        for name, address in ETHEREUM_FULL.contracts.items()
        if name in ("aave_v3_pool", "spark_pool", "aave_v3_prime_pool")
    }
    assert {name: len(reserves) for name, reserves in listed.items()} == {
        "aave_v3_pool": 4,
        "spark_pool": 4,
        "aave_v3_prime_pool": 2,
    }


def ask(node: Node, to: str, signature: str, *arguments: object) -> int:
    return int(abi.decode("(uint256)", node.call(to, abi.encode_call(signature, *arguments)))[0])


@pytest.mark.parametrize(
    ("lender", "symbol", "fee_bps"),
    [
        ("maker_dss_flash", "DAI", 0),
        ("erc3156_lender_with_fee", "DAI", 9),
        ("erc3156_lender_with_fee", "WETH", 9),
        ("erc3156_lender_with_fee", "USDC", 9),
    ],
)
def test_an_erc3156_lender_takes_the_fee_that_it_names(
    ethereum_full: Node, lender: str, symbol: str, fee_bps: int
) -> None:
    token, address = ETHEREUM_FULL.tokens[symbol], ETHEREUM_FULL.contracts[lender]
    amount = ask(ethereum_full, address, "maxFlashLoan(address)", token)
    assert amount == tokens_for(ETHEREUM_FULL, token, 100_000_000)
    named = ask(ethereum_full, address, "flashFee(address,uint256)", token, amount)
    assert named == amount * fee_bps // 10_000
    borrower = Borrower(ethereum_full, token, named)
    signature = "borrowERC3156(address,address,uint256)"
    assert borrower.borrow(signature, address, token, amount) == (amount, named)


def test_makers_lender_lends_dai_alone(ethereum_full_node: Node) -> None:
    lender = ETHEREUM_FULL.contracts["maker_dss_flash"]
    for symbol, token in ETHEREUM_FULL.tokens.items():
        lends = ask(ethereum_full_node, lender, "maxFlashLoan(address)", token) > 0
        assert lends == (symbol == "DAI")


@pytest.mark.parametrize(("symbol", "asset", "percent"), [("sDAI", "DAI", 120), ("steakUSDC", "USDC", 105)])
def test_a_share_of_a_vault_has_earned(ethereum_full: Node, symbol: str, asset: str, percent: int) -> None:
    vault, token = ETHEREUM_FULL.tokens[symbol], ETHEREUM_FULL.tokens[asset]
    share, whole = unit(ETHEREUM_FULL, vault), unit(ETHEREUM_FULL, token)
    assert abs(ask(ethereum_full, vault, "convertToAssets(uint256)", share) - whole * percent // 100) <= 1
    ethereum_full.set_erc20_balance(token, STRANGER, 1000 * whole)
    ethereum_full.send(STRANGER, token, abi.encode_call("approve(address,uint256)", vault, 1000 * whole))
    deposit = abi.encode_call("deposit(uint256,address)", 1000 * whole, STRANGER)
    ethereum_full.send(STRANGER, vault, deposit)
    shares = ethereum_full.erc20_balance(vault, STRANGER)
    assert abs(shares - 1000 * share * 100 // percent) <= share // 10**6
    redeem = abi.encode_call("redeem(uint256,address,address)", shares, STRANGER, STRANGER)
    ethereum_full.send(STRANGER, vault, redeem)
    assert 0 <= 1000 * whole - ethereum_full.erc20_balance(token, STRANGER) <= 1


@pytest.mark.parametrize(("chain", "book"), [("ethereum_full", ETHEREUM_FULL), ("base_full", BASE_FULL)])
def test_every_token_has_the_decimals_of_the_book(
    chain: str, book: AddressBook, request: pytest.FixtureRequest
) -> None:
    node: Node = request.getfixturevalue(f"{chain}_node")
    for symbol, token in book.tokens.items():
        assert ask(node, token, "decimals()") == book.decimals[symbol]


def test_what_is_not_the_real_bytecode_is_said() -> None:
    named = {name for book in (ETHEREUM_FULL, BASE_FULL) for name in (*book.tokens, *book.contracts)}
    venues = {pool.venue for pool in ETHEREUM_FULL.pools}
    assert set(FULL_SUBSTITUTES) <= named | venues
