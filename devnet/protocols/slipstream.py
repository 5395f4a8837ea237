"""Slipstream, Aerodrome's concentrated liquidity: implementation, factory, and clones at Base's addresses.

Compiled from the packaged sources. The addresses of pools follow from factory and implementation alone. Voter
and older factory are not built: something that answers zero to every question stands for both, which is what
a pool without a gauge gets from the real ones.
"""

from __future__ import annotations

from functools import lru_cache

from devnet import own, packages
from devnet.artifacts import Artifact
from devnet.book import AddressBook, PoolRecord
from devnet.compiler import compile_files
from devnet.errors import BuildError
from devnet.liquidity import positions, sqrt_price
from devnet.manifest import SLIPSTREAM
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

VENUE = "slipstream"
ANSWERS_ZERO = account("slipstream voter and older factory that answer zero")
# return(0, 32) over empty memory.
ZERO_CODE = bytes.fromhex("60206000f3")


@lru_cache(maxsize=1)
def code() -> dict[str, Artifact]:
    """Pool and factory, by name. Raises CompileError."""
    return compile_files(
        ["contracts/core/CLPool.sol", "contracts/core/CLFactory.sol"],
        base_path=packages.root(SLIPSTREAM) / "domains" / "aerodrome-slipstream",
        version="0.7.6",
        settings={"optimizer": own.OPTIMIZED, "metadata": {"bytecodeHash": "none"}},
    )


def build(place: Placer, book: AddressBook) -> None:
    """Deploy implementation and factory, then open the book's pools."""
    factory = book.contracts["slipstream_factory"]
    place.node.set_code(ANSWERS_ZERO, ZERO_CODE)
    pool_code = place.construct_at(book.contracts["slipstream_pool_implementation"], code()["CLPool"])
    wiring = (ANSWERS_ZERO, ANSWERS_ZERO, pool_code)
    place.construct_at(factory, code()["CLFactory"], "(address,address,address)", *wiring)
    for pool in book.pools:
        if pool.venue == VENUE:
            _open(place, book, factory, pool)


def _open(place: Placer, book: AddressBook, factory: str, pool: PoolRecord) -> None:
    price = sqrt_price(book, pool)
    create = "createPool(address,address,int24,uint160)"
    place.call(place.deployer, factory, create, *pool.tokens, pool.tick_spacing, price)
    get = "getPool(address,address,int24)"
    found = place.read_address(factory, get, *pool.tokens, pool.tick_spacing)
    require_address(pool.name, found, pool.address)
    fee = place.read(pool.address, "fee()", "(uint24)")[0]
    if fee != pool.fee:
        raise BuildError(f"{pool.name} has the fee {fee}, not {pool.fee}", "correct the book")
    for position in positions(book, pool):
        place.call(TREASURY, TREASURY, "mint(address,int24,int24,uint128)", pool.address, *position)
