"""A route compiled for being solved again and again: after each block, or for many routes at once.

A cycle holds on to the sides of its pools (`sides`), into which new states are put; nothing is looked up
while it is solved. What cannot earn is told by the product of the prices of its pools alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.pool import VenueKind
from executor.domain.route import Route
from executor.routing.constant_product import solve_coarse, solve_row, solve_two
from executor.routing.piecewise import GasCost, short_of_ticks, solve_pieces, tries_of
from executor.routing.premium import PremiumOf, no_premium, repaid
from executor.routing.probing import searched_size
from executor.routing.sides import Side, Sides
from executor.routing.stretches import segment_at
from executor.routing.taxed import is_taxed
from executor.routing.trying import Amounts

MAX_AMOUNT = 2**112 - 1
"""No pair of the V2 shape holds more, and no token in use has more."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every size of a cycle. `cap` bounds the input, in the settlement token's smallest unit;
    `premium` is the lender's for an input; `gas_cost` turns gas units into the settlement token.
    """

    cap: int | None = None
    premium: PremiumOf = no_premium
    gas_cost: Callable[[int], int] | None = None

    @property
    def limit(self) -> int:
        """The largest input."""
        return MAX_AMOUNT if self.cap is None else max(0, min(self.cap, MAX_AMOUNT))


class Cycle(Protocol):
    """A compiled route."""

    route: Route

    def solve(self) -> Amounts | None:
        """The amounts at the input that earns most at the present states; None if none earns. Raises
        TicksUnknownError if the optimum may lie beyond what was read.
        """


def compiled(route: Route, sides: Sides, terms: Terms) -> Cycle:
    """The route over the sides of its pools. Raises KeyError if one has no state."""
    of_legs = tuple(sides.of(leg) for leg in route.legs)
    rate = repaid(terms.premium)
    if rate is None or is_taxed(route):
        return _SearchedCycle(route, of_legs, terms)
    if any(leg.pool.kind is not VenueKind.UNISWAP_V2 for leg in route.legs):
        return _PieceCycle(route, of_legs, terms, rate)
    if len(of_legs) == 2:
        return _PairCycle(route, of_legs, terms, rate)
    return _RowCycle(route, of_legs, terms, rate)


class _PairCycle:
    """Two V2 pairs."""

    __slots__ = ("_cap", "_den", "_first", "_num", "_premium", "_second", "route")

    def __init__(self, route: Route, sides: tuple[Side, ...], terms: Terms, rate: tuple[int, int]) -> None:
        self.route = route
        self._first, self._second = sides
        self._num, self._den = rate
        self._cap, self._premium = terms.limit, terms.premium

    def solve(self) -> Amounts | None:
        """In closed form."""
        first, second = self._first.edge, self._second.edge
        amounts = solve_two(first, second, self._num, self._den, self._cap)
        if amounts is None or (amounts and amounts[-1] - amounts[0] > self._premium(amounts[0])):
            return amounts
        return solve_coarse((first, second), self._num, self._den, self._cap, self._premium)


class _RowCycle:
    """V2 pairs alone."""

    __slots__ = ("_cap", "_den", "_num", "_premium", "_sides", "route")

    def __init__(self, route: Route, sides: tuple[Side, ...], terms: Terms, rate: tuple[int, int]) -> None:
        self.route = route
        self._sides = sides
        self._num, self._den = rate
        self._cap, self._premium = terms.limit, terms.premium

    def solve(self) -> Amounts | None:
        """In closed form."""
        edges = [side.edge for side in self._sides]
        amounts = solve_row(edges, self._num, self._den, self._cap)
        if amounts is None or (amounts and amounts[-1] - amounts[0] > self._premium(amounts[0])):
            return amounts
        return solve_coarse(edges, self._num, self._den, self._cap, self._premium)


class _SearchedCycle:
    """Curves of any shape."""

    __slots__ = ("_sides", "_terms", "route")

    def __init__(self, route: Route, sides: tuple[Side, ...], terms: Terms) -> None:
        self.route, self._sides, self._terms = route, sides, terms

    def solve(self) -> Amounts | None:
        """By search over exact quotes, then short of the ticks that do not pay their gas."""
        states = {side.state.pool.key: side.state for side in self._sides}
        amounts = searched_size(self.route, states, self._terms.limit, self._terms.premium)
        if amounts is None or self._terms.gas_cost is None or is_taxed(self.route):
            return amounts
        return self._short_of_ticks(amounts, _priced(self._sides, self._terms.gas_cost))

    def _short_of_ticks(self, amounts: Amounts, gas_cost: GasCost) -> Amounts:
        def earned(amounts: Amounts) -> int:
            return amounts[-1] - amounts[0] - self._terms.premium(amounts[0])

        hops = [side.hop for side in self._sides]
        tries = tries_of(hops, lambda amounts: earned(amounts) - gas_cost(amounts), self._terms.limit)
        tries.input(amounts[0])
        short_of_ticks(hops, tries, earned, gas_cost)
        return tries.amounts if earned(tries.amounts) > 0 else amounts


class _PieceCycle:
    """Pieces of Moebius curves, or curves of any shape where a pool has no pieces."""

    __slots__ = ("_cap", "_gas_cost", "_premium", "_rate", "_searched", "_sides", "route")

    def __init__(self, route: Route, sides: tuple[Side, ...], terms: Terms, rate: tuple[int, int]) -> None:
        self.route, self._sides, self._rate = route, sides, rate
        self._cap, self._premium = terms.limit, terms.premium
        self._gas_cost = None if terms.gas_cost is None else _priced(sides, terms.gas_cost)
        self._searched = _SearchedCycle(route, sides, terms)

    def solve(self) -> Amounts | None:
        """Piece by piece."""
        if not self._may_earn():
            return None
        hops = [side.hop for side in self._sides]
        try:
            start = segment_at(hops, 0)
        except MathsError:
            return None
        if start is None:
            return self._searched.solve()
        return solve_pieces(
            hops,
            start,
            cap=self._cap,
            premium=self._premium,
            repaid=self._rate,
            gas_cost=self._gas_cost,
        )

    def _may_earn(self) -> bool:
        gained, given = self._rate[1], self._rate[0]
        for side in self._sides:
            num, den = side.ceiling
            gained, given = gained * num, given * den
        return gained > given


def _priced(sides: Sequence[Side], gas_cost: Callable[[int], int]) -> GasCost:
    """What the gas of the legs costs at the amounts before each of them."""

    def of(amounts: Amounts) -> int:
        try:
            gas = sum(side.gas(amount) for side, amount in zip(sides, amounts, strict=False))
        except (MathsError, TicksUnknownError):
            return 0
        return gas_cost(gas)

    return of
