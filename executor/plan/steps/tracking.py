"""Tokens other than the settlement token: a scope in which one may be paid, and what it gained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import words
from executor.plan.format import Measure as MeasureKind
from executor.plan.format import Opcode
from executor.plan.layout import Bits, Flags, Layout, address_field, steps_field
from executor.plan.steps.step import Step


@dataclass(frozen=True, slots=True)
class Track(Step):
    """Steps that may also pay `token`, of which the router must not end with less. The zero address is the
    chain's own coin.
    """

    token: Address
    continuation: tuple[Step, ...]

    INSIDE: ClassVar[str] = "within that"
    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.TRACK,
        (address_field("token", "the token; zero: the chain's own coin"), steps_field("the steps inside")),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return f"let the router pay {words.token(self.token)} too, which must not fall"


@dataclass(frozen=True, slots=True)
class Measure(Step):
    """Makes the last amount what the router holds of `token`: the whole balance, or what it gained since the
    token's scope began.
    """

    kind: MeasureKind
    token: Address

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.MEASURE,
        (
            Flags((Bits("kind", 0xFF, "what is measured", choices=MeasureKind),), "kind"),
            address_field("token", "the token; zero: the chain's own coin"),
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        what = "the whole balance" if self.kind is MeasureKind.BALANCE else "what the scope gained"
        return f"take {what} of {words.token(self.token)} as the amount"
