"""Several routes, or a route whose legs are divided, as the steps of one plan.

Steps run one after the other, and the profit rule judges what all of them have brought in the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from executor.domain.errors import PlanError
from executor.domain.route import SizedRoute
from executor.domain.split import Part, SplitRoute
from executor.plan.compile import Outputs, compile_route
from executor.plan.compile.accounts import ACCOUNTS, Steps
from executor.plan.compile.hops import HOPS, How, hop
from executor.plan.format import Measure as MeasureKind
from executor.plan.format import Payer, Recipient
from executor.plan.steps import Measure, Track


def compile_routes(routes: Sequence[SizedRoute], outputs: Sequence[Outputs] = ()) -> Steps:
    """Routes from one settlement token, each paid in its own way, in their order. `outputs` of each route as
    of `compile_route`. Raises PlanError.
    """
    if not routes or len({sized.route.settlement.address for sized in routes}) != 1:
        raise PlanError(
            "Routes of one plan start with one settlement token.",
            fix="make a plan for each settlement token",
            field="routes",
        )
    told = outputs or ["computed"] * len(routes)
    return tuple(
        step
        for sized, given in zip(routes, told, strict=True)
        for step in compile_route(sized, outputs=given)
    )


def compile_split(split: SplitRoute) -> Steps:
    """A divided route, paid out of the router's own money, all of it through the router.

    Parts take the amounts that they were sized with, but for the last of a stage, which takes what is there.
    So nothing of a token on the way stays behind, but for what a peg stability module that comes last does
    not spend: less than one unit of its gem costs, which the router keeps. Raises PlanError for a venue whose
    hops cannot stand alone, and for a token that is taxed or passed twice.
    """
    tokens = [stage[0].leg.token_in.address for stage in split.stages]
    if len(set(tokens)) != len(tokens):
        raise PlanError(
            "A divided route passes a token twice.", fix="leave one of the two stages out", field="stages"
        )
    steps: Steps = ()
    for index, stage in enumerate(split.stages):
        for part in stage:
            last = index > 0 and part is stage[-1]
            steps = (*steps, *_part(part, settlement=index == 0, rest=last))
    for token in reversed(tokens[1:]):
        steps = (Track(token, steps),)
    return steps


def _part(part: Part, *, settlement: bool, rest: bool) -> Steps:
    """One part; `rest`: of all that the stages before have left."""
    leg = part.leg
    if leg.taxed:
        raise PlanError(
            f"{leg.token_in.symbol} keeps a part of each transfer and cannot be divided.",
            fix="trade it over one pool",
            field="stages",
        )
    payer, token = (Payer.SETTLEMENT, None) if settlement else (Payer.TRACKED, leg.token_in.address)
    amount = None if rest else part.amount_in
    measured: Steps = (Measure(MeasureKind.SURPLUS, leg.token_in.address),) if rest else ()
    account = ACCOUNTS.get(leg.pool.kind)
    if account is not None:
        pays = account.settle(payer, token, amount)
        takes = account.take(leg.token_out.address, None, Recipient.ROUTER, None)
        return (account.unlock((*measured, pays, account.swap(leg, amount), takes)),)
    if leg.pool.kind not in HOPS:
        raise PlanError(
            f"Pools of {leg.pool.kind} cannot stand in a divided route.", fix="leave it out", field="stages"
        )
    return (*measured, hop(leg, How(payer, token, amount, Recipient.ROUTER)))
