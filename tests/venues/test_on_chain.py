"""Quotes against executed swaps in the real bytecode, on random pools and amounts, to the wei."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import ETHEREUM, Node, abi
from devnet.errors import RpcError
from devnet.protocols.tokens import TREASURY
from executor.domain.address import to_address
from executor.domain.market import V2State, V3State
from executor.domain.pool import Pool, VenueKind
from executor.domain.token import Token
from executor.venues import read, uniswap_v2, uniswap_v3
from executor.venues.uniswap_v3_maths import MAX_TICK, sqrt_ratio_at_tick
from tests.support.answers import quote_reading_on, read_from
from tests.support.market import FEE_TIERS

DAI = Token(1, to_address(ETHEREUM.tokens["DAI"]), "DAI", 18)
USDT = Token(1, to_address(ETHEREUM.tokens["USDT"]), "USDT", 6)
NOBODY = "0x000000000000000000000000000000000000dEaD"
on_a_node = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Trade:
    """One swap: exactly in (positive) or exactly out (negative)."""

    zero_for_one: bool
    amount: int


@dataclass(frozen=True)
class Market:
    """A pool to make: its price as a tick and hundredths of the way on, positions as spacings around.

    One more position spans all prices, so that no trade has to walk to their end.
    """

    fee: int
    tick: int
    part: int
    positions: tuple[tuple[int, int, int], ...]
    trades: tuple[Trade, ...]


amounts = st.integers(1, 10**15) | st.integers(1, 10**6)
trades = st.builds(Trade, st.booleans(), amounts | amounts.map(lambda amount: -amount))
positions = st.tuples(st.integers(1, 300), st.integers(1, 300), st.integers(10**3, 10**16))


def markets(fees: list[int]) -> st.SearchStrategy[Market]:
    return st.builds(
        Market,
        st.sampled_from(fees),
        st.integers(-50_000, 50_000),
        st.integers(0, 99),
        st.lists(positions, min_size=1, max_size=3).map(tuple),
        st.lists(trades, min_size=1, max_size=3).map(tuple),
    )


def send(node: Node, to: str, data: bytes) -> dict[str, Any]:
    """Send from the treasury with gas to spare: a second later a pool's oracle needs more than estimated."""
    return node.send(TREASURY, to, data, gas=8_000_000)


def make_v3_pool(node: Node, venue: str, market: Market) -> Pool:
    """Create, open and fill a pool of the venue's own factory."""
    factory, spacing = ETHEREUM.contracts[f"{venue}_factory"], FEE_TIERS[market.fee]
    pair = (DAI.address, USDT.address, market.fee)
    send(node, factory, abi.encode_call("createPool(address,address,uint24)", *pair))
    found = node.call(factory, abi.encode_call("getPool(address,address,uint24)", *pair))
    address = to_address(abi.decode("(address)", found)[0])
    low, high = sqrt_ratio_at_tick(market.tick), sqrt_ratio_at_tick(market.tick + 1)
    price = low + (high - low) * market.part // 100
    send(node, address, abi.encode_call("initialize(uint160)", price))
    compressed, outermost = market.tick // spacing, MAX_TICK // spacing
    around = [(compressed - below, compressed + above, amount) for below, above, amount in market.positions]
    for lower, upper, liquidity in [(-outermost, outermost, 10**16), *around]:
        ticks = (lower * spacing, upper * spacing)
        call = abi.encode_call("mint(address,int24,int24,uint128)", address, *ticks, liquidity)
        send(node, TREASURY, call)
    return Pool(venue, VenueKind.UNISWAP_V3, address, DAI, USDT, market.fee, spacing)


def swap_v3(node: Node, pool: Pool, trade: Trade) -> uniswap_v3.V3Quote:
    """Execute the swap; what the pool's own event says of it."""
    arguments = (pool.address, NOBODY, trade.zero_for_one, trade.amount)
    receipt = send(node, TREASURY, abi.encode_call("swap(address,address,bool,int256)", *arguments))
    log = next(log for log in receipt["logs"] if log["address"].lower() == pool.address.lower())
    amount0, amount1, price, liquidity, tick = abi.decode(
        "(int256,int256,uint160,uint128,int24)", bytes.fromhex(log["data"][2:])
    )
    paid, received = (amount0, amount1) if trade.zero_for_one else (amount1, amount0)
    return uniswap_v3.V3Quote(paid, -received, price, tick, liquidity, 0)


def hold_quotes_against_swaps(node: Node, venue: str, market: Market) -> None:
    with node.isolated():
        pool = make_v3_pool(node, venue, market)
        for trade in market.trades:
            state = read_from(node, read(pool))
            assert isinstance(state, V3State)
            quoted = quote_reading_on(node, state, trade.zero_for_one, trade.amount)
            done = swap_v3(node, pool, trade)

            assert (quoted.amount_in, quoted.amount_out) == (done.amount_in, done.amount_out)
            assert (quoted.sqrt_price_x96, quoted.tick) == (done.sqrt_price_x96, done.tick)
            assert quoted.liquidity == done.liquidity


@on_a_node
@given(market=markets([100, 500, 3_000, 10_000]))
def test_a_uniswap_v3_swap_does_what_was_quoted(ethereum_node: Node, market: Market) -> None:
    hold_quotes_against_swaps(ethereum_node, "uniswap_v3", market)


