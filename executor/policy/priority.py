"""What to offer above the base fee, read off what was paid lately (`eth_feeHistory`)."""

from collections.abc import Sequence
from enum import Enum


class Urgency(Enum):
    """How soon the transaction must be mined: the percentile of the tips paid in a block that it should
    match.
    """

    ORDINARY = 50
    URGENT = 75
    AT_ONCE = 90

    @property
    def percentile(self) -> int:
        """The percentile to ask `eth_feeHistory` for."""
        return self.value


PERCENTILES = tuple(urgency.percentile for urgency in Urgency)
"""In rising order, as some nodes demand."""


def priority_fee(
    rewards: Sequence[Sequence[int]], empty: Sequence[bool], urgency: Urgency, *, floor: int
) -> int:
    """The median over blocks of what that percentile of gas paid, in wei per gas; at least `floor`.

    `rewards` is the answer's `reward`, asked with PERCENTILES, a block a row; `empty` says which blocks used
    no gas: they say nothing and are passed over. Without any other the floor is the answer.
    """
    column = PERCENTILES.index(urgency.percentile)
    paid = sorted(
        row[column]
        for row, nothing in zip(rewards, empty, strict=True)
        if not nothing and len(row) == len(PERCENTILES)
    )
    if not paid:
        return floor
    return max(paid[len(paid) // 2], floor)
