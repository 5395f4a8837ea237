"""On chains with cheap gas: how good a time it is, by the price of gas, and how much more a trade must earn
when it is not.

Each threshold is the highest price of its level:

    up to ultra_low   perfect    no more than the wanted profit
    up to low         good       no more than the wanted profit
    up to medium      marginal   net profit of at least the gas cost
    up to high        bad        net profit of at least twice the gas cost
    below extreme     bad        net profit of at least four times the gas cost
    from extreme      never      nothing is sent

Gas that has become dear is judged at once. Gas that was bad is called better only when its price is
MARGIN_BPS below the threshold, or has been below it for CALM_BLOCKS blocks: a price that trembles about a
threshold does not turn trading on and off.
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


MARGIN_BPS = 1_000
CALM_BLOCKS = 5
FORGET_BLOCKS = 50
"""Blocks without a look after which what was said before counts no more."""

_BANDS = (
    GasJudgement(GasLevel.PERFECT, 0),
    GasJudgement(GasLevel.GOOD, 0),
    GasJudgement(GasLevel.MARGINAL, 1),
    GasJudgement(GasLevel.BAD, 2),
    GasJudgement(GasLevel.BAD, 4),
    GasJudgement(GasLevel.NEVER, 0),
)
_FIRST_BAD = 3


@dataclass(frozen=True, slots=True)
class GasStanding:
    """What gas is called at `block`, and since which block its price has been below the threshold of that
    name, None while it is not.
    """

    band: int
    block: int
    calm_since: int | None = None

    @property
    def judgement(self) -> GasJudgement:
        """The level, and what it asks."""
        return _BANDS[self.band]


def judge(price: int, thresholds: L2GasThresholds) -> GasJudgement:
    """Judge a price of gas in wei per gas, whatever it was before."""
    return _BANDS[_band(price, thresholds)]


def follow(before: GasStanding | None, price: int, block: int, thresholds: L2GasThresholds) -> GasStanding:
    """What gas is called at `block`, where it was called `before`; `price` in wei per gas."""
    plain = _band(price, thresholds)
    if before is None or plain >= before.band or before.band < _FIRST_BAD:
        return GasStanding(plain, block)
    if not 0 <= block - before.block <= FORGET_BLOCKS:
        return GasStanding(plain, block)
    calm_since = block if before.calm_since is None else before.calm_since
    if block - calm_since >= CALM_BLOCKS:
        return GasStanding(plain, block)
    raised = -(-price * 10_000 // (10_000 - MARGIN_BPS))
    clear = max(_band(raised, thresholds), plain)
    if clear < _FIRST_BAD:
        return GasStanding(plain, block)
    if clear < before.band:
        return GasStanding(clear, block, calm_since if clear > plain else None)
    return GasStanding(before.band, block, calm_since)


def _band(price: int, thresholds: L2GasThresholds) -> int:
    if price >= thresholds.extreme:
        return len(_BANDS) - 1
    highest = (thresholds.ultra_low, thresholds.low, thresholds.medium, thresholds.high)
    return sum(price > threshold for threshold in highest)
