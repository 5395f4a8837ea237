"""A router on a local chain, with the people around it: owner, operator, pauser, stranger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from devnet import abi
from devnet.addresses import AddressBook, PoolRecord
from devnet.artifacts import Artifact
from devnet.books import book_of
from devnet.compiler import compile_files
from devnet.errors import RpcError
from devnet.node import ETHER, Node, Receipt
from devnet.place import Placer, account
from executor.domain.address import Address, to_address
from executor.domain.call import EthCall, Reading, drive
from executor.domain.deployment import Part
from executor.domain.market import PoolState
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.plan import DecodedError, decode_revert
from executor.plan.simulated import SimulatedPlan, decode_simulated, simulation_of
from executor.venues import read, uniswap_v3

OWNER, OPERATOR, PAUSER, STRANGER = (account(role) for role in ("owner", "operator", "pauser", "stranger"))
ZERO = "0x" + "00" * 20
CONSTANTS = "(address[4],address,address,address,address,address,address,address,address)"
LENDERS = (
    "aave_v3_pool",
    "spark_pool",
    "balancer_v2_vault",
    "balancer_v3_vault",
    "morpho_blue",
    "maker_dss_flash",
    "uniswap_v4_pool_manager",
)
KINDS = {
    "uniswap_v2": (VenueKind.UNISWAP_V2, V3Callback.UNISWAP),
    "sushi_v2": (VenueKind.UNISWAP_V2, V3Callback.UNISWAP),
    "uniswap_v3": (VenueKind.UNISWAP_V3, V3Callback.UNISWAP),
    "pancake_v3": (VenueKind.UNISWAP_V3, V3Callback.PANCAKE),
}
FOREVER = 4_000_000_000


@lru_cache(maxsize=1)
def router_artifacts() -> Mapping[str, Artifact]:
    """The router and its parts as the project's settings compile them."""
    names = ("ArbRouter", "RouterControl", "RouterExtension", "RouterSimulator")
    return {name: compile_files([f"contracts/{name}.sol"])[name] for name in names}


def test_contracts() -> dict[str, Artifact]:
    """The contracts of tests/contracts/solidity, by name."""
    files = ("Attackers", "Schemers")
    return compile_files([f"tests/contracts/solidity/{name}.sol" for name in files])


test_contracts.__test__ = False  # type: ignore[attr-defined]


class Reverted(Exception):
    """A call that reverted, with its revert data and the reason decoded from them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reason: DecodedError = decode_revert(data)
        super().__init__(f"{self.reason.name} {self.reason.args}")


@dataclass(frozen=True)
class Desk:
    """A deployed router and what tests do with it. Settlement tokens: WETH, USDC, DAI, USDT; inventory in
    WETH.
    """

    node: Node
    book: AddressBook
    router: Address
    parts: Mapping[Part, Address] = field(default_factory=dict)

    def token(self, symbol: str) -> Token:
        """A token of the book."""
        return Token(
            self.book.chain_id, to_address(self.book.tokens[symbol]), symbol, self.book.decimals[symbol]
        )

    def pool(self, name: str) -> Pool:
        """A pool of the book, as the executor sees it."""
        record = self.record(name)
        kind, callback = KINDS[record.venue]
        token0, token1 = (self.token(self.book.symbol(address)) for address in record.tokens)
        return Pool(
            record.venue,
            kind,
            to_address(record.address),
            token0,
            token1,
            record.fee,
            record.tick_spacing,
            callback,
        )

    def record(self, name: str) -> PoolRecord:
        """A pool of the book, as the local chain sees it."""
        return self.book.pool(name)

    def route(self, settlement: str, *hops: tuple[str, str]) -> Route:
        """A route from `settlement`; each hop is (pool name, symbol that goes in)."""
        legs = tuple(Leg(self.pool(pool), self.token(symbol)) for pool, symbol in hops)
        assert legs[0].token_in.symbol == settlement
        return Route(legs)

    def states(self, pools: Iterable[Pool]) -> Mapping[str, PoolState]:
        """The pools as their maths see them now."""
        return {pool.key: drive(reading(pool), self._answer) for pool in pools}

    def _answer(self, call: EthCall) -> bytes | None:
        try:
            return self.node.call(call.to, call.data)
        except RpcError:
            return None

    def balance(self, symbol: str) -> int:
        """What the router holds, in the token's smallest unit."""
        return self.node.erc20_balance(self.book.tokens[symbol], self.router)

    def simulate(self, calldata: bytes, *, sender: str = OPERATOR) -> int:
        """The profit that the router would return. Raises Reverted."""
        return int.from_bytes(self.call(calldata, sender=sender), "big")

    def rehearse(self, calldata: bytes, *, sender: str = OPERATOR) -> SimulatedPlan:
        """What the router's own simulation tells of a plan. Raises Reverted with the plan's reason."""
        try:
            answer = self.node.call(self.router, simulation_of(calldata), from_=sender)
        except RpcError as error:
            data = revert_data(error)
            result = decode_simulated(data)
            if result is None:
                raise Reverted(data) from None
            return result
        raise AssertionError(f"a simulation must always revert, this one returned 0x{answer.hex()}")

    def call(self, data: bytes, *, sender: str, to: str | None = None) -> bytes:
        """An eth_call to the router or `to`. Raises Reverted with the decoded reason."""
        try:
            return self.node.call(to or self.router, data, from_=sender)
        except RpcError as error:
            raise Reverted(revert_data(error)) from None

    def execute(self, calldata: bytes, *, sender: str = OPERATOR) -> Receipt:
        """One real transaction, which must succeed."""
        return self.node.send(sender, self.router, calldata, gas=3_000_000)

    def send(self, sender: str, signature: str, *arguments: object) -> Receipt:
        """A real call of one of the router's ordinary functions."""
        return self.node.send(sender, self.router, abi.encode_call(signature, *arguments))

    def view(self, signature: str, returns: str, *arguments: object) -> object:
        """The answer of one of the router's views."""
        return abi.decode(returns, self.node.call(self.router, abi.encode_call(signature, *arguments)))[0]

    def allowance(self, symbol: str, spender: str) -> int:
        """What `spender` may take from the router."""
        data = abi.encode_call("allowance(address,address)", self.router, spender)
        return int.from_bytes(self.node.call(self.book.tokens[symbol], data), "big")


