"""The best way round: of all cycles over some pools, the one that nets most.

Branch and bound. While cycles are built, a start of one is dropped when no end can make it earn: the product
of its prices, times the best product of any walk home of the legs that are left, is not above one. What
remains gets an upper bound for its profit: all hops but one trade at their present price however much goes
through, which is more than they give, and the one left has a closed form; the least of these bounds over the
hops is taken, less the gas of a trade that crosses no tick. Cycles are sized in the order of their bounds,
until the next bound is not above what was found: then nothing better is left, and that is proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.pool import Pool
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.routing.bounds import profit_bound
from executor.routing.candidates import ROUTER_GAS, Candidate
from executor.routing.cycle import Terms, compiled
from executor.routing.gas import beside_legs
from executor.routing.premium import repaid
from executor.routing.sides import Side, Sides
from executor.routing.states import States

MAX_LEGS = 4
SCALE_BITS = 192
"""Products of prices are kept in fixed point, rounded up: too much is looked at rather than too little."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How far a search goes: `starts` of cycles are looked at, `sizes` of whole ones solved."""

    starts: int = 100_000
    sizes: int = 5_000


@dataclass(frozen=True, slots=True)
class BestPath:
    """`best` is None where no cycle earns anything before gas. `optimal`: no cycle that could be better was
    left out. `bound` is the most that a cycle which was not sized could net, None where nobody knows; `sized`
    counts those that were. `unknown` tells of ticks that would have to be read to size a cycle.
    """

    best: Candidate | None
    optimal: bool
    bound: int | None
    sized: int
    unknown: tuple[TicksUnknownError, ...] = ()


def best_path(
    pools: Iterable[Pool],
    states: States,
    start: Token,
    *,
    gas_cost: Callable[[int], int],
    through: Token | None = None,
    terms: Terms | None = None,
    max_legs: int = MAX_LEGS,
    overhead_gas: int = ROUTER_GAS,
    effort: Effort | None = None,
) -> BestPath:
    """The cycle from `start` over at most `max_legs` of the pools that nets most, at its best size.

    `through`: a token that the cycle must pass, for a pair. `gas_cost` turns gas units into the smallest unit
    of `start`. Pools without a state are passed over. A cycle passes `start` only at its ends, and a pool
    once. It is proven to be the best where prices only fall while a pool is traded, or rise by no more than a
    hundredth.
    """
    asked = terms or Terms()
    chosen, limits = Terms(asked.cap, asked.premium, gas_cost), effort or Effort()
    sides = Sides(states)
    map_of_pools = _Map([pool for pool in pools if pool.key in states], sides, start)
    routes, complete = map_of_pools.cycles(max_legs, limits.starts, repaid(chosen.premium) or (1, 1))
    if through is not None:
        routes = [route for route in routes if any(leg.token_in == through for leg in route.legs)]
    search = _Search(sides, chosen, overhead_gas)
    ranked = sorted(((search.bound(route), number) for number, route in enumerate(routes)), reverse=True)
    for place, (bound, number) in enumerate(ranked):
        if search.best is not None and bound <= search.best.net:
            return search.result(complete, True, bound, place)
        if place == limits.sizes:
            return search.result(complete, False, bound, place)
        search.size(routes[number])
    return search.result(complete, True, None, len(ranked))


@dataclass(frozen=True, slots=True)
class _Step:
    """One pool in one direction, with its price in fixed point."""

    leg: Leg
    price: int


