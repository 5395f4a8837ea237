"""The peer: Uniswap's Universal Router 2.1.0 on the same pools, as its npm package ships it.

It knows one V2 factory. Two pairs of the same tokens are of two factories, so that loop takes two of it, each
for its own factory, in one transaction through a contract that only makes the two calls; the first sends its
output straight to the pair of the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eth_utils.crypto import keccak

from benchmarks.building import deploy, stock
from benchmarks.loops import LOOPS, V2_V2, Loop
from benchmarks.market import AMOUNT_IN, TRADER, Market
from devnet import abi, artifacts
from devnet.addresses import PERMIT2
from devnet.compiler import PROJECT, compile_files
from devnet.manifest import UNISWAP_V2_CORE, UNISWAP_V3_CORE, Package
from devnet.place import account
from devnet.protocols import permit2
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import Leg, SizedRoute

PACKAGE = Package(
    "npm",
    "@uniswap/universal-router",
    "2.1.0",
    "sha512-aedd7c454b1977dc437f255f20e349a3e4c443cc3ea25398c6ef7e0358384e18"
    "a5d51ec831afbc9a7c9542374b3cad911217a349c0f08d86ce1a979a01c7b486",
    ("artifacts/contracts/UniversalRouter.sol/",),
)
# Permit2, WETH, V2 and V3 factory, the init code hashes of their pools, then what is not needed here: the V4
# manager, two position managers and a bridge.
PARAMETERS = "((address,address,address,address,bytes32,bytes32,address,address,address,address))"
EXECUTE = "execute(bytes,bytes[])"
V2_SWAP_EXACT_IN, V3_SWAP_EXACT_IN = 0x08, 0x00
V2_INPUT = "(address,uint256,uint256,address[],bool)"
V3_INPUT = "(address,uint256,uint256,bytes,bool)"
MSG_SENDER, ADDRESS_THIS = (f"0x{number:040x}" for number in (1, 2))
PEER_MAKER = account("benchmark peer maker")
WHOLE_BALANCE = 1 << 255
ALREADY_PAID = 0
FOREVER = 2**48 - 1

Payment = Literal["permit2", "tokens_inside"]
PAYMENTS: tuple[Payment, ...] = ("permit2", "tokens_inside")


@dataclass(frozen=True)
class PeerFigure:
    """Gas used by the peer for one loop, and the bytes of its calldata.

    With `permit2` the tokens are the trader's, pulled through a standing allowance and paid back to the
    trader; with `tokens_inside` they are and stay the router's, as in ours, which here any stranger could
    take.
    """

    loop: str
    payment: Payment
    gas: int
    calldata_bytes: int


@dataclass(frozen=True)
class Peer:
    """A Universal Router for each V2 factory, and the contract that calls both."""

    market: Market
    cheap: Address
    even: Address
    both: Address

    def figure(self, loop: Loop, payment: Payment) -> PeerFigure:
        """Run one loop; it must leave the trader what the route promises."""
        sized, by_user = self.market.sized(loop), payment == "permit2"
        two = loop is V2_V2
        to, trader = (self.both, self.both) if two else (self.cheap, TRADER)
        data = self._two_factories(sized, by_user) if two else self._one_factory(sized, by_user)
        # Tokens inside a router end in the one that they came from.
        holder = trader if by_user else self.cheap
        gas = self.market.gas(TRADER, to, data, holder=holder, profit=sized.gross_profit)
        return PeerFigure(loop.name, payment, gas, len(data))

    def _one_factory(self, sized: SizedRoute, by_user: bool) -> bytes:
        """One command for each run of hops of one kind; the router holds what goes from one to the next."""
        runs = _runs(sized)
        commands, inputs = bytearray(), []
        for index, legs in enumerate(runs):
            first, last = index == 0, index == len(runs) - 1
            amount = AMOUNT_IN if first else WHOLE_BALANCE
            recipient = MSG_SENDER if last and by_user else ADDRESS_THIS
            least = sized.amounts[-1] if last else 0
            command, data = _swap(legs, recipient, amount, least, by_user and first)
            commands.append(command)
            inputs.append(data)
        return abi.encode_call(EXECUTE, bytes(commands), inputs)

    def _two_factories(self, sized: SizedRoute, by_user: bool) -> bytes:
        first, second = sized.route.legs
        calls = [
            abi.encode_call(EXECUTE, bytes([command]), [data])
            for command, data in (
                _swap([first], second.pool.address, AMOUNT_IN, 0, by_user),
                _swap(
                    [second], MSG_SENDER if by_user else self.cheap, ALREADY_PAID, sized.amounts[-1], False
                ),
            )
        ]
        return len(calls[0]).to_bytes(2, "big") + b"".join(calls)


def place_peer(market: Market) -> Peer:
    """Put Permit2 and the peer on the market's node, with tokens and allowances."""
    market.node.set_code(PERMIT2, permit2.runtime_code(PERMIT2, market.node.chain_id))
    cheap, even = (_deploy(market, factory) for factory in (market.factories.cheap, market.factories.even))
    code = compile_files(["benchmarks/contracts/TwoCalls.sol"], base_path=PROJECT)["TwoCalls"].bytecode
    both = deploy(market.node, code + abi.encode("(address,address)", cheap, even), PEER_MAKER)
    for holder in (cheap, even, both):
        stock(market, holder)
    for trader in (TRADER, both):
        _allow(market, trader, cheap)
    return Peer(market, cheap, even, both)


