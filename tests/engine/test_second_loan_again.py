"""A call paid by two lenders, looked at again: each is judged by what it lends there."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from executor.domain.lender import LenderTerms, Rounding
from executor.domain.market import BlockHead
from executor.domain.route import Funding, SecondLoan, SizedRoute
from executor.engine.gas_market import GasMarket
from executor.engine.market import Market, Purse
from executor.engine.pricing import Prices
from executor.engine.revalidation import available, cheapest_first, premium_again
from executor.policy.fees import Fees
from tests.support.market import WETH, address, two_legs, v2_pool, v3_pool

MORPHO = LenderTerms(Funding.MORPHO_BLUE, address(4), WETH.address, 0, 1, Rounding.UP, 6_000)
AAVE = LenderTerms(Funding.AAVE_V3, address(1), WETH.address, 5, 10_000, Rounding.UP, 9_000)
ROUTE = two_legs(v2_pool(100), v2_pool(101))
BOTH = SizedRoute(
    ROUTE, (10_000, 9_000, 11_000), Funding.MORPHO_BLUE, second=SecondLoan(Funding.AAVE_V3, 4_000, 2)
)


def market(*terms: LenderTerms) -> Market:
    """A market in which these lenders stand ready."""
    head = BlockHead(1, "0x01", "0x00", 12, 1, 1, 30_000_000)
    prices = Prices(WETH, True, Fraction(3_000), Fraction(3_000))
    return Market(head, (ROUTE,), {}, prices, Purse(0, 0, terms), GasMarket(Fees(1, 1, 1)))


def test_two_lenders_that_still_have_their_parts_can_pay_the_call() -> None:
    assert available(BOTH, market(MORPHO, AAVE)) == BOTH.amount_in


@pytest.mark.parametrize("short", ["first", "second"])
def test_what_one_of_two_lenders_lacks_the_other_does_not_lend_in_its_place(short: str) -> None:
    terms = {"first": MORPHO, "second": AAVE}
    terms[short] = replace(terms[short], available=3_999)
    lendable = available(BOTH, market(*terms.values()))
    assert lendable is not None
    assert lendable < BOTH.amount_in


def test_the_second_lender_s_premium_is_not_forgotten() -> None:
    premium = premium_again(BOTH, (MORPHO, AAVE))
    assert premium(BOTH.amount_in) == 2
    assert premium(BOTH.first_loan) == 0


def test_the_first_lender_s_premium_is_not_asked_for_the_second_one_s_part() -> None:
    sized = replace(BOTH, funding=Funding.AAVE_V3, premium=3, second=SecondLoan(Funding.MORPHO_BLUE, 4_000))
    assert premium_again(sized, (MORPHO, AAVE))(sized.amount_in) == 3


def test_of_a_second_lender_that_is_cheaper_than_the_first_no_bound_is_told() -> None:
    """The premium then bends the other way: inputs beyond the first loan cost less."""
    cheap_last = replace(BOTH, funding=Funding.AAVE_V3, second=SecondLoan(Funding.MORPHO_BLUE, 4_000))
    gone = replace(BOTH, second=SecondLoan(Funding.SPARK, 4_000))
    terms = (MORPHO, AAVE)
    assert [cheapest_first(sized, terms) for sized in (BOTH, cheap_last, gone)] == [True, False, False]
    assert cheapest_first(replace(BOTH, second=None), terms)


def test_of_two_pools_each_is_judged_by_its_own_price_and_money() -> None:
    dear, cheap = v3_pool(300, fee=3_000), v3_pool(301, fee=500)
    kind = Funding.UNISWAP_V3_FLASH
    terms = tuple(
        LenderTerms(kind, pool.address, WETH.address, pool.fee, 10**6, Rounding.UP, available)
        for pool, available in ((cheap, 6_000), (dear, 3_000))
    )
    both = replace(BOTH, funding=kind, lender_pool=cheap, second=SecondLoan(kind, 4_000, 12, dear))
    assert premium_again(both, terms)(10_000) == 3 + 12
    assert available(both, market(*terms)) == 9_000
    gone = replace(both, second=SecondLoan(kind, 4_000, 12, v3_pool(302)))
    assert available(gone, market(*terms)) == 6_000
