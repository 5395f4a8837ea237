"""A route that fails is taken out of several, so that the others are traded without it."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from executor.domain.decision import Reason
from executor.domain.route import POOL_LOANS, Funding
from executor.domain.several import LeftOut, SizedSeveral
from executor.domain.split import Sized
from executor.engine.failing import failed_place, failure_of_reason
from executor.engine.sizing import outputs_of
from executor.plan.compile import compile_route
from executor.plan.steps import Step
from executor.policy.failures import RETRIES, Action, Failure


def with_place(reason: Reason, sized: Sized) -> Reason:
    """The reason of a revert with the place of the route that it came from, where it is one of several and
    the step of the plan is beyond doubt.
    """
    step = reason.facts.get("step")
    if not isinstance(sized, SizedSeveral) or not isinstance(step, int) or reason.facts.get("step_in_doubt"):
        return reason
    last = -1
    for place, part in zip(sized.places, sized.parts, strict=True):
        last += _count(compile_route(part, outputs=outputs_of(part.route)))
        if step <= last:
            return replace(reason, facts={**reason.facts, "route": place})
    return reason


def without_failed(
    sized: Sized,
    reason: Reason,
    requested: Funding | None,
    *,
    halved: Collection[int] = (),
    last: bool = False,
) -> SizedSeveral | None:
    """The other routes, where `reason` tells the place of one that failed; None where that is in doubt, where
    less of its money or another lender is to be tried instead, and after what looks like an attack.

    `requested` is the only funding that the opportunity allows, `halved` are the places of which less has
    been tried already; in the `last` try nothing else can be tried instead.
    """
    place = failed_place(reason)
    if not isinstance(sized, SizedSeveral) or len(sized.parts) == 1 or place not in sized.places:
        return None
    failure = failure_of_reason(reason)
    if failure is Failure.ATTACK:
        return None
    if not last and _has_a_remedy(failure, requested, place in halved):
        return None
    return _without(sized, sized.places.index(place), reason.message)


def _has_a_remedy(failure: Failure, requested: Funding | None, is_halved: bool) -> bool:
    if RETRIES[failure] is Action.OTHER_FUNDING:
        return requested is None or requested in POOL_LOANS
    return RETRIES[failure] is Action.SHRINK and not is_halved


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
