"""Which step of a plan a revert came from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from executor.domain.errors import PlanError
from executor.plan.decoding import decode_plan
from executor.plan.format import Opcode
from executor.plan.steps import Step, Track

CALLING = frozenset(Opcode) - {Opcode.TRACK, Opcode.MEASURE}
"""Steps that call a contract which may refuse."""


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
    inside: tuple["_Node", ...]

    @property
    def opcode(self) -> Opcode:
        return Opcode(self.step.layout.number)

    @property
    def pool(self) -> str | None:
        return getattr(self.step, "pool", None)

    def frame(self) -> Iterator["_Node"]:
        """This step, and those of its scope that run in the same call."""
        yield self
        if isinstance(self.step, Track):
            for node in self.inside:
                yield from node.frame()


def locate(calldata: bytes, through: Sequence[str], addresses: Sequence[str]) -> Hop | None:
    """The step that the innermost of the contracts in `through` was called by; or, where it is the router
    itself that refused, the step in that contract's callback whose pool is among `addresses`. None where
    nothing fits or the bytes are no plan.
    """
    try:
        nodes, _ = _number(decode_plan(calldata).steps, 0)
    except PlanError:
        return None
    found, certain = None, True
    for target in through:
        here = [node for top in nodes for node in top.frame() if node.opcode in CALLING]
        matching = [node for node in here if node.pool == target] or [
            node for node in here if not _calls_pool(node)
        ]
        if not matching:
            break
        found, certain = matching[0], certain and len(matching) == 1
        nodes = found.inside
    return _named(nodes, addresses) or (
        None if found is None else Hop(found.index, found.opcode, found.pool, certain)
    )


def _calls_pool(node: _Node) -> bool:
    """Whether the step calls the very contract that it names, and not a vault that the router knows."""
    through_vault = node.opcode in (Opcode.BALANCER_V2_SWAP, Opcode.BALANCER_V3_SWAP)
    return node.pool is not None and not through_vault


def _named(nodes: Sequence[_Node], addresses: Sequence[str]) -> Hop | None:
    inner = [
        node for top in nodes for node in top.frame() if node.pool is not None and node.pool in addresses
    ]
    return Hop(inner[0].index, inner[0].opcode, inner[0].pool, len(inner) == 1) if inner else None


def _number(steps: Sequence[Step], first: int) -> tuple[tuple[_Node, ...], int]:
    nodes: list[_Node] = []
    for step in steps:
        inside, following = _number(step.inside, first + 1)
        nodes.append(_Node(first, step, inside))
        first = following
    return tuple(nodes), first
