"""Uniswap V4: everything between a lock's opening and its end nets out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import format as f
from executor.plan import words
from executor.plan.format import Opcode, Payer, Recipient
from executor.plan.layout import (
    IF_TRACKED,
    PULLED_PAYER,
    RECIPIENT,
    TO,
    Field,
    Flags,
    Layout,
    address_field,
    amount_field,
    last,
    steps_field,
)
from executor.plan.steps.step import Step


@dataclass(frozen=True, slots=True)
class V4Unlock(Step):
    """Opens the PoolManager's lock; when the steps inside end, nothing may be owed either way."""

    continuation: tuple[Step, ...]

    INSIDE: ClassVar[str] = "inside the lock"
    LAYOUT: ClassVar[Layout] = Layout(Opcode.UNISWAP_V4_UNLOCK, (steps_field("the steps inside the lock"),))

    def in_words(self) -> str:
        """What the step does, in words."""
        return "unlock the Uniswap V4 PoolManager"


@dataclass(frozen=True, slots=True)
class V4Swap(Step):
    """Swaps an exact input in one pool, named by its key. `amount_in` None: what the last step gave; `fee` in
    millionths.
    """

    currency0: Address
    currency1: Address
    fee: int
    tick_spacing: int
    hooks: Address
    zero_for_one: bool
    amount_in: int | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.UNISWAP_V4_SWAP,
        (
            Flags((last(),)),
            address_field("currency0", "the lower currency; zero: the chain's own coin"),
            address_field("currency1", "the higher currency"),
            Field("fee", f.FEE_BYTES, "the fee in millionths, or the mark of a dynamic one"),
            Field("tick_spacing", f.FEE_BYTES, "the tick spacing"),
            address_field("hooks", "the hooks, or zero"),
            amount_field(),
        ),
        directed=True,
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        hooks = f" with hooks {self.hooks}" if int(self.hooks, 16) else ""
        return (
            f"swap {words.amount(self.amount_in)} on the V4 pool of {words.token(self.currency0)} and "
            f"{words.token(self.currency1)}, fee {self.fee}, tick spacing {self.tick_spacing}{hooks}, "
            f"{words.direction(self.zero_for_one)}"
        )


@dataclass(frozen=True, slots=True)
class V4Take(Step):
    """Takes `amount` of what the PoolManager owes; None: what the last step gave."""

    currency: Address
    recipient: Recipient
    amount: int | None = None
    to: Address | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.UNISWAP_V4_TAKE,
        (
            Flags((last("amount"), RECIPIENT)),
            address_field("currency", "the currency; zero: the chain's own coin"),
            amount_field("amount", "the amount"),
            TO,
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return (
            f"take {words.amount(self.amount)} of {words.token(self.currency)} from the PoolManager, "
            f"send to {words.recipient(self.recipient, self.to)}"
        )


@dataclass(frozen=True, slots=True)
class V4Settle(Step):
    """Pays `amount` to the PoolManager; None: what the last step gave. `currency` is present when the payer
    is TRACKED, zero for the chain's own coin.
    """

    payer: Payer
    amount: int | None = None
    currency: Address | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.UNISWAP_V4_SETTLE,
        (
            Flags((last("amount"), PULLED_PAYER)),
            address_field("currency", "the currency; zero: the chain's own coin", IF_TRACKED),
            amount_field("amount", "the amount"),
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return f"pay {words.amount(self.amount)} of {words.token(self.currency)} to the PoolManager"
