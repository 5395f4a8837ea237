"""Each means at its own best size, the one that nets most first."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from executor.domain.lender import LenderTerms, Rounding
from executor.domain.pool import Pool
from executor.domain.route import Funding, PayerName
from executor.routing.funding import two_loans, usable
from executor.routing.money import FundedSize, funded_sizes
from executor.routing.premium import LoanPremium
from executor.routing.sizing import best_size
from tests.support.market import WETH, address, states_of, two_legs, v2_pool, v2_state, v3_pool

FIRST, SECOND = v2_pool(100), v2_pool(101)
ROUTE = two_legs(FIRST, SECOND)
STATES = states_of(v2_state(10**21, 3_100 * 10**9, FIRST), v2_state(10**21, 3_000 * 10**9, SECOND))
AAVE = LenderTerms(Funding.AAVE_V3, address(1), WETH.address, 5, 10_000, Rounding.UP, 10**22)
MORPHO = LenderTerms(Funding.MORPHO_BLUE, address(4), WETH.address, 0, 1, Rounding.UP, 10**22)
FREE = best_size(ROUTE, STATES) or (0,)


def gwei(gas: int) -> int:
    return gas * 10**9


def found(inventory: int, terms: list[LenderTerms], cap: int | None = None) -> tuple[FundedSize, ...]:
    return funded_sizes(ROUTE, STATES, inventory=inventory, terms=terms, gas_cost=gwei, cap=cap)


def test_every_means_has_its_own_size_and_the_best_comes_first() -> None:
    ways = found(FREE[0] // 2, [AAVE, MORPHO])
    sizes = {way.sized.funding: way.sized.amount_in for way in ways if way.sized.second is None}

    assert sizes[Funding.CALLBACK_CHAIN] == FREE[0]
    assert sizes[Funding.MORPHO_BLUE] == FREE[0]
    assert sizes[Funding.AAVE_V3] < FREE[0]
    assert sizes[Funding.INVENTORY] <= FREE[0] // 2
    assert [way.net for way in ways] == sorted((way.net for way in ways), reverse=True)
    assert ways[0].sized.funding is Funding.CALLBACK_CHAIN


def test_own_money_that_covers_all_is_best_for_pairs() -> None:
    assert found(10**22, [AAVE, MORPHO])[0].sized.funding is Funding.INVENTORY


def test_net_is_what_is_left_after_premium_and_gas() -> None:
    for way in found(0, [AAVE]):
        amounts = way.sized.amounts
        assert way.net == amounts[-1] - amounts[0] - way.sized.premium - gwei(way.gas)


def test_a_lender_with_too_little_lends_what_it_can_or_together_with_another() -> None:
    short = replace(MORPHO, available=FREE[0] // 3)
    ways = found(0, [AAVE, short])
    alone = next(way for way in ways if way.sized.funding is Funding.MORPHO_BLUE and not way.sized.second)
    both = next(way for way in ways if way.sized.second and way.sized.funding is Funding.MORPHO_BLUE)

    assert alone.sized.amount_in <= FREE[0] // 3 * 99 // 100
    assert both.sized.second is not None
    assert both.sized.second.funding is Funding.AAVE_V3
    assert both.sized.first_loan <= FREE[0] // 3 * 99 // 100 < both.sized.amount_in < FREE[0]
    assert both.sized.gross_profit > alone.sized.gross_profit


def test_a_cap_holds_for_all_means() -> None:
    assert all(way.sized.amount_in <= 10**17 for way in found(10**22, [AAVE, MORPHO], cap=10**17))


def test_a_premium_above_the_gap_is_no_way() -> None:
    dear = replace(AAVE, rate=1_000)

    assert [way.sized.funding for way in found(0, [dear])] == [Funding.CALLBACK_CHAIN]


def test_without_a_gap_there_is_no_way() -> None:
    even = states_of(v2_state(10**21, 3 * 10**12, FIRST), v2_state(10**21, 3 * 10**12, SECOND))

    assert funded_sizes(ROUTE, even, inventory=10**21, terms=[AAVE], gas_cost=gwei) == ()


@pytest.mark.parametrize("refused", [Funding.CALLBACK_CHAIN, Funding.INVENTORY, Funding.MORPHO_BLUE])
def test_means_that_have_failed_are_sized_no_more(refused: Funding) -> None:
    ways = funded_sizes(
        ROUTE, STATES, inventory=10**22, terms=[AAVE, MORPHO], gas_cost=gwei, refused=[PayerName(refused)]
    )
    names = {
        funding
        for way in ways
        for funding in (way.sized.funding, way.sized.second and way.sized.second.funding)
    }
    assert refused not in names
    assert len(ways) < len(found(10**22, [AAVE, MORPHO]))


def test_of_means_that_are_asked_for_only_their_lenders_are_sized() -> None:
    ways = funded_sizes(
        ROUTE, STATES, inventory=10**22, terms=[AAVE, MORPHO], gas_cost=gwei, requested=Funding.AAVE_V3
    )
    assert [(way.sized.funding, way.sized.second) for way in ways] == [(Funding.AAVE_V3, None)]


def test_each_pool_that_lends_has_a_size_at_its_own_price() -> None:
    cheap, dear = (v3_pool(300, fee=100), v3_pool(301, fee=3_000))
    terms = [pool_terms(pool) for pool in (dear, cheap)]
    ways = funded_sizes(
        ROUTE,
        STATES,
        inventory=0,
        terms=terms,
        gas_cost=gwei,
        pools={pool.address: pool for pool in (cheap, dear)},
        requested=Funding.UNISWAP_V3_FLASH,
    )
    assert [way.sized.lender_pool for way in ways] == [cheap, dear]
    assert ways[0].sized.amount_in > ways[1].sized.amount_in


def pool_terms(pool: Pool, available: int = 10**22) -> LenderTerms:
    return LenderTerms(
        Funding.UNISWAP_V3_FLASH, pool.address, WETH.address, pool.fee, 10**6, Rounding.UP, available
    )


@pytest.mark.parametrize("shares", [(5, 5, 5), (2, 9, 1), (1, 1, 1), (20, 20, 20), (9, 3, 2)])
def test_no_pair_of_lenders_that_could_pay_is_left_out(shares: tuple[int, ...]) -> None:
    """Against all of them, each sized for itself: shares of what the route takes, in tenths."""
    pools = [v3_pool(300, fee=100), v3_pool(301, fee=500)]
    has = [FREE[0] * tenths // 10 for tenths in shares]
    terms = [replace(MORPHO, available=has[0])]
    terms += [pool_terms(pool, available) for pool, available in zip(pools, has[1:], strict=True)]
    known = {pool.address: pool for pool in pools}
    ways = funded_sizes(ROUTE, STATES, inventory=0, terms=terms, gas_cost=gwei, pools=known)
    told = {(way.sized.amounts, way.sized.first_loan, way.sized.second) for way in ways if way.sized.second}
    expected = set()
    for first, second in permutations(terms, 2):
        cap = usable(first) + usable(second)
        amounts = best_size(ROUTE, STATES, cap=cap, premium=LoanPremium(second), gas_cost=gwei)
        assert amounts is not None
        choice = two_loans(ROUTE, first, second, amounts[0], known)
        if choice is not None and choice.sized(ROUTE, amounts).gross_profit > 0:
            sized = choice.sized(ROUTE, amounts)
            expected.add((sized.amounts, sized.first_loan, sized.second))
    assert told == expected