@on_a_node
@given(market=markets([100, 500, 2_500, 10_000]))
def test_a_pancakeswap_v3_swap_does_what_was_quoted(ethereum_node: Node, market: Market) -> None:
    hold_quotes_against_swaps(ethereum_node, "pancake_v3", market)


def make_pair(node: Node, venue: str, reserve_dai: int, reserve_usdt: int) -> Pool:
    """Create and fill a pair of the venue's own factory."""
    factory = ETHEREUM.contracts[f"{venue}_factory"]
    pair = (DAI.address, USDT.address)
    send(node, factory, abi.encode_call("createPair(address,address)", *pair))
    found = node.call(factory, abi.encode_call("getPair(address,address)", *pair))
    address = to_address(abi.decode("(address)", found)[0])
    pay(node, DAI, address, reserve_dai)
    pay(node, USDT, address, reserve_usdt)
    send(node, address, abi.encode_call("mint(address)", NOBODY))
    return Pool(venue, VenueKind.UNISWAP_V2, address, DAI, USDT, 3_000)


def pay(node: Node, token: Token, to: str, amount: int) -> None:
    send(node, token.address, abi.encode_call("transfer(address,uint256)", to, amount))


def swap_v2(pool: Pool, zero_for_one: bool, amount_out: int) -> bytes:
    outputs = (0, amount_out) if zero_for_one else (amount_out, 0)
    return abi.encode_call("swap(uint256,uint256,address,bytes)", *outputs, NOBODY, b"")


@pytest.mark.parametrize("venue", ["uniswap_v2", "sushi_v2"])
@on_a_node
@given(
    reserves=st.tuples(st.integers(10**6, 10**17), st.integers(10**6, 10**17)),
    zero_for_one=st.booleans(),
    amount=st.integers(1, 10**17),
)
def test_a_pair_gives_what_was_quoted_and_not_one_unit_more(
    ethereum_node: Node, venue: str, reserves: tuple[int, int], zero_for_one: bool, amount: int
) -> None:
    node = ethereum_node
    with node.isolated():
        pool = make_pair(node, venue, *reserves)
        state = read_from(node, read(pool))
        assert isinstance(state, V2State)
        assert (state.reserve0, state.reserve1) == reserves
        quoted = uniswap_v2.amount_out(state, zero_for_one, amount)
        token_in, token_out = (DAI, USDT) if zero_for_one else (USDT, DAI)
        pay(node, token_in, pool.address, amount)

        with pytest.raises(RpcError, match=r"UniswapV2: (K|INSUFFICIENT_LIQUIDITY)"):
            node.call(pool.address, swap_v2(pool, zero_for_one, quoted + 1), from_=TREASURY)
        if quoted:
            before = node.erc20_balance(token_out.address, NOBODY)
            send(node, pool.address, swap_v2(pool, zero_for_one, quoted))
            assert node.erc20_balance(token_out.address, NOBODY) - before == quoted


@pytest.mark.parametrize("name", [pool.name for pool in ETHEREUM.pools if pool.venue == "uniswap_v3"])
@pytest.mark.parametrize("zero_for_one", [True, False])
@pytest.mark.parametrize("dollars", [10, 100_000, 5_000_000])
def test_the_quoter_contract_says_the_same(
    ethereum_node: Node, name: str, zero_for_one: bool, dollars: int
) -> None:
    """QuoterV2 also counts the ticks that were crossed."""
    pool = pool_of(name)
    token_in, token_out = (pool.token0, pool.token1) if zero_for_one else (pool.token1, pool.token0)
    amount = dollars * 10**token_in.decimals // (3_000 if token_in.symbol == "WETH" else 1)
    state = read_from(ethereum_node, read(pool))
    assert isinstance(state, V3State)
    quoted = quote_reading_on(ethereum_node, state, zero_for_one, amount)

    asked = (token_in.address, token_out.address, amount, pool.fee, 0)
    call = abi.encode_call("quoteExactInputSingle((address,address,uint256,uint24,uint160))", asked)
    answer = ethereum_node.call(ETHEREUM.contracts["uniswap_v3_quoter_v2"], call)
    said: tuple[Any, ...] = abi.decode("(uint256,uint160,uint32,uint256)", answer)
    assert (quoted.amount_out, quoted.sqrt_price_x96, quoted.ticks_crossed) == said[:3]
    assert quoted.amount_in == amount


def pool_of(name: str) -> Pool:
    record = ETHEREUM.pool(name)
    token0, token1 = (
        Token(1, to_address(token), ETHEREUM.symbol(token), ETHEREUM.decimals[ETHEREUM.symbol(token)])
        for token in record.tokens
    )
    return Pool(
        record.venue,
        VenueKind.UNISWAP_V3 if record.tick_spacing else VenueKind.UNISWAP_V2,
        to_address(record.address),
        token0,
        token1,
        record.fee,
        record.tick_spacing,
    )


def test_ticks_are_read_on_until_the_end_of_prices(ethereum_node: Node) -> None:
    state = read_from(ethereum_node, uniswap_v3.read(pool_of("uniswap_v3 USDC/WETH 500"), words=0))
    drained = quote_reading_on(ethereum_node, state, True, 10**30)

    assert drained.amount_in < 10**30
    assert drained.liquidity == 0
    assert drained.ticks_crossed > 3
