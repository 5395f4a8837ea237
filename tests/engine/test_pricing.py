"""Where a price comes from: a feed, else the pool or the price that the settings declare; never a guess."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from devnet import ETHEREUM, Node, market
from devnet.feeds import set_price
from executor.chain.head import head
from executor.chain.rpc import Rpc
from executor.config.chains import chain_of, load_chain
from executor.config.settings import Settings
from executor.domain.address import to_address
from executor.domain.errors import ConfigError, PriceUnavailableError
from executor.domain.token import Token
from executor.engine.pricing import Prices, token_price

STA = Token(1, to_address(ETHEREUM.tokens["STA"]), "STA", 18)
WETH = load_chain("ethereum").wrapped_native
POOL = ETHEREUM.pool("uniswap_v2 STA/WETH")
OTHER = ETHEREUM.pool("uniswap_v2 USDC/WETH")
FEED = ETHEREUM.feeds["ETH/USD"]


@pytest.fixture
async def rpc(ethereum: Node) -> AsyncIterator[Rpc]:
    """The local mainnet, with ether at 3,000 dollars."""
    set_price(ethereum, FEED, 3_000 * 10**8)
    async with Rpc(ethereum.url) as connection:
        yield connection


def settings(**section: Any) -> Settings:
    """Settings for Ethereum with these keys."""
    return Settings.from_mapping({"chains": {"ethereum": {"rpc_url": "http://127.0.0.1:1", **section}}})


async def price(rpc: Rpc, token: Token, **section: Any) -> Fraction:
    own = settings(**section).chain("ethereum")
    found = await token_price(rpc, load_chain("ethereum"), own, token, await head(rpc))
    return found.usd_per_token


def named(pool: str = POOL.address, quote: str = "WETH", **more: str) -> dict[str, Any]:
    """The setting that prices STA by a pool."""
    return {STA.address: {"pool": pool, "quote": quote, **more}}


async def test_a_declared_pool_prices_a_token_by_what_it_gives_for_the_next_unit(
    rpc: Rpc, ethereum: Node
) -> None:
    weth = ethereum.erc20_balance(WETH.address, POOL.address)
    sta = ethereum.erc20_balance(STA.address, POOL.address)

    assert await price(rpc, STA, pool_prices=named()) == Fraction(weth * 997, sta * 1_000) * 3_000


async def test_the_price_follows_the_pool_and_the_price_of_what_it_gives(rpc: Rpc, ethereum: Node) -> None:
    before = await price(rpc, STA, pool_prices=named())
    market.trade(ethereum, POOL, WETH.address, 20 * 10**18)
    after = await price(rpc, STA, pool_prices=named())
    set_price(ethereum, FEED, 1_500 * 10**8)

    assert after > before
    assert await price(rpc, STA, pool_prices=named()) == after / 2


async def test_a_feed_wins_over_a_declared_pool(rpc: Rpc) -> None:
    pools = {"WETH": {"pool": OTHER.address, "quote": "USDC"}}
    assert await price(rpc, WETH, pool_prices=pools) == 3_000


async def test_a_token_with_neither_feed_nor_declaration_has_no_price(rpc: Rpc) -> None:
    with pytest.raises(PriceUnavailableError, match="fixed_prices_usd, or a pool under pool_prices"):
        await price(rpc, STA)


async def test_what_the_pool_gives_needs_a_price_of_its_own(rpc: Rpc, ethereum: Node) -> None:
    ethereum.increase_time(100_000)
    with pytest.raises(PriceUnavailableError, match="seconds old"):
        await price(rpc, STA, pool_prices=named())


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (named(pool=OTHER.address), "holds"),
        (named(pool=STA.address), "does not answer as a pool"),
        (named(quote="NOPE"), "is no token known"),
        (named(dex="sushiswap_v2"), "does not know"),
        (named(dex="nowhere"), "is no exchange known"),
    ],
    ids=["another pair", "no pool", "no token", "another exchange", "no exchange"],
)
async def test_a_pool_that_cannot_price_the_token_is_a_wrong_setting(
    rpc: Rpc, declared: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        await price(rpc, STA, pool_prices=declared)
    assert caught.value.field.startswith(f"chains.ethereum.pool_prices.{STA.address}")


def test_a_token_has_one_declared_price() -> None:
    with pytest.raises(ConfigError, match="both `fixed_prices_usd` and `pool_prices`"):
        settings(pool_prices=named(), fixed_prices_usd={STA.address.lower(): "1"})


def test_a_pool_price_of_a_symbol_that_means_nothing_is_a_wrong_setting() -> None:
    wrong = settings(pool_prices={"NOPE": {"pool": POOL.address, "quote": "WETH"}})
    with pytest.raises(ConfigError, match="exactly one token of this symbol"):
        chain_of(wrong, "ethereum")


def test_gas_in_the_wrapped_coin_needs_no_price_and_in_others_both() -> None:
    usdc = load_chain("ethereum").token("USDC")
    native = Prices(WETH, is_native=True, settlement_usd=None, native_usd=None)
    priced = Prices(usdc, is_native=False, settlement_usd=Fraction(1), native_usd=Fraction(3_000))
    unpriced = Prices(usdc, is_native=False, settlement_usd=Fraction(Decimal("1")), native_usd=None)

    assert native.in_settlement(5) == 5
    assert priced.in_settlement(10**15) == 3_000_000
    assert unpriced.rate is None
