"""Pools of the Uniswap V2 shape: the input is sent first, the output is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import format as f
from executor.plan import words
from executor.plan.format import Opcode, Payer, Recipient, V2CallbackKind, V2Output
from executor.plan.layout import (
    PAYER,
    POOL,
    RECIPIENT,
    TO,
    Bits,
    Field,
    Flags,
    Layout,
    Values,
    When,
    address_field,
    amount_field,
    choice_is,
    last,
    steps_field,
)
from executor.plan.steps.step import Step

FEE = Field("fee_bps", 1, "the pair's fee in basis points, for computed outputs")
OUTPUT = Bits("output", f.V2_OUTPUT_MASK, "how the output is known", choices=V2Output)
AMOUNT_OUT = Field("amount_out", f.V2_OUTPUT_BYTES, "the output", when=choice_is("output", V2Output.LITERAL))


def _names_token(values: Values) -> bool:
    payer = values["payer"]
    return payer is Payer.TRACKED or (values["measured"] and payer is Payer.NONE)


@dataclass(frozen=True, slots=True)
class V2Swap(Step):
    """A hop over a V2 pair. `amount_in` None: what the last step gave. `fee_bps` matters for computed outputs
    only.

    `token` is the input token, present when the payer is TRACKED, or when the input is measured at a pair
    that is paid already.
    """

    pool: Address
    zero_for_one: bool
    payer: Payer
    recipient: Recipient
    output: V2Output
    fee_bps: int = 0
    amount_in: int | None = None
    amount_out: int | None = None
    token: Address | None = None
    to: Address | None = None
    measured: bool = False

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.UNISWAP_V2_SWAP,
        (
            Flags(
                (
                    last(),
                    Bits("measured", f.V2_MEASURED, "the input is what really arrived at the pair"),
                    PAYER,
                    RECIPIENT,
                    OUTPUT,
                )
            ),
            FEE,
            POOL,
            address_field(
                "token",
                "the input token",
                When("payer is TRACKED, or is NONE and the input is measured", _names_token),
            ),
            amount_field(),
            AMOUNT_OUT,
            TO,
        ),
        directed=True,
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        measured = ", counting what really arrived" if self.measured else ""
        return (
            f"swap {words.amount(self.amount_in)} on pair {self.pool}, {words.direction(self.zero_for_one)}"
            f"{measured}: {words.PAYERS[self.payer]}; send {output_in_words(self.output, self.amount_out)}"
            f" to {words.recipient(self.recipient, self.to)}"
        )


@dataclass(frozen=True, slots=True)
class V2FlashSwap(Step):
    """Takes a pair's output first; the continuation pays the pair."""

    pool: Address
    zero_for_one: bool
    output: V2Output
    continuation: tuple[Step, ...]
    fee_bps: int = 0
    amount_in: int | None = None
    amount_out: int | None = None
    callback: V2CallbackKind = V2CallbackKind.UNISWAP

    INSIDE: ClassVar[str] = "inside its callback, before the pair must be paid"
    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.UNISWAP_V2_FLASH_SWAP,
        (
            Flags(
                (
                    last(),
                    Bits("callback", f.PAYER_MASK, "which callback the pair calls", choices=V2CallbackKind),
                    OUTPUT,
                )
            ),
            FEE,
            POOL,
            amount_field(),
            AMOUNT_OUT,
            steps_field("the steps inside its callback"),
        ),
        directed=True,
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        fork = "" if self.callback is V2CallbackKind.UNISWAP else f"{self.callback.name.lower()} "
        return (
            f"flash swap on {fork}pair {self.pool}, {words.direction(self.zero_for_one)}: "
            f"take {output_in_words(self.output, self.amount_out)} first"
        )


@dataclass(frozen=True, slots=True)
class V2Quote(Step):
    """Computes what a pair would give and makes it the last amount."""

    pool: Address
    zero_for_one: bool
    fee_bps: int
    amount_in: int | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.UNISWAP_V2_QUOTE,
        (Flags((last(), replace(OUTPUT, always=V2Output.COMPUTED))), FEE, POOL, amount_field()),
        directed=True,
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return (
            f"compute what pair {self.pool} gives for {words.amount(self.amount_in)}"
            f" {words.direction(self.zero_for_one)}"
        )


def output_in_words(output: V2Output, literal: int | None) -> str:
    """How the output of a pair is known."""
    if output is V2Output.LITERAL:
        return f"exactly {literal}"
    return (
        "what its reserves give" if output is V2Output.COMPUTED else "exactly what the waiting pool is owed"
    )
