"""Pools in one direction at their present states, shared by all cycles that pass through them."""

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.market import PoolState, V2State
from executor.domain.pool import VenueKind
from executor.domain.route import Leg
from executor.routing.constant_product import NO_EDGE, kept_of, pair_edge
from executor.routing.hops import Hop, hop
from executor.routing.margins import within
from executor.routing.states import States
from executor.venues import VENUES
from executor.venues.dodo_v2_state import DodoV2State

IN_PIECES = frozenset({VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3, VenueKind.UNISWAP_V4})
"""Venues whose curves are made of Moebius pieces, always."""


class Side:
    """A pool in one direction. What cycles need of a state is worked out once, when it is first asked for."""

    __slots__ = ("_hop", "_kept", "_price", "edge", "state", "zero_for_one")

    def __init__(self, state: PoolState, zero_for_one: bool) -> None:
        self.zero_for_one = zero_for_one
        self.edge = NO_EDGE
        self._kept = kept_of(state.pool)
        self.put(state)

    def put(self, state: PoolState) -> None:
        """Take over the pool's new state, as sizes are worked out with it."""
        self.state = state = within(state)
        self._hop: Hop | None = None
        self._price: tuple[int, int] | None = None
        if isinstance(state, V2State):
            self.edge = pair_edge(state, self.zero_for_one, self._kept)

    @property
    def hop(self) -> Hop:
        """Quotes and pieces at this state. Raises MathsError for a pool that cannot trade."""
        if self._hop is None:
            self._hop = hop(self.state, self.zero_for_one)
        return self._hop

    @property
    def price(self) -> tuple[int, int]:
        """What the very next unit gives, numerator and denominator; nothing where the pool cannot trade."""
        if self._price is None:
            try:
                num, den = VENUES[self.state.pool.kind].marginal(self.state, self.zero_for_one)
            except (MathsError, TicksUnknownError):
                num = den = 0
            self._price = (num, den) if den else (0, 1)
        return self._price

    @property
    def ceiling(self) -> tuple[int, int]:
        """No amount is traded at a better price than this. Curves of pieces only get worse than at their
        start; other pools may lower their fee as they are traded, and are given room. The first unit of a
        pool of DODO takes along what waits there, or what the pool has too much of where it works out no
        target for it; none that follows gives as much.
        """
        num, den = self.price
        if self.state.pool.kind in IN_PIECES:
            return num, den
        first = self._first
        if first * den > num:
            num, den = first, 1
        return num * 101, den * 100

    @property
    def _first(self) -> int:
        """What a single unit gives at a pool of DODO, rounded up where anything waits there: then it is a
        part of what goes in. Nothing where the pool cannot take it.
        """
        state = self.state
        if not isinstance(state, DodoV2State):
            return 0
        try:
            return self.hop.out(1) + (state.waiting(state.sells_base(self.zero_for_one)) > 0)
        except MathsError:
            return 0

    def gas(self, amount_in: int) -> int:
        """The static gas model of a swap of that much."""
        return VENUES[self.state.pool.kind].gas(self.state, self.zero_for_one, amount_in)


class Sides:
    """The sides of all pools in use, one of each, at the states given or put in later."""

    def __init__(self, states: States) -> None:
        self._states = states
        self._sides: dict[tuple[str, bool], Side] = {}

    def of(self, leg: Leg) -> Side:
        """The side that a leg trades on. Raises KeyError if its pool has no state."""
        name = (leg.pool.key, leg.zero_for_one)
        if name not in self._sides:
            self._sides[name] = Side(self._states[leg.pool.key], leg.zero_for_one)
        return self._sides[name]

    def put(self, state: PoolState) -> None:
        """Take over a pool's new state in both directions."""
        for zero_for_one in (True, False):
            side = self._sides.get((state.pool.key, zero_for_one))
            if side is not None:
                side.put(state)
