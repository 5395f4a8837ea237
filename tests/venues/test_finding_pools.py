"""Pools are found by the factory, checked by the factory, and read from the node."""

from __future__ import annotations

import pytest

from devnet import ETHEREUM, Node, abi
from executor.domain.address import to_address
from executor.domain.dex import Dex
from executor.domain.errors import PoolNotFoundError
from executor.domain.market import V2State, V3State
from executor.domain.pool import VenueKind
from executor.domain.token import Token
from executor.venues import VENUES, belongs, extend, find, identify, read, uniswap_v3
from executor.venues.uniswap_v3_maths import MAX_TICK, MIN_TICK, tick_at_sqrt_ratio
from tests.support.answers import read_from
from tests.support.market import FEE_TIERS, v2_pool, v3_pool

WETH = Token(1, to_address(ETHEREUM.tokens["WETH"]), "WETH", 18)
USDC = Token(1, to_address(ETHEREUM.tokens["USDC"]), "USDC", 6)
STA = Token(1, to_address(ETHEREUM.tokens["STA"]), "STA", 18)


def v2_dex(name: str) -> Dex:
    factory = ETHEREUM.contracts[f"{name}_factory"]
    return Dex(name, VenueKind.UNISWAP_V2, to_address(factory), fee=3_000)


def v3_dex(name: str) -> Dex:
    factory = ETHEREUM.contracts[f"{name}_factory"]
    return Dex(name, VenueKind.UNISWAP_V3, to_address(factory), fee_tiers=FEE_TIERS)


UNISWAP_V2, SUSHI = v2_dex("uniswap_v2"), v2_dex("sushi_v2")
UNISWAP_V3, PANCAKE = v3_dex("uniswap_v3"), v3_dex("pancake_v3")
EVERY_DEX = [UNISWAP_V2, SUSHI, UNISWAP_V3, PANCAKE]


def known(dex: Dex) -> list[tuple[str, int]]:
    tokens = {WETH.address, USDC.address}
    return [
        (pool.address, pool.fee)
        for pool in ETHEREUM.pools
        if pool.venue == dex.name and set(pool.tokens) == tokens
    ]


@pytest.mark.parametrize("dex", EVERY_DEX, ids=lambda dex: dex.name)
@pytest.mark.parametrize("pair", [(WETH, USDC), (USDC, WETH)], ids=["one way", "the other"])
def test_the_factory_names_the_pools_of_two_tokens(
    ethereum_node: Node, dex: Dex, pair: tuple[Token, Token]
) -> None:
    found = read_from(ethereum_node, find(dex, *pair))

    assert [(pool.address, pool.fee) for pool in found] == known(dex)
    assert all((pool.token0, pool.token1) == (USDC, WETH) for pool in found)
    assert all(pool.dex == dex.name and pool.kind is dex.kind for pool in found)


@pytest.mark.parametrize("dex", EVERY_DEX, ids=lambda dex: dex.name)
def test_tokens_without_a_pool_are_an_error_that_names_both(ethereum_node: Node, dex: Dex) -> None:
    with pytest.raises(PoolNotFoundError, match="no pool of"):
        read_from(ethereum_node, find(dex, USDC, STA))


@pytest.mark.parametrize("dex", EVERY_DEX, ids=lambda dex: dex.name)
def test_a_token_has_no_pool_with_itself(ethereum_node: Node, dex: Dex) -> None:
    with pytest.raises(PoolNotFoundError, match="itself"):
        read_from(ethereum_node, find(dex, WETH, WETH))


def test_a_factory_that_is_none_has_no_pools(ethereum_node: Node) -> None:
    nowhere = Dex("nowhere", VenueKind.UNISWAP_V2, v2_pool().address, fee=3_000)
    with pytest.raises(PoolNotFoundError):
        read_from(ethereum_node, find(nowhere, WETH, USDC))


@pytest.mark.parametrize("dex", EVERY_DEX, ids=lambda dex: dex.name)
def test_a_pool_says_what_it_is_and_its_factory_agrees(ethereum_node: Node, dex: Dex) -> None:
    for pool in read_from(ethereum_node, find(dex, WETH, USDC)):
        identity = read_from(ethereum_node, identify(dex.kind, pool.address))

        assert (identity.token0, identity.token1) == (USDC.address, WETH.address)
        assert identity.factory == dex.factory
        assert identity.fee in (None, pool.fee)
        assert identity.tick_spacing in (None, pool.tick_spacing)
        assert read_from(ethereum_node, belongs(dex, identity))


