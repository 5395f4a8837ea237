"""Uniswap V4: pool manager, lenses, position manager, and pools without hooks."""

from __future__ import annotations

from typing import Any

from devnet import abi, artifacts
from devnet.addresses import NATIVE, AddressBook, PoolRecord
from devnet.book import POOL_KEY
from devnet.errors import BuildError
from devnet.liquidity import positions, sqrt_price
from devnet.manifest import UNISWAP_V4, UNISWAP_V4_HOOK
from devnet.place import Placer
from devnet.protocols.tokens import TREASURY
from devnet.roles import account
from devnet.settings import ETHER

VENUE = "uniswap_v4"
# Uniswap's own test router: swaps for a caller without a universal router. Not a contract of any real chain.
SWAP_ROUTER = account("uniswap v4 test swap router")
DESCRIPTOR = "0xd1428Ba554F4C8450b763a0B2040A4935c63f06C"
UNSUBSCRIBE_GAS = 300_000
FOREVER = 2**48 - 1
MOST = 2**128 - 1
# Actions of the position manager: mint, pay both tokens, give back what is left of the ether.
MINT, SETTLE_PAIR, SWEEP = 0x02, 0x0D, 0x14
ETHER_SENT = 100_000 * ETHER


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the contracts, then open the book's pools."""
    contracts = book.contracts
    manager = contracts["uniswap_v4_pool_manager"]
    place.construct_at(manager, _load("PoolManager.default"), "(address)", account("uniswap v4 owner"))
    for name, artifact in (("uniswap_v4_state_view", "StateView"), ("uniswap_v4_quoter", "V4Quoter")):
        place.construct_at(contracts[name], _load(artifact), "(address)", manager)
    place.construct_at(
        contracts["uniswap_v4_position_manager"],
        _load("PositionManager"),
        "(address,address,uint256,address,address)",
        *(manager, contracts["permit2"], UNSUBSCRIBE_GAS, DESCRIPTOR, book.tokens["WETH"]),
    )
    place.construct_at(SWAP_ROUTER, _load("PoolSwapTest.default"), "(address)", manager)
    for pool in book.pools:
        if pool.venue == VENUE:
            _open(place, book, pool)


def build_hooked(place: Placer, book: AddressBook) -> None:
    """Deploy the hook that only counts, then open the book's pools that call it.

    What a hook may do stands in the last fourteen bits of its address; the constructor compares.
    """
    hook = book.contracts["uniswap_v4_counting_hook"]
    code = artifacts.load(UNISWAP_V4_HOOK, "foundry-out/MockCounterHook.sol/MockCounterHook.json")
    place.construct_at(hook, code, "(address)", book.contracts["uniswap_v4_pool_manager"])
    for pool in book.pools:
        if pool.venue == VENUE and pool.hooks == hook:
            _open(place, book, pool)


def key_of(pool: PoolRecord) -> tuple[Any, ...]:
    """The pool key as the contracts take it."""
    return (*pool.tokens, pool.fee, pool.tick_spacing, pool.hooks)


def _load(name: str) -> artifacts.Artifact:
    return artifacts.load(UNISWAP_V4, f"foundry-out/{name.partition('.')[0]}.sol/{name}.json")


def _open(place: Placer, book: AddressBook, pool: PoolRecord) -> None:
    key, price = key_of(pool), sqrt_price(book, pool)
    place.call(place.deployer, pool.address, f"initialize({POOL_KEY},uint160)", key, price)
    for token in pool.tokens:
        if token != NATIVE:
            _allow(place, book, token)
    for lower, upper, liquidity in positions(book, pool):
        mint = abi.encode(
            f"({POOL_KEY},int24,int24,uint256,uint128,uint128,address,bytes)",
            *(key, lower, upper, liquidity, MOST, MOST, TREASURY, b""),
        )
        pay = abi.encode("(address,address)", *pool.tokens)
        give_back = abi.encode("(address,address)", NATIVE, TREASURY)
        plan = abi.encode("(bytes,bytes[])", bytes([MINT, SETTLE_PAIR, SWEEP]), [mint, pay, give_back])
        value = ETHER_SENT if NATIVE in pool.tokens else 0
        positions_contract = book.contracts["uniswap_v4_position_manager"]
        place.call(
            TREASURY, positions_contract, "modifyLiquidities(bytes,uint256)", plan, FOREVER, value=value
        )
    view = book.contracts["uniswap_v4_state_view"]
    found = place.read(view, "getSlot0(bytes32)", "(uint160)", bytes.fromhex(str(pool.pool_id)[2:]))[0]
    if found != price:
        raise BuildError(f"{pool.name} is not found under its id {pool.pool_id}", "check the pool key")


def _allow(place: Placer, book: AddressBook, token: str) -> None:
    permit2, spender = book.contracts["permit2"], book.contracts["uniswap_v4_position_manager"]
    place.call(TREASURY, token, "approve(address,uint256)", permit2, 2**256 - 1)
    signature = "approve(address,address,uint160,uint48)"
    place.call(TREASURY, permit2, signature, token, spender, 2**160 - 1, FOREVER)
