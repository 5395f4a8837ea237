"""A sized route to plan steps: who pays whom, in which order, with whose money."""

from typing import Literal

from executor.domain.errors import PlanError
from executor.domain.pool import VenueKind
from executor.domain.route import OWN_MEANS, Funding, SizedRoute
from executor.lenders.locks import require_no_clash
from executor.plan.compile.accounts import ACCOUNTS, Steps
from executor.plan.compile.direct import DIRECT, Direct
from executor.plan.compile.hops import fee_bps
from executor.plan.compile.loans import lent
from executor.plan.compile.stepwise import Stepwise
from executor.plan.format import Payer, Recipient
from executor.plan.steps import Step

__all__ = ["Custody", "Outputs", "compile_route", "fee_bps"]

Outputs = Literal["computed", "literal"]
Custody = Literal["pool_to_pool", "through_router"]


def compile_route(
    sized: SizedRoute,
    *,
    outputs: Outputs = "computed",
    custody: Custody = "pool_to_pool",
    maximum_input: int | None = None,
) -> tuple[Step, ...]:
    """The steps that carry out `sized`.

    `outputs` says whether outputs of pairs are computed on chain or taken as they stand in `sized`.
    `maximum_input` (settlement token's smallest unit, default `amount_in`) caps what a first V3 hop may ask
    for when a later hop fixes its output. Raises PlanError, also where a lender and a leg, or two lenders,
    need the same lock.
    """
    require_no_clash(sized)
    chained = sized.funding is Funding.CALLBACK_CHAIN
    if chained and custody == "through_router":
        raise PlanError(
            "Callback chaining goes pool to pool.", fix='use custody="pool_to_pool"', field="custody"
        )
    literal, shared = outputs == "literal", _shared(sized)
    legs = sized.route.legs
    if custody == "pool_to_pool" and all(leg.pool.kind in DIRECT and not leg.taxed for leg in legs):
        cap = sized.amount_in if maximum_input is None else maximum_input
        steps = Direct(sized, literal, cap).to_router(chained=chained)
    else:
        stepwise = Stepwise(sized, custody == "pool_to_pool", literal)
        steps = stepwise.chained(shared) if chained else stepwise.all(shared)
    return _funded(sized, steps, shared)


def _shared(sized: SizedRoute) -> frozenset[VenueKind]:
    """Venues that lend to the route and are on it too: both happen within one unlock."""
    fundings = {sized.funding, sized.second.funding if sized.second else sized.funding}
    on_route = {leg.pool.kind for leg in sized.route.legs}
    return frozenset(
        kind for kind, account in ACCOUNTS.items() if kind in on_route and account.funding in fundings
    )


def _funded(sized: SizedRoute, steps: Steps, shared: frozenset[VenueKind]) -> Steps:
    second = sized.second
    if second is not None:
        if sized.funding in OWN_MEANS or second.funding in OWN_MEANS:
            raise PlanError(
                "A second loan stands within a first one.", fix="name two lenders", field="second"
            )
        steps = _within(sized, second.funding, second.amount, steps, shared) or lent(
            second.funding, sized.route, second.amount, second.premium, second.pool, steps
        )
    return _within(sized, sized.funding, sized.first_loan, steps, shared) or lent(
        sized.funding, sized.route, sized.first_loan, sized.premium, sized.lender_pool, steps
    )


def _within(
    sized: SizedRoute, funding: Funding, amount: int, steps: Steps, shared: frozenset[VenueKind]
) -> Steps:
    """The steps within the unlock of a lender that is on the route too; empty for other lenders."""
    token = sized.route.settlement.address
    for kind in shared:
        account = ACCOUNTS[kind]
        if account.funding is funding:
            takes = account.take(token, amount, Recipient.ROUTER, None)
            return (account.unlock((takes, *steps, account.settle(Payer.SETTLEMENT, None, amount))),)
    return ()
