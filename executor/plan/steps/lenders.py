"""Loans of lenders that the router knows by address: an amount, the most that may be repaid, and the steps
that use the money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

from executor.domain.address import Address
from executor.plan import format as f
from executor.plan import words
from executor.plan.format import AaveV3Market, Opcode
from executor.plan.layout import Bits, Field, Flags, Layout, Part, When, address_field, steps_field
from executor.plan.steps.step import Step

NAMES: Mapping[Opcode, str] = {
    Opcode.AAVE_V3_LOAN: "Aave V3",
    Opcode.BALANCER_V2_LOAN: "Balancer V2",
    Opcode.MORPHO_BLUE_LOAN: "Morpho Blue",
    Opcode.ERC3156_LOAN: "the ERC-3156 lender",
    Opcode.UNISWAP_V4_LOAN: "Uniswap V4",
    Opcode.BALANCER_V3_LOAN: "Balancer V3",
}
VARIANTS: Mapping[Opcode, type[IntEnum]] = {Opcode.AAVE_V3_LOAN: AaveV3Market}

TRACKED = Bits("tracked", f.LOAN_TRACKED, "of a tracked token, which follows", of="token")
TERMS: tuple[Part, ...] = (
    address_field("token", "the token", When("of a tracked token", lambda values: bool(values["tracked"]))),
    Field("amount", f.AMOUNT_BYTES, "what is borrowed"),
    Field("cap", f.AMOUNT_BYTES, "the most that may be repaid"),
    steps_field("the steps that use the money"),
)


def _layout(opcode: Opcode) -> Layout:
    choices = VARIANTS.get(opcode)
    variant = (Bits("variant", f.LOAN_VARIANT_MASK, "which market", choices=choices),) if choices else ()
    return Layout(opcode, (Flags((TRACKED, *variant)), *TERMS))


@dataclass(frozen=True, slots=True)
class Loan(Step):
    """Borrows `amount` of the settlement token, or of the tracked `token`; `cap` is the most that may be
    repaid. `variant` is the market of a lender that has several.
    """

    opcode: Opcode
    amount: int
    cap: int
    continuation: tuple[Step, ...]
    token: Address | None = None
    variant: int = 0

    INSIDE: ClassVar[str] = "with the loan"
    LAYOUTS: ClassVar[Mapping[Opcode, Layout]] = {opcode: _layout(opcode) for opcode in NAMES}

    @classmethod
    def layout_of(cls, opcode: Opcode) -> Layout:
        """How the loan with that opcode is written."""
        return cls.LAYOUTS[opcode]

    @property
    def layout(self) -> Layout:
        """How a loan of this lender is written."""
        return self.LAYOUTS[self.opcode]

    @classmethod
    def build(cls, layout: Layout, values: dict[str, Any]) -> Step:
        """The loan of the lender whose layout it is."""
        return cls(Opcode(layout.number), **values)

    def in_words(self) -> str:
        """What the step does, in words."""
        market = VARIANTS.get(self.opcode)
        which = f" ({market(self.variant).name.lower()})" if market is not None and self.variant else ""
        return (
            f"borrow {self.amount} of {words.token(self.token)} from {NAMES[self.opcode]}{which},"
            f" repay at most {self.cap}"
        )