@pytest.mark.parametrize(("dex", "stranger"), [(UNISWAP_V2, SUSHI), (PANCAKE, UNISWAP_V3)])
def test_a_pool_of_another_exchange_does_not_belong(ethereum_node: Node, dex: Dex, stranger: Dex) -> None:
    pool = read_from(ethereum_node, find(stranger, WETH, USDC))[0]
    identity = read_from(ethereum_node, identify(dex.kind, pool.address))

    assert not read_from(ethereum_node, belongs(dex, identity))


@pytest.mark.parametrize("kind", list(VENUES))
@pytest.mark.parametrize("address", [WETH.address, v2_pool().address], ids=["a token", "nothing"])
def test_an_address_that_is_no_pool_is_refused(ethereum_node: Node, kind: VenueKind, address: str) -> None:
    with pytest.raises(PoolNotFoundError, match=address):
        read_from(ethereum_node, identify(kind, to_address(address)))


def test_a_pool_of_another_shape_is_refused(ethereum_node: Node) -> None:
    pair = read_from(ethereum_node, find(UNISWAP_V2, WETH, USDC))[0]
    pool = read_from(ethereum_node, find(UNISWAP_V3, WETH, USDC))[0]

    with pytest.raises(PoolNotFoundError):
        read_from(ethereum_node, identify(VenueKind.UNISWAP_V3, pair.address))
    with pytest.raises(PoolNotFoundError):
        read_from(ethereum_node, identify(VenueKind.UNISWAP_V2, pool.address))


def test_a_reading_of_a_pair_holds_its_reserves(ethereum_node: Node) -> None:
    pool = read_from(ethereum_node, find(SUSHI, WETH, USDC))[0]
    state = read_from(ethereum_node, read(pool))

    assert isinstance(state, V2State)
    assert state.reserve0 == ethereum_node.erc20_balance(USDC.address, pool.address)
    assert state.reserve1 == ethereum_node.erc20_balance(WETH.address, pool.address)
    assert read_from(ethereum_node, extend(state, True)) == state


@pytest.mark.parametrize("dex", [UNISWAP_V3, PANCAKE], ids=lambda dex: dex.name)
def test_a_reading_of_a_v3_pool_holds_price_liquidity_and_ticks(ethereum_node: Node, dex: Dex) -> None:
    pool = read_from(ethereum_node, find(dex, WETH, USDC))[0]
    state = read_from(ethereum_node, read(pool))

    assert isinstance(state, V3State)
    assert state.tick == tick_at_sqrt_ratio(state.sqrt_price_x96)
    assert state.known_low <= state.tick <= state.known_high
    assert state.known_high - state.known_low == (5 * 256 - 1) * pool.tick_spacing
    assert all(tick % pool.tick_spacing == 0 for tick in state.ticks)


@pytest.mark.parametrize("dex", [UNISWAP_V3, PANCAKE], ids=lambda dex: dex.name)
def test_read_on_to_both_ends_the_ticks_add_up_to_the_liquidity(ethereum_node: Node, dex: Dex) -> None:
    pool = read_from(ethereum_node, find(dex, WETH, USDC))[0]
    state = read_from(ethereum_node, uniswap_v3.read(pool, words=0))
    for toward_low in (True, False):
        while (wider := read_from(ethereum_node, uniswap_v3.extend(state, toward_low))) != state:
            state = wider

    assert state.known_low <= MIN_TICK
    assert state.known_high >= MAX_TICK
    assert sum(state.ticks.values()) == 0
    assert state.liquidity == sum(net for tick, net in state.ticks.items() if tick <= state.tick)


def test_a_tick_where_as_much_begins_as_ends_is_still_read(ethereum: Node) -> None:
    """The pool stops and rounds there, so the walk must too."""
    from devnet.protocols.tokens import TREASURY

    pool = read_from(ethereum, find(UNISWAP_V3, WETH, USDC))[0]
    spacing = pool.tick_spacing
    middle = (read_from(ethereum, uniswap_v3.read(pool)).tick // spacing + 37) * spacing
    for lower, upper in ((middle - 20 * spacing, middle), (middle, middle + 20 * spacing)):
        call = abi.encode_call("mint(address,int24,int24,uint128)", pool.address, lower, upper, 10**9)
        ethereum.send(TREASURY, TREASURY, call, gas=8_000_000)

    assert read_from(ethereum, uniswap_v3.read(pool)).ticks[middle] == 0


@pytest.mark.parametrize("pool", [v2_pool(), v3_pool()], ids=lambda pool: pool.kind.value)
def test_nothing_can_be_read_where_no_pool_stands(ethereum_node: Node, pool: object) -> None:
    from executor.domain.pool import Pool

    assert isinstance(pool, Pool)
    with pytest.raises(PoolNotFoundError, match="does not tell"):
        read_from(ethereum_node, read(pool))