def reading(pool: Pool) -> Reading[PoolState]:
    """How to read a pool widely enough for the largest trade of the tests: to a sixteenth of its price and to
    sixteen times of it, where ticks stand apart.
    """
    if pool.kind is not VenueKind.UNISWAP_V3:
        return read(pool)
    return uniswap_v3.read(pool, words=min(20, 1 + 100 // pool.tick_spacing))


def revert_data(error: RpcError) -> bytes:
    """The revert data of a refused call."""
    data = error.data
    return bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""


def constants(book: AddressBook) -> tuple[object, ...]:
    """The router's constants for a built chain."""
    tokens = [book.tokens.get(symbol, ZERO) for symbol in ("WETH", "USDC", "DAI", "USDT")]
    return tokens, book.tokens["WETH"], *(book.contracts.get(name, ZERO) for name in LENDERS)


def deploy_parts(
    place: Placer, owner: str, fixed: tuple[object, ...], code: Mapping[str, Artifact]
) -> Mapping[Part, Address]:
    """The router with its parts."""
    extension = place.deploy(code["RouterExtension"], f"({CONSTANTS})", fixed)
    simulator = place.deploy(code["RouterSimulator"], f"({CONSTANTS},address)", fixed, extension)
    control = place.deploy(code["RouterControl"], f"({CONSTANTS},address)", fixed, simulator)
    arguments = (owner, fixed, extension, control)
    router = place.deploy(code["ArbRouter"], f"(address,{CONSTANTS},address,address)", *arguments)
    standing = (extension, simulator, control, router)
    return {part: to_address(address) for part, address in zip(Part, standing, strict=True)}


def deploy_router(
    place: Placer, owner: str, fixed: tuple[object, ...], code: Mapping[str, Artifact]
) -> Address:
    """The router, deployed with its parts."""
    return deploy_parts(place, owner, fixed, code)[Part.ROUTER]


def deploy_desk(
    node: Node, *, inventory: int = 50 * ETHER, code: Mapping[str, Artifact] | None = None
) -> Desk:
    """Deploy a router, set its roles, give it `inventory` wei of WETH."""
    book = book_of(node)
    parts = deploy_parts(Placer(node), OWNER, constants(book), code or router_artifacts())
    desk = Desk(node, book, parts[Part.ROUTER], parts)
    desk.send(OWNER, "setPrimaryOperator(address)", OPERATOR)
    desk.send(OWNER, "setPauser(address)", PAUSER)
    if inventory:
        node.set_erc20_balance(book.tokens["WETH"], desk.router, inventory)
    return desk


def deploy_another(desk: Desk, owner: str, **lenders: str) -> Desk:
    """A second router on the desk's chain that knows WETH and the lenders named, and no operator yet."""
    weth = desk.book.tokens["WETH"]
    fixed = ([weth, ZERO, ZERO, ZERO], weth, *(lenders.get(name, ZERO) for name in LENDERS))
    return Desk(desk.node, desk.book, deploy_router(Placer(desk.node), owner, fixed, router_artifacts()))
