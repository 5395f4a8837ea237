"""A route that fails is taken out of several, so that the others are traded without it."""

from collections.abc import Iterable

from executor.domain.decision import Reason
from executor.domain.route import POOL_LOANS, Funding
from executor.domain.several import LeftOut, SizedSeveral
from executor.domain.split import Sized
from executor.engine.failing import failure_of_reason
from executor.engine.sizing import outputs_of
from executor.plan.compile import compile_route
from executor.plan.steps import Step
from executor.policy.failures import RETRIES, Action, Failure


def without_failed(sized: Sized, reason: Reason, requested: Funding | None) -> SizedSeveral | None:
    """The other routes, where the plan's step that `reason` tells of is in one of several; None where that is
    in doubt, where less money or another lender is to be tried instead, and after what looks like an attack.
    `requested` is the only funding that the opportunity allows.
    """
    step = reason.facts.get("step")
    if not isinstance(sized, SizedSeveral) or len(sized.parts) == 1 or not isinstance(step, int):
        return None
    if reason.facts.get("step_in_doubt") or _has_a_remedy(failure_of_reason(reason), requested):
        return None
    last = -1
    for index, part in enumerate(sized.parts):
        last += _count(compile_route(part, outputs=outputs_of(part.route)))
        if step <= last:
            return _without(sized, index, reason.message)
    return None


def _has_a_remedy(failure: Failure, requested: Funding | None) -> bool:
    if failure is Failure.ATTACK:
        return True
    if RETRIES[failure] is Action.OTHER_FUNDING:
        return requested is None or requested in POOL_LOANS
    return RETRIES[failure] is Action.SHRINK


def _without(sized: SizedSeveral, index: int, why: str) -> SizedSeveral:
    left = (*sized.left_out, LeftOut(sized.places[index], why))
    return SizedSeveral(
        sized.parts[:index] + sized.parts[index + 1 :],
        sized.places[:index] + sized.places[index + 1 :],
        tuple(sorted(left, key=lambda each: each.place)),
    )


def _count(steps: Iterable[Step]) -> int:
    """All steps, those inside others too."""
    return sum(1 + _count(step.inside) for step in steps)
