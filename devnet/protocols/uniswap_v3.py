"""Uniswap V3: factory, quoters, routers, position manager and pools with overlapping ranges."""

from __future__ import annotations

from dataclasses import dataclass

from devnet import artifacts
from devnet.addresses import AddressBook, PoolRecord
from devnet.liquidity import positions, sqrt_price
from devnet.manifest import UNISWAP_SWAP_ROUTER, UNISWAP_V3_CORE, UNISWAP_V3_PERIPHERY, Package
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY

VENUE = "uniswap_v3"
FOLDER = "artifacts/contracts/"
DEPLOYER = "0x6C9FC64A53c1b71FB3f9Af64d1ae3A4931A5f4E9"
# The descriptor only draws pictures of positions; its address is mainnet's, nothing stands there.
DESCRIPTOR = "0x91ae842A5Ffd8d12023116943e72A606179294f3"


@dataclass(frozen=True)
class Periphery:
    """A contract around the factory: nonce of its creation on mainnet, name in the book, artifact."""

    nonce: int
    name: str
    package: Package
    artifact: str


PERIPHERY = (
    Periphery(3, "uniswap_v3_quoter", UNISWAP_V3_PERIPHERY, "lens/Quoter.sol/Quoter"),
    Periphery(4, "uniswap_v3_router", UNISWAP_V3_PERIPHERY, "SwapRouter.sol/SwapRouter"),
    Periphery(
        8,
        "uniswap_v3_position_manager",
        UNISWAP_V3_PERIPHERY,
        "NonfungiblePositionManager.sol/NonfungiblePositionManager",
    ),
    Periphery(13, "uniswap_v3_quoter_v2", UNISWAP_SWAP_ROUTER, "lens/QuoterV2.sol/QuoterV2"),
    Periphery(14, "uniswap_v3_router_02", UNISWAP_SWAP_ROUTER, "SwapRouter02.sol/SwapRouter02"),
)


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the contracts, then open the book's pools."""
    factory = book.contracts["uniswap_v3_factory"]
    code = artifacts.load(UNISWAP_V3_CORE, FOLDER + "UniswapV3Factory.sol/UniswapV3Factory.json")
    if book.chain_id == 1:
        place.create_as(DEPLOYER, 0, factory, code)
    else:
        place.construct_at(factory, code, sender=DEPLOYER)
    # Mainnet's governance added this tier after deployment.
    place.call(DEPLOYER, factory, "enableFeeAmount(uint24,int24)", 100, 1)
    for contract in PERIPHERY:
        if contract.name in book.contracts:
            _deploy(place, book, contract)
    for pool in book.pools:
        if pool.venue == VENUE:
            open_pool(place, book, factory, pool)


def _deploy(place: Placer, book: AddressBook, contract: Periphery) -> None:
    address = book.contracts[contract.name]
    code = artifacts.load(contract.package, f"{FOLDER}{contract.artifact}.json")
    arguments = _constructor_arguments(book, contract.name)
    signature = "(" + ",".join(["address"] * len(arguments)) + ")"
    if book.chain_id == 1:
        place.create_as(DEPLOYER, contract.nonce, address, code, signature, *arguments)
    else:
        place.construct_at(address, code, signature, *arguments)


def _constructor_arguments(book: AddressBook, name: str) -> tuple[str, ...]:
    contracts, weth = book.contracts, book.tokens["WETH"]
    factory = contracts["uniswap_v3_factory"]
    if name == "uniswap_v3_position_manager":
        return factory, weth, DESCRIPTOR
    if name == "uniswap_v3_router_02":
        return contracts["uniswap_v2_factory"], factory, contracts["uniswap_v3_position_manager"], weth
    return factory, weth


def open_pool(place: Placer, book: AddressBook, factory: str, pool: PoolRecord) -> None:
    """Create a pool through its factory, set the common price, and deposit its ranges."""
    place.call(place.deployer, factory, "createPool(address,address,uint24)", *pool.tokens, pool.fee)
    found = place.read_address(factory, "getPool(address,address,uint24)", *pool.tokens, pool.fee)
    require_address(pool.name, found, pool.address)
    place.call(place.deployer, pool.address, "initialize(uint160)", sqrt_price(book, pool))
    for position in positions(book, pool):
        place.call(TREASURY, TREASURY, "mint(address,int24,int24,uint128)", pool.address, *position)
