"""What pools say of themselves, against what they are and what they then give, to the wei."""

from __future__ import annotations

import pytest

from devnet import BASE_FULL, ETHEREUM_FULL, Node, abi
from devnet.book import NATIVE, AddressBook, PoolRecord
from devnet.deal import ensure_balance
from devnet.market import trade_aerodrome_v2, trade_balancer_v2, trade_curve
from devnet.roles import account
from executor.domain.address import Address, to_address
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.venues import balancer_v2, curve_pools, erc4626, solidly
from tests.support.answers import read_from

ETHER = 10**18
USER = account("user of a vault")
CURVE = [pool for pool in ETHEREUM_FULL.pools if pool.venue.startswith("curve_")]
BALANCER = [pool for pool in ETHEREUM_FULL.pools if pool.venue == "balancer_v2"]
SOLIDLY = [pool for pool in BASE_FULL.pools if pool.venue == "aerodrome_v2"]
VAULTS = [("sDAI", "DAI"), ("steakUSDC", "USDC")]
NOT_A_POOL = to_address(ETHEREUM_FULL.tokens["WETH"])


def address(record: PoolRecord) -> Address:
    """The pool's address."""
    return to_address(record.address)


def name(record: PoolRecord) -> str:
    """How a test is called after a pool."""
    return record.name


def whole_dollars(book: AddressBook, token: str) -> int:
    """Some of a token, in smallest units."""
    if token == NATIVE:
        return ETHER
    amount: int = 123 * 10 ** book.decimals[book.symbol(token)]
    return amount // 10


@pytest.mark.parametrize("record", CURVE, ids=name)
def test_a_curve_pool_is_known_by_its_coins_and_indexes(ethereum_full_node: Node, record: PoolRecord) -> None:
    found = read_from(ethereum_full_node, curve_pools.details(address(record)))

    assert found.coins == tuple(to_address(token) for token in record.tokens)
    assert found.uint256_indexes is ("crypto" in record.venue or record.venue == "curve_stable_uint")


@pytest.mark.parametrize("record", CURVE, ids=name)
def test_a_curve_quote_is_what_a_trade_gives(ethereum_full: Node, record: PoolRecord) -> None:
    pool = address(record)
    found = read_from(ethereum_full, curve_pools.details(pool))
    coin_in, coin_out = record.tokens[0], record.tokens[-1]
    amount = whole_dollars(ETHEREUM_FULL, coin_in)
    quote = read_from(
        ethereum_full, curve_pools.quote(pool, found, to_address(coin_in), to_address(coin_out), amount)
    )

    given = trade_curve(ethereum_full, record, coin_in, amount, coin_out)

    # A transfer of staked ether may lose a wei or two, and the oldest pools round once more when they trade.
    tolerance = {"curve_stable_ether": 2, "curve_stable": 1, "curve_stable_uint": 1}.get(record.venue, 0)
    assert 0 <= quote - given <= tolerance
    assert given > 0


@pytest.mark.parametrize("record", BALANCER, ids=name)
def test_a_balancer_pool_is_known_by_its_id_and_tokens(ethereum_full_node: Node, record: PoolRecord) -> None:
    found = read_from(ethereum_full_node, balancer_v2.details(address(record)))

    assert found.vault == to_address(ETHEREUM_FULL.contracts["balancer_v2_vault"])
    assert found.pool_id == record.pool_id
    assert found.tokens == tuple(to_address(token) for token in record.tokens)
    assert address(record).lower() + found.pool_id_tail[2:] == record.pool_id


@pytest.mark.parametrize("record", BALANCER, ids=name)
def test_a_balancer_quote_is_what_a_trade_gives(ethereum_full: Node, record: PoolRecord) -> None:
    pool, (token_in, token_out) = address(record), (record.tokens[-1], record.tokens[0])
    found = read_from(ethereum_full, balancer_v2.details(pool))
    amount = whole_dollars(ETHEREUM_FULL, token_in)
    quote = read_from(
        ethereum_full, balancer_v2.quote(pool, found, to_address(token_in), to_address(token_out), amount)
    )

    assert trade_balancer_v2(ethereum_full, record, token_in, amount, token_out) == quote > 0


