"""What a loan costs, in each lender's own rounding."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.lender import LenderTerms, Rounding
from executor.domain.pool import FEE_UNIT
from executor.domain.route import OWN_MEANS, POOL_LOANS, Funding
from executor.lenders import LENDERS, gas_overhead, premium
from tests.support.market import WETH, address

ONE = 10**18
GAS_SNAPSHOT = Path(__file__).parents[2] / "benchmarks" / "gas.json"
amounts = st.integers(0, 2**128)


def aave(rate: int = 5, rounding: Rounding = Rounding.HALF_UP) -> LenderTerms:
    return LenderTerms(Funding.AAVE_V3, address(1), WETH.address, rate, 10_000, rounding, 2**128)


def balancer(rate: int) -> LenderTerms:
    return LenderTerms(Funding.BALANCER_V2, address(2), WETH.address, rate, ONE, Rounding.UP, 2**128)


# PercentageMath of aave-v3-core: percentMul(value, percentage) = (value * percentage + 5000) / 10000.
@pytest.mark.parametrize(
    ("amount", "expected"), [(0, 0), (1, 0), (999, 0), (1_000, 1), (2_999, 1), (3_000, 2), (ONE, 5 * 10**14)]
)
def test_aave_before_v3_5_rounds_half_up(amount: int, expected: int) -> None:
    assert premium(amount, aave()) == expected


@pytest.mark.parametrize(("amount", "expected"), [(0, 0), (1, 1), (2_000, 1), (2_001, 2), (ONE, 5 * 10**14)])
def test_aave_from_v3_5_on_rounds_up(amount: int, expected: int) -> None:
    assert premium(amount, aave(rounding=Rounding.UP)) == expected


@pytest.mark.parametrize(
    ("rate", "amount", "expected"),
    [(0, ONE, 0), (10**15, 1_000, 1), (10**15, 1_001, 2), (1, 1, 1), (1, 0, 0)],
)
def test_balancer_rounds_up(rate: int, amount: int, expected: int) -> None:
    assert premium(amount, balancer(rate)) == expected


@given(amounts, st.integers(0, 10_000))
def test_no_premium_is_a_whole_unit_away_from_the_exact_one(amount: int, rate: int) -> None:
    exact = Fraction(amount * rate, 10_000)

    assert abs(premium(amount, aave(rate)) - exact) <= Fraction(1, 2)
    assert 0 <= premium(amount, aave(rate, Rounding.UP)) - exact < 1
    assert 0 <= premium(amount, balancer(rate * 10**14)) - exact < 1


@given(amounts, amounts, st.integers(0, 10_000))
def test_a_larger_loan_costs_no_less(a: int, b: int, rate: int) -> None:
    low, high = sorted((a, b))

    assert premium(low, aave(rate)) <= premium(high, aave(rate))


def test_every_loan_costs_gas_and_own_money_none() -> None:
    assert all(gas_overhead(funding) > 0 for funding in set(Funding) - OWN_MEANS)
    assert gas_overhead(Funding.INVENTORY) == gas_overhead(Funding.CALLBACK_CHAIN) == 0
    assert set(LENDERS) == set(Funding) - OWN_MEANS - POOL_LOANS


@pytest.mark.parametrize(
    ("funding", "measured"),
    [
        (Funding.AAVE_V3, "aave_v3"),
        (Funding.SPARK, "spark"),
        (Funding.BALANCER_V2, "balancer_v2"),
        (Funding.BALANCER_V3, "balancer_v3"),
        (Funding.MORPHO_BLUE, "morpho"),
        (Funding.UNISWAP_V4, "uniswap_v4"),
        (Funding.ERC3156, "erc3156"),
        (Funding.UNISWAP_V3_FLASH, "uniswap_v3"),
        (Funding.UNISWAP_V2_FLASH, "uniswap_v2"),
    ],
)
def test_the_gas_of_a_loan_is_what_was_measured(funding: Funding, measured: str) -> None:
    """Within what another route or another token changes."""
    snapshot = json.loads(GAS_SNAPSHOT.read_text())["funding"]
    assert abs(gas_overhead(funding) - snapshot[f"v2_v3 {measured}"]["over"]) < 2_000


@given(amounts, st.sampled_from([500, 1_000, 2_000, 2_500, 3_000]))
def test_what_a_pair_is_paid_back_is_the_least_that_leaves_its_product(amount: int, fee: int) -> None:
    """UniswapV2Pair.swap: of what comes back all but the fee must be what was taken."""
    terms = LenderTerms(
        Funding.UNISWAP_V2_FLASH, address(3), WETH.address, fee, FEE_UNIT - fee, Rounding.UP, 2**128
    )
    back = amount + premium(amount, terms)

    assert back * (FEE_UNIT - fee) >= amount * FEE_UNIT
    assert amount == 0 or (back - 1) * (FEE_UNIT - fee) < amount * FEE_UNIT
