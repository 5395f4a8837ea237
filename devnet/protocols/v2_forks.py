"""Forks of Uniswap V2 at other fees: PancakeSwap's first version (0.2 %) and own pairs (0.1 and 0.25 %).

PancakeSwap's first version is on another chain and calls back `pancakeCall`. No package holds a fork at the
other two fees, so their pairs are this project's own, of the same shape. None stands at a real address.
"""

from __future__ import annotations

from functools import lru_cache

from devnet import artifacts, own, packages
from devnet.artifacts import Artifact
from devnet.book import AddressBook, PoolRecord
from devnet.compiler import compile_files
from devnet.manifest import OPENZEPPELIN, PANCAKE_V1
from devnet.place import Placer, require_address
from devnet.protocols.uniswap_v2 import fill
from devnet.roles import account

PANCAKE, OWN = "pancake_v1", "own_v2_fork"
VENUES = (PANCAKE, OWN)
FOLDER = own.FOLDER / "v2fork"
MILLIONTHS_PER_BASIS_POINT = 100


@lru_cache(maxsize=1)
def code() -> Artifact:
    """The own pair. Raises CompileError."""
    return compile_files(
        ["V2ForkPair.sol"],
        base_path=FOLDER,
        version="0.8.28",
        settings=own.SETTINGS,
        remappings={"@openzeppelin/contracts/": packages.root(OPENZEPPELIN)},
    )["V2ForkPair"]


def build(place: Placer, book: AddressBook) -> None:
    """Deploy PancakeSwap's factory, then open the book's pairs of both kinds."""
    factory = book.contracts["pancake_v1_factory"]
    factory_code = artifacts.load(PANCAKE_V1, "build/PancakeFactory.json")
    place.construct_at(factory, factory_code, "(address)", account("pancake v1 fee setter"))
    for pool in book.pools:
        if pool.venue == PANCAKE:
            place.call(place.deployer, factory, "createPair(address,address)", *pool.tokens)
            pair = place.read_address(factory, "getPair(address,address)", *pool.tokens)
            require_address(pool.name, pair, pool.address)
        elif pool.venue == OWN:
            _own(place, pool)
        if pool.venue in VENUES:
            fill(place, book, pool)


def _own(place: Placer, pool: PoolRecord) -> None:
    basis_points = pool.fee // MILLIONTHS_PER_BASIS_POINT
    types = "(address,address,uint256)"
    place.construct_at(pool.address, code(), types, *pool.tokens, basis_points)
