"""What was read of a pool at one block: everything its maths need, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from executor.domain.fee_rules import ETHEREUM_BASE_FEE, BaseFeeRule
from executor.domain.pool import Pool


class PoolState(Protocol):
    """What every reading of a pool has; the rest belongs to its venue."""

    @property
    def pool(self) -> Pool:
        """The pool that was read."""


@dataclass(frozen=True, slots=True)
class V2State:
    """Reserves of a pool of the Uniswap V2 shape, in the tokens' smallest units."""

    pool: Pool
    reserve0: int
    reserve1: int


@dataclass(frozen=True, slots=True)
class V3State:
    """Price, liquidity and known ticks of a pool of the Uniswap V3 shape.

    `ticks` maps every initialised tick in [known_low, known_high] to its liquidityNet; outside that range
    nothing is known. `sqrt_price_x96` is Q64.96. `fees`: what the pool takes of token0 in and of token1 in,
    in millionths, where that is not the pool's `fee`. `word_ends`: whether swaps stop at the ends of words of
    its bitmap, too, whose bits then are for ticks that are a spacing apart. `settled`: whether logs tell when
    the fee changes.

    The last three are what the venue's maths worked out: `ladders` from the ticks, so that a state made with
    `replace` goes on with them, `down` and `up` from this state. `MOST` is the largest amount that a swap may
    be asked for.
    """

    MOST: ClassVar[int] = 2**255 - 1
    pool: Pool
    sqrt_price_x96: int
    tick: int
    liquidity: int
    ticks: Mapping[int, int] = field(default_factory=dict)
    known_low: int = 0
    known_high: int = 0
    fees: tuple[int, int] | None = None
    word_ends: bool = True
    settled: bool = True
    ladders: Any = field(default=None, repr=False, compare=False)
    down: Any = field(default=None, init=False, repr=False, compare=False)
    up: Any = field(default=None, init=False, repr=False, compare=False)

    def fee(self, zero_for_one: bool) -> int:
        """The fee of a swap in that direction, in millionths."""
        return self.pool.fee if self.fees is None else self.fees[0 if zero_for_one else 1]


@dataclass(frozen=True, slots=True)
class BlockHead:
    """The block that a reading is pinned to. `base_fee` is this block's, `next_base_fee` the next one's, both
    in wei per gas; `rule` is how it moves from here on.
    """

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    base_fee: int
    next_base_fee: int
    gas_limit: int
    rule: BaseFeeRule = ETHEREUM_BASE_FEE
