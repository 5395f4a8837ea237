"""Curve pools, stable and crypto: the pool pulls the input and sends the output back."""

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
class CurveExchange(Step):
    """Swaps coin `i` for coin `j` of a Curve pool. `amount_in` None: what the last step gave.

    `token_out` is the output, the zero address the chain's own coin, which can only go to ROUTER; `token_in`
    is present when the payer is TRACKED.
    """

    pool: Address
    i: int
    j: int
    token_out: Address
    payer: Payer
    recipient: Recipient
    amount_in: int | None = None
    token_in: Address | None = None
    to: Address | None = None
    uint256_indexes: bool = False
    native_in: bool = False

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.CURVE_EXCHANGE,
        (
            Flags((last(), PULLED_PAYER, RECIPIENT)),
            Flags(
                (
                    Bits("uint256_indexes", f.CURVE_UINT256_INDEXES, "indexes are uint256, not int128"),
                    Bits("native_in", f.CURVE_NATIVE_IN, "the input is the chain's own coin"),
                ),
                "extra",
            ),
            POOL,
            Field("i", 1, "index of the coin that goes in"),
            Field("j", 1, "index of the coin that comes out"),
            address_field("token_out", "the coin that comes out; zero: the chain's own"),
            address_field("token_in", "the coin that goes in; zero: the chain's own", IF_TRACKED),
            amount_field(),
            TO,
        ),
    )

    def contradiction(self) -> str:
        """The chain's own coin goes in exactly where the tracked token that pays is the zero address."""
        pays_native = self.payer is Payer.TRACKED and self.token_in is not None and not int(self.token_in, 16)
        if self.native_in == pays_native:
            return ""
        return f"Curve pool {self.pool}: native_in says {self.native_in}, the paying token {self.token_in}."

    def in_words(self) -> str:
        """What the step does, in words."""
        return (
            f"exchange {words.amount(self.amount_in)} of coin {self.i} for coin {self.j}"
            f" ({words.token(self.token_out)}) on Curve pool {self.pool}: {words.PAYERS[self.payer]}; "
            f"send what arrived to {words.recipient(self.recipient, self.to)}"
        )
