"""A whole swap in a pool of the Uniswap V3 shape: exactly in or exactly out, with a price limit, and where it
leaves the pool.
"""

from bisect import bisect_left
from dataclasses import dataclass

from executor.domain.market import V3State
from executor.venues.uniswap_v3_ladder import End
from executor.venues.uniswap_v3_maths import (
    MAX_SQRT_RATIO,
    MAX_UINT128,
    MIN_SQRT_RATIO,
    tick_at_sqrt_ratio,
)
from executor.venues.uniswap_v3_swaps import Swaps, refusal, swaps


@dataclass(frozen=True, slots=True)
class V3Quote:
    """What a swap does, to the wei. Amounts in the tokens' smallest units; price, tick and liquidity are
    those after it.

    `ticks_crossed` counts initialised ticks, each of which costs gas.
    """

    amount_in: int
    amount_out: int
    sqrt_price_x96: int
    tick: int
    liquidity: int
    ticks_crossed: int


def quote(
    state: V3State, zero_for_one: bool, amount_specified: int, sqrt_price_limit_x96: int | None = None
) -> V3Quote:
    """Swap exactly in (`amount_specified` > 0) or exactly out (< 0), stopping at the price limit with what is
    done by then.

    Without a limit the swap may go to the end of the price range. Raises MathsError where the pool would
    revert (no amount, a limit on the wrong side), TicksUnknownError if the swap needs ticks that were not
    read.
    """
    asked = swaps(state, zero_for_one)
    if amount_specified == 0 or abs(amount_specified) > state.MOST:
        raise refusal(state, f"takes an amount up to {state.MOST} only", amount_specified=amount_specified)
    limit, price = sqrt_price_limit_x96, state.sqrt_price_x96
    if limit is None:
        return _filled(asked, amount_specified, _last_stop(asked, amount_specified), None)
    if not (MIN_SQRT_RATIO < limit < price if zero_for_one else price < limit < MAX_SQRT_RATIO):
        raise refusal(state, "has its price on the other side of the limit", sqrt_price_limit_x96=limit)
    barrier = asked.find_price(limit)
    if barrier == len(asked.ladder.sums):
        return _filled(asked, amount_specified, _last_stop(asked, amount_specified), None)
    index = _last_stop(asked, amount_specified, barrier)
    return _filled(asked, amount_specified, index, limit if index == barrier else None)


def _last_stop(asked: Swaps, amount_specified: int, barrier: int | None = None) -> int:
    """The stop that the swap ends at or does not reach, `barrier` at most."""
    if barrier is not None:
        if amount_specified > 0:
            return bisect_left(asked.ladder.sums, amount_specified + asked.before_in, asked.index, barrier)
        return bisect_left(asked.ladder.outs, asked.before_out - amount_specified, asked.index, barrier)
    index = asked.find_in(amount_specified) if amount_specified > 0 else asked.find_out(-amount_specified)
    if index < len(asked.ladder.sums):
        return index
    if asked.ladder.end is not End.PRICES:
        asked.stop_at_the_end()
    return index - 1


def _filled(asked: Swaps, amount_specified: int, index: int, limit: int | None) -> V3Quote:
    """The swap up to the piece before that stop, and as much of that piece as the amount and limit allow."""
    ladder = asked.ladder
    direction = ladder.direction
    paid, given, start, liquidity = asked.before(index)
    target = ladder.prices[index] if limit is None else limit
    whole_in, whole_out = direction.whole(start, target, liquidity, ladder.kept)
    remaining = amount_specified - paid if amount_specified > 0 else -amount_specified - given
    if remaining >= (whole_in if amount_specified > 0 else whole_out):
        price, paid, given = target, paid + whole_in, given + whole_out
    elif amount_specified > 0:
        price, out = direction.spend(start, liquidity, remaining, ladder.kept)
        paid, given = amount_specified, given + out
    else:
        price, cost = direction.take(start, liquidity, remaining, ladder.kept)
        paid, given = paid + cost, -amount_specified
    if price == ladder.prices[index] and not _is_last(asked, index, End.PRICES):
        return V3Quote(paid, given, price, *_arrived(asked, index))
    tick = tick_at_sqrt_ratio(price) if price != start else _tick_before(asked, index)
    return V3Quote(paid, given, price, tick, liquidity, asked.crossed_before(index))


def _is_last(asked: Swaps, index: int, end: End) -> bool:
    return asked.ladder.end is end and index == len(asked.ladder.sums) - 1


def _tick_before(asked: Swaps, index: int) -> int:
    """The tick that the pool is in before the piece that ends at that stop."""
    return (
        asked.tick if index == asked.index else asked.ladder.direction.inside(asked.ladder.ticks[index - 1])
    )


def _arrived(asked: Swaps, index: int) -> tuple[int, int, int]:
    """Tick, liquidity and crossed ticks of a pool that has reached that stop."""
    if _is_last(asked, index, End.UNKNOWN):
        asked.stop_at_the_end()
    ladder = asked.ladder
    stop, liquidity = ladder.ticks[index], ladder.behind(index)
    if not 0 <= liquidity <= MAX_UINT128:
        asked.refuse("was read with ticks that do not fit its liquidity", tick=stop)
    crossed = asked.crossed_before(index) + (stop in ladder.map.ticks)
    return ladder.direction.inside(stop), liquidity, crossed
