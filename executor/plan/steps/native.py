"""The chain's own coin: into its wrapped form and out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.plan import words
from executor.plan.format import Opcode
from executor.plan.layout import Flags, Layout, amount_field, last
from executor.plan.steps.step import Step


@dataclass(frozen=True, slots=True)
class WrapNative(Step):
    """Wraps `amount` wei of the chain's own coin, which must be tracked; None: what the last step gave."""

    amount: int | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.WRAP_NATIVE, (Flags((last("amount"),)), amount_field("amount", "the amount in wei"))
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return f"wrap {words.amount(self.amount)} of the chain's own coin"


@dataclass(frozen=True, slots=True)
class UnwrapNative(Step):
    """Unwraps `amount` wei of the wrapped coin; None: what the last step gave."""

    amount: int | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.UNWRAP_NATIVE, (Flags((last("amount"),)), amount_field("amount", "the amount in wei"))
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return f"unwrap {words.amount(self.amount)} into the chain's own coin"
