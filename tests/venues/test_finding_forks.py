"""Factories that know their pools by tick spacing, or by the pair alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import BASE_FULL, ETHEREUM_FULL, Node
from devnet.book import AddressBook
from executor.config.chains import load_chain
from executor.domain.address import to_address
from executor.domain.dex import Dex
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import PoolIdentity, V3Callback, VenueKind
from executor.domain.token import Token
from executor.venues import belongs, find
from tests.support.answers import read_from

ALGEBRA = Dex(
    "algebra",
    VenueKind.UNISWAP_V3,
    to_address(ETHEREUM_FULL.contracts["algebra_factory"]),
    callback=V3Callback.ALGEBRA,
)
NOWHERE = Token(1, to_address("0x" + "77" * 20), "NONE", 18)


def tokens(book: AddressBook, *symbols: str) -> list[Token]:
    """Tokens of the book."""
    return [
        Token(book.chain_id, to_address(book.tokens[each]), each, book.decimals[each]) for each in symbols
    ]


def test_slipstreams_factory_names_the_pools_of_each_tick_spacing(base_full_node: Node) -> None:
    slipstream = load_chain("base").dex("aerodrome_slipstream")
    (record,) = (each for each in BASE_FULL.pools if each.venue == "slipstream")

    found = read_from(base_full_node, find(slipstream, *tokens(BASE_FULL, "WETH", "USDC")))

    assert [(pool.address, pool.fee, pool.tick_spacing) for pool in found] == [
        (to_address(record.address), record.fee, record.tick_spacing)
    ]


def test_slipstreams_factory_vouches_for_its_own_pool_alone(base_full_node: Node) -> None:
    slipstream = load_chain("base").dex("aerodrome_slipstream")
    (pool,) = read_from(base_full_node, find(slipstream, *tokens(BASE_FULL, "WETH", "USDC")))
    identity = PoolIdentity(
        pool.address,
        pool.token0.address,
        pool.token1.address,
        slipstream.factory,
        pool.fee,
        pool.tick_spacing,
    )
    for claimed, true in (
        (identity, True),
        (replace(identity, tick_spacing=50), False),
        (replace(identity, address=NOWHERE.address), False),
    ):
        assert read_from(base_full_node, belongs(slipstream, claimed)) is true


def test_algebras_factory_names_the_one_pool_of_a_pair_and_vouches_for_it(ethereum_full_node: Node) -> None:
    (record,) = (each for each in ETHEREUM_FULL.pools if each.venue == "algebra")

    (pool,) = read_from(ethereum_full_node, find(ALGEBRA, *tokens(ETHEREUM_FULL, "WETH", "USDC")))

    assert (pool.address, pool.tick_spacing) == (to_address(record.address), record.tick_spacing)
    assert pool.callback is V3Callback.ALGEBRA
    identity = PoolIdentity(pool.address, pool.token0.address, pool.token1.address, ALGEBRA.factory)
    assert read_from(ethereum_full_node, belongs(ALGEBRA, identity))
    other = replace(identity, address=NOWHERE.address)
    assert not read_from(ethereum_full_node, belongs(ALGEBRA, other))


def test_a_pair_without_a_pool_is_told_to_have_none(ethereum_full_node: Node, base_full_node: Node) -> None:
    slipstream = load_chain("base").dex("aerodrome_slipstream")
    for node, dex, book in (
        (ethereum_full_node, ALGEBRA, ETHEREUM_FULL),
        (base_full_node, slipstream, BASE_FULL),
    ):
        with pytest.raises(PoolNotFoundError, match="no pool of"):
            read_from(node, find(dex, tokens(book, "WETH")[0], NOWHERE))
