"""Plans to bytes. Every field is checked against its width: a value that does not fit is an error, never cut
off.
"""

from executor.plan import format as f
from executor.plan.header import DecodedPlan, write_header
from executor.plan.steps import Step


def encode_plan(plan: DecodedPlan) -> bytes:
    """The full calldata of `execute`: selector, header, steps. Raises PlanError naming the field that does
    not fit.
    """
    return f.SELECTOR + write_header(plan.header) + encode_steps(plan.steps)


def encode_steps(steps: tuple[Step, ...]) -> bytes:
    """The bytes of steps one after the other."""
    return b"".join(step.encode() for step in steps)
