"""Uniswap V3: factory, quoters, routers, position manager and pools with overlapping ranges."""

from __future__ import annotations

from devnet import artifacts
from devnet.addresses import AddressBook, PoolRecord
from devnet.liquidity import positions, sqrt_price
from devnet.manifest import UNISWAP_SWAP_ROUTER, UNISWAP_V3_CORE, UNISWAP_V3_PERIPHERY
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY

VENUE = "uniswap_v3"
FOLDER = "artifacts/contracts/"
DEPLOYER = "0x6C9FC64A53c1b71FB3f9Af64d1ae3A4931A5f4E9"
# The descriptor only draws pictures of positions; its address is mainnet's, nothing stands there.
DESCRIPTOR = "0x91ae842A5Ffd8d12023116943e72A606179294f3"


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the contracts, then open the book's pools."""
    contracts, weth = book.contracts, book.tokens["WETH"]
    factory = contracts["uniswap_v3_factory"]
    code = artifacts.load(UNISWAP_V3_CORE, FOLDER + "UniswapV3Factory.sol/UniswapV3Factory.json")
    if book.chain_id == 1:
        place.create_as(DEPLOYER, 0, factory, code)
    else:
        place.construct_at(factory, code, sender=DEPLOYER)
    # Mainnet's governance added this tier after deployment.
    place.call(DEPLOYER, factory, "enableFeeAmount(uint24,int24)", 100, 1)
    manager = contracts["uniswap_v3_position_manager"]
    two, three, descriptor = "(address,address)", "(address,address,address)", (factory, weth, DESCRIPTOR)
    wiring = (contracts["uniswap_v2_factory"], factory, manager, weth)
    for nonce, name, artifact, signature, arguments in (
        (3, "uniswap_v3_quoter", "lens/Quoter", two, (factory, weth)),
        (4, "uniswap_v3_router", "SwapRouter", two, (factory, weth)),
        (8, "uniswap_v3_position_manager", "NonfungiblePositionManager", three, descriptor),
        (13, "uniswap_v3_quoter_v2", "lens/QuoterV2", two, (factory, weth)),
        (14, "uniswap_v3_router_02", "SwapRouter02", "(address,address,address,address)", wiring),
    ):
        if name in contracts:
            _periphery(place, book, nonce, name, artifact, signature, arguments)
    for pool in book.pools:
        if pool.venue == VENUE:
            open_pool(place, book, factory, pool)


def _periphery(
    place: Placer,
    book: AddressBook,
    nonce: int,
    name: str,
    artifact: str,
    signature: str,
    arguments: tuple[str, ...],
) -> None:
    simple = artifact.rpartition("/")[2]
    package = UNISWAP_SWAP_ROUTER if simple in ("QuoterV2", "SwapRouter02") else UNISWAP_V3_PERIPHERY
    code = artifacts.load(package, f"{FOLDER}{artifact}.sol/{simple}.json")
    if book.chain_id == 1:
        place.create_as(DEPLOYER, nonce, book.contracts[name], code, signature, *arguments)
    else:
        place.construct_at(book.contracts[name], code, signature, *arguments)


def open_pool(place: Placer, book: AddressBook, factory: str, pool: PoolRecord) -> None:
    """Create a pool through its factory, set the common price, and deposit its ranges."""
    place.call(place.deployer, factory, "createPool(address,address,uint24)", *pool.tokens, pool.fee)
    found = place.read_address(factory, "getPool(address,address,uint24)", *pool.tokens, pool.fee)
    require_address(pool.name, found, pool.address)
    place.call(place.deployer, pool.address, "initialize(uint160)", sqrt_price(book, pool))
    for position in positions(book, pool):
        place.call(TREASURY, TREASURY, "mint(address,int24,int24,uint128)", pool.address, *position)