class _Map:
    """Which pools lead from which token to which, and at what price."""

    def __init__(self, pools: Sequence[Pool], sides: Sides, start: Token) -> None:
        self._start = start
        self._from: dict[str, list[_Step]] = {}
        for pool in pools:
            for token in (pool.token0, pool.token1):
                leg = Leg(pool, token, taxed=token.transfer_fee is not None)
                num, den = sides.of(leg).ceiling
                if num:
                    step = _Step(leg, -(-(num << SCALE_BITS) // den))
                    self._from.setdefault(token.address, []).append(step)

    def cycles(self, max_legs: int, starts: int, rate: tuple[int, int]) -> tuple[list[Route], bool]:
        """The cycles whose prices could earn, the most promising first; whether these are all."""
        needed = (rate[0] << SCALE_BITS) // rate[1]
        home = self._ways_home(max_legs)
        found: list[Route] = []
        one = 1 << SCALE_BITS
        heap: list[tuple[int, int, tuple[_Step, ...], int]] = [(-one, 0, (), one)]
        looked = 0
        while heap:
            if looked >= starts:
                return found, False
            _, _, walked, product = heappop(heap)
            for step in self._onward(walked):
                looked += 1
                grown = _times(product, step.price)
                token = step.leg.token_out.address
                if token == self._start.address:
                    if grown > needed:
                        found.append(Route(tuple(each.leg for each in (*walked, step))))
                    continue
                potential = _times(grown, home[max_legs - len(walked) - 1].get(token, 0))
                if potential > needed:
                    heappush(heap, (-potential, looked, (*walked, step), grown))
        return found, True

    def _onward(self, walked: tuple[_Step, ...]) -> Iterable[_Step]:
        token = walked[-1].leg.token_out if walked else self._start
        used = {step.leg.pool.identity for step in walked}
        return (step for step in self._from.get(token.address, ()) if step.leg.pool.identity not in used)

    def _ways_home(self, max_legs: int) -> list[dict[str, int]]:
        """By the number of legs left, the best product of prices from each token to the start."""
        ways: list[dict[str, int]] = [{self._start.address: 1 << SCALE_BITS}]
        for _ in range(max_legs):
            best = dict(ways[-1])
            for token, steps in self._from.items():
                for step in steps:
                    onward = ways[-1].get(step.leg.token_out.address, 0)
                    best[token] = max(best.get(token, 0), _times(step.price, onward))
            best[self._start.address] = 1 << SCALE_BITS
            ways.append(best)
        return ways


class _Search:
    """The best of the cycles that were sized."""

    def __init__(self, sides: Sides, terms: Terms, overhead_gas: int) -> None:
        self._sides, self._terms, self._overhead = sides, terms, overhead_gas
        self._unknown: list[TicksUnknownError] = []
        self.best: Candidate | None = None

    def bound(self, route: Route) -> int | float:
        """The most that a cycle can net."""
        sides = [self._sides.of(leg) for leg in route.legs]
        profit = profit_bound(sides, self._terms)
        return inf if profit is None else profit - self._least_gas_cost(route, sides)

    def size(self, route: Route) -> None:
        """Size one cycle, and keep it if it is the best."""
        try:
            amounts = compiled(route, self._sides, self._terms).solve()
        except TicksUnknownError as error:
            self._unknown.append(error.with_traceback(None))
            return
        if amounts is None:
            return
        sides = [self._sides.of(leg) for leg in route.legs]
        gas = self._overhead + beside_legs(route)
        gas += sum(side.gas(amount) for side, amount in zip(sides, amounts, strict=False))
        assert self._terms.gas_cost is not None
        profit = amounts[-1] - amounts[0] - self._terms.premium(amounts[0])
        net = profit - self._terms.gas_cost(gas)
        if self.best is None or net > self.best.net:
            self.best = Candidate(route, amounts, gas, profit, net)

    def result(self, complete: bool, settled: bool, bound: int | float | None, sized: int) -> BestPath:
        """What was found. `complete`: all cycles were looked at; `settled`: all were sized or need not be.
        `bound` is that of the first which was not, None where there is none.
        """
        optimal = complete and settled and not self._unknown
        if optimal and bound is None:
            bound = self.best.net if self.best else 0
        known = None if bound is None or bound == inf or not complete else int(bound)
        return BestPath(self.best, optimal, known, sized, tuple(self._unknown))

    def _least_gas_cost(self, route: Route, sides: Sequence[Side]) -> int:
        """What the gas of the least trade costs, which crosses no tick."""
        assert self._terms.gas_cost is not None
        try:
            legs = sum(side.gas(1) for side in sides)
        except (MathsError, TicksUnknownError):
            return 0
        return self._terms.gas_cost(self._overhead + beside_legs(route) + legs)


def _times(product: int, price: int) -> int:
    return -(-product * price >> SCALE_BITS)
