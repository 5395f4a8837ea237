"""Builds the measured market on a node: tokens, pools, the router and the contracts without checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from benchmarks.loops import LOOPS, PoolName
from benchmarks.market import BASE_FEE, OPERATOR, OWNER, START, TRADER, Factories, Market
from devnet import abi, artifacts, own
from devnet.artifacts import Artifact
from devnet.books import book_of
from devnet.compiler import PROJECT, compile_files
from devnet.manifest import CANONICAL_WETH, UNISWAP_V2_CORE, UNISWAP_V3_CORE
from devnet.node import ETHER, Node, Receipt
from devnet.place import Placer, account
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.token import Token
from tests.support.routers import LENDERS, deploy_router, router_artifacts

# Accounts of their own: what an address costs in calldata depends on its zero bytes, so that no address may
# depend on what else the chain holds or on how many parts the router has.
MAKER = account("benchmark maker")
ROUTER_MAKER = account("benchmark router maker")
MAKER_ETHER = 10**6 * ETHER
SUPPLY = 10**6 * ETHER
INVENTORY = 10 * ETHER
DUST = 1
# As long as those of the real chain: zero bytes in calldata are cheap.
FIRST_BLOCK = 22_700_000
TRACED = ("--steps-tracing",)
SIDE = 1000 * ETHER
CHEAP_SIDE = 1080 * ETHER
FEE = 3000
TICK_SPACING = 60
FULL_RANGE = 887_220
PRICE_ONE = 1 << 96
# More than any transaction here needs: an estimate would be of the second before, when a pool's oracle had
# less to write.
GAS = 15_000_000
V2_FACTORY = "build/UniswapV2Factory.json"
V3_FACTORY = "artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json"
V2_POOLS: Mapping[PoolName, tuple[str, str, str, int]] = {
    "cheap": ("cheap", "weth", "a", CHEAP_SIDE),
    "even": ("even", "weth", "a", SIDE),
    "a_b": ("cheap", "b", "a", SIDE),
    "b_weth": ("cheap", "weth", "b", SIDE),
}
"""Factory, token0, token1 and how much of token1 stands against 1000 of token0."""
V3_POOLS: Mapping[PoolName, tuple[str, str]] = {
    "v3": ("weth", "a"),
    "v3_a_b": ("b", "a"),
    "v3_b_weth": ("weth", "b"),
}

# Pools of the local mainnet that lend WETH, their token1.
LENDING_PAIR, LENDING_POOL = "uniswap_v2 USDC/WETH", "uniswap_v3 USDC/WETH 500"


def deploy_weth(node: Node) -> Address:
    """WETH for a chain that has none."""
    return deploy(node, artifacts.load(CANONICAL_WETH, "build/contracts/WETH9.json").bytecode)


def build(node: Node, weth: Address, lenders: Mapping[str, str]) -> Market:
    """The market around `weth`, warm, with a router that knows `lenders` (by their names in the address
    book), and contracts without checks.
    """
    node.mine(timestamp=START)
    node.set_balance(MAKER, MAKER_ETHER)
    call(node, weth, "deposit()", value=MAKER_ETHER // 10)
    parts = _contracts()
    tokens = _tokens(node, weth, parts["PlainToken"])
    factories = _factories(node)
    provider = deploy(node, own.contracts()["PoolTrader"].bytecode)
    pools = _pairs(node, tokens, factories) | _v3_pools(node, tokens, factories, provider)
    router = _router(node, weth, lenders)
    bare = {
        name: _bare(node, parts[name], tokens, [pools[pool].address for pool in loop.pools])
        for loop in LOOPS
        for name in loop.bare.values()
    }
    market = Market(node, tokens["weth"], tokens["a"], tokens["b"], pools, factories, provider, router, bare)
    for holder in (router, TRADER, *bare.values()):
        stock(market, holder)
    _warm(node, pools.values(), provider)
    return market


def stock(market: Market, holder: str) -> None:
    """Give `holder` an inventory of WETH, and dust of the tokens in between."""
    for token, amount in ((market.weth, INVENTORY), (market.a, DUST), (market.b, DUST)):
        call(market.node, token.address, "transfer(address,uint256)", holder, amount)


def call(node: Node, to: str, signature: str, *arguments: object, value: int = 0) -> Receipt:
    """One transaction of the maker by signature, which must succeed."""
    return node.send(MAKER, to, abi.encode_call(signature, *arguments), value=value, gas=GAS)


def deploy(node: Node, code: bytes, maker: str = MAKER) -> Address:
    """Run creation code with its arguments; the new address follows from `maker`'s earlier creations."""
    return to_address(node.send(maker, None, code, gas=GAS)["contractAddress"])


def _read_address(node: Node, to: str, signature: str, *arguments: object) -> Address:
    return to_address(abi.decode("(address)", node.call(to, abi.encode_call(signature, *arguments)))[0])


def _contracts() -> dict[str, Artifact]:
    folder = PROJECT / "benchmarks" / "contracts"
    return compile_files([path.relative_to(PROJECT) for path in sorted(folder.glob("*.sol"))])


def _tokens(node: Node, weth: Address, code: Artifact) -> dict[str, Token]:
    """WETH < B < A by address.

    Every hop but the first then goes from token1 to token0, which in a V3 pool at tick zero is up; down, it
    would first read a second word of the tick bitmap.
    """
    found = [weth]
    while len(found) < 3:
        token = deploy(node, code.bytecode + abi.encode("(uint256)", SUPPLY))
        if int(token, 16) > int(found[-1], 16):
            found.append(token)
    return {
        name: Token(1, address, name.upper(), 18)
        for name, address in zip(("weth", "b", "a"), found, strict=True)
    }


