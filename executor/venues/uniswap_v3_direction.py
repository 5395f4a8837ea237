"""The two directions of a swap in a pool of the Uniswap V3 shape: amounts and prices at constant liquidity.

The same integers as `SwapMath.computeSwapStep` of v3-core and v4-core and `PriceMovementMath` of Algebra: the
fee is taken on top of what goes in and rounded up, the price is rounded in the pool's favour, what comes out
down. Source of the amounts: v3-core 1.0.1 `SqrtPriceMath.sol`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Protocol

from executor.domain.pool import FEE_UNIT
from executor.venues.uniswap_v3_maths import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MAX_UINT256,
    MIN_SQRT_RATIO,
    MIN_TICK,
)
from executor.venues.uniswap_v3_words import WORD


class Direction(Protocol):
    """What differs between the two directions. `kept`: the millionths of the input that are not its fee."""

    down: bool
    last_tick: int
    last_price: int
    """The furthest price limit that a pool takes, and its tick."""

    def key(self, tick: int) -> int:
        """Grows in the direction of the swap."""

    def first_key(self, tick: int) -> int:
        """The least key of a stop that a swap from inside `tick` may meet."""

    def beyond(self, tick: int) -> int:
        """The tick next to it in the direction of the swap."""

    def inside(self, stop: int) -> int:
        """The tick that a pool is in once it has passed `stop`."""

    def crossed(self, net: int) -> int:
        """What passing a tick of that liquidityNet adds to the liquidity."""

    def next_initialised(self, tick: int, initialised: Sequence[int]) -> int | None:
        """The first of them that a swap from inside `tick` meets."""

    def word_end(self, tick: int, spacing: int) -> int:
        """The end of the word of the bitmap that a swap from inside `tick` looks at first."""

    def whole(self, start: int, stop: int, liquidity: int, kept: int) -> tuple[int, int]:
        """The least input, fee included, that moves the price from `start` to `stop`; what it gives."""

    def spend(self, price: int, liquidity: int, amount_in: int, kept: int) -> tuple[int, int]:
        """The price after an input that reaches no stop, and what it gives."""

    def take(self, price: int, liquidity: int, amount_out: int, kept: int) -> tuple[int, int]:
        """The price after a piece gave `amount_out`, which it holds, and the least input for that."""

    def curve(self, price: int, liquidity: int, kept: int) -> tuple[int, int, int]:
        """(a, c, d): in real numbers x more in gives a * x / (c * x + d) more out; scaled to whole numbers.

        From the virtual reserves L / P and L * P with the fee on what goes in.
        """


class _Down:
    """Token0 goes in, the price falls."""

    down = True
    last_tick = MIN_TICK
    last_price = MIN_SQRT_RATIO + 1

    def key(self, tick: int) -> int:
        return -tick

    def first_key(self, tick: int) -> int:
        return -tick

    def beyond(self, tick: int) -> int:
        return tick - 1

    def inside(self, stop: int) -> int:
        return stop - 1

    def crossed(self, net: int) -> int:
        return -net

    def next_initialised(self, tick: int, initialised: Sequence[int]) -> int | None:
        index = bisect_right(initialised, tick)
        return initialised[index - 1] if index else None

    def word_end(self, tick: int, spacing: int) -> int:
        return tick // spacing // WORD * WORD * spacing

    def whole(self, start: int, stop: int, liquidity: int, kept: int) -> tuple[int, int]:
        moved = liquidity * (start - stop)
        needed = -((-moved << 96) // (start * stop))
        return -(-needed * FEE_UNIT // kept), moved >> 96

    def spend(self, price: int, liquidity: int, amount_in: int, kept: int) -> tuple[int, int]:
        spent, scaled = amount_in * kept // FEE_UNIT, liquidity << 96
        weight = scaled + spent * price
        if weight <= MAX_UINT256:
            reached = -(-scaled * price // weight)
        else:
            reached = -(-scaled // (scaled // price + spent))
        return reached, liquidity * (price - reached) >> 96

    def take(self, price: int, liquidity: int, amount_out: int, kept: int) -> tuple[int, int]:
        reached = price + (-amount_out << 96) // liquidity
        needed = -((-liquidity * (price - reached) << 96) // (price * reached))
        return reached, -(-needed * FEE_UNIT // kept)

    def curve(self, price: int, liquidity: int, kept: int) -> tuple[int, int, int]:
        return kept * liquidity * price * price, kept * price << 96, FEE_UNIT * liquidity << 192


class _Up:
    """Token1 goes in, the price rises."""

    down = False
    last_tick = MAX_TICK
    last_price = MAX_SQRT_RATIO - 1

    def key(self, tick: int) -> int:
        return tick

    def first_key(self, tick: int) -> int:
        return tick + 1

    def beyond(self, tick: int) -> int:
        return tick + 1

    def inside(self, stop: int) -> int:
        return stop

    def crossed(self, net: int) -> int:
        return net

    def next_initialised(self, tick: int, initialised: Sequence[int]) -> int | None:
        index = bisect_left(initialised, tick + 1)
        return initialised[index] if index < len(initialised) else None

    def word_end(self, tick: int, spacing: int) -> int:
        return ((tick // spacing + 1) // WORD * WORD + WORD - 1) * spacing

    def whole(self, start: int, stop: int, liquidity: int, kept: int) -> tuple[int, int]:
        moved = liquidity * (stop - start)
        needed = -(-moved >> 96)
        return -(-needed * FEE_UNIT // kept), (moved << 96) // (start * stop)

    def spend(self, price: int, liquidity: int, amount_in: int, kept: int) -> tuple[int, int]:
        reached = price + (amount_in * kept // FEE_UNIT << 96) // liquidity
        return reached, (liquidity * (reached - price) << 96) // (price * reached)

    def take(self, price: int, liquidity: int, amount_out: int, kept: int) -> tuple[int, int]:
        scaled = liquidity << 96
        reached = -(-scaled * price // (scaled - amount_out * price))
        needed = -(-liquidity * (reached - price) >> 96)
        return reached, -(-needed * FEE_UNIT // kept)

    def curve(self, price: int, liquidity: int, kept: int) -> tuple[int, int, int]:
        return kept * liquidity << 192, kept * price << 96, FEE_UNIT * liquidity * price * price


DOWN: Direction = _Down()
UP: Direction = _Up()
