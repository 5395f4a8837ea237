"""Each means at its own best size, the one that nets most first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.domain.lender import LenderTerms, Rounding
from executor.domain.route import Funding
from executor.routing.money import FundedSize, funded_sizes
from executor.routing.sizing import best_size
from tests.support.market import WETH, address, states_of, two_legs, v2_pool, v2_state

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
        ROUTE, STATES, inventory=10**22, terms=[AAVE, MORPHO], gas_cost=gwei, refused=[refused]
    )
    names = {
        funding
        for way in ways
        for funding in (way.sized.funding, way.sized.second and way.sized.second.funding)
    }
    assert refused not in names
    assert len(ways) < len(found(10**22, [AAVE, MORPHO]))