def _factories(node: Node) -> Factories:
    v2 = artifacts.load(UNISWAP_V2_CORE, V2_FACTORY).bytecode + abi.encode("(address)", MAKER)
    v3 = artifacts.load(UNISWAP_V3_CORE, V3_FACTORY).bytecode
    return Factories(deploy(node, v2), deploy(node, v2), deploy(node, v3))


def _pairs(node: Node, tokens: Mapping[str, Token], factories: Factories) -> dict[PoolName, Pool]:
    found: dict[PoolName, Pool] = {}
    for name, (maker, zero, one, amount1) in V2_POOLS.items():
        factory = factories.cheap if maker == "cheap" else factories.even
        token0, token1 = tokens[zero], tokens[one]
        both = (token0.address, token1.address)
        call(node, factory, "createPair(address,address)", *both)
        pair = _read_address(node, factory, "getPair(address,address)", *both)
        for token, amount in zip(both, (SIDE, amount1), strict=True):
            call(node, token, "transfer(address,uint256)", pair, amount)
        call(node, pair, "mint(address)", MAKER)
        found[name] = Pool(name, VenueKind.UNISWAP_V2, pair, token0, token1, FEE)
    return found


def _v3_pools(
    node: Node, tokens: Mapping[str, Token], factories: Factories, provider: Address
) -> dict[PoolName, Pool]:
    """Pools at price one, each with one position over the whole range."""
    for token in tokens.values():
        call(node, token.address, "transfer(address,uint256)", provider, 3 * SIDE)
    found: dict[PoolName, Pool] = {}
    for name, (zero, one) in V3_POOLS.items():
        token0, token1 = tokens[zero], tokens[one]
        key = (token0.address, token1.address, FEE)
        call(node, factories.v3, "createPool(address,address,uint24)", *key)
        pool = _read_address(node, factories.v3, "getPool(address,address,uint24)", *key)
        call(node, pool, "initialize(uint160)", PRICE_ONE)
        mint = "mint(address,int24,int24,uint128)"
        call(node, provider, mint, pool, -FULL_RANGE, FULL_RANGE, SIDE)
        found[name] = Pool(name, VenueKind.UNISWAP_V3, pool, token0, token1, FEE, TICK_SPACING)
    return found


def _router(node: Node, weth: Address, lenders: Mapping[str, str]) -> Address:
    """The router and its parts; WETH is its only settlement token."""
    place = Placer(node)
    place.deployer = ROUTER_MAKER
    node.set_balance(ROUTER_MAKER, MAKER_ETHER)
    fixed = ([weth, *[ZERO_ADDRESS] * 3], weth, *(lenders.get(name, ZERO_ADDRESS) for name in LENDERS))
    router = deploy_router(place, OWNER, fixed, router_artifacts())
    place.call(OWNER, router, "setPrimaryOperator(address)", OPERATOR)
    return router


def _bare(node: Node, code: Artifact, tokens: Mapping[str, Token], pools: Sequence[Address]) -> Address:
    padded = [*pools, *[ZERO_ADDRESS] * (3 - len(pools))]
    arguments = (tokens["weth"].address, tokens["a"].address, padded)
    return deploy(node, code.bytecode + abi.encode("(address,address,address[3])", *arguments))


def _warm(node: Node, pools: Iterable[Pool], provider: Address) -> None:
    """Touch each pool well after its first liquidity, so that no accumulator of it is zero.

    The two trades on a V3 pool are of a thousand smallest units: fees grow, the price stays one to 18 digits.
    """
    node.mine(timestamp=START + 500)
    for pool in pools:
        if pool.kind is VenueKind.UNISWAP_V2:
            call(node, pool.address, "sync()")
            continue
        for zero_for_one in (True, False):
            _swap(node, provider, pool.address, zero_for_one=zero_for_one)
    node.mine(timestamp=START + 600)


def _swap(node: Node, provider: Address, pool: str, *, zero_for_one: bool) -> None:
    """A trade of next to nothing."""
    call(node, provider, "swap(address,address,bool,int256)", pool, provider, zero_for_one, 1000)


@contextmanager
def lender_market(*, traced: bool = False) -> Iterator[Market]:
    """The market on the local mainnet, where the lenders stand."""
    with Node.load("ethereum", tier="full", extra=TRACED if traced else ()) as node:
        book = book_of(node)
        known = {name: book.contracts[name] for name in LENDERS if name in book.contracts}
        # Maker's module lends DAI alone: in its place one of the same standard that lends the measured token.
        known["maker_dss_flash"] = book.contracts["erc3156_lender_with_fee"]
        market = build(node, to_address(book.tokens["WETH"]), known)
        call(node, book.pool(LENDING_PAIR).address, "sync()")
        _swap(node, market.provider, book.pool(LENDING_POOL).address, zero_for_one=False)
        yield market


@contextmanager
def loop_market(*, traced: bool = False) -> Iterator[Market]:
    """The market on an empty node; `traced` keeps every step of every transaction for reading."""
    extra = TRACED if traced else ()
    with Node.empty(chain_id=1, number=FIRST_BLOCK, base_fee=BASE_FEE, extra=extra) as node:
        weth = deploy_weth(node)
        yield build(node, weth, {})
