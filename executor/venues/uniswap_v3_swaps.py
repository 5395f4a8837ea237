"""Swaps in one direction from one state of a pool of the Uniswap V3 shape: what is ahead of the price in the
first piece, then the ladder, then a part of one last piece.

Made once for a state and a direction, and asked many times. Amounts are in the tokens' smallest units; what
goes in includes the fee.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left
from typing import NoReturn

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.market import V3State
from executor.domain.pool import FEE_UNIT, Pool
from executor.venues.curve import Stretch
from executor.venues.uniswap_v3_direction import DOWN, UP
from executor.venues.uniswap_v3_ladder import End, Ladder, Liquidity
from executor.venues.uniswap_v3_maths import MAX_UINT256, sqrt_ratio_at_tick, tick_at_sqrt_ratio


class Swaps(ABC):
    """`first`, `first_out`: input that reaches the first stop, and its output. `before_in`, `before_out`,
    `crossed`: what the ladder's sums have to lose to count from this state. `index`: the first stop's.
    `near`: inputs below it are allowed and stay in the first piece.
    """

    __slots__ = (
        "before_in",
        "before_out",
        "crossed",
        "first",
        "first_out",
        "index",
        "kept",
        "ladder",
        "liquidity",
        "most",
        "near",
        "pool",
        "scaled",
        "sqrt_price_x96",
        "tick",
        "turned",
    )

    def __init__(self, state: V3State, ladder: Ladder, index: int) -> None:
        self.pool = state.pool
        self.sqrt_price_x96, self.tick, self.liquidity = state.sqrt_price_x96, state.tick, state.liquidity
        self.ladder, self.index, self.kept = ladder, index, ladder.kept
        self.first, self.first_out = ladder.direction.whole(
            self.sqrt_price_x96, ladder.prices[index], self.liquidity, self.kept
        )
        self.most = state.MOST
        self.near = min(self.first, self.most + 1)
        self.before_in = ladder.sums[index] - self.first
        self.before_out = ladder.outs[index] - self.first_out
        self.crossed = ladder.crossed[index] - (ladder.ticks[index] in ladder.map.ticks)
        self.scaled = self.liquidity << 96
        self.turned = -self.scaled * self.sqrt_price_x96

    @abstractmethod
    def out(self, amount_in: int) -> int:
        """What comes out for all of `amount_in`. Raises MathsError if there is no such amount or liquidity,
        TicksUnknownError if not enough was read.
        """

    def least_in(self, amount_out: int) -> int:
        """The smallest input whose output is at least `amount_out`. Raises as `out` does."""
        if amount_out <= 0:
            self.refuse("gives a positive amount only", amount_out=amount_out)
        ladder, index = self.ladder, self.find_out(amount_out)
        if index == len(ladder.outs):
            self.stop_at_the_end(amount_out=amount_out, available=ladder.outs[-1] - self.before_out)
        paid, given, price, liquidity = self.before(index)
        needed = paid + ladder.direction.take(price, liquidity, amount_out - given, self.kept)[1]
        if ladder.end is End.UNKNOWN and needed >= ladder.sums[-1] - self.before_in:
            self.stop_at_the_end()
        return needed if self.out(needed) >= amount_out else self._searched(needed, amount_out)

    def stretch(self, number: int) -> Stretch:
        """The piece `number` stops further on. Raises MathsError behind the last one, TicksUnknownError where
        nothing was read.
        """
        ladder, index = self.ladder, self.index + number
        while index >= len(ladder.sums) and ladder.grow():
            pass
        if index >= len(ladder.sums):
            self.stop_at_the_end(stretch=number)
        start, given, price, liquidity = self.before(index)
        end, crossed = ladder.sums[index] - self.before_in, self.crossed_before(index)
        if ladder.end is End.UNKNOWN and index == len(ladder.sums) - 1:
            end -= 1
            if end <= start:
                self.stop_at_the_end(stretch=number)
        if liquidity == 0:
            return Stretch(start, end, 0, given, 0, 1, crossed)
        a, c, d = ladder.direction.curve(price, liquidity, self.kept)
        d -= c * start
        return Stretch(start, end, given * c + a, given * d - a * start, c, d, crossed)

    def stretch_of(self, amount_in: int) -> int:
        """The number of the stretch that an input ends in. Raises as `out` does."""
        index = self.find_in(amount_in)
        if index == len(self.ladder.sums):
            self.stop_at_the_end(amount_in=amount_in, usable=self.ladder.sums[-1] - self.before_in)
        return index - self.index

    def ticks_crossed(self, amount_in: int) -> int:
        """How many initialised ticks an input crosses. Raises as `out` does."""
        index = self.find_in(amount_in)
        ladder = self.ladder
        if index == len(ladder.sums):
            self.stop_at_the_end(amount_in=amount_in, usable=ladder.sums[-1] - self.before_in)
        reached = ladder.sums[index] == amount_in + self.before_in and ladder.ticks[index] in ladder.map.ticks
        return self.crossed_before(index) + reached

    def find_in(self, amount_in: int) -> int:
        """The stop that an input ends at, or the one it does not reach; the number of stops if it passes
        all.
        """
        sums, goal = self.ladder.sums, amount_in + self.before_in
        while sums[-1] < goal and self.ladder.grow():
            pass
        return bisect_left(sums, goal, self.index)

    def find_price(self, sqrt_price_x96: int) -> int:
        """The first stop whose price is not ahead of this one; the number of stops if that was not read."""
        ladder, tick = self.ladder, tick_at_sqrt_ratio(sqrt_price_x96)
        if not ladder.direction.down and sqrt_ratio_at_tick(tick) < sqrt_price_x96:
            tick += 1
        key = ladder.direction.key(tick)
        while ladder.keys[-1] < key and ladder.grow():
            pass
        return max(bisect_left(ladder.keys, key), self.index)

    def find_out(self, amount_out: int) -> int:
        """The first stop by which that much has come out; the number of stops if it never does."""
        outs, goal = self.ladder.outs, amount_out + self.before_out
        while outs[-1] < goal and self.ladder.grow():
            pass
        return bisect_left(outs, goal, self.index)

    def before(self, index: int) -> tuple[int, int, int, int]:
        """Where the piece that ends at that stop starts: what went in and came out until then, its first
        price and its liquidity.
        """
        if index == self.index:
            return 0, 0, self.sqrt_price_x96, self.liquidity
        ladder, last = self.ladder, index - 1
        paid, given = ladder.sums[last] - self.before_in, ladder.outs[last] - self.before_out
        return paid, given, ladder.prices[last], ladder.liquidities[index]

    def crossed_before(self, index: int) -> int:
        """How many initialised ticks lie before that stop."""
        return 0 if index == self.index else self.ladder.crossed[index - 1] - self.crossed

    def refuse(self, problem: str, **facts: object) -> NoReturn:
        """Raise MathsError with the facts of the pool."""
        raise refusal(self, problem, **facts)

    def stop_at_the_end(self, **facts: object) -> NoReturn:
        """Raise what it means that a swap gets past the last stop."""
        ladder = self.ladder
        if ladder.end is End.UNKNOWN:
            raise _unknown(self.pool, ladder.map, ladder.direction.down)
        if ladder.end is End.BROKEN:
            self.refuse("was read with ticks that do not fit its liquidity", tick=ladder.ticks[-1])
        self.refuse("has not the liquidity for so much", **facts)

    def _out_beyond(self, amount_in: int) -> int:
        """`out` for amounts that pass the first stop."""
        if not 0 < amount_in <= self.most:
            self.refuse("takes a positive amount only, and not so much", amount_in=amount_in)
        ladder = self.ladder
        sums, goal = ladder.sums, amount_in + self.before_in
        while sums[-1] < goal and ladder.grow():
            pass
        index = bisect_left(sums, goal, self.index)
        if index == len(sums):
            self.stop_at_the_end(amount_in=amount_in, usable=sums[-1] - self.before_in)
        if sums[index] == goal:
            if ladder.end is End.UNKNOWN and index == len(sums) - 1:
                self.stop_at_the_end()
            return ladder.outs[index] - self.before_out
        last = index - 1
        given, rest = ladder.outs[last] - self.before_out, goal - sums[last]
        return (
            given + ladder.direction.spend(ladder.prices[last], ladder.liquidities[index], rest, self.kept)[1]
        )

    def _searched(self, amount_in: int, amount_out: int) -> int:
        """The same by search, for prices so high that the pool rounds coarsely (its product overflows)."""
        low, high = amount_in, 2 * amount_in
        while self.out(high) < amount_out:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.out(middle) >= amount_out else (middle, high)
        return high


class Down(Swaps):
    """Token0 goes in."""

    __slots__ = ()

    def out(self, amount_in: int) -> int:
        """What comes out for all of `amount_in`."""
        if 0 < amount_in < self.near:
            price = self.sqrt_price_x96
            weight = self.scaled + amount_in * self.kept // FEE_UNIT * price
            if weight <= MAX_UINT256:
                return self.liquidity * (price + self.turned // weight) >> 96
            return DOWN.spend(price, self.liquidity, amount_in, self.kept)[1]
        return self._out_beyond(amount_in)


class Up(Swaps):
    """Token1 goes in."""

    __slots__ = ()

    def out(self, amount_in: int) -> int:
        """What comes out for all of `amount_in`."""
        if 0 < amount_in < self.near:
            price = self.sqrt_price_x96
            moved = (amount_in * self.kept // FEE_UNIT << 96) // self.liquidity
            return self.scaled * moved // (price * (price + moved))
        return self._out_beyond(amount_in)


def swaps(state: V3State, zero_for_one: bool) -> Swaps:
    """The swaps of a state in one direction, worked out when they are first asked for. Raises MathsError for
    a pool without a price, TicksUnknownError for one whose price lies outside what was read of it.
    """
    made: Swaps | None = state.down if zero_for_one else state.up
    if made is None:
        made = _made(state, zero_for_one)
        object.__setattr__(state, "down" if zero_for_one else "up", made)
    return made


def _made(state: V3State, zero_for_one: bool) -> Swaps:
    direction = DOWN if zero_for_one else UP
    price = state.sqrt_price_x96
    if price == 0 or state.pool.tick_spacing <= 0:
        raise refusal(state, "is not initialised")
    if price <= direction.last_price if zero_for_one else price >= direction.last_price:
        raise refusal(state, "has its price at the end of all prices")
    fee = state.fee(zero_for_one)
    if not 0 <= fee < FEE_UNIT:
        raise refusal(state, "keeps all that goes in as its fee", fee=fee)
    liquidity_map = _shared(state)
    if not state.known_low - 1 <= state.tick <= state.known_high:
        raise _unknown(state.pool, liquidity_map, state.tick < state.known_low)
    found = liquidity_map.ladder(zero_for_one, state.tick, state.liquidity)
    if found is None:
        liquidity_map = _own(state)
        found = liquidity_map.ladder(zero_for_one, state.tick, state.liquidity)
        assert found is not None
    return (Down if zero_for_one else Up)(state, *found)


def _shared(state: V3State) -> Liquidity:
    """The map that came with the state, if it is about the same ticks; else one of its own."""
    known: Liquidity | None = state.ladders
    if known is not None and known.fits(state.ticks, (state.known_low, state.known_high), _kept(state)):
        return known
    return _own(state)


def _own(state: V3State) -> Liquidity:
    known = (state.known_low, state.known_high)
    made = Liquidity(state.ticks, known, state.pool.tick_spacing, _kept(state), state.word_ends)
    object.__setattr__(state, "ladders", made)
    return made


def _kept(state: V3State) -> tuple[int, int]:
    return FEE_UNIT - state.fee(True), FEE_UNIT - state.fee(False)


def refusal(of: V3State | Swaps, problem: str, **facts: object) -> MathsError:
    """The error that the pool would not make the swap."""
    return MathsError(
        f"pool {of.pool.identity} on {of.pool.dex} {problem}.",
        fix="trade less, or use another pool",
        pool=of.pool.identity,
        sqrt_price_x96=of.sqrt_price_x96,
        liquidity=of.liquidity,
        **facts,
    )


def _unknown(pool: Pool, known: Liquidity, toward_low: bool) -> TicksUnknownError:
    return TicksUnknownError(
        f"the swap on {pool.identity} leaves the known ticks {known.known_low} to {known.known_high}.",
        fix="read more ticks on that side and ask again",
        pool=pool.key,
        toward_low=toward_low,
        known_low=known.known_low,
        known_high=known.known_high,
    )
