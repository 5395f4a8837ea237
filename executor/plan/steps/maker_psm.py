"""Maker's peg stability modules: the module pulls the input and pays the receiver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import format as f
from executor.plan import words
from executor.plan.format import Opcode, Payer, Recipient
from executor.plan.layout import (
    IF_TRACKED,
    POOL,
    PULLED_PAYER,
    RECIPIENT,
    TO,
    Bits,
    Field,
    Flags,
    Layout,
    address_field,
    amount_field,
    last,
)
from executor.plan.steps.step import Step


@dataclass(frozen=True, slots=True)
class MakerPSMSwap(Step):
    """Sells the gem to the peg stability module at `pool`, or with `buy` buys it. `amount_in` None: what the
    last step gave; of it a purchase leaves what is less than one unit of the gem.

    `coarser` is by how many decimals the gem is coarser than the 18 of the other token; `token_out` is the
    output; `token_in` is present when the payer is TRACKED.
    """

    pool: Address
    coarser: int
    token_out: Address
    payer: Payer
    recipient: Recipient
    amount_in: int | None = None
    token_in: Address | None = None
    to: Address | None = None
    buy: bool = False

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.MAKER_PSM_SWAP,
        (
            Flags((last(), PULLED_PAYER, RECIPIENT)),
            Flags((Bits("buy", f.MAKER_PSM_BUY, "the gem is bought, not sold"),), "extra"),
            POOL,
            Field("coarser", 1, "by how many decimals the gem is coarser than 18"),
            address_field("token_out", "the token that comes out"),
            address_field("token_in", "the token that goes in", IF_TRACKED),
            amount_field(),
            TO,
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        amount = words.amount(self.amount_in)
        deed = f"buy gem for up to {amount}" if self.buy else f"sell {amount} of gem"
        return (
            f"{deed} at the peg stability module {self.pool}: {words.PAYERS[self.payer]}; "
            f"token {self.token_out} to {words.recipient(self.recipient, self.to)}"
        )
