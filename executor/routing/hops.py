"""A pool in one direction at one state, as sizes are solved with it: quotes, and the pieces of its curve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.market import PoolState, V2State, V3State
from executor.routing.constant_product import kept_of, pair_edge
from executor.venues import VENUES, Venue, uniswap_v2
from executor.venues.curve import Stretch
from executor.venues.uniswap_v2 import MAX_RESERVE
from executor.venues.uniswap_v3_swaps import swaps


class Hop(Protocol):
    """Amounts in the smallest units. Each function raises MathsError where the pool has no such amount,
    TicksUnknownError where not enough of it was read.
    """

    def out(self, amount_in: int) -> int:
        """What comes out for all of `amount_in`; 0 for too little."""

    def least_in(self, amount_out: int) -> int:
        """The least input for which at least `amount_out` comes out."""

    def stretch(self, number: int) -> Stretch | None:
        """That piece of the curve, counted from the present price; None where it has no such pieces."""

    def stretch_of(self, amount_in: int) -> int:
        """The number of the piece that an input ends in."""


class PairHop:
    """A V2 pair."""

    __slots__ = ("_edge", "_piece", "_state", "_zero_for_one")

    def __init__(self, state: V2State, zero_for_one: bool) -> None:
        self._edge = pair_edge(state, zero_for_one, kept_of(state.pool))
        self._state, self._zero_for_one = state, zero_for_one
        self._piece = uniswap_v2.stretch(state, zero_for_one, 0)

    def out(self, amount_in: int) -> int:
        """What comes out for all of `amount_in`."""
        reserve_in, _, scaled_in, num, scaled_out = self._edge
        if 0 < amount_in <= MAX_RESERVE - reserve_in:
            return scaled_out * amount_in // (scaled_in + num * amount_in)
        return uniswap_v2.amount_out(self._state, self._zero_for_one, amount_in)

    def least_in(self, amount_out: int) -> int:
        """The least input for which at least `amount_out` comes out."""
        return uniswap_v2.amount_in(self._state, self._zero_for_one, amount_out)

    def stretch(self, number: int) -> Stretch:
        """The one piece."""
        return uniswap_v2.stretch(self._state, self._zero_for_one, number) if number else self._piece

    def stretch_of(self, amount_in: int) -> int:
        """0, where the pair can take so much."""
        if amount_in > MAX_RESERVE - self._edge[0]:
            self.out(amount_in)
        return 0


@dataclass(frozen=True, slots=True)
class VenueHop:
    """Any venue's pool, by the functions of its module."""

    venue: Venue
    state: PoolState
    zero_for_one: bool

    def out(self, amount_in: int) -> int:
        """What comes out for all of `amount_in`."""
        return self.venue.amount_out(self.state, self.zero_for_one, amount_in)

    def least_in(self, amount_out: int) -> int:
        """The least input for which at least `amount_out` comes out."""
        return self.venue.amount_in(self.state, self.zero_for_one, amount_out)

    def stretch(self, number: int) -> Stretch | None:
        """The venue's own pieces, where it has any."""
        pieces: Callable[[PoolState, bool, int], Stretch | None] | None
        pieces = getattr(self.venue, "stretch", None)
        return pieces(self.state, self.zero_for_one, number) if pieces is not None else None

    def stretch_of(self, amount_in: int) -> int:
        """The number of the piece that an input ends in, one after the other."""
        number = 0
        while (piece := self.stretch(number)) is not None and piece.end is not None and piece.end < amount_in:
            number += 1
        return number


def hop(state: PoolState, zero_for_one: bool) -> Hop:
    """A pool in one direction; what a state keeps for its quotes is used where it keeps anything."""
    if isinstance(state, V2State):
        return PairHop(state, zero_for_one)
    if isinstance(state, V3State):
        return swaps(state, zero_for_one)
    return VenueHop(VENUES[state.pool.kind], state, zero_for_one)


def forward(hops: Sequence[Hop], amount_in: int) -> tuple[int, ...] | None:
    """The amounts before each hop and after the last, 0 behind one that gives nothing for so little; None
    where a hop cannot make the trade, or where not enough of it was read.
    """
    amounts = [amount_in]
    try:
        for each in hops:
            amount_in = each.out(amount_in) if amount_in else 0
            amounts.append(amount_in)
    except (MathsError, TicksUnknownError):
        return None
    return tuple(amounts)


def backward(hops: Sequence[Hop], amount_out: int) -> int | None:
    """The least input for which at least `amount_out` comes out of the last hop; None where it never does, as
    far as is known.
    """
    try:
        for each in reversed(hops):
            amount_out = each.least_in(amount_out)
    except (MathsError, TicksUnknownError):
        return None
    return amount_out
