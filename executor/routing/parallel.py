"""Curves side by side: an amount split over them by equal marginal price is one curve again, made of pieces.

On a Moebius piece `(a x + b) / (c x + d)` let D be ad - bc and p the inverse square root of its marginal
price. Then `x = (p sqrt(D) - d) / c`, and what comes out is `a / c - sqrt(D) / (c p)`: linear in p and in
1 / p. So with A, B and G as the sums of sqrt(D) / c, d / c and a / c over the curves that are open at p, all
of them together give `G - A**2 / (X + B)` for a total input X: a Moebius map too, until one of them comes to
the end of its piece, or the price is reached at which another opens (Angeris et al., "Optimal routing for
constant function market makers"). For pairs alone this is the closed form of the split.

Prices are kept in fixed point here. They only decide how an amount is divided: each part is a whole number,
and what comes out is what the pools themselves give.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from executor.domain.errors import MathsError, TicksUnknownError
from executor.routing.hops import Hop
from executor.routing.moebius import Map, inverse, root, value
from executor.venues.curve import Stretch

BITS = 160
ONE = 1 << BITS


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of one curve in fixed point: open from `first` to `last` of p (None: for ever), where
    `x = p * slope - offset` and `gain - slope / p` comes out; `start` and `end` are its inputs.
    """

    first: int
    last: int | None
    slope: int
    offset: int
    gain: int
    start: int
    end: int | None
    crossed: int

    def at(self, price: int) -> int:
        """The input at which the piece has that inverse square root of the price."""
        taken = (price * self.slope >> BITS) - self.offset >> BITS
        taken = max(taken, self.start)
        return taken if self.end is None else min(taken, self.end)


class _Walk:
    """One curve, walked piece by piece. `passed`, `given`: its totals while it waits for its next piece."""

    def __init__(self, hop: Hop) -> None:
        self.hop, self.number = hop, -1
        self.piece: _Piece | None = None
        self.open = False
        self.passed = self.given = 0
        self.wall: MathsError | TicksUnknownError | None = None
        self._curve: Map = (0, 0, 0, 1)
        self.advance()

    def advance(self) -> None:
        """Close the piece, and find the next one that takes anything."""
        if self.piece is not None and self.piece.end is not None:
            self.passed = self.piece.end
            self.given = value(self._curve, self.passed)
        self.open, self.piece = False, None
        while self.piece is None and self.wall is None:
            self.number += 1
            try:
                found = self.hop.stretch(self.number)
            except (MathsError, TicksUnknownError) as wall:
                self.wall = wall.with_traceback(None)
                return
            assert found is not None
            if found.c and (found.end is None or found.end > found.start):
                self.piece, self._curve = _fixed(found), (found.a, found.b, found.c, found.d)


@dataclass(frozen=True, slots=True)
class _Level:
    """All curves between two prices: the pieces that are open, by the number of their curve, and what the
    others have taken until then. `stretch` is the map of all together.
    """

    stretch: Stretch
    slope: int
    offset: int
    open: tuple[tuple[int, _Piece], ...]
    fixed: tuple[tuple[int, int], ...]


