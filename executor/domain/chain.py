"""What is known of one chain: its tokens, exchanges, lenders and price feeds, each address with its source
and a check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from executor.domain.address import Address
from executor.domain.dex import Dex
from executor.domain.errors import OpportunityError
from executor.domain.fee_rules import FeeRules
from executor.domain.pool import Pool
from executor.domain.route import Funding
from executor.domain.token import Token


class L2Kind(StrEnum):
    """How the chain charges for data and moves its base fee. On Arbitrum data count as gas."""

    NONE = "none"
    OP_STACK = "op_stack"
    ARBITRUM = "arbitrum"


@dataclass(frozen=True, slots=True)
class AddressCheck:
    """One `eth_call` of `data` to `to` whose returned bytes must equal `expected`; `description` is the call
    in words.
    """

    to: Address
    data: bytes
    expected: bytes
    description: str


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """An address of the chain data. `name` is its path there, `source` where it was published, `checks` what
    a node must answer.
    """

    name: str
    address: Address
    source: str
    checks: tuple[AddressCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownDex:
    """An exchange of the chain data with its factory's checks and the other names it goes by.

    `init_code_hash` is of the pool's creation code, `deployer` the pools' CREATE2 deployer (often the
    factory).
    """

    dex: Dex
    known: KnownAddress
    aliases: tuple[str, ...] = ()
    init_code_hash: bytes | None = None
    deployer: Address | None = None


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token of the chain data."""

    token: Token
    known: KnownAddress


@dataclass(frozen=True, slots=True)
class Lender:
    """A flash lender: Aave's Pool or Balancer's Vault."""

    funding: Funding
    known: KnownAddress


@dataclass(frozen=True, slots=True)
class FlashPool:
    """A pool that lends its tokens, one of POOL_LOANS."""

    funding: Funding
    pool: Pool
    known: KnownAddress


@dataclass(frozen=True, slots=True)
class Feed:
    """A Chainlink aggregator that prices one whole `token` in USD, renewed at least every
    `heartbeat_seconds`.
    """

    token: Address
    known: KnownAddress
    heartbeat_seconds: int


@dataclass(frozen=True, slots=True)
class SequencerFeed:
    """Chainlink's feed of an L2's sequencer: 0 while it is up. Prices count again `grace_period_seconds`
    after it has come back.
    """

    known: KnownAddress
    grace_period_seconds: int


@dataclass(frozen=True, slots=True)
class ChainData:
    """All that is known of one chain. `settlement` is in the order of the router's settlement token
    indices.
    """

    chain_id: int
    name: str
    l2: L2Kind
    public_mempool: bool
    fees: FeeRules
    native_symbol: str
    wrapped_native: Token
    dexes: Mapping[str, KnownDex]
    tokens: Mapping[str, tuple[KnownToken, ...]]
    lenders: Mapping[Funding, Lender]
    feeds: Mapping[Address, Feed]
    create2_deployer: KnownAddress
    settlement: tuple[Token, ...]
    sequencer_feed: SequencerFeed | None = None
    registries: Mapping[str, KnownAddress] = field(default_factory=dict)
    flash_pools: tuple[FlashPool, ...] = ()

    def on_local_node(self) -> Self:
        """The same, charged for as on a development node that bears this chain's id."""
        return replace(self, fees=self.fees.on_local_node())

    def dex(self, name: str, field: str = "dex") -> Dex:
        """The exchange of that name or alias, case ignored. Raises OpportunityError naming `field` and the
        known names.
        """
        wanted = name.casefold()
        for entry in self.dexes.values():
            if wanted == entry.dex.name or wanted in entry.aliases:
                return entry.dex
        known = ", ".join(sorted(self.dexes))
        raise OpportunityError(
            field, f"{name!r} is no exchange known on {self.name}", fix=f"use one of: {known}"
        )

    def token(self, symbol: str, field: str = "token") -> Token:
        """The one token of that symbol (case matters, as on chain). Raises OpportunityError when there is
        none or more than one.
        """
        found = self.tokens.get(symbol, ())
        if len(found) == 1:
            return found[0].token
        if found:
            listed = ", ".join(f"{entry.token.address} ({entry.known.source})" for entry in found)
            raise OpportunityError(
                field, f"{symbol} is ambiguous on {self.name}: {listed}", fix="give the token's address"
            )
        known = ", ".join(sorted(self.tokens))
        raise OpportunityError(
            field,
            f"{symbol!r} is no token known on {self.name}",
            fix=f"give the token's address, or one of: {known}",
        )

    def token_at(self, address: Address) -> Token | None:
        """The known token at `address`, or None."""
        return next(
            (
                entry.token
                for entries in self.tokens.values()
                for entry in entries
                if entry.token.address == address
            ),
            None,
        )

    def pools_lending(self, token: Address) -> tuple[FlashPool, ...]:
        """The pools among the lenders that hold the token at that address."""
        return tuple(
            entry
            for entry in self.flash_pools
            if token in (entry.pool.token0.address, entry.pool.token1.address)
        )

    def feed_for(self, token: Address) -> Feed | None:
        """The USD feed of the token at that address, or None. Looked up by address, so that a namesake token
        gets no price.
        """
        return self.feeds.get(token)

    def known_addresses(self) -> tuple[KnownAddress, ...]:
        """Every address of the chain data with its checks."""
        tokens = (entry.known for entries in self.tokens.values() for entry in entries)
        return (
            *tokens,
            *(entry.known for entry in self.dexes.values()),
            *(lender.known for lender in self.lenders.values()),
            *(lending.known for lending in self.flash_pools),
            *(feed.known for feed in self.feeds.values()),
            *self.registries.values(),
            *((self.sequencer_feed.known,) if self.sequencer_feed else ()),
            self.create2_deployer,
        )
