"""Uniswap V2: factory, router and pairs."""

from __future__ import annotations

from devnet import artifacts, deal
from devnet.addresses import AddressBook, PoolRecord
from devnet.liquidity import side_amount
from devnet.manifest import UNISWAP_V2_CORE, UNISWAP_V2_PERIPHERY
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

VENUE = "uniswap_v2"


def build(place: Placer, book: AddressBook) -> None:
    """Deploy factory and router, then open the book's pairs."""
    factory_code = artifacts.load(UNISWAP_V2_CORE, "build/UniswapV2Factory.json")
    router_code = artifacts.load(UNISWAP_V2_PERIPHERY, "build/UniswapV2Router02.json")
    factory, router = book.contracts["uniswap_v2_factory"], book.contracts["uniswap_v2_router"]
    setter, wiring = account("uniswap v2 fee setter"), (factory, book.tokens["WETH"])
    if book.chain_id == 1:
        deployer = "0x9C33eaCc2F50E39940D3AfaF2c7B8246B681A374"
        place.create_as(deployer, 0, factory, factory_code, "(address)", setter)
        place.create_as(deployer, 3, router, router_code, "(address,address)", *wiring)
    else:
        place.construct_at(factory, factory_code, "(address)", setter)
        place.construct_at(router, router_code, "(address,address)", *wiring)
    for pool in book.pools:
        if pool.venue == VENUE:
            open_pair(place, book, pool)


def open_pair(place: Placer, book: AddressBook, pool: PoolRecord) -> None:
    """Create a pair through the factory and give it its first liquidity."""
    factory = book.contracts["uniswap_v2_factory"]
    place.call(place.deployer, factory, "createPair(address,address)", *pool.tokens)
    pair = place.read_address(factory, "getPair(address,address)", *pool.tokens)
    require_address(pool.name, pair, pool.address)
    fill(place, book, pool)


def fill(place: Placer, book: AddressBook, pool: PoolRecord) -> None:
    """Give a pair its first liquidity. Raises BuildError when it holds another amount than meant."""
    for token in pool.tokens:
        deal.set_balance(place.node, token, pool.address, side_amount(book, pool, token))
    place.call(TREASURY, pool.address, "mint(address)", TREASURY)
