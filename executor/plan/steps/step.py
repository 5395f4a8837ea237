"""What every step of a plan has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from executor.domain.errors import PlanError
from executor.plan.format import Opcode
from executor.plan.layout import Layout
from executor.plan.shaped import Shaped

_SHAPED: dict[int, Shaped] = {}
"""The writer of each layout, by its opcode, from its first use on."""


class Step(ABC):
    """One step. Its attributes are the fields of its layout; `INSIDE` says when its continuation runs."""

    __slots__ = ()
    LAYOUT: ClassVar[Layout]
    INSIDE: ClassVar[str] = ""

    @abstractmethod
    def in_words(self) -> str:
        """What the step does, in words."""

    @classmethod
    def layout_of(cls, opcode: Opcode) -> Layout:
        """How a step of this class with that opcode is written."""
        return cls.LAYOUT

    @property
    def layout(self) -> Layout:
        """How the step is written."""
        return self.LAYOUT

    @property
    def inside(self) -> tuple[Step, ...]:
        """The steps of its continuation."""
        return getattr(self, "continuation", ())

    def contradiction(self) -> str:
        """Which fields contradict each other, although each of them fits; empty if none do."""
        return ""

    def encode(self) -> bytes:
        """The step's bytes. Raises PlanError naming the field that is missing or does not fit."""
        if self.contradiction():
            raise PlanError(self.contradiction(), fix="make the step's fields agree", step=self.in_words())
        layout = self.layout
        shaped = _SHAPED.get(layout.number)
        if shaped is None:
            shaped = _SHAPED[layout.number] = Shaped(layout)
        return shaped(self)

    @classmethod
    def build(cls, layout: Layout, values: dict[str, Any]) -> Step:
        """The step with the `values` that were read by `layout`."""
        return cls(**values)
