"""Pools of the Uniswap V3 shape (Uniswap V3, PancakeSwap V3, Algebra, Slipstream): liquidity in ranges of
ticks.

Swaps are those of `UniswapV3Pool.swap` of v3-core 1.0.1, to the wei. What they add up to from tick to tick
stands in `uniswap_v3_ladder`, one swap in `uniswap_v3_swaps`, how a pool is read in `uniswap_v3_reads`.
"""

from dataclasses import replace

from executor.domain.market import V3State
from executor.domain.pool import FEE_UNIT, Pool, V3Callback
from executor.venues.curve import Curve, Stretch
from executor.venues.uniswap_v3_events import FOLLOWABLE, TOPICS, emitters, follow, followable
from executor.venues.uniswap_v3_factories import belongs, find
from executor.venues.uniswap_v3_lens import lens_further, lens_request, lens_state
from executor.venues.uniswap_v3_maths import Q96
from executor.venues.uniswap_v3_quote import V3Quote, quote
from executor.venues.uniswap_v3_reads import extend, identify, read
from executor.venues.uniswap_v3_swaps import Swaps, refusal, swaps

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "Swaps",
    "V3Quote",
    "after",
    "amount_in",
    "amount_out",
    "belongs",
    "emitters",
    "exact_out",
    "extend",
    "find",
    "follow",
    "followable",
    "gas",
    "identify",
    "lens_further",
    "lens_request",
    "lens_state",
    "local_curve",
    "marginal",
    "quote",
    "read",
    "stretch",
    "stretch_of",
    "swaps",
]

LEG_GAS = 56_900
"""Gas of one swap with the transfer of its input inside one tick range, fitted to random routes through the
router on the local chain.
"""

FORK_GAS = {V3Callback.PANCAKE: 11_800, V3Callback.ALGEBRA: 3_100, V3Callback.SOLIDLY: 2_500}
SLIPSTREAM_GAS = 27_000
"""What a swap at forks costs more: fitted to routes through the router on the local chain."""

UNISWAP_SPACING = 50
"""Uniswap's fees in millionths are so many times their tick spacing, but for the lowest."""

TICK_GAS = 25_000
"""Gas of crossing one initialised tick: the middle of the 20,000 to 30,000 seen in practice. The first swap
that ever crosses a tick pays up to 65,000, since it writes what was zero.
"""


def amount_out(state: V3State, zero_for_one: bool, amount_in: int) -> int:
    """What the pool gives for all of `amount_in`; 0 where that is too little for one unit.

    Raises MathsError if the liquidity ends before it is used up, TicksUnknownError if the swap needs ticks
    that were not read.
    """
    made: Swaps = (state.down if zero_for_one else state.up) or swaps(state, zero_for_one)
    return made.out(amount_in)


def amount_in(state: V3State, zero_for_one: bool, amount_out: int) -> int:
    """The smallest amount for which the pool gives at least `amount_out`. Raises MathsError if it has less,
    TicksUnknownError as for `amount_out`.
    """
    return swaps(state, zero_for_one).least_in(amount_out)


def exact_out(state: V3State, zero_for_one: bool, amount_out: int) -> int:
    """What the pool asks for in a swap for exactly `amount_out`: as `amount_in`, or a little more where the
    output ends just at a tick, which the pool then makes the swap reach. Raises likewise.
    """
    if amount_out <= 0:
        raise refusal(state, "gives a positive amount only", amount_out=amount_out)
    result = quote(state, zero_for_one, -amount_out)
    if result.amount_out != amount_out:
        raise refusal(
            state, "has not the liquidity for so much", amount_out=amount_out, available=result.amount_out
        )
    return result.amount_in


def stretch(state: V3State, zero_for_one: bool, index: int) -> Stretch:
    """The piece of the curve between two stops of the pool, the present price being the first one's start.

    Formula: virtual reserves L / P and L * P, offset by what went in and came out until then. The whole
    amounts at its ends are exact; between them the real curve is less than two units above what the pool
    gives. Raises MathsError behind the last piece, TicksUnknownError where nothing was read.
    """
    return swaps(state, zero_for_one).stretch(index)


def stretch_of(state: V3State, zero_for_one: bool, amount_in: int) -> int:
    """The index of the stretch that an input ends in. Raises as `amount_out` does."""
    return swaps(state, zero_for_one).stretch_of(amount_in)


def local_curve(state: V3State, zero_for_one: bool) -> Curve | None:
    """The curve up to the next initialised tick, in real numbers; None where no liquidity stands at the
    present price.

    With virtual reserves L / P and L * P, both scaled by P * 2**96 to stay whole.
    """
    if state.liquidity == 0:
        return None
    kept = FEE_UNIT - state.fee(zero_for_one)
    price, liquidity = state.sqrt_price_x96, state.liquidity
    low, high = liquidity * Q96 * Q96, liquidity * price * price
    if not zero_for_one:
        low, high = high, low
    return Curve(k=kept * high, m=FEE_UNIT * low, n=kept * price * Q96)


def after(state: V3State, zero_for_one: bool, amount_in: int) -> V3State:
    """The pool after a swap of all of `amount_in`. Raises as `amount_out` does."""
    amount_out(state, zero_for_one, amount_in)
    done = quote(state, zero_for_one, amount_in)
    return replace(state, sqrt_price_x96=done.sqrt_price_x96, tick=done.tick, liquidity=done.liquidity)


def marginal(state: V3State, zero_for_one: bool) -> tuple[int, int]:
    """What the very next unit gives, fee included, as numerator and denominator in smallest units. Raises
    MathsError of a pool that has no price yet.
    """
    if state.sqrt_price_x96 <= 0:
        raise refusal(state, "is not initialised")
    kept, squared = FEE_UNIT - state.fee(zero_for_one), state.sqrt_price_x96 * state.sqrt_price_x96
    if zero_for_one:
        return kept * squared, FEE_UNIT << 192
    return kept << 192, FEE_UNIT * squared


def gas(state: V3State, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one swap as a leg: a fixed part and a part for each initialised tick that it
    crosses. Raises as `amount_out` does.
    """
    fork = FORK_GAS.get(state.pool.callback, 0) or (SLIPSTREAM_GAS if is_slipstream(state.pool) else 0)
    return LEG_GAS + fork + TICK_GAS * swaps(state, zero_for_one).ticks_crossed(amount_in)


def is_slipstream(pool: Pool) -> bool:
    """Whether the pool has a tick spacing that Uniswap gives to no pool of its fee: as far as gas goes, one
    of Slipstream.
    """
    usual = pool.fee == UNISWAP_SPACING * pool.tick_spacing or (pool.fee, pool.tick_spacing) == (100, 1)
    return pool.callback is V3Callback.UNISWAP and not usual
