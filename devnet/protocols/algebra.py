"""Algebra Integral: pool deployer, factory and pools, from the packaged bytecode.

Its pools call `algebraSwapCallback` and keep `globalState` where Uniswap's keep `slot0`. The exchanges that
use it are on other chains, so deployer and factory stand at addresses of this project's own.
"""

from __future__ import annotations

from devnet import artifacts
from devnet.book import AddressBook, PoolRecord
from devnet.liquidity import positions, sqrt_price
from devnet.manifest import ALGEBRA
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

VENUE = "algebra"
FOLDER = "artifacts/contracts/"
# Algebra's own test router: mints and swaps for whoever approved it. Not a contract of any real chain.
TRADER_CONTRACT = account("algebra test router")
VAULT_FACTORY = account("algebra vault factory")
OWNER = account("algebra owner")


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the contracts, then open the book's pools."""
    deployer, factory = book.contracts["algebra_pool_deployer"], book.contracts["algebra_factory"]
    place.construct_at(deployer, _load("AlgebraPoolDeployer"), "(address)", factory)
    place.construct_at(factory, _load("AlgebraFactory"), "(address)", deployer, sender=OWNER)
    place.construct_at(VAULT_FACTORY, _load("AlgebraVaultFactoryStub"), "(address)", account("algebra vault"))
    place.call(OWNER, factory, "setVaultFactory(address)", VAULT_FACTORY)
    place.construct_at(TRADER_CONTRACT, _load("test/TestAlgebraCallee"))
    for pool in book.pools:
        if pool.venue == VENUE:
            _open(place, book, factory, pool)


def _load(name: str) -> artifacts.Artifact:
    return artifacts.load(ALGEBRA, f"{FOLDER}{name}.sol/{name.rpartition('/')[2]}.json")


def _open(place: Placer, book: AddressBook, factory: str, pool: PoolRecord) -> None:
    place.call(place.deployer, factory, "createPool(address,address,bytes)", *pool.tokens, b"")
    found = place.read_address(factory, "poolByPair(address,address)", *pool.tokens)
    require_address(pool.name, found, pool.address)
    place.call(place.deployer, pool.address, "initialize(uint160)", sqrt_price(book, pool))
    for token in pool.tokens:
        for amount in (0, 2**256 - 1):
            place.call(TREASURY, token, "approve(address,uint256)", TRADER_CONTRACT, amount)
    for position in positions(book, pool):
        mint = "mint(address,address,int24,int24,uint128)"
        place.call(TREASURY, TRADER_CONTRACT, mint, pool.address, TREASURY, *position)
