"""What is earned, in one unit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.policy.profit import (
    minimum_profit,
    net_profit,
    show_usd,
    usd_to_settlement,
    usd_value,
    wei_to_settlement,
)

ETHER_USD = Fraction(3_000)
USDC_USD = Fraction(99_990_000, 10**8)
prices = st.fractions(Fraction(1, 10**8), Fraction(10**8))
usd = st.decimals(0, 10**7, places=6)
amounts = st.integers(0, 10**30)


def test_net_profit_is_what_is_left_when_all_are_paid() -> None:
    assert net_profit(amount_in=1_000, amount_out=1_100, premium=5, tip=10, gas_cost=20) == 65
    assert net_profit(amount_in=1_000, amount_out=1_010, gas_cost=20) == -10


def test_gas_in_wei_becomes_dollars_of_six_decimals() -> None:
    cost = wei_to_settlement(10**15, native_usd=ETHER_USD, settlement_usd=Fraction(1), settlement_decimals=6)

    assert cost == 3_000_000


@given(amounts, prices, prices, st.integers(0, 24))
def test_a_cost_is_never_understated_nor_overstated_by_a_unit(
    wei: int, native_usd: Fraction, settlement_usd: Fraction, decimals: int
) -> None:
    cost = wei_to_settlement(
        wei, native_usd=native_usd, settlement_usd=settlement_usd, settlement_decimals=decimals
    )
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
