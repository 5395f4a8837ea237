"""Where swaps of a pool of the Uniswap V3 shape stop, with what it costs to get there: added up once, then
every quote is a look-up and one last piece.

A pool's loop goes from stop to stop: initialised ticks, and the ends of the words of its bitmap, where it
rounds although nothing changes. A piece from one stop to the next has amounts that depend neither on the
swap's amount nor on its start. The loop reaches a stop if and only if

    remaining * (1e6 - fee) // 1e6 >= a    <=>    remaining >= ceil(a * 1e6 / (1e6 - fee))

where a is the piece's input without fee, and the right side is just what the loop then takes for the piece.
So sums over whole pieces are exact, to the wei, however a swap was cut. All states with the same ticks share
their ladders: a swap moves the price and leaves them as they are. They grow as far as amounts have asked,
in one thread.
"""

from bisect import bisect_left
from collections.abc import Mapping
from enum import Enum, auto

from executor.venues.uniswap_v3_direction import DOWN, UP, Direction
from executor.venues.uniswap_v3_maths import MAX_UINT128, sqrt_ratio_at_tick


class End(Enum):
    """Why no stop follows the last one."""

    PRICES = auto()
    """Prices end: the last stop is the furthest price limit."""
    UNKNOWN = auto()
    """The last stop is the first tick that was not read: a swap that reaches it cannot be answered."""
    BROKEN = auto()
    """Behind the last stop the liquidity would be out of range: these ticks are not those of this pool."""


class Liquidity:
    """The liquidity map of a pool as far as it was read, and the ladders over it.

    `kept`: the millionths of the input that are not fee, for token0 in and for token1 in. `words`: whether
    swaps stop at the ends of words of the bitmap.
    """

    __slots__ = ("down", "initialised", "kept", "known_high", "known_low", "spacing", "ticks", "up", "words")

    def __init__(
        self,
        ticks: Mapping[int, int],
        known: tuple[int, int],
        spacing: int,
        kept: tuple[int, int],
        words: bool = True,
    ) -> None:
        self.ticks = ticks
        self.initialised = sorted(ticks)
        self.known_low, self.known_high = known
        self.spacing = spacing
        self.kept = kept
        self.words = words
        self.down: Ladder | None = None
        self.up: Ladder | None = None

    def fits(self, ticks: Mapping[int, int], known: tuple[int, int], kept: tuple[int, int]) -> bool:
        """True if a state with these very ticks may use the ladders."""
        return self.ticks is ticks and (self.known_low, self.known_high) == known and self.kept == kept

    def ladder(self, zero_for_one: bool, tick: int, liquidity: int) -> "tuple[Ladder, int] | None":
        """The ladder of one direction, and the index of the first stop that a swap from inside `tick` meets;
        None if `liquidity` is not what this map has there.
        """
        known = self.down if zero_for_one else self.up
        if known is None:
            return self._keep(Ladder(self, zero_for_one, tick, liquidity)), 0
        index = known.find(tick)
        if index == 0 and known.stop_after(tick)[0] != known.ticks[0]:
            longer = known.lengthened_behind(tick, liquidity)
            return None if longer is None else (self._keep(longer), 0)
        fits = index < len(known.ticks) and known.liquidities[index] == liquidity
        return (known, index) if fits else None

    def _keep(self, ladder: "Ladder") -> "Ladder":
        if ladder.direction.down:
            self.down = ladder
        else:
            self.up = ladder
        return ladder


