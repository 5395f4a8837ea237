"""Loans of pools: of one token of a V3 pool by `flash`, or of a V2 pair by a flash swap repaid in kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

from executor.domain.address import Address
from executor.plan import format as f
from executor.plan import words
from executor.plan.format import Opcode, V2CallbackKind, V3CallbackKind
from executor.plan.layout import POOL, Bits, Flags, Layout
from executor.plan.steps.lenders import TERMS, TRACKED
from executor.plan.steps.step import Step

CALLBACKS: Mapping[Opcode, type[IntEnum]] = {
    Opcode.UNISWAP_V3_LOAN: V3CallbackKind,
    Opcode.UNISWAP_V2_LOAN: V2CallbackKind,
}
NEVER: Mapping[Opcode, frozenset[IntEnum]] = {
    Opcode.UNISWAP_V3_LOAN: frozenset({V3CallbackKind.SOLIDLY}),
    Opcode.UNISWAP_V2_LOAN: frozenset(),
}
"""Pools of the Solidly kind of the V3 shape have no `flash` of this shape."""

_TOKEN1_MASK = f.POOL_LOAN_TOKEN1 << f.LOAN_VARIANT_SHIFT
_CALLBACK_MASK = f.LOAN_VARIANT_MASK & ~_TOKEN1_MASK


def _layout(opcode: Opcode) -> Layout:
    callback = Bits(
        "callback",
        _CALLBACK_MASK,
        "which callback the pool calls",
        choices=CALLBACKS[opcode],
        never=NEVER[opcode],
    )
    token1 = Bits("token1", _TOKEN1_MASK, "token1 is borrowed, else token0")
    return Layout(opcode, (Flags((TRACKED, token1, callback)), POOL, *TERMS))


@dataclass(frozen=True, slots=True)
class PoolLoan(Step):
    """Borrows `amount` of one token of `pool`: the settlement token, or the tracked `token`. `cap` is the
    most that may be repaid; a pair, which names no fee, is paid exactly that.
    """

    opcode: Opcode
    pool: Address
    amount: int
    cap: int
    continuation: tuple[Step, ...]
    token1: bool = False
    callback: V3CallbackKind | V2CallbackKind = V3CallbackKind.UNISWAP
    token: Address | None = None

    INSIDE: ClassVar[str] = "with the loan"
    LAYOUTS: ClassVar[Mapping[Opcode, Layout]] = {opcode: _layout(opcode) for opcode in CALLBACKS}

    @classmethod
    def layout_of(cls, opcode: Opcode) -> Layout:
        """How the loan with that opcode is written."""
        return cls.LAYOUTS[opcode]

    @property
    def layout(self) -> Layout:
        """How a loan of this kind of pool is written."""
        return self.LAYOUTS[self.opcode]

    @classmethod
    def build(cls, layout: Layout, values: dict[str, Any]) -> Step:
        """The loan of the kind of pool whose layout it is."""
        return cls(Opcode(layout.number), **values)

    def in_words(self) -> str:
        """What the step does, in words."""
        kind = "V3 pool" if self.opcode is Opcode.UNISWAP_V3_LOAN else "pair"
        repay = "repay at most" if self.opcode is Opcode.UNISWAP_V3_LOAN else "repay"
        return (
            f"borrow {self.amount} of {words.token(self.token)} from {self.callback.name.lower()} {kind}"
            f" {self.pool}, {repay} {self.cap}"
        )
