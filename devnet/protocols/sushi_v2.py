"""Sushi V2: factory, router and pairs.

The packaged pair is another build than mainnet's, so the factory would create pairs elsewhere than the
router looks for them. The pairs are therefore put at the router's addresses and written into the factory's
books; a pair that the factory itself creates afterwards is not found by the router.
"""

from __future__ import annotations

from devnet import abi, artifacts
from devnet.addresses import AddressBook, PoolRecord
from devnet.manifest import SUSHISWAP
from devnet.place import Placer
from devnet.protocols.uniswap_v2 import fill
from devnet.roles import account

VENUE = "sushi_v2"
FOLDER = "artifacts/contracts/"
DEPLOYER = "0xF942Dba4159CB61F8AD88ca4A83f5204e8F4A6bd"
GET_PAIR_SLOT = 3
ALL_PAIRS_SLOT = 4


def build(place: Placer, book: AddressBook) -> None:
    """Deploy factory and router, then open the book's pairs."""
    factory, router = book.contracts["sushi_v2_factory"], book.contracts["sushi_v2_router"]
    factory_code = artifacts.load(SUSHISWAP, FOLDER + "UniswapV2Factory.sol/UniswapV2Factory.json")
    router_code = artifacts.load(SUSHISWAP, FOLDER + "UniswapV2Router02.sol/UniswapV2Router02.json")
    place.create_as(DEPLOYER, 58, factory, factory_code, "(address)", account("sushi fee setter"))
    place.create_as(DEPLOYER, 59, router, router_code, "(address,address)", factory, book.tokens["WETH"])
    pools = [pool for pool in book.pools if pool.venue == VENUE]
    for index, pool in enumerate(pools):
        _pair(place, factory, pool, index)
        fill(place, book, pool)


def _pair(place: Placer, factory: str, pool: PoolRecord, index: int) -> None:
    code = artifacts.load(SUSHISWAP, FOLDER + "UniswapV2Pair.sol/UniswapV2Pair.json")
    place.construct_at(pool.address, code, sender=factory)
    place.call(factory, pool.address, "initialize(address,address)", *pool.tokens)
    node, pair = place.node, int(pool.address, 16)
    first, second = (bytes.fromhex(token[2:]) for token in pool.tokens)
    node.set_storage(factory, abi.storage_key(GET_PAIR_SLOT, first, second), pair)
    node.set_storage(factory, abi.storage_key(GET_PAIR_SLOT, second, first), pair)
    node.set_storage(factory, ALL_PAIRS_SLOT, index + 1)
    node.set_storage(factory, int(abi.storage_key(ALL_PAIRS_SLOT), 16) + index, pair)