class ParallelHop:
    """Curves of pieces with the same tokens, side by side. Amounts as for every `Hop`."""

    def __init__(self, hops: Sequence[Hop]) -> None:
        self._walks = [_Walk(hop) for hop in hops]
        self.hops = tuple(hops)
        self._levels: list[_Level] = []
        self._price = 0

    def parts(self, amount_in: int) -> tuple[int, ...]:
        """How an input is divided: the parts in the order of the curves, 0 for those that are not used."""
        level = self._levels[self.stretch_of(amount_in)]
        parts = [0] * len(self.hops)
        for number, taken in level.fixed:
            parts[number] = taken
        price = (((amount_in << BITS) + level.offset) << BITS) // level.slope
        for number, piece in level.open:
            parts[number] = piece.at(price)
        # What rounding left over goes where most goes; what it took too much comes from there.
        largest = parts.index(max(parts))
        parts[largest] += amount_in - sum(parts)
        return tuple(parts)

    def out(self, amount_in: int) -> int:
        """What all parts give together."""
        parts = self.parts(amount_in)
        return sum(hop.out(part) for hop, part in zip(self.hops, parts, strict=True) if part)

    def least_in(self, amount_out: int) -> int:
        """An input for which at least `amount_out` comes out, no larger than rounding makes it."""
        number = 0
        while (end := self.stretch(number).end) is not None and self.out(end) < amount_out:
            number += 1
        piece = self.stretch(number)
        guess = inverse((piece.a, piece.b, piece.c, piece.d), amount_out)
        low = max(guess or 0, piece.start, 1)
        step = 1
        while self.out(low) < amount_out:
            low, step = low + step, 2 * step
        return low

    def stretch(self, number: int) -> Stretch:
        """The piece of the whole between two prices at which a curve opens or ends a piece."""
        while len(self._levels) <= number:
            self._grow()
        return self._levels[number].stretch

    def stretch_of(self, amount_in: int) -> int:
        """The number of the piece that an input ends in."""
        number = 0
        while (end := self.stretch(number).end) is not None and end < amount_in:
            number += 1
        return number

    def _grow(self) -> None:
        start = self._levels[-1].stretch.end if self._levels else 0
        assert start is not None
        while True:
            self._open_and_close()
            level = self._level(start)
            if level.stretch.end is None or level.stretch.end > start:
                self._levels.append(level)
                return

    def _open_and_close(self) -> None:
        """Move the price to where the next curve opens or the next piece ends."""
        for walk in self._walks:
            last = walk.piece.last if walk.open and walk.piece is not None else None
            if last is not None and last <= self._price:
                walk.advance()
        if not any(walk.open for walk in self._walks):
            waiting = [walk.piece.first for walk in self._walks if walk.piece is not None]
            if not waiting:
                raise next(walk.wall for walk in self._walks if walk.wall is not None)
            self._price = max(self._price, min(waiting))
        for walk in self._walks:
            if isinstance(walk.wall, TicksUnknownError):
                raise walk.wall
            if walk.piece is not None and walk.piece.first <= self._price:
                walk.open = True

    def _level(self, start: int) -> _Level:
        """The level from the present price to the next at which anything changes; moves the price there."""
        opened = [(number, walk) for number, walk in enumerate(self._walks) if walk.open]
        waiting = [walk.piece.first for walk in self._walks if walk.piece is not None and not walk.open]
        pieces = [(number, walk.piece) for number, walk in opened if walk.piece is not None]
        lasts = [piece.last for _, piece in pieces if piece.last is not None]
        following = min([*lasts, *waiting], default=None)
        fixed = [
            (number, walk.passed, walk.given) for number, walk in enumerate(self._walks) if not walk.open
        ]
        slope = sum(piece.slope for _, piece in pieces)
        offset = sum(piece.offset for _, piece in pieces) - (sum(taken for _, taken, _ in fixed) << BITS)
        gain = sum(piece.gain for _, piece in pieces) + (sum(given for _, _, given in fixed) << BITS)
        end = None
        if following is not None:
            end = (following * slope >> BITS) - offset >> BITS
            self._price = following
        crossed = sum(piece.crossed for _, piece in pieces)
        joined = Stretch(start, end, gain, (gain * offset - slope * slope) >> BITS, ONE, offset, crossed)
        return _Level(
            joined, slope, offset, tuple(pieces), tuple((number, taken) for number, taken, _ in fixed)
        )


def moved(hops: Sequence[Hop], parts: Sequence[int]) -> tuple[int, ...]:
    """The parts after moving amounts from one to another, ever smaller ones, as long as more comes out."""
    best = list(parts)
    given = [hop.out(part) if part else 0 for hop, part in zip(hops, best, strict=True)]
    step = max(best) // 4
    while step > max(best) >> 20:
        for giver, taker in permutations(range(len(best)), 2):
            if best[giver] < step:
                continue
            less, more = best[giver] - step, best[taker] + step
            try:
                tried = (hops[giver].out(less) if less else 0, hops[taker].out(more))
            except (MathsError, TicksUnknownError):
                continue
            if sum(tried) > given[giver] + given[taker]:
                best[giver], best[taker], given[giver], given[taker] = less, more, *tried
        step //= 2
    return tuple(best)


def _fixed(found: Stretch) -> _Piece:
    """A piece in fixed point."""
    a, b, c, d = found.a, found.b, found.c, found.d
    steepness = root((a * d - b * c) << 2 * BITS)
    first = ((c * found.start + d) << 2 * BITS) // steepness
    last = None if found.end is None else ((c * found.end + d) << 2 * BITS) // steepness
    gain = (a << BITS) // c
    return _Piece(first, last, steepness // c, (d << BITS) // c, gain, found.start, found.end, found.crossed)
