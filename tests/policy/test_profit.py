"""What is earned, in one unit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.route import Funding, SecondLoan, SizedRoute
from executor.policy.fees import Fees
from executor.policy.profit import (
    Profit,
    minimum_profit,
    net_profit,
    profit_of,
    reprice,
    show_usd,
    usd_to_settlement,
    usd_value,
    wei_cost,
    wei_rate,
)
from tests.support.market import two_legs, v2_pool

ETHER_USD = Fraction(3_000)
USDC_USD = Fraction(99_990_000, 10**8)
prices = st.fractions(Fraction(1, 10**8), Fraction(10**8))
usd = st.decimals(0, 10**7, places=6)
amounts = st.integers(0, 10**30)
fees_per_gas = st.builds(lambda base, tip: Fees(2 * base + tip, tip, base), st.integers(0, 10**12), amounts)


def trades() -> st.SearchStrategy[Profit]:
    """Any trade at any fees, in any settlement token."""
    gas = st.integers(21_000, 2**24)
    return st.builds(Profit, amounts, amounts, gas, fees_per_gas, prices, amounts, amounts, amounts)


def test_net_profit_is_what_is_left_when_all_are_paid() -> None:
    assert net_profit(amount_in=1_000, amount_out=1_100, premium=5, tip=10, wei=20) == 65
    assert net_profit(amount_in=1_000, amount_out=1_010, wei=20) == -10
    assert net_profit(amount_in=1_000, amount_out=1_010, wei=5, rate=Fraction(1, 2)) == 7


@given(trades(), st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**16))
def test_the_profit_is_output_less_input_premium_tip_gas_and_data_fee_to_the_unit(
    trade: Profit, base_fee: int, tip: int, l1_fee: int
) -> None:
    fees = Fees(2 * base_fee + tip, tip, base_fee)
    priced = reprice(trade, fees, l1_fee=l1_fee)
    assert priced.rate is not None and priced.net is not None and priced.gas_cost is not None

    spent = trade.gas * (base_fee + tip) + l1_fee
    exact = trade.amount_out - trade.amount_in - trade.premium - trade.tip - spent * priced.rate
    assert priced.wei == spent
    assert 0 <= exact - priced.net < 1
    assert priced.net == priced.gross - priced.gas_cost


@given(trades(), st.integers(0, 10**12))
def test_repricing_is_what_pricing_afresh_gives_and_comes_back(trade: Profit, base_fee: int) -> None:
    fees = Fees(3 * base_fee, 0, base_fee)
    fresh = Profit(
        trade.amount_in,
        trade.amount_out,
        trade.gas,
        fees,
        trade.rate,
        trade.premium,
        trade.tip,
        trade.l1_fee,
    )

    assert reprice(trade, fees) == fresh
    assert reprice(fresh, trade.fees) == trade


@given(trades(), st.integers(1, 10**12))
def test_dearer_gas_never_earns_more(trade: Profit, more: int) -> None:
    fees = trade.fees
    dearer = reprice(
        trade, Fees(fees.max_fee_per_gas + more, fees.max_priority_fee_per_gas, fees.base_fee + more)
    )

    assert trade.net is not None and dearer.net is not None
    assert dearer.net <= trade.net
    assert dearer.gross == trade.gross


def test_a_sized_route_pays_both_its_lenders() -> None:
    route = two_legs(v2_pool(100), v2_pool(101))
    second = SecondLoan(Funding.SPARK, 400, premium=3)
    sized = SizedRoute(route, (1_000, 900, 1_100), Funding.AAVE_V3, premium=5, second=second)

    profit = profit_of(sized, gas=10, fees=Fees(2, 0, 2), rate=Fraction(1), l1_fee=7)

    assert profit.gross == sized.gross_profit == 92
    assert profit.net == 92 - 20 - 7


def test_without_a_price_of_gas_nothing_is_known_after_it() -> None:
    profit = Profit(1_000, 1_100, 10, Fees(2, 0, 2), None)

    assert profit.gross == 100
    assert profit.gas_cost is None
    assert profit.net is None


def test_gas_in_wei_becomes_dollars_of_six_decimals() -> None:
    assert wei_cost(10**15, wei_rate(ETHER_USD, Fraction(1), 6)) == 3_000_000


@given(amounts, prices, prices, st.integers(0, 24))
def test_a_cost_is_never_understated_nor_overstated_by_a_unit(
    wei: int, native_usd: Fraction, settlement_usd: Fraction, decimals: int
) -> None:
    cost = wei_cost(wei, wei_rate(native_usd, settlement_usd, decimals))
    exact = Fraction(wei, 10**18) * native_usd / settlement_usd * 10**decimals

    assert 0 <= cost - exact < 1


@given(usd, prices, st.integers(0, 24))
def test_the_amount_for_a_sum_in_dollars_is_the_least_that_is_worth_it(
    sum_usd: Decimal, price: Fraction, decimals: int
) -> None:
    amount = usd_to_settlement(sum_usd, settlement_usd=price, settlement_decimals=decimals)

    assert usd_value(amount, decimals, price) >= Fraction(sum_usd)
    assert amount == 0 or usd_value(amount - 1, decimals, price) < Fraction(sum_usd)


def test_a_dollar_is_more_than_one_token_where_the_token_is_below_a_dollar() -> None:
    assert usd_to_settlement(Decimal(1), settlement_usd=USDC_USD, settlement_decimals=6) == 1_000_101


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(3), Decimal("3.000000")),
        (Fraction(2, 3), Decimal("0.666666")),
        (Fraction(-1, 10**9), Decimal("-0.000001")),
        (Fraction(0), Decimal(0)),
    ],
)
def test_dollars_are_shown_to_six_places_and_never_too_many(value: Fraction, shown: Decimal) -> None:
    assert show_usd(value) == shown


@given(st.integers(-(10**30), 10**30), st.integers(0, 10_000), amounts, amounts)
def test_the_minimum_is_the_share_or_the_costs_whichever_is_more(
    simulated: int, share: int, gas: int, wanted: int
) -> None:
    minimum = minimum_profit(simulated, share, gas, wanted)

    assert minimum >= 1
    assert minimum >= gas + wanted
    assert minimum * 10_000 >= simulated * share
    assert minimum in (1, gas + wanted, -(-max(simulated, 0) * share // 10_000))


def test_a_share_of_a_profit_is_never_more_than_the_profit() -> None:
    assert minimum_profit(1, 9_500, 0, 0) == 1
    assert minimum_profit(1_000, 9_500, 0, 0) == 950
    assert minimum_profit(1_000, 10_000, 0, 0) == 1_000


def test_costs_above_the_share_set_the_minimum() -> None:
    assert minimum_profit(1_000, 9_500, 900, 60) == 960


def test_without_profit_or_costs_the_minimum_is_still_one() -> None:
    assert minimum_profit(0, 0, 0, 0) == 1
