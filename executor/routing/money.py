"""How much, and with whose money, at once: each means has its own limit and price, so its own best size."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from executor.domain.address import Address
from executor.domain.lender import LenderTerms
from executor.domain.pool import Pool
from executor.domain.route import Funding, PayerName, Route, SizedRoute
from executor.routing.candidates import ROUTER_GAS, route_gas
from executor.routing.funding import (
    NO_POOLS,
    FundingChoice,
    able_lenders,
    chain_gas,
    name_of,
    one_loan,
    pays_itself,
    two_loans,
    usable,
)
from executor.routing.premium import LoanPremium, PremiumOf, no_premium
from executor.routing.sizing import MAX_AMOUNT, best_size
from executor.routing.states import States


@dataclass(frozen=True, slots=True)
class FundedSize:
    """A route at its best size for one way to pay it. `gas` is an estimate in gas units, `net` what is left
    after premiums and gas in the settlement token's smallest unit.
    """

    sized: SizedRoute
    gas: int
    net: int


@dataclass(frozen=True, slots=True)
class _Means:
    """A way to pay: up to `cap`, at the rate of `premium` for each further unit. `choose` is None for an
    amount that this is not the way for.
    """

    cap: int
    premium: PremiumOf
    choose: Callable[[int], FundingChoice | None]


def funded_sizes(
    route: Route,
    states: States,
    *,
    inventory: int,
    terms: Sequence[LenderTerms],
    gas_cost: Callable[[int], int],
    cap: int | None = None,
    pools: Mapping[Address, Pool] = NO_POOLS,
    overhead_gas: int = ROUTER_GAS,
    refused: Collection[PayerName] = (),
    requested: Funding | None = None,
) -> tuple[FundedSize, ...]:
    """The ways to trade the route, each at its own best size, the one that nets most first: the others stand
    ready should it fail.

    Own money bounds the size by the inventory, a loan by what its lender has (with a margin) and by its
    premium, two loans by what both have; a route that pays itself is bounded by nothing. `cap` bounds them
    all; `refused` ones have failed already, and of a `requested` one only its lenders are asked, each alone.
    Empty where nothing earns before gas. Raises TicksUnknownError as `best_size` does.
    """

    def sized_by(limit: int, premium: PremiumOf) -> tuple[int, ...] | None:
        most = limit if cap is None else min(cap, limit)
        return best_size(route, states, cap=most, premium=premium, gas_cost=gas_cost)

    able = [
        lender for lender in terms if name_of(lender) not in refused and requested in (None, lender.funding)
    ]
    lenders = able_lenders(route, able, pools)
    ways = [] if requested is not None else [*_own(route, inventory, refused)]
    ways += [_Means(usable(lender), LoanPremium(lender), _single(route, lender, pools)) for lender in lenders]
    if requested is None:
        ways += _together(route, lenders, pools, sized_by)
    found = []
    for means in ways:
        amounts = sized_by(means.cap, means.premium)
        choice = means.choose(amounts[0]) if amounts else None
        if amounts is None or choice is None:
            continue
        sized = choice.sized(route, amounts)
        gas = overhead_gas + route_gas(route, states, amounts) + choice.gas
        if sized.gross_profit > 0:
            found.append(FundedSize(sized, gas, sized.gross_profit - gas_cost(gas)))
    return tuple(sorted(found, key=lambda funded: funded.net, reverse=True))


def _own(route: Route, inventory: int, refused: Collection[PayerName]) -> Iterator[_Means]:
    if pays_itself(route, refused):
        chained = FundingChoice(Funding.CALLBACK_CHAIN, 0, chain_gas(route))
        yield _Means(MAX_AMOUNT, no_premium, lambda amount: chained)
    if PayerName(Funding.INVENTORY) not in refused:
        yield _Means(inventory, no_premium, lambda amount: FundingChoice(Funding.INVENTORY, 0, 0))


def _together(
    route: Route,
    lenders: Sequence[LenderTerms],
    pools: Mapping[Address, Pool],
    sized_by: Callable[[int, PremiumOf], tuple[int, ...] | None],
) -> Iterator[_Means]:
    """Two lenders at a time. Beyond what the first has, each further unit costs the second one's premium, so
    that the second is asked only where the route takes more than that at its premium.
    """
    most = max(map(usable, lenders), default=0)
    for second in lenders:
        others = [lender for lender in lenders if lender is not second]
        wanted = sized_by(most + usable(second), LoanPremium(second)) if others else None
        for first in others:
            if wanted and wanted[0] > usable(first):
                together = usable(first) + usable(second)
                yield _Means(together, LoanPremium(second), _double(route, first, second, pools))


def _single(
    route: Route, lender: LenderTerms, pools: Mapping[Address, Pool]
) -> Callable[[int], FundingChoice]:
    return lambda amount: one_loan(route, lender, amount, pools)


def _double(
    route: Route, first: LenderTerms, second: LenderTerms, pools: Mapping[Address, Pool]
) -> Callable[[int], FundingChoice | None]:
    return lambda amount: two_loans(route, first, second, amount, pools)
