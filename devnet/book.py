"""What an address book holds, and how its pools are written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from devnet import abi

NATIVE = "0x0000000000000000000000000000000000000000"


@dataclass(frozen=True)
class PoolRecord:
    """One funded pool.

    `venue` is the family name as the module of `devnet.protocols` that opens it has it (uniswap_v2,
    uniswap_v4, curve_stable_ng ...), `address` the contract that swaps, `tokens` its tokens in the pool's
    order, `fee` the swap fee in millionths; `pool_id` (0x, 32 bytes) tells pools of a shared contract apart,
    `tick_spacing` is 0 where there are no ticks, `stable` marks the stable-swap curve, `weights` are those of
    the tokens in percent where they are not equal, `hooks` is the contract that a Uniswap V4 pool calls.
    """

    name: str
    venue: str
    address: str
    tokens: tuple[str, ...]
    fee: int
    pool_id: str | None = None
    tick_spacing: int = 0
    stable: bool = False
    weights: tuple[int, ...] = ()
    hooks: str = NATIVE


@dataclass(frozen=True)
class AddressBook:
    """Everything known by name on one chain. Lookups raise KeyError with the name."""

    chain_id: int
    tokens: Mapping[str, str]
    contracts: Mapping[str, str]
    feeds: Mapping[str, str]
    pools: tuple[PoolRecord, ...]
    decimals: Mapping[str, int] = field(default_factory=dict)

    def pool(self, name: str) -> PoolRecord:
        """The pool of that name. Raises KeyError."""
        for pool in self.pools:
            if pool.name == name:
                return pool
        raise KeyError(name)

    def symbol(self, token: str) -> str:
        """The book's name of a token address. Raises KeyError."""
        for symbol, address in self.tokens.items():
            if address.lower() == token.lower():
                return symbol
        raise KeyError(token)

    def extended(
        self,
        *,
        contracts: Mapping[str, str],
        pools: tuple[PoolRecord, ...] = (),
        tokens: Mapping[str, str] | None = None,
        decimals: Mapping[str, int] | None = None,
    ) -> AddressBook:
        """This book with more in it, as a chain of the full tier has; nothing of this one is changed."""
        return replace(
            self,
            contracts={**self.contracts, **contracts},
            pools=(*self.pools, *pools),
            tokens={**self.tokens, **(tokens or {})},
            decimals={**self.decimals, **(decimals or {})},
        )


TICK_SPACINGS = {100: 1, 500: 10, 2500: 50, 3000: 60, 10000: 200}
POOL_KEY = "(address,address,uint24,int24,address)"


@dataclass(frozen=True)
class PoolWriter:
    """Makes the pool records of one chain; `symbols` names each token address."""

    symbols: Mapping[str, str]

    def v2(self, venue: str, address: str, *tokens: str, fee: int = 3000) -> PoolRecord:
        """A constant-product pair, with a fee of 0.3 % by default."""
        return PoolRecord(self._title(venue, tokens), venue, address, tokens, fee)

    def solidly_stable(self, venue: str, address: str, fee: int, *tokens: str) -> PoolRecord:
        """A pair on the curve x^3 y + y^3 x."""
        name = f"{self._title(venue, tokens)} stable"
        return PoolRecord(name, venue, address, tokens, fee, stable=True)

    def v3(self, venue: str, address: str, fee: int, *tokens: str) -> PoolRecord:
        """A concentrated-liquidity pool."""
        name = f"{self._title(venue, tokens)} {fee}"
        return PoolRecord(name, venue, address, tokens, fee, tick_spacing=TICK_SPACINGS[fee])

    def ticked(self, venue: str, address: str, fee: int, spacing: int, *tokens: str) -> PoolRecord:
        """A concentrated-liquidity pool of a venue where the fee does not tell the tick spacing."""
        name = f"{self._title(venue, tokens)} {fee}"
        return PoolRecord(name, venue, address, tokens, fee, tick_spacing=spacing)

    def v4(self, manager: str, fee: int, *tokens: str, hooks: str = NATIVE) -> PoolRecord:
        """A pool inside the Uniswap V4 pool manager, hookless by default; its id is the hash of its key."""
        spacing = TICK_SPACINGS[fee]
        pool_id = "0x" + keccak(abi.encode(POOL_KEY, *tokens, fee, spacing, hooks)).hex()
        name = f"{self._title('uniswap_v4', tokens)} {fee}" + (" hooked" if hooks != NATIVE else "")
        return PoolRecord(name, "uniswap_v4", manager, tokens, fee, pool_id, spacing, hooks=hooks)

    def balancer(self, pool_id: str, fee: int, *tokens: str, stable: bool = False) -> PoolRecord:
        """A Balancer V2 pool; its id starts with its address."""
        name, address = self._title("balancer_v2", tokens), to_checksum_address(pool_id[:42])
        return PoolRecord(name, "balancer_v2", address, tokens, fee, pool_id, stable=stable)

    def balancer_v3(
        self, address: str, fee: int, *tokens: str, stable: bool = False, weights: tuple[int, ...] = ()
    ) -> PoolRecord:
        """A pool of the Balancer V3 vault, of equal weights unless `weights` (percent) says otherwise."""
        name = self._title("balancer_v3", tokens)
        return PoolRecord(name, "balancer_v3", address, tokens, fee, stable=stable, weights=weights)

    def curve(self, venue: str, address: str, fee: int, *tokens: str) -> PoolRecord:
        """A Curve pool of one of the shapes of `devnet.protocols.curve`; `fee` is the one in balance."""
        stable = venue.startswith("curve_stable")
        return PoolRecord(self._title(venue, tokens), venue, address, tokens, fee, stable=stable)

    def _title(self, venue: str, tokens: tuple[str, ...]) -> str:
        return f"{venue} {'/'.join(self.symbols.get(token, 'ETH') for token in tokens)}"
