"""Whose money starts the route.

Measured (a trade of two legs with the original bytecode): a route with a leg of the V3 shape costs the same
paid out of its last swap as out of own money; one of V2 pairs only costs about 2,500 gas more, since its last
pair must call back. Loans cost the most.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from executor.domain.address import Address
from executor.domain.errors import OpportunityError, PlanError
from executor.domain.lender import LenderTerms
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import (
    POOL_LOANS,
    Funding,
    PayerName,
    Route,
    SecondLoan,
    SizedRoute,
)
from executor.lenders import premium as lender_premium
from executor.lenders.locks import clash, is_free, lender_lock
from executor.plan.compile import compile_route
from executor.routing.gas import loan_gas
from executor.routing.margins import less_margin
from executor.routing.premium import LoanPremium, PremiumOf, no_premium

V2_CHAIN_GAS = 2_500
"""What a flash swap on the last pair of a V2-only route costs over own money."""

NO_POOLS: Mapping[Address, Pool] = {}


@dataclass(frozen=True, slots=True)
class FundingChoice:
    """A way to pay the first leg. `premium` is the lender's in the settlement token's smallest unit, `gas` in
    gas units over own money. `lender_pool` is the lender where pools lend; `second` lends what the first does
    not, for a premium of its own.
    """

    funding: Funding
    premium: int
    gas: int
    lender_pool: Pool | None = None
    second: SecondLoan | None = None

    def cost(self, gas_cost: Callable[[int], int]) -> int:
        """Premiums and gas together, in the settlement token's smallest unit."""
        return self.premium + (self.second.premium if self.second else 0) + gas_cost(self.gas)

    def sized(self, route: Route, amounts: tuple[int, ...]) -> SizedRoute:
        """The route paid this way."""
        return SizedRoute(route, amounts, self.funding, self.premium, self.lender_pool, self.second)


def usable(terms: LenderTerms) -> int:
    """What one loan may take, with a margin, in the token's smallest unit; 0 from a lender that does not
    lend.
    """
    return less_margin(terms.available) if terms.enabled else 0


def choose_funding(
    route: Route,
    amount_in: int,
    *,
    inventory: int,
    terms: Sequence[LenderTerms],
    gas_cost: Callable[[int], int],
    requested: Funding | None = None,
    pools: Mapping[Address, Pool] = NO_POOLS,
    refused: Collection[PayerName] = (),
) -> tuple[FundingChoice, ...]:
    """The ways to fund `amount_in`, the cheapest first: the ones behind it stand ready should it fail.

    `inventory` is the router's balance of the settlement token, `terms` the lenders' for it, `gas_cost` turns
    gas units into that token's smallest unit, `pools` are those among the lenders, by address. Callback
    chaining costs nothing where a leg has the V3 shape, so it comes before own money there, which stays free
    for others. Where no lender has enough, two lend together. A `requested` funding is the only one: one
    choice, or of several pools each that can lend. `refused` payers have failed already: of pools that lend
    each by itself. Raises
    OpportunityError naming `funding` where it cannot be had, as one that the route itself locks, or where
    there is no way at all.
    """
    known = terms
    terms = [lender for lender in known if name_of(lender) not in refused]
    inventory = 0 if PayerName(Funding.INVENTORY) in refused else inventory
    if requested is not None and _all_failed(requested, known, refused):
        raise _refusal(f"{requested} has failed already", refused=_names(refused))
    if requested is not None:
        return _requested(requested, route, amount_in, inventory, terms, gas_cost, pools)
    own = [FundingChoice(Funding.INVENTORY, 0, 0)] if inventory >= amount_in else []
    chain = (
        [FundingChoice(Funding.CALLBACK_CHAIN, 0, chain_gas(route))] if pays_itself(route, refused) else []
    )
    lenders = able_lenders(route, terms, pools)
    loans = [one_loan(route, lender, amount_in, pools) for lender in lenders if usable(lender) >= amount_in]
    if not loans:
        both = (two_loans(route, *pair, amount_in, pools) for pair in permutations(lenders, 2))
        loans = [choice for choice in both if choice is not None]
    loans.sort(key=lambda choice: choice.cost(gas_cost))
    free = [*own, *chain] if chain_gas(route) else [*chain, *own]
    if not (free or loans):
        raise _refusal(
            f"nobody has the {amount_in} of {route.settlement.symbol} that the route needs, and no leg of it "
            "gives before it is paid",
            inventory=inventory,
            amount_in=amount_in,
            **({"refused": _names(refused)} if refused else {}),
        )
    return (*free, *loans)


def able_lenders(
    route: Route, terms: Sequence[LenderTerms], pools: Mapping[Address, Pool] = NO_POOLS
) -> tuple[LenderTerms, ...]:
    """The lenders that lend now and that the route does not lock; a pool that lends must be known."""
    return tuple(lender for lender in terms if usable(lender) and _may_lend(lender, route, pools))


def one_loan(
    route: Route, lender: LenderTerms, amount: int, pools: Mapping[Address, Pool] = NO_POOLS
) -> FundingChoice:
    """All of `amount` for the route from one lender."""
    pool = pools.get(lender.address)
    gas = loan_gas(lender.funding, route.settlement, route=route, pool=pool)
    return FundingChoice(lender.funding, lender_premium(amount, lender), gas, pool)