@pytest.mark.parametrize("record", SOLIDLY, ids=name)
def test_a_solidly_pool_is_known_by_its_curve(base_full_node: Node, record: PoolRecord) -> None:
    assert read_from(base_full_node, solidly.details(address(record))).stable is record.stable


@pytest.mark.parametrize("record", SOLIDLY, ids=name)
@pytest.mark.parametrize("side", [0, 1])
def test_a_solidly_quote_is_what_a_trade_gives(base_full: Node, record: PoolRecord, side: int) -> None:
    token_in = record.tokens[side]
    amount = whole_dollars(BASE_FULL, token_in)
    quote = read_from(base_full, solidly.quote(address(record), to_address(token_in), amount))

    assert trade_aerodrome_v2(base_full, record, token_in, amount) == quote > 0


@pytest.mark.parametrize(("share", "asset"), VAULTS)
def test_a_vaults_quotes_are_what_it_gives(ethereum_full: Node, share: str, asset: str) -> None:
    node, vault = ethereum_full, to_address(ETHEREUM_FULL.tokens[share])
    token = to_address(ETHEREUM_FULL.tokens[asset])
    found = read_from(node, erc4626.details(vault))
    assert found.asset == token

    amount = whole_dollars(ETHEREUM_FULL, token)
    ensure_balance(node, token, USER, amount)
    shares = read_from(node, erc4626.quote(vault, found, token, amount))
    node.send(USER, token, abi.encode_call("approve(address,uint256)", vault, amount))
    node.send(USER, vault, abi.encode_call("deposit(uint256,address)", amount, USER))
    assert node.erc20_balance(vault, USER) == shares > 0

    before = node.erc20_balance(token, USER)
    assets = read_from(node, erc4626.quote(vault, found, vault, shares))
    node.send(USER, vault, abi.encode_call("redeem(uint256,address,address)", shares, USER, USER))
    assert node.erc20_balance(token, USER) - before == assets > 0


def test_what_is_no_pool_is_told_to_be_none(ethereum_full_node: Node) -> None:
    readings = (
        curve_pools.details(NOT_A_POOL),
        balancer_v2.details(NOT_A_POOL),
        solidly.details(NOT_A_POOL),
        erc4626.details(NOT_A_POOL),
    )
    for reading in readings:
        with pytest.raises(PoolNotFoundError) as refused:
            read_from(ethereum_full_node, reading)
        assert NOT_A_POOL in refused.value.message


def test_a_token_that_a_pool_does_not_hold_is_named(ethereum_full_node: Node) -> None:
    pool, vault = address(CURVE[0]), to_address(ETHEREUM_FULL.tokens["sDAI"])
    coins = read_from(ethereum_full_node, curve_pools.details(pool))
    asset = read_from(ethereum_full_node, erc4626.details(vault))
    for reading in (
        curve_pools.quote(pool, coins, NOT_A_POOL, coins.coins[0], 1),
        erc4626.quote(vault, asset, NOT_A_POOL, 1),
    ):
        with pytest.raises(PoolNotFoundError) as refused:
            read_from(ethereum_full_node, reading)
        assert NOT_A_POOL in refused.value.message


def test_an_amount_that_a_pool_refuses_is_no_quote(ethereum_full_node: Node) -> None:
    pool, balancer = address(CURVE[0]), address(BALANCER[0])
    coins = read_from(ethereum_full_node, curve_pools.details(pool))
    tokens = read_from(ethereum_full_node, balancer_v2.details(balancer))
    for reading in (
        curve_pools.quote(pool, coins, coins.coins[0], coins.coins[1], 2**255),
        balancer_v2.quote(balancer, tokens, tokens.tokens[0], tokens.tokens[1], 2**200),
    ):
        with pytest.raises(MathsError):
            read_from(ethereum_full_node, reading)
