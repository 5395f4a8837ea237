"""Pairs of the Solidly shape, volatile and stable: as Uniswap V2's, but the pair itself tells its output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import format as f
from executor.plan import words
from executor.plan.format import Opcode, Payer, Recipient
from executor.plan.layout import (
    PAYER,
    POOL,
    RECIPIENT,
    TO,
    Bits,
    Flags,
    Layout,
    address_field,
    amount_field,
    last,
)
from executor.plan.steps.step import Step

TOKEN_IN = address_field("token_in", "the input token")


@dataclass(frozen=True, slots=True)
class SolidlySwap(Step):
    """A hop over a Solidly pair; the output is what its `getAmountOut` says. `amount_in` None: what the last
    step gave.
    """

    pool: Address
    zero_for_one: bool
    token_in: Address
    payer: Payer
    recipient: Recipient
    amount_in: int | None = None
    to: Address | None = None
    measured: bool = False

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.SOLIDLY_SWAP,
        (
            Flags(
                (
                    last(),
                    Bits("measured", f.V2_MEASURED, "the input is what really arrived at the pair"),
                    PAYER,
                    RECIPIENT,
                )
            ),
            Flags((), "extra"),
            POOL,
            TOKEN_IN,
            amount_field(),
            TO,
        ),
        directed=True,
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        measured = ", counting what really arrived" if self.measured else ""
        return (
            f"swap {words.amount(self.amount_in)} of token {self.token_in} on Solidly pair {self.pool}"
            f"{measured}: {words.PAYERS[self.payer]}; send what the pair says to"
            f" {words.recipient(self.recipient, self.to)}"
        )


@dataclass(frozen=True, slots=True)
class SolidlyQuote(Step):
    """Asks a Solidly pair what it would give and makes it the last amount."""

    pool: Address
    token_in: Address
    amount_in: int | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.SOLIDLY_QUOTE, (Flags((last(),)), Flags((), "extra"), POOL, TOKEN_IN, amount_field())
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return (
            f"ask Solidly pair {self.pool} what it gives for {words.amount(self.amount_in)}"
            f" of token {self.token_in}"
        )