def two_loans(
    route: Route,
    first: LenderTerms,
    second: LenderTerms,
    amount: int,
    pools: Mapping[Address, Pool] = NO_POOLS,
) -> FundingChoice | None:
    """All that the first lender can lend, and the rest of `amount` from the second; None where they have not
    enough, the first alone has, or one locks the other.
    """
    rest = amount - usable(first)
    if not 0 < rest <= usable(second):
        return None
    pool = pools.get(second.address)
    if clash(lender_lock(first.funding, pools.get(first.address)), lender_lock(second.funding, pool)):
        return None
    outer, inner = one_loan(route, first, usable(first), pools), one_loan(route, second, rest, pools)
    loan = SecondLoan(second.funding, rest, inner.premium, pool)
    return FundingChoice(first.funding, outer.premium, outer.gas + inner.gas, outer.lender_pool, loan)


def name_of(lender: LenderTerms) -> PayerName:
    """The lender as records name it."""
    return PayerName(lender.funding, lender.address if lender.funding in POOL_LOANS else None)


def _all_failed(requested: Funding, terms: Sequence[LenderTerms], refused: Collection[PayerName]) -> bool:
    """Whether nobody is left of those that the requested funding means."""
    meant = [name_of(lender) for lender in terms if lender.funding is requested] or [PayerName(requested)]
    return all(name in refused for name in meant)


def can_chain(route: Route) -> bool:
    """Whether the route can be paid out of its own output: some leg must give before it is paid."""
    try:
        compile_route(SizedRoute(route, (1,) * (len(route.legs) + 1), Funding.CALLBACK_CHAIN))
    except PlanError:
        return False
    return True


def pays_itself(route: Route, refused: Collection[PayerName]) -> bool:
    """Whether the route can be paid out of its own output, and that has not failed already."""
    return PayerName(Funding.CALLBACK_CHAIN) not in refused and can_chain(route)


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
    return max((usable(lender) for lender in terms if lender.funding is requested), default=0)


def lender_of(
    funding: Funding | None, terms: Sequence[LenderTerms], pool: Pool | None = None
) -> LenderTerms | None:
    """The terms of the lender that `funding` means, None where there is none: `pool` where pools lend, or, if
    none is named, the cheapest of those that lend.
    """
    meant = [
        lender
        for lender in terms
        if lender.funding is funding and (pool is None or lender.address == pool.address)
    ]
    return min(
        meant,
        key=lambda lender: (not lender.enabled, Fraction(lender.rate, lender.rate_unit)),
        default=None,
    )


def premium_of(funding: Funding | None, terms: Sequence[LenderTerms], pool: Pool | None = None) -> PremiumOf:
    """The premium by amount of the lender that `funding` means, for sizing: nothing where there is none."""
    lender = lender_of(funding, terms, pool)
    return no_premium if lender is None else LoanPremium(lender)


def _may_lend(lender: LenderTerms, route: Route, pools: Mapping[Address, Pool]) -> bool:
    pool = pools.get(lender.address)
    known = pool is not None or lender.funding not in POOL_LOANS
    return known and is_free(lender.funding, route.legs, pool)


def _requested(
    requested: Funding,
    route: Route,
    amount_in: int,
    inventory: int,
    terms: Sequence[LenderTerms],
    gas_cost: Callable[[int], int],
    pools: Mapping[Address, Pool],
) -> tuple[FundingChoice, ...]:
    if requested is Funding.CALLBACK_CHAIN:
        if not can_chain(route):
            raise _refusal("no leg of the route gives before it is paid")
        return (FundingChoice(requested, 0, chain_gas(route)),)
    symbol = route.settlement.symbol
    if requested is Funding.INVENTORY:
        if inventory < amount_in:
            raise _refusal(
                f"the router holds {inventory} of {symbol}, the route needs {amount_in}",
                inventory=inventory,
                amount_in=amount_in,
            )
        return (FundingChoice(requested, 0, 0),)
    lenders = [entry for entry in terms if entry.funding is requested]
    if not lenders:
        raise _refusal(f"{requested} is no lender known on this chain")
    problems = [why_not(lender, route, amount_in, pools) for lender in lenders]
    able = [lender for lender, problem in zip(lenders, problems, strict=True) if not problem]
    if not able:
        told = "; ".join(
            f"{name_of(lender)} {problem}" for lender, problem in zip(lenders, problems, strict=True)
        )
        most = max(lender.available for lender in lenders)
        raise _refusal(told, lender=lenders[0].address, available=most, amount_in=amount_in)
    loans = [one_loan(route, lender, amount_in, pools) for lender in able]
    return tuple(sorted(loans, key=lambda choice: choice.cost(gas_cost)))


def why_not(
    lender: LenderTerms, route: Route, amount_in: int, pools: Mapping[Address, Pool] = NO_POOLS
) -> str:
    """Why the lender cannot lend `amount_in` for the route, in words; empty where it can."""
    if not lender.enabled:
        return lender.problem
    if lender.funding in POOL_LOANS and lender.address not in pools:
        return "is not known as a lender"
    if not _may_lend(lender, route, pools):
        return "is locked by the route's own legs"
    if lender.available < amount_in:
        return f"can lend {lender.available} of {route.settlement.symbol}, the route needs {amount_in}"
    return ""


def _names(payers: Collection[PayerName]) -> list[str]:
    return sorted(map(str, payers))


def _refusal(problem: str, **facts: object) -> OpportunityError:
    return OpportunityError(
        "funding", problem, fix="name another, lower the amount, or leave the funding open", **facts
    )
