"""The measured market: one WETH through two pools and back, on real V2 and V3 bytecode, always in the same
state.

One pair at 1000 WETH : 1080 tokens, a second at 1000 : 1000, a V3 pool at price 1, all with a fee of 0.3 %.
Block times are fixed, the cumulative-price slots are warm, and one unit of the token lies in every contract,
so that no case pays for an empty slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devnet import abi, artifacts, own
from devnet.compiler import compile_files
from devnet.errors import RpcError
from devnet.manifest import CANONICAL_WETH, UNISWAP_V2_CORE, UNISWAP_V3_CORE
from devnet.node import ETHER, Node, Receipt
from devnet.place import Placer, account
from executor.domain.address import Address, to_address
from executor.domain.call import EthCall, drive
from executor.domain.market import PoolState
from executor.domain.pool import Pool, VenueKind
from executor.domain.token import Token
from executor.venues import read

PROJECT = Path(__file__).resolve().parent.parent
OWNER, OPERATOR, TRADER = account("owner"), account("operator"), account("trader")
START = 1_750_000_000
FEE = 3000
FULL_RANGE = 887_220
PRICE_ONE = 1 << 96
AMOUNT_IN = ETHER
INVENTORY = 10 * ETHER
WARM_GAS = 1_000_000


@dataclass(frozen=True)
class LoopMarket:
    """Addresses of the measured market on `node`; `bare` holds the contracts without checks by name."""

    node: Node
    weth: Token
    token: Token
    cheap_pair: Pool
    even_pair: Pool
    pool: Pool
    router: Address
    bare: dict[str, Address]

    def state(self, pool: Pool) -> PoolState:
        """The pool as its maths see it now."""
        return drive(read(pool), self._answer)

    def run(self, sender: str, to: str, data: bytes) -> Receipt:
        """One transaction from the fixed state at the fixed time; the state is put back afterwards."""
        with self.node.isolated():
            self.node.rpc("evm_setNextBlockTimestamp", START + 1000)
            return self.node.send(sender, to, data, gas=2_000_000)

    def storage_reads(self, sender: str, to: str, data: bytes) -> list[int]:
        """The slots that the router itself reads during one transaction, in order; needs a traced market."""
        with self.node.isolated():
            receipt = self.node.send(sender, to, data, gas=2_000_000)
            trace = self.node.rpc(
                "debug_traceTransaction", receipt["transactionHash"], {"disableStorage": True}
            )
        reads, frames = [], [to.lower()]
        for step in trace["structLogs"]:
            del frames[step["depth"] :]
            if step["op"] == "SLOAD" and frames[-1] == self.router.lower():
                reads.append(int(step["stack"][-1], 16))
            if step["op"] in ("CALL", "STATICCALL"):
                frames.append(f"0x{int(step['stack'][-2], 16):040x}")
        return reads

    def _answer(self, call: EthCall) -> bytes | None:
        try:
            return self.node.call(call.to, call.data)
        except RpcError:
            return None


@contextmanager
def loop_market(*, traced: bool = False) -> Iterator[LoopMarket]:
    """Build the market on a node of its own; `traced` keeps every step of every transaction for reading."""
    extra = ("--steps-tracing",) if traced else ()
    with Node.empty(chain_id=1, timestamp=START, base_fee=10**9, extra=extra) as node:
        yield _build(node)


def _build(node: Node) -> LoopMarket:
    place = Placer(node)
    weth = place.deploy(artifacts.load(CANONICAL_WETH, "build/contracts/WETH9.json"))
    parts = compile_files(
        [p.relative_to(PROJECT) for p in sorted((PROJECT / "benchmarks/contracts").glob("*.sol"))]
    )
    token = place.deploy(parts["PlainToken"], "(uint256)", 10**6 * ETHER)
    # With WETH as token0 the swap goes up from tick 0; down, it would first read a second bitmap word.
    while int(token, 16) < int(weth, 16):
        token = place.deploy(parts["PlainToken"], "(uint256)", 10**6 * ETHER)
    node.set_balance(place.deployer, 10**6 * ETHER)
    node.send(place.deployer, weth, abi.encode_call("deposit()"), value=10**5 * ETHER)

    pairs = [_pair(node, place, weth, token, tokens) for tokens in (1080, 1000)]
    pool, provider = _v3_pool(node, place, weth, token)
    router = _router(place, weth)
    bare = {
        name: place.deploy(parts[name], "(address,address,address,address)", weth, token, pairs[0], second)
        for name, second in (
            ("BareV2V3ThroughRouter", pool),
            ("BareV2V3PoolToPool", pool),
            ("BareV2V2ThroughRouter", pairs[1]),
            ("BareV2V2PoolToPool", pairs[1]),
        )
    }
    for holder in (router, *bare.values()):
        _transfer(node, place.deployer, weth, holder, INVENTORY)
        _transfer(node, place.deployer, token, holder, 1)
    _warm(node, place, pairs, pool, provider)
    return _market(node, weth, token, pairs, pool, router, bare)


def _market(
    node: Node, weth: str, token: str, pairs: list[str], pool: str, router: str, bare: dict[str, str]
) -> LoopMarket:
    tokens = (Token(1, to_address(weth), "WETH", 18), Token(1, to_address(token), "TOKEN", 18))
    token0, token1 = sorted(tokens, key=lambda item: int(item.address, 16))

    def known(kind: VenueKind, address: str, spacing: int = 0) -> Pool:
        return Pool(kind.value, kind, to_address(address), token0, token1, FEE, spacing)

    return LoopMarket(
        node,
        *tokens,
        known(VenueKind.UNISWAP_V2, pairs[0]),
        known(VenueKind.UNISWAP_V2, pairs[1]),
        known(VenueKind.UNISWAP_V3, pool, 60),
        to_address(router),
        {name: to_address(address) for name, address in bare.items()},
    )


def _transfer(node: Node, sender: str, token: str, to: str, amount: int) -> None:
    node.send(sender, token, abi.encode_call("transfer(address,uint256)", to, amount))


def _pair(node: Node, place: Placer, weth: str, token: str, tokens: int) -> str:
    """A pair of its own factory with 1000 WETH and `tokens` tokens."""
    factory = place.deploy(
        artifacts.load(UNISWAP_V2_CORE, "build/UniswapV2Factory.json"), "(address)", place.deployer
    )
    node.send(place.deployer, factory, abi.encode_call("createPair(address,address)", weth, token))
    pair = str(abi.decode("(address)", node.call(factory, abi.encode_call("allPairs(uint256)", 0)))[0])
    _transfer(node, place.deployer, weth, pair, 1000 * ETHER)
    _transfer(node, place.deployer, token, pair, tokens * ETHER)
    node.send(place.deployer, pair, abi.encode_call("mint(address)", place.deployer))
    return pair


def _v3_pool(node: Node, place: Placer, weth: str, token: str) -> tuple[str, str]:
    """A pool at price one with one position over the whole range, and the contract that provides it."""
    factory = place.deploy(
        artifacts.load(UNISWAP_V3_CORE, "artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json")
    )
    node.send(
        place.deployer, factory, abi.encode_call("createPool(address,address,uint24)", weth, token, FEE)
    )
    answer = node.call(factory, abi.encode_call("getPool(address,address,uint24)", weth, token, FEE))
    pool = str(abi.decode("(address)", answer)[0])
    node.send(place.deployer, pool, abi.encode_call("initialize(uint160)", PRICE_ONE))
    provider = place.deploy(own.contracts()["PoolTrader"])
    for asset in (weth, token):
        _transfer(node, place.deployer, asset, provider, 2000 * ETHER)
    mint = abi.encode_call("mint(address,int24,int24,uint128)", pool, -FULL_RANGE, FULL_RANGE, 1000 * ETHER)
    node.send(place.deployer, provider, mint)
    return pool, provider


def _router(place: Placer, weth: str) -> str:
    code = compile_files(["contracts/ArbRouter.sol"])["ArbRouter"]
    zero = "0x" + "00" * 20
    constants = ([weth, zero, zero, zero], zero, zero)
    router = place.deploy(code, "(address,(address[4],address,address))", OWNER, constants)
    place.node.send(OWNER, router, abi.encode_call("setPrimaryOperator(address)", OPERATOR))
    return router


def _warm(node: Node, place: Placer, pairs: list[str], pool: str, provider: str) -> None:
    """Touch each pool seconds after its first liquidity, so that no accumulator of it is zero.

    The two trades on the V3 pool are of a thousand smallest units: fees grow, the price stays one to 18
    digits.
    """
    node.mine(timestamp=START + 500)
    for pair in pairs:
        node.send(place.deployer, pair, abi.encode_call("sync()"), gas=WARM_GAS)
    for zero_for_one in (True, False):
        swap = abi.encode_call("swap(address,address,bool,int256)", pool, provider, zero_for_one, 1000)
        # An estimate would be of the second before, when the pool's oracle had less to write.
        node.send(place.deployer, provider, swap, gas=WARM_GAS)
    node.mine(timestamp=START + 600)
