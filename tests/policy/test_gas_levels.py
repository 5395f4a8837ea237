"""How good a time it is on chains with cheap gas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.errors import ConfigError
from executor.policy.gas_levels import GasLevel, L2GasThresholds, judge

GWEI = 10**9
USUAL = L2GasThresholds(GWEI // 10, GWEI // 2, 2 * GWEI, 5 * GWEI, 10 * GWEI)


@pytest.mark.parametrize(
    ("price", "level", "to_earn"),
    [
        (0, GasLevel.PERFECT, 0),
        (GWEI // 10, GasLevel.PERFECT, 0),
        (GWEI // 10 + 1, GasLevel.GOOD, 0),
        (GWEI // 2, GasLevel.GOOD, 0),
        (GWEI // 2 + 1, GasLevel.MARGINAL, 1),
        (2 * GWEI, GasLevel.MARGINAL, 1),
        (2 * GWEI + 1, GasLevel.BAD, 2),
        (5 * GWEI, GasLevel.BAD, 2),
        (5 * GWEI + 1, GasLevel.BAD, 4),
        (10 * GWEI - 1, GasLevel.BAD, 4),
        (10 * GWEI, GasLevel.NEVER, 0),
        (10**18, GasLevel.NEVER, 0),
    ],
)
def test_a_price_of_gas_has_a_level(price: int, level: GasLevel, to_earn: int) -> None:
    judgement = judge(price, USUAL)

    assert (judgement.level, judgement.gas_costs_to_earn) == (level, to_earn)


@given(st.integers(0, 10 * GWEI - 2))
def test_dearer_gas_never_asks_for_less(price: int) -> None:
    assert judge(price, USUAL).gas_costs_to_earn <= judge(price + 1, USUAL).gas_costs_to_earn or (
        judge(price + 1, USUAL).level is GasLevel.NEVER
    )


@pytest.mark.parametrize("prices", [(1, 2, 3, 5, 4), (1, 1, 2, 3, 4), (-1, 1, 2, 3, 4)])
def test_thresholds_that_do_not_rise_are_refused_by_name(prices: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(ConfigError) as caught:
        L2GasThresholds(*prices)

    assert caught.value.field == "l2_gas_thresholds"
