"""PancakeSwap V3: pool deployer, factory and pools."""

from __future__ import annotations

from devnet import artifacts, own
from devnet.addresses import AddressBook
from devnet.manifest import PANCAKE_V3_CORE
from devnet.place import Placer
from devnet.protocols.uniswap_v3 import open_pool
from devnet.roles import account

VENUE = "pancake_v3"
FOLDER = "artifacts/contracts/"
POOL_CODE = account("pancake v3 pool code")


def build(place: Placer, book: AddressBook) -> None:
    """Deploy deployer and factory, then open the book's pools."""
    deployer, factory = book.contracts["pancake_v3_deployer"], book.contracts["pancake_v3_factory"]
    pool_code = artifacts.load(PANCAKE_V3_CORE, FOLDER + "PancakeV3Pool.sol/PancakeV3Pool.json")
    factory_code = artifacts.load(PANCAKE_V3_CORE, FOLDER + "PancakeV3Factory.sol/PancakeV3Factory.json")
    place.node.set_code(POOL_CODE, pool_code.bytecode)
    place.construct_at(deployer, own.contracts()["PancakeV3PoolDeployer"], "(address)", POOL_CODE)
    place.construct_at(factory, factory_code, "(address)", deployer)
    place.call(place.deployer, deployer, "setFactoryAddress(address)", factory)
    for pool in book.pools:
        if pool.venue == VENUE:
            open_pool(place, book, factory, pool)
