"""Whose money starts the route.

Measured (a trade of two legs with the original bytecode): a route with a leg of the V3 shape costs the same
paid out of its last swap as out of own money; one of V2 pairs only costs about 2,500 gas more, since its last
pair must call back. Loans cost the most.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from executor.domain.errors import OpportunityError
from executor.domain.lender import LenderTerms
from executor.domain.pool import VenueKind
from executor.domain.route import Funding, Route
from executor.lenders import gas_overhead
from executor.lenders import premium as lender_premium
from executor.lenders.locks import is_free
from executor.routing.premium import LoanPremium, PremiumOf, no_premium

V2_CHAIN_GAS = 2_500
"""What a flash swap on the last pair of a V2-only route costs over own money."""


@dataclass(frozen=True, slots=True)
class FundingChoice:
    """A way to pay the first leg. `premium` in the settlement token's smallest unit, `gas` in gas units over
    own money.
    """

    funding: Funding
    premium: int
    gas: int


def choose_funding(
    route: Route,
    amount_in: int,
    *,
    inventory: int,
    terms: Sequence[LenderTerms],
    gas_cost: Callable[[int], int],
    requested: Funding | None = None,
) -> tuple[FundingChoice, ...]:
    """The ways to fund `amount_in`, the cheapest first; never empty.

    `inventory` is the router's balance of the settlement token, `terms` the lenders' for it, `gas_cost` turns
    gas units into that token's smallest unit. Callback chaining is always possible and costs nothing where a
    leg has the V3 shape, so it comes before own money there, which stays free for others. A `requested`
    funding is the only choice; raises OpportunityError naming `funding` where it cannot be had, as one that
    the route itself locks.
    """
    if requested is not None:
        return (_requested(requested, route, amount_in, inventory, terms),)
    own = [FundingChoice(Funding.INVENTORY, 0, 0)] if inventory >= amount_in else []
    chain = FundingChoice(Funding.CALLBACK_CHAIN, 0, chain_gas(route))
    able = [
        lender
        for lender in terms
        if lender.enabled and lender.available >= amount_in and is_free(lender.funding, route.legs)
    ]
    loans = sorted(
        (_loan(lender, amount_in) for lender in able),
        key=lambda choice: choice.premium + gas_cost(choice.gas),
    )
    free = [*own, chain] if chain.gas else [chain, *own]
    return (*free, *loans)


def chain_gas(route: Route) -> int:
    """Gas over own money of paying the first leg out of the last one."""
    return V2_CHAIN_GAS if all(leg.pool.kind is VenueKind.UNISWAP_V2 for leg in route.legs) else 0


def funding_cap(requested: Funding | None, inventory: int, terms: Sequence[LenderTerms]) -> int | None:
    """The largest input that the requested funding can pay, in the settlement token's smallest unit; None =
    no bound.

    0 where the lender has nothing; `choose_funding` then says why.
    """
    if requested is None or requested is Funding.CALLBACK_CHAIN:
        return None
    if requested is Funding.INVENTORY:
        return inventory
    return max(
        (lender.available for lender in terms if lender.enabled and lender.funding is requested), default=0
    )


def premium_of(funding: Funding | None, terms: Sequence[LenderTerms]) -> PremiumOf:
    """The premium by amount of `funding`, for sizing: nothing where no lender stands behind it."""
    for lender in terms:
        if lender.funding is funding:
            return LoanPremium(lender)
    return no_premium


def _loan(lender: LenderTerms, amount: int) -> FundingChoice:
    return FundingChoice(lender.funding, lender_premium(amount, lender), gas_overhead(lender.funding))


def _requested(
    requested: Funding, route: Route, amount_in: int, inventory: int, terms: Sequence[LenderTerms]
) -> FundingChoice:
    if requested is Funding.CALLBACK_CHAIN:
        return FundingChoice(requested, 0, chain_gas(route))
    symbol = route.settlement.symbol
    if requested is Funding.INVENTORY:
        if inventory < amount_in:
            raise _refusal(
                f"the router holds {inventory} of {symbol}, the route needs {amount_in}",
                inventory=inventory,
                amount_in=amount_in,
            )
        return FundingChoice(requested, 0, 0)
    lender = next((entry for entry in terms if entry.funding is requested), None)
    if lender is None:
        raise _refusal(f"{requested} is no lender known on this chain")
    if not lender.enabled:
        raise _refusal(f"{requested} {lender.problem}", lender=lender.address)
    if not is_free(requested, route.legs):
        raise _refusal(f"{requested} is locked by the route's own legs", lender=lender.address)
    if lender.available < amount_in:
        raise _refusal(
            f"{requested} can lend {lender.available} of {symbol}, the route needs {amount_in}",
            lender=lender.address,
            available=lender.available,
            amount_in=amount_in,
        )
    return _loan(lender, amount_in)


def _refusal(problem: str, **facts: object) -> OpportunityError:
    return OpportunityError(
        "funding", problem, fix="name another, lower the amount, or leave the funding open", **facts
    )
