"""Aerodrome's volatile and stable pools: the contracts around them, and clones at Base's addresses.

The packaged sources are a port to a newer OpenZeppelin, so behaviour is Aerodrome's and bytecode is not; the
addresses of pools follow from factory and implementation alone.
"""

from __future__ import annotations

from devnet import deal, own
from devnet.addresses import NATIVE, AddressBook
from devnet.liquidity import side_amount
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

VENUE = "aerodrome_v2"
# The voter and the reward factories are not built; the registry only wants some address for each.
VOTER, VOTING_REWARDS, GAUGES, MANAGED_REWARDS = (
    account(f"aerodrome {role}") for role in ("voter", "voting rewards", "gauges", "managed rewards")
)


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the contracts, then open the book's pools."""
    code, contracts = own.aerodrome(), book.contracts
    factory, registry = contracts["aerodrome_v2_factory"], contracts["aerodrome_v2_factory_registry"]
    implementation = place.construct_at(contracts["aerodrome_v2_pool_implementation"], code["Pool"])
    place.construct_at(factory, code["PoolFactory"], "(address)", implementation)
    others = (VOTING_REWARDS, GAUGES, MANAGED_REWARDS)
    signature = "(address,address,address,address)"
    place.construct_at(registry, code["FactoryRegistry"], signature, factory, *others)
    wiring = (NATIVE, registry, factory, VOTER, book.tokens["WETH"])
    place.construct_at(
        contracts["aerodrome_v2_router"], code["Router"], "(address,address,address,address,address)", *wiring
    )
    _open(place, book, stable=False)


def build_stable(place: Placer, book: AddressBook) -> None:
    """Open the book's stable pools, whose tokens the full tier brings."""
    _open(place, book, stable=True)


def _open(place: Placer, book: AddressBook, *, stable: bool) -> None:
    factory = book.contracts["aerodrome_v2_factory"]
    for pool in book.pools:
        if pool.venue == VENUE and pool.stable is stable:
            place.call(place.deployer, factory, "createPool(address,address,bool)", *pool.tokens, stable)
            found = place.read_address(factory, "getPool(address,address,bool)", *pool.tokens, stable)
            require_address(pool.name, found, pool.address)
            for token in pool.tokens:
                deal.set_balance(place.node, token, pool.address, side_amount(book, pool, token))
            place.call(TREASURY, pool.address, "mint(address)", TREASURY)
