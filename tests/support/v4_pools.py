"""Pools of Uniswap V4 made for a test in the real PoolManager: any fee, spacing, hook and positions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devnet import Node, abi, artifacts, deal
from devnet.book import POOL_KEY, AddressBook
from devnet.manifest import UNISWAP_V4
from devnet.place import Placer
from devnet.protocols.tokens import TREASURY
from devnet.protocols.uniswap_v4 import SWAP_ROUTER
from devnet.roles import account
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import V4Details
from executor.domain.token import Token

OWNER = account("uniswap v4 owner")
PROVIDER_FILE = "foundry-out/PoolModifyLiquidityTest.sol/PoolModifyLiquidityTest.default.json"
MODIFY = f"modifyLiquidity({POOL_KEY},(int24,int24,int256,bytes32),bytes)"
SWAP = f"swap({POOL_KEY},(bool,int256,uint160),(bool,bool),bytes)"
QUOTE_IN = f"quoteExactInputSingle(({POOL_KEY},bool,uint128,bytes))"
QUOTE_OUT = f"quoteExactOutputSingle(({POOL_KEY},bool,uint128,bytes))"
RICH = 10**24
"""Of USDC's smallest unit: for every position that a test makes."""

LOWEST_LIMIT, HIGHEST_LIMIT = 4295128740, 1461446703485210103287273052203988822378723970341


@dataclass(frozen=True)
class V4Desk:
    """Opens and trades pools of USDC and WETH on a node, paid for by the treasury."""

    node: Node
    book: AddressBook
    provider: str

    @classmethod
    def on(cls, node: Node, book: AddressBook) -> V4Desk:
        """A desk with Uniswap's own test contract to provide liquidity."""
        manager = book.contracts["uniswap_v4_pool_manager"]
        provider = Placer(node).deploy(artifacts.load(UNISWAP_V4, PROVIDER_FILE), "(address)", manager)
        for symbol in ("USDC", "WETH"):
            for spender in (provider, SWAP_ROUTER):
                approve = abi.encode_call("approve(address,uint256)", spender, 2**256 - 1)
                node.send(TREASURY, book.tokens[symbol], approve)
        return cls(node, book, provider)

    @property
    def manager(self) -> Address:
        """The PoolManager."""
        return to_address(self.book.contracts["uniswap_v4_pool_manager"])

    def pool(self, fee: int, spacing: int, hooks: str = ZERO_ADDRESS) -> Pool:
        """A pool that need not be open yet."""
        tokens = [
            Token(1, to_address(self.book.tokens[symbol]), symbol, self.book.decimals[symbol])
            for symbol in ("USDC", "WETH")
        ]
        token0, token1 = sorted(tokens, key=lambda token: int(token.address, 16))
        details = V4Details(fee, spacing, to_address(hooks))
        return Pool(
            "uniswap_v4",
            VenueKind.UNISWAP_V4,
            self.manager,
            token0,
            token1,
            fee if fee <= 1_000_000 else 0,
            spacing,
            details=details,
        )

    def unopened(self, fee: int, spacing: int) -> Pool:
        """A pool without hooks that nobody has opened: its fee is this one, or the next that is free."""
        pool = self.pool(fee, spacing)
        get = abi.encode_call("getSlot0(bytes32)", bytes.fromhex(pool.identity[2:]))
        if int.from_bytes(self.node.call(self.book.contracts["uniswap_v4_state_view"], get)[:32], "big"):
            return self.unopened(fee + 1, spacing)
        return pool

    def open(self, pool: Pool, sqrt_price_x96: int, positions: Iterable[tuple[int, int, int]]) -> None:
        """Initialise the pool and fill it."""
        # Wide positions of much liquidity take more dollars than there are, each of them.
        dollars = self.book.tokens["USDC"]
        if self.node.erc20_balance(dollars, TREASURY) < RICH:
            deal.ensure_balance(self.node, dollars, TREASURY, 3 * RICH)
        call = abi.encode_call(f"initialize({POOL_KEY},uint160)", key_of(pool), sqrt_price_x96)
        self.node.send(TREASURY, self.manager, call)
        for position in positions:
            self.provide(pool, *position)

    def provide(self, pool: Pool, lower: int, upper: int, liquidity: int) -> None:
        """Add liquidity between two ticks, or take some away."""
        call = abi.encode_call(MODIFY, key_of(pool), (lower, upper, liquidity, bytes(32)), b"")
        self.node.send(TREASURY, self.provider, call, gas=2_000_000)

    def swap(self, pool: Pool, zero_for_one: bool, amount_in: int) -> None:
        """Sell as much of it as the pool takes."""
        limit = LOWEST_LIMIT if zero_for_one else HIGHEST_LIMIT
        call = abi.encode_call(SWAP, key_of(pool), (zero_for_one, -amount_in, limit), (False, False), b"")
        self.node.send(TREASURY, SWAP_ROUTER, call, gas=8_000_000)

    def quoted(self, pool: Pool, zero_for_one: bool, amount: int, exact_out: bool = False) -> int:
        """What Uniswap's quoter says. Raises RpcError where the swap would revert or is filled in part."""
        call = abi.encode_call(
            QUOTE_OUT if exact_out else QUOTE_IN, (key_of(pool), zero_for_one, amount, b"")
        )
        answer = self.node.call(self.book.contracts["uniswap_v4_quoter"], call)
        return int(abi.decode("(uint256,uint256)", answer)[0])

    def set_protocol_fee(self, pool: Pool, fee0: int, fee1: int) -> None:
        """The protocol's part of swaps of token0 in and of token1 in, in millionths."""
        controller = abi.encode_call("setProtocolFeeController(address)", OWNER)
        self.node.send(OWNER, self.manager, controller)
        call = abi.encode_call(f"setProtocolFee({POOL_KEY},uint24)", key_of(pool), fee0 | fee1 << 12)
        self.node.send(OWNER, self.manager, call)

    def set_dynamic_fee(self, pool: Pool, fee: int) -> None:
        """What the pool's hook asks of its swaps, in millionths."""
        assert isinstance(pool.details, V4Details)
        call = abi.encode_call(f"updateDynamicLPFee({POOL_KEY},uint24)", key_of(pool), fee)
        self.node.set_balance(pool.details.hooks, 10**18)
        self.node.send(pool.details.hooks, self.manager, call)


def key_of(pool: Pool) -> tuple[object, ...]:
    """The pool's key as the contracts take it."""
    assert isinstance(pool.details, V4Details)
    details = pool.details
    return (
        pool.token0.address,
        pool.token1.address,
        details.key_fee,
        details.tick_spacing,
        details.hooks,
    )
