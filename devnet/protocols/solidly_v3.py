"""Pools that call back `solidlyV3SwapCallback`: Uniswap V3's packaged bytecode with that one name exchanged.

No package holds Solidly V3's bytecode. Its pools are forks of Uniswap V3; what a caller of `swap` sees of
them is this name. Their further overloads of `swap` and their adjustable fee are not here, and none of these
pools stands at a real address.
"""

from __future__ import annotations

from devnet import abi, artifacts, own
from devnet.book import AddressBook, PoolRecord
from devnet.errors import BuildError
from devnet.liquidity import positions, sqrt_price
from devnet.manifest import UNISWAP_V3_CORE
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

VENUE = "solidly_v3"
DEPLOYER = account("solidly v3 pool deployer")
POOL_CODE = account("solidly v3 pool code")
ARGUMENTS = "(int256,int256,bytes)"
# As the code compares and pushes it: PUSH4 and the selector.
THEIRS = b"\x63" + abi.selector("uniswapV3SwapCallback" + ARGUMENTS)
OURS = b"\x63" + abi.selector("solidlyV3SwapCallback" + ARGUMENTS)


def build(place: Placer, book: AddressBook) -> None:
    """Place a deployer of such pools, then open the book's."""
    place.node.set_code(POOL_CODE, pool_code())
    # The pools ask whoever deploys them for their parameters; PancakeSwap's deployer answers as Uniswap's.
    place.construct_at(DEPLOYER, own.contracts()["PancakeV3PoolDeployer"], "(address)", POOL_CODE)
    place.call(place.deployer, DEPLOYER, "setFactoryAddress(address)", place.deployer)
    for pool in book.pools:
        if pool.venue == VENUE:
            _open(place, book, pool)


def pool_code() -> bytes:
    """Creation code of the pool. Raises BuildError unless the name stands in it twice, once a direction."""
    path = "artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json"
    code = artifacts.load(UNISWAP_V3_CORE, path).bytecode
    if code.count(THEIRS) != 2:
        raise BuildError(f"the callback's name stands {code.count(THEIRS)} times in the pool", "look at it")
    return code.replace(THEIRS, OURS)


def _open(place: Placer, book: AddressBook, pool: PoolRecord) -> None:
    deploy = "deploy(address,address,address,uint24,int24)"
    arguments = (place.deployer, *pool.tokens, pool.fee, pool.tick_spacing)
    found = place.node.call(DEPLOYER, abi.encode_call(deploy, *arguments), from_=place.deployer)
    require_address(pool.name, abi.decode("(address)", found)[0], pool.address)
    place.call(place.deployer, DEPLOYER, deploy, *arguments)
    place.call(place.deployer, pool.address, "initialize(uint160)", sqrt_price(book, pool))
    for position in positions(book, pool):
        place.call(TREASURY, TREASURY, "mint(address,int24,int24,uint128)", pool.address, *position)
