"""Pools of DODO V2: they find their input at themselves, and say what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import words
from executor.plan.format import Opcode, Payer, Recipient
from executor.plan.layout import (
    IF_TRACKED,
    PAYER,
    POOL,
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
class DodoV2Swap(Step):
    """Sells the base of a DODO V2 pool (`sells_base`), or its quote; whatever stands at the pool above its
    reserve goes in, too. `amount_in` None: what the last step gave; it must be None where payer is NONE.

    `token_out` is the output; `token_in` is present when the payer is TRACKED.
    """

    pool: Address
    sells_base: bool
    token_out: Address
    payer: Payer
    recipient: Recipient
    amount_in: int | None = None
    token_in: Address | None = None
    to: Address | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.DODO_V2_SWAP,
        (
            Flags((last(), PAYER, RECIPIENT)),
            Flags((), "extra"),
            POOL,
            address_field("token_out", "the token that comes out"),
            address_field("token_in", "the token that goes in", IF_TRACKED),
            amount_field(),
            TO,
        ),
        directed=True,
        direction="sells_base",
        turned="the base goes in",
    )

    def contradiction(self) -> str:
        """What came before is as much as it is."""
        if self.payer is Payer.NONE and self.amount_in is not None:
            return f"DODO pool {self.pool}: nobody pays, and yet amount_in is {self.amount_in}."
        return ""

    def in_words(self) -> str:
        """What the step does, in words."""
        amount = "what arrived" if self.payer is Payer.NONE else words.amount(self.amount_in)
        side = "base" if self.sells_base else "quote"
        return (
            f"sell {amount} of the {side} to DODO pool {self.pool} for {words.token(self.token_out)}: "
            f"{words.PAYERS[self.payer]}; send it to {words.recipient(self.recipient, self.to)}"
        )
