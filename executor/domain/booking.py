"""What the books hold of a mined transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction

from executor.domain.address import Address
from executor.domain.intent import Block, Purpose

Holding = tuple[Address, Address | None]
"""An account, and the token that it holds."""

NATIVE = None
"""Stands where a token's address would: the chain's own coin."""


class Kind(StrEnum):
    """What an entry is for.

    Gross: what the trade brought in the settlement token before premium and tip. Premium: the lenders'. Tip:
    paid out of profit. Rebate: a tip that came to a wallet of ours. Gas, l1_fee, operator_fee: what the chain
    took. Residue: other tokens, or native coin, that the trade left in the router or took from it. Unlogged:
    a balance that moved by more or less than its token logged, as tokens do that keep a part of each
    transfer. Transfer: moved by ourselves from or to one of our accounts, neither profit nor loss.
    """

    GROSS = "gross"
    PREMIUM = "premium"
    TIP = "tip"
    REBATE = "rebate"
    GAS = "gas"
    L1_FEE = "l1_fee"
    OPERATOR_FEE = "operator_fee"
    RESIDUE = "residue"
    UNLOGGED = "unlogged"
    TRANSFER = "transfer"


COSTS = frozenset({Kind.GAS, Kind.L1_FEE, Kind.OPERATOR_FEE})
"""What the chain takes, in the native coin."""
PROFIT = frozenset(Kind) - {Kind.TRANSFER}
"""What profit is made of, costs included."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`account` gained `amount` (negative: lost) of `token`, in its smallest unit; NATIVE in wei."""

    account: Address
    kind: Kind
    token: Address | None
    amount: int


@dataclass(frozen=True, slots=True)
class Asset:
    """A token as people know it. `usd` is USD for a whole one at the booking's block, exact, None where there
    was no price; `price_source` says where from, or why there is none.
    """

    symbol: str
    decimals: int
    usd: Fraction | None = None
    price_source: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """A mined transaction of ours and its entries, with the `assets` that they are in, by token.

    `cancelled`: what was mined is the transfer to oneself. `block_time` in Unix seconds, `gas_price` in wei
    per gas. `checked`: how the entries agree with the balances around the block: "agrees", or what is known
    instead.
    """

    chain: str
    chain_id: int
    intent_id: int
    opportunity_id: str | None
    purpose: Purpose
    sender: Address
    transaction_hash: str
    block: Block
    block_time: int
    success: bool
    cancelled: bool
    gas_used: int
    gas_price: int
    checked: str
    entries: tuple[Entry, ...]
    assets: Mapping[Address | None, Asset] = field(default_factory=dict)

    @property
    def day(self) -> str:
        """The day of its block in UTC, as 2026-01-31."""
        return datetime.fromtimestamp(self.block_time, UTC).date().isoformat()

    @property
    def made_the_trade(self) -> bool:
        """True if this is the transaction that carried an opportunity out."""
        return self.purpose is Purpose.TRADE and self.success and not self.cancelled

    @property
    def cost(self) -> int:
        """What the chain took for it, in wei."""
        return -sum(entry.amount for entry in self.entries if entry.kind in COSTS)
