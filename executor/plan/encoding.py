"""Plans to bytes. Every field is checked against its width: a value that does not fit is an error, never cut
off.
"""

from executor.domain.errors import PlanError
from executor.plan import format as f
from executor.plan.header import DecodedPlan, write_header
from executor.plan.steps import Step


def encode_plan(plan: DecodedPlan) -> bytes:
    """The full calldata of `execute`: selector, header, steps. Raises PlanError naming the field that does
    not fit, or the hop that sends to a next pool which the router would not find.
    """
    _require_next_pools(plan.steps)
    return f.SELECTOR + write_header(plan.header) + encode_steps(plan.steps)


def encode_steps(steps: tuple[Step, ...]) -> bytes:
    """The bytes of steps one after the other."""
    return b"".join(step.encode() for step in steps)


def _require_next_pools(steps: tuple[Step, ...]) -> None:
    """The router takes the next pool from a fixed place of the step that follows in the bytes, whatever
    stands there: of the first one inside where there are any, else of the one behind.
    """
    for place, step in enumerate(steps, start=1):
        inside = step.inside
        if getattr(step, "recipient", None) is f.Recipient.NEXT_POOL:
            _require_pool(step, inside[0] if inside else steps[place] if place < len(steps) else None)
        if inside:
            _require_next_pools(inside)


def _require_pool(step: Step, following: Step | None) -> None:
    if following is not None and following.layout.shows_pool:
        return
    found = "none follows" if following is None else f"what follows is: {following.in_words()}"
    raise PlanError(
        f"The step that follows must name the pool that this one sends to ({step.in_words()}), but {found}.",
        fix="have the next pool's own hop follow at once, or name the receiver (EXPLICIT, `to`)",
        field="recipient",
    )