def peer_figures(market: Market) -> tuple[PeerFigure, ...]:
    """Every loop, paid in either way. The market must be one that nothing of the peer stands on."""
    peer = place_peer(market)
    return tuple(peer.figure(loop, payment) for loop in LOOPS for payment in PAYMENTS)


def _deploy(market: Market, v2_factory: Address) -> Address:
    code = artifacts.load(PACKAGE, "artifacts/contracts/UniversalRouter.sol/UniversalRouter.json").bytecode
    pair = artifacts.load(UNISWAP_V2_CORE, "build/UniswapV2Pair.json").bytecode
    pool = artifacts.load(
        UNISWAP_V3_CORE, "artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json"
    ).bytecode
    factories = (v2_factory, market.factories.v3)
    parameters = (PERMIT2, market.weth.address, *factories, keccak(pair), keccak(pool), *[ZERO_ADDRESS] * 4)
    return deploy(market.node, code + abi.encode(PARAMETERS, parameters), PEER_MAKER)


def _allow(market: Market, trader: str, router: Address) -> None:
    approve = abi.encode_call("approve(address,uint256)", PERMIT2, 2**256 - 1)
    market.node.send(trader, market.weth.address, approve, gas=10**6)
    terms = (market.weth.address, router, 2**160 - 1, FOREVER)
    market.node.send(
        trader, PERMIT2, abi.encode_call("approve(address,address,uint160,uint48)", *terms), gas=10**6
    )


def _runs(sized: SizedRoute) -> list[list[Leg]]:
    runs: list[list[Leg]] = []
    for leg in sized.route.legs:
        if runs and runs[-1][-1].pool.kind is leg.pool.kind:
            runs[-1].append(leg)
        else:
            runs.append([leg])
    return runs


def _swap(legs: list[Leg], recipient: str, amount: int, least: int, by_user: bool) -> tuple[int, bytes]:
    """Command and input of one exact-input swap along `legs`, all of one kind."""
    tokens = [legs[0].token_in.address, *(leg.token_out.address for leg in legs)]
    if legs[0].pool.kind is VenueKind.UNISWAP_V2:
        return V2_SWAP_EXACT_IN, abi.encode(V2_INPUT, recipient, amount, least, tokens, by_user)
    path = _address(tokens[0])
    for leg in legs:
        path += _fee(leg.pool) + _address(leg.token_out.address)
    return V3_SWAP_EXACT_IN, abi.encode(V3_INPUT, recipient, amount, least, path, by_user)


def _address(address: Address) -> bytes:
    return bytes.fromhex(address[2:])


def _fee(pool: Pool) -> bytes:
    return pool.fee.to_bytes(3, "big")
