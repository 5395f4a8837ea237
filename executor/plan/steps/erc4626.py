"""ERC-4626 vaults: assets into shares and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import words
from executor.plan.format import Opcode, Payer, Recipient
from executor.plan.layout import (
    IF_TRACKED,
    POOL,
    PULLED_PAYER,
    RECIPIENT,
    TO,
    Flags,
    Layout,
    address_field,
    amount_field,
    last,
)
from executor.plan.steps.step import Step


@dataclass(frozen=True, slots=True)
class ERC4626Deposit(Step):
    """Puts assets into the vault at `pool` and gives its shares. `amount_in` None: what the last step gave;
    `asset` is present when the payer is TRACKED.
    """

    pool: Address
    payer: Payer
    recipient: Recipient
    amount_in: int | None = None
    asset: Address | None = None
    to: Address | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.ERC4626_DEPOSIT,
        (
            Flags((last(), PULLED_PAYER, RECIPIENT)),
            Flags((), "extra"),
            POOL,
            address_field("asset", "the asset that goes in", IF_TRACKED),
            amount_field(),
            TO,
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return (
            f"deposit {words.amount(self.amount_in)} of {words.token(self.asset)} into vault {self.pool}; "
            f"shares to {words.recipient(self.recipient, self.to)}"
        )


@dataclass(frozen=True, slots=True)
class ERC4626Redeem(Step):
    """Gives shares of the vault at `pool` back for its `asset`. `shares` None: what the last step gave."""

    pool: Address
    asset: Address
    recipient: Recipient
    shares: int | None = None
    to: Address | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.ERC4626_REDEEM,
        (
            Flags((last("shares"), RECIPIENT)),
            Flags((), "extra"),
            POOL,
            address_field("asset", "the asset that comes out"),
            amount_field("shares", "the shares"),
            TO,
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return (
            f"redeem {words.amount(self.shares)} shares of vault {self.pool} for token {self.asset}; "
            f"send to {words.recipient(self.recipient, self.to)}"
        )
