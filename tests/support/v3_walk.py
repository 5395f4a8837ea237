"""The loop of `UniswapV3Pool.swap` of v3-core 1.0.1, step by step as the contract does it: what the project's
maths, which never walk, are held against.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.market import V3State
from executor.venues.uniswap_v3 import V3Quote
from executor.venues.uniswap_v3_maths import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MAX_UINT128,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from tests.support.v3_steps import swap_step

MAX_AMOUNT = 2**255 - 1


def walked(
    state: V3State, zero_for_one: bool, amount_specified: int, sqrt_price_limit_x96: int | None = None
) -> V3Quote:
    """Swap exactly in (positive) or exactly out (negative), stopping at the price limit. Raises as the
    project's `quote` does.
    """
    limit = _checked_limit(state, zero_for_one, amount_specified, sqrt_price_limit_x96)
    walk = _Walk(state, zero_for_one)
    remaining = amount_specified
    amount_in = amount_out = 0
    while remaining != 0 and walk.price != limit:
        step = walk.advance(remaining, limit)
        amount_in += step.amount_in + step.fee
        amount_out += step.amount_out
        remaining = amount_specified - amount_in if amount_specified > 0 else amount_specified + amount_out
    return V3Quote(amount_in, amount_out, walk.price, walk.tick, walk.liquidity, walk.crossed)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a step may go at most. `unknown`: from there on nothing was read; `initialised`: liquidity
    changes there.
    """

    tick: int
    initialised: bool
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class _Stretch:
    amount_in: int
    amount_out: int
    fee: int


class _Walk:
    """A swap under way: price, tick and liquidity at this moment."""

    def __init__(self, state: V3State, zero_for_one: bool) -> None:
        self._state = state
        self._down = zero_for_one
        self._initialised = sorted(state.ticks)
        self.price = state.sqrt_price_x96
        self.tick = state.tick
        self.liquidity = state.liquidity
        self.crossed = 0

    def advance(self, remaining: int, limit: int) -> _Stretch:
        """One step of the pool's loop: to the next tick, the price limit or the end of the amount."""
        target = self._next_target()
        tick_price = sqrt_ratio_at_tick(target.tick)
        if target.unknown and (tick_price >= self.price if self._down else tick_price <= self.price):
            raise self._unknown()
        goal = max(tick_price, limit) if self._down else min(tick_price, limit)
        started_at = self.price
        step = swap_step(started_at, goal, self.liquidity, remaining, self._state.fee(self._down))
        self.price = step.sqrt_price_x96
        if self.price == tick_price:
            self._arrive(target)
        elif self.price != started_at:
            self.tick = tick_at_sqrt_ratio(self.price)
        return _Stretch(step.amount_in, step.amount_out, step.fee)

    def _arrive(self, target: _Target) -> None:
        if target.unknown:
            raise self._unknown()
        if target.initialised:
            net = self._state.ticks[target.tick]
            self.liquidity += -net if self._down else net
            self.crossed += 1
            if not 0 <= self.liquidity <= MAX_UINT128:
                raise _refusal(
                    self._state, "was read with ticks that do not fit its liquidity", tick=target.tick
                )
        self.tick = target.tick - 1 if self._down else target.tick

    def _next_target(self) -> _Target:
        """The next initialised tick in the same word of 256, else the end of the word: where the pool itself
        stops and rounds.
        """
        return self._target_below() if self._down else self._target_above()

    def _target_below(self) -> _Target:
        spacing, known = self._state.pool.tick_spacing, self._state.known_low
        compressed = self.tick // spacing
        word_end = (compressed >> 8 << 8) * spacing
        index = bisect_right(self._initialised, compressed * spacing)
        found = self._initialised[index - 1] if index else None
        if found is not None and found >= max(word_end, known):
            return _Target(max(found, MIN_TICK), initialised=True)
        if word_end >= known or known <= MIN_TICK:
            return _Target(max(word_end, MIN_TICK), initialised=False)
        return _Target(known - 1, initialised=False, unknown=True)

    def _target_above(self) -> _Target:
        spacing, known = self._state.pool.tick_spacing, self._state.known_high
        compressed = self.tick // spacing + 1
        word_end = ((compressed >> 8 << 8) + 255) * spacing
        index = bisect_left(self._initialised, compressed * spacing)
        found = self._initialised[index] if index < len(self._initialised) else None
        if found is not None and found <= min(word_end, known):
            return _Target(min(found, MAX_TICK), initialised=True)
        if word_end <= known or known >= MAX_TICK:
            return _Target(min(word_end, MAX_TICK), initialised=False)
        return _Target(known + 1, initialised=False, unknown=True)

    def _unknown(self) -> TicksUnknownError:
        state = self._state
        known = f"{state.known_low} to {state.known_high}"
        return TicksUnknownError(
            f"the swap on {state.pool.address} leaves the ticks {known} that were read.",
            fix="read more ticks on that side and ask again",
            pool=state.pool.key,
            toward_low=self._down,
            known_low=state.known_low,
            known_high=state.known_high,
        )


def _checked_limit(state: V3State, zero_for_one: bool, amount_specified: int, limit: int | None) -> int:
    if state.sqrt_price_x96 == 0 or state.pool.tick_spacing <= 0:
        raise _refusal(state, "is not initialised")
    if amount_specified == 0 or abs(amount_specified) > MAX_AMOUNT:
        raise _refusal(state, "takes a positive amount below 2**255 only", amount_specified=amount_specified)
    if limit is None:
        limit = MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1
    price = state.sqrt_price_x96
    if not (MIN_SQRT_RATIO < limit < price if zero_for_one else price < limit < MAX_SQRT_RATIO):
        raise _refusal(state, "has its price on the other side of the limit", sqrt_price_limit_x96=limit)
    return limit


def _refusal(state: V3State, problem: str, **facts: object) -> MathsError:
    return MathsError(
        f"pool {state.pool.address} on {state.pool.dex} {problem}.",
        fix="trade less, or use another pool",
        pool=state.pool.address,
        sqrt_price_x96=state.sqrt_price_x96,
        liquidity=state.liquidity,
        **facts,
    )
