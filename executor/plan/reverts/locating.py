"""Which step of a plan a revert came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from executor.domain.errors import PlanError
from executor.plan.decoding import decode_plan
from executor.plan.format import Opcode
from executor.plan.steps import Step, Track

CALLING = frozenset(Opcode) - {Opcode.TRACK, Opcode.MEASURE}
"""Steps that call a contract which may refuse."""
CALLING_AGAIN = frozenset({Opcode.UNISWAP_V4_LOAN, Opcode.BALANCER_V3_LOAN})
"""Steps that call the same contract again in its callback: to be lent the money, and to pay it back."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A step of the plan: `index` counts all steps in the order of the bytes, from 0, those inside others
    too.

    `pool` is the address in the step, if it names one. `certain` is False where other steps call the same
    contract: then this is the first of them.
    """

    index: int
    opcode: Opcode
    pool: str | None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class _Node:
    index: int
    step: Step
    inside: tuple[_Node, ...]

    @property
    def opcode(self) -> Opcode:
        return Opcode(self.step.layout.number)

    @property
    def pool(self) -> str | None:
        return getattr(self.step, "pool", None)

    def frame(self) -> Iterator[_Node]:
        """This step, and those of its scope that run in the same call."""
        yield self
        if isinstance(self.step, Track):
            for node in self.inside:
                yield from node.frame()


class Trail:
    """The way of a revert through a plan, from the outermost contract inwards: each contract on it was called
    by a step inside the one before. Where several steps may have called it, all of them are followed.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._inside, _ = _number(steps, 0)
        self._found: tuple[_Node, ...] = ()
        self._target = ""

    @classmethod
    def of(cls, calldata: bytes) -> Trail | None:
        """The way through the plan in `calldata`; None where the bytes are no plan."""
        try:
            return cls(decode_plan(calldata).steps)
        except PlanError:
            return None

    def enter(self, target: str) -> bool:
        """Go on to the contract `target`. False where no step here calls it: behind that there is nothing."""
        here = [node for top in self._inside for node in top.frame() if node.opcode in CALLING]
        named = [node for node in here if node.pool == target]
        matching = tuple(named or [node for node in here if not _calls_pool(node)])
        again = [node for node in self._found if node.opcode in CALLING_AGAIN and target == self._target]
        self._found = matching or tuple(again) or self._found
        self._inside = tuple(inner for node in matching for inner in node.inside)
        self._target = target
        return bool(matching or again)

    def hop(self, addresses: Sequence[str]) -> Hop | None:
        """The step that the innermost contract was called by; or, where it is the router itself that refused,
        the step in that contract's callback whose pool is among `addresses`. None where nothing fits.
        """
        inner = [node for top in self._inside for node in top.frame() if node.pool in addresses]
        fitting = inner or self._found
        if not fitting:
            return None
        return Hop(fitting[0].index, fitting[0].opcode, fitting[0].pool, len(fitting) == 1)


def _calls_pool(node: _Node) -> bool:
    """Whether the step calls the very contract that it names, and not a vault that the router knows."""
    through_vault = node.opcode in (Opcode.BALANCER_V2_SWAP, Opcode.BALANCER_V3_SWAP)
    return node.pool is not None and not through_vault


def _number(steps: Sequence[Step], first: int) -> tuple[tuple[_Node, ...], int]:
    nodes: list[_Node] = []
    for step in steps:
        inside, following = _number(step.inside, first + 1)
        nodes.append(_Node(first, step, inside))
        first = following
    return tuple(nodes), first