class Ladder:
    """The stops in one direction, in their order. For stop i: its tick and price, the liquidity of the piece
    that ends there, and the sums over pieces up to it of input with fee, of output and of initialised ticks.

    Sums count from stop 0: only their differences mean anything.
    """

    __slots__ = (
        "crossed",
        "direction",
        "end",
        "kept",
        "keys",
        "liquidities",
        "map",
        "outs",
        "prices",
        "sums",
        "ticks",
    )

    def __init__(self, liquidity_map: Liquidity, zero_for_one: bool, tick: int, liquidity: int) -> None:
        self.map = liquidity_map
        self.direction: Direction = DOWN if zero_for_one else UP
        self.kept = liquidity_map.kept[0 if zero_for_one else 1]
        stop, self.end = self.stop_after(tick)
        self.keys = [self.direction.key(stop)]
        self.ticks = [stop]
        self.prices = [self._price(stop, self.end)]
        self.liquidities = [liquidity]
        self.crossed = [1 if stop in liquidity_map.ticks else 0]
        self.outs = [0]
        self.sums = [0]

    def find(self, tick: int) -> int:
        """The index of the first stop that a swap from inside `tick` meets, growing as far; the number of
        stops where it lies behind the last one.
        """
        key = self.direction.first_key(tick)
        while key > self.keys[-1] and self.grow():
            pass
        return bisect_left(self.keys, key)

    def grow(self) -> bool:
        """Add the next stop; False if none follows."""
        if self.end is not None:
            return False
        last = self.ticks[-1]
        liquidity = self.behind(len(self.ticks) - 1)
        if not 0 <= liquidity <= MAX_UINT128:
            self.end = End.BROKEN
            return False
        stop, end = self.stop_after(self.direction.inside(last))
        price = self._price(stop, end)
        cost, given = self.direction.whole(self.prices[-1], price, liquidity, self.kept)
        self.keys.append(self.direction.key(stop))
        self.ticks.append(stop)
        self.prices.append(price)
        self.liquidities.append(liquidity)
        self.crossed.append(self.crossed[-1] + (stop in self.map.ticks))
        self.outs.append(self.outs[-1] + given)
        self.sums.append(self.sums[-1] + cost)
        self.end = end
        return True

    def behind(self, index: int) -> int:
        """The liquidity once a swap has passed that stop."""
        return self.liquidities[index] + self.direction.crossed(self.map.ticks.get(self.ticks[index], 0))

    def stop_after(self, tick: int) -> tuple[int, End | None]:
        """The first stop that a swap from inside `tick` meets, and whether it is the last one."""
        direction, ticks = self.direction, self.map
        nearest = ticks.known_low if direction.down else ticks.known_high
        reach = direction.key(nearest)
        whole_range = reach >= direction.key(direction.last_tick)
        stop = direction.next_initialised(tick, ticks.initialised)
        if ticks.words:
            end = direction.word_end(tick, ticks.spacing)
            stop = end if stop is None or direction.key(stop) > direction.key(end) else stop
        key = direction.key(stop) if stop is not None else direction.key(direction.last_tick)
        if not whole_range and key > reach:
            return direction.beyond(nearest), End.UNKNOWN
        if stop is None or key >= direction.key(direction.last_tick):
            return direction.last_tick, End.PRICES
        return stop, None

    def lengthened_behind(self, tick: int, liquidity: int) -> "Ladder | None":
        """This ladder with the stops before its first that a swap from inside `tick` meets; None if they do
        not fit together.
        """
        longer = Ladder(self.map, self.direction.down, tick, liquidity)
        while longer.keys[-1] < self.keys[0] and longer.grow():
            pass
        if (longer.keys[-1], longer.liquidities[-1]) != (self.keys[0], self.liquidities[0]):
            return None
        cost, given, crossed = longer.sums.pop(), longer.outs.pop(), longer.crossed.pop()
        longer.sums = [value - cost + self.sums[0] for value in longer.sums] + self.sums
        longer.outs = [value - given + self.outs[0] for value in longer.outs] + self.outs
        longer.crossed = [value - crossed + self.crossed[0] for value in longer.crossed] + self.crossed
        longer.keys = longer.keys[:-1] + self.keys
        longer.ticks = longer.ticks[:-1] + self.ticks
        longer.prices = longer.prices[:-1] + self.prices
        longer.liquidities = longer.liquidities[:-1] + self.liquidities
        longer.end = self.end
        return longer

    def _price(self, stop: int, end: End | None) -> int:
        return self.direction.last_price if end is End.PRICES else sqrt_ratio_at_tick(stop)
