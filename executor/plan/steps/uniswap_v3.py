"""Pools of the Uniswap V3 shape: the output is sent first, the input is asked for in a callback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import format as f
from executor.plan import words
from executor.plan.format import Opcode, Payer, Recipient, V3Amount, V3CallbackKind
from executor.plan.layout import (
    IF_TRACKED,
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
    steps_field,
)
from executor.plan.steps.step import Step


def _literal(values: Values) -> bool:
    return values["kind"] in (V3Amount.EXACT_IN, V3Amount.EXACT_OUT)


def _capped(values: Values) -> bool:
    """An exact input is its own cap."""
    exact_out = values["kind"] in (V3Amount.EXACT_OUT_OWED, V3Amount.EXACT_OUT)
    return exact_out and values["payer"] is not Payer.NONE


@dataclass(frozen=True, slots=True)
class V3Swap(Step):
    """A hop over a V3 pool. `amount` is present for the two literal kinds; `cap` bounds what the router pays
    for an exact output.
    """

    pool: Address
    zero_for_one: bool
    callback: V3CallbackKind
    kind: V3Amount
    payer: Payer
    recipient: Recipient
    amount: int | None = None
    cap: int | None = None
    token: Address | None = None
    to: Address | None = None
    price_limit: int | None = None
    continuation: tuple[Step, ...] = ()

    INSIDE: ClassVar[str] = "inside its callback, before the pool must be paid"
    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.UNISWAP_V3_SWAP,
        (
            Flags(
                (
                    Bits("kind", f.V3_AMOUNT_MASK, "what the amount is", choices=V3Amount),
                    PAYER,
                    RECIPIENT,
                    Bits("limited", f.V3_PRICE_LIMIT, "a price limit follows", of="price_limit"),
                    Bits("nested", f.V3_CONTINUATION, "a continuation follows", of="continuation"),
                )
            ),
            Flags(
                (Bits("callback", 0xFF, "which callback the pool calls", choices=V3CallbackKind),), "extra"
            ),
            POOL,
            address_field("token", "the input token", IF_TRACKED),
            Field(
                "amount",
                f.AMOUNT_BYTES,
                "the input or the output",
                when=When("kind is EXACT_IN or EXACT_OUT", _literal),
            ),
            Field(
                "cap",
                f.AMOUNT_BYTES,
                "the most that the router pays",
                when=When("kind is EXACT_OUT or EXACT_OUT_OWED and payer is not NONE", _capped),
            ),
            TO,
            Field(
                "price_limit",
                f.ADDRESS_BYTES,
                "sqrtPriceX96 at which the swap stops",
                when=When("a price limit follows", lambda values: bool(values["limited"])),
            ),
            steps_field(
                "the steps inside its callback",
                When("a continuation follows", lambda values: bool(values["nested"])),
            ),
        ),
        directed=True,
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        amounts = {
            V3Amount.EXACT_IN: f"exactly {self.amount} in",
            V3Amount.EXACT_IN_LAST: "what the last step gave in",
            V3Amount.EXACT_OUT_OWED: "exactly what the waiting pool is owed out",
            V3Amount.EXACT_OUT: f"exactly {self.amount} out",
        }
        cap = "" if self.cap is None else f", at most {self.cap}"
        limit = "" if self.price_limit is None else f", down to sqrtPriceX96 {self.price_limit}"
        return (
            f"swap on {self.callback.name.lower()} V3 pool {self.pool}, {words.direction(self.zero_for_one)}"
            f", {amounts[self.kind]}{limit}: "
            f"{words.PAYERS[self.payer]}{cap}; send to {words.recipient(self.recipient, self.to)}"
        )
