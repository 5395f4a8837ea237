"""How much, and with whose money, at once: each means has its own limit and price, so its own best size."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from executor.domain.address import Address
from executor.domain.lender import LenderTerms
from executor.domain.pool import Pool
from executor.domain.route import Funding, Route, SizedRoute
from executor.routing.candidates import ROUTER_GAS, route_gas
from executor.routing.funding import (
    NO_POOLS,
    FundingChoice,
    able_lenders,
    chain_gas,
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
    refused: Collection[Funding] = (),
) -> tuple[FundedSize, ...]:
    """The ways to trade the route, each at its own best size, the one that nets most first: the others stand
    ready should it fail.

    Own money bounds the size by the inventory, a loan by what its lender has (with a margin) and by its
    premium, two loans by what both have; a route that pays itself is bounded by nothing. `cap` bounds them
    all; `refused` ones have failed already. Empty where nothing earns before gas. Raises TicksUnknownError as
    `best_size` does.
    """
    found = []
    for means in _ways(route, inventory, terms, pools, refused):
        limit = means.cap if cap is None else min(cap, means.cap)
        amounts = best_size(route, states, cap=limit, premium=means.premium, gas_cost=gas_cost)
        choice = means.choose(amounts[0]) if amounts else None
        if amounts is None or choice is None:
            continue
        sized = choice.sized(route, amounts)
        gas = overhead_gas + route_gas(route, states, amounts) + choice.gas
        if sized.gross_profit > 0:
            found.append(FundedSize(sized, gas, sized.gross_profit - gas_cost(gas)))
    return tuple(sorted(found, key=lambda funded: funded.net, reverse=True))


def _ways(
    route: Route,
    inventory: int,
    terms: Sequence[LenderTerms],
    pools: Mapping[Address, Pool],
    refused: Collection[Funding],
) -> Iterator[_Means]:
    if pays_itself(route, refused):
        chained = FundingChoice(Funding.CALLBACK_CHAIN, 0, chain_gas(route))
        yield _Means(MAX_AMOUNT, no_premium, lambda amount: chained)
    if Funding.INVENTORY not in refused:
        yield _Means(inventory, no_premium, lambda amount: FundingChoice(Funding.INVENTORY, 0, 0))
    able = [lender for lender in terms if lender.funding not in refused]
    lenders = able_lenders(route, able, pools)
    for lender in lenders:
        yield _Means(usable(lender), LoanPremium(lender), _single(route, lender, pools))
    for first, second in permutations(lenders, 2):
        # Beyond what the first lender has, each further unit costs the second one's premium.
        yield _Means(
            usable(first) + usable(second), LoanPremium(second), _double(route, first, second, pools)
        )


def _single(
    route: Route, lender: LenderTerms, pools: Mapping[Address, Pool]
) -> Callable[[int], FundingChoice]:
    return lambda amount: one_loan(route, lender, amount, pools)


def _double(
    route: Route, first: LenderTerms, second: LenderTerms, pools: Mapping[Address, Pool]
) -> Callable[[int], FundingChoice | None]:
    return lambda amount: two_loans(route, first, second, amount, pools)
