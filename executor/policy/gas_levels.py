"""On chains with cheap gas: how good a time it is, by the price of gas, and how much more a trade must earn
when it is not.

Each threshold is the highest price of its level:

    up to ultra_low   perfect    no more than the wanted profit
    up to low         good       no more than the wanted profit
    up to medium      marginal   net profit of at least the gas cost
    up to high        bad        net profit of at least twice the gas cost
    below extreme     bad        net profit of at least four times the gas cost
    from extreme      never      nothing is sent
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from executor.domain.errors import ConfigError


class GasLevel(StrEnum):
    """How good the present price of gas is."""

    PERFECT = "perfect"
    GOOD = "good"
    MARGINAL = "marginal"
    BAD = "bad"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class L2GasThresholds:
    """Prices of gas in wei per gas, each above the one before. Raises ConfigError where they are not in
    order.
    """

    ultra_low: int
    low: int
    medium: int
    high: int
    extreme: int

    def __post_init__(self) -> None:
        prices = (self.ultra_low, self.low, self.medium, self.high, self.extreme)
        if min(prices) < 0 or any(lower >= upper for lower, upper in pairwise(prices)):
            raise ConfigError(
                "l2_gas_thresholds",
                "are not in rising order",
                fix="give ultra_low < low < medium < high < extreme, in gwei",
            )


@dataclass(frozen=True, slots=True)
class GasJudgement:
    """The level, and how many times the gas cost the net profit must come to."""

    level: GasLevel
    gas_costs_to_earn: int


def judge(price: int, thresholds: L2GasThresholds) -> GasJudgement:
    """Judge a price of gas in wei per gas."""
    if price >= thresholds.extreme:
        return GasJudgement(GasLevel.NEVER, 0)
    bands = (
        (thresholds.ultra_low, GasJudgement(GasLevel.PERFECT, 0)),
        (thresholds.low, GasJudgement(GasLevel.GOOD, 0)),
        (thresholds.medium, GasJudgement(GasLevel.MARGINAL, 1)),
        (thresholds.high, GasJudgement(GasLevel.BAD, 2)),
    )
    return next(
        (judgement for highest, judgement in bands if price <= highest), GasJudgement(GasLevel.BAD, 4)
    )
