"""The optimum by search over exact quotes, for routes through curves of any shape.

Profit is concave in the input but for rounding, since every venue gives less for each further unit. The
search starts at the optimum of the composed curves near the present prices where there are any, brackets the
maximum by doubling, narrows it by golden section and ends with a local descent. All amounts are whole units;
every figure that is compared comes from `venues.amount_out` itself.
"""

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.route import Route
from executor.routing.premium import PremiumOf
from executor.routing.search import climb, maximise, rank
from executor.routing.states import States
from executor.routing.taxed import curve_into, given_for, received, taken
from executor.venues import Curve, amount_in, amount_out, local_curve

FEW = 1_024
"""So few inputs are tried one by one: where single units count, rounding hides which way is up."""


def searched_size(route: Route, states: States, cap: int, premium: PremiumOf) -> tuple[int, ...] | None:
    """The amounts along the route at the input up to `cap` that earns most after `premium`; None if no input
    earns anything.

    Raises TicksUnknownError only if the optimum may lie beyond the ticks that were read: read further and ask
    again.
    """
    curve = route_curve(route, states)
    if cap <= 0 or (curve is not None and not curve.gains):
        return None
    probe = _Probe(route, states, premium)
    bracket = _bracket(probe, curve.optimum if curve else None, cap)
    if bracket is not None:
        _narrow(probe, *bracket, cap)
        probe.trim()
    probe.require_known()
    return probe.best_amounts if probe.best_profit > 0 else None


def route_curve(route: Route, states: States) -> Curve | None:
    """The composed curve of the route near the present prices; None where a pool has none."""
    composed: Curve | None = None
    for index, leg in enumerate(route.legs):
        curve = local_curve(states[leg.pool.key], leg.zero_for_one)
        if curve is None:
            return None
        if leg.taxed:
            curve = curve_into(route, index).then(curve)
        composed = curve if composed is None else composed.then(curve)
    return composed


class _Probe:
    """Profits by input, each worked out once, and the best of them all."""

    def __init__(self, route: Route, states: States, premium: PremiumOf) -> None:
        self._route, self._states, self._premium = route, states, premium
        self._profits: dict[int, int | None] = {}
        self._unknown: tuple[int, TicksUnknownError] | None = None
        self.best_amounts: tuple[int, ...] = ()
        self.best_profit = 0

    def profit(self, size: int) -> int | None:
        """Output less input less premium; None where `size` is more than the pools, or what is known of them,
        can take.
        """
        if size not in self._profits:
            self._profits[size] = self._worked_out(size)
        return self._profits[size]

    def _worked_out(self, size: int) -> int | None:
        try:
            amounts = self._walk(size)
        except TicksUnknownError as error:
            if self._unknown is None or size < self._unknown[0]:
                self._unknown = (size, error)
            return None
        except MathsError:
            return None
        profit = amounts[-1] - size - self._premium(size)
        if not self.best_amounts or (profit, -size) > (self.best_profit, -self.best_amounts[0]):
            self.best_amounts, self.best_profit = amounts, profit
        return profit

    def _walk(self, size: int) -> tuple[int, ...]:
        """As `forward`, but dust that a leg swallows is worth nothing instead of an error: the search must
        see the slope.
        """
        amounts = [size]
        for index, leg in enumerate(self._route.legs):
            state, amount = self._states[leg.pool.key], taken(self._route, index, amounts[-1])
            amounts.append(amount_out(state, leg.zero_for_one, amount) if amount else 0)
        return (*amounts[:-1], received(self._route, amounts[-1]))

    def size_for(self, amount: int, position: int) -> int | None:
        """The smallest input for which `amount` arrives before leg `position`, None where the pools cannot
        give it.
        """
        needed = amount
        try:
            for index in reversed(range(position)):
                leg = self._route.legs[index]
                needed = amount_in(self._states[leg.pool.key], leg.zero_for_one, needed)
                needed = given_for(self._route, index, needed)
        except (MathsError, TicksUnknownError):
            return None
        return needed

    def trim(self) -> None:
        """Try the smallest inputs that give what the best one gives, at its end and in between."""
        for position, amount in enumerate(self.best_amounts):
            size = self.size_for(amount, position) if amount else None
            if size is not None and 0 < size < self.best_amounts[0]:
                self.profit(size)

    def require_known(self) -> None:
        """Raise the first TicksUnknownError unless profit falls before the unknown begins, and so must fall
        beyond it.
        """
        if self._unknown is None:
            return
        low = self.best_amounts[0] if self.best_amounts else 0
        unknown, error = self._unknown
        while unknown - low > 1 + (low >> 20):
            middle = (low + unknown) // 2
            if self.profit(middle) is None:
                unknown = middle
            else:
                low = middle
        edge = self.profit(low) if low else None
        if edge is None or edge >= self.best_profit:
            raise error


def _bracket(probe: _Probe, seed: int | None, limit: int) -> tuple[int, int] | None:
    """Two inputs around the maximum, or None where no input can be traded."""
    size = min(max(seed, 1), limit) if seed is not None else _coarse_best(probe, limit)
    if size <= FEW:
        size = max(range(1, min(FEW, limit) + 1), key=lambda few: rank(probe.profit(few)))
    while probe.profit(size) is None and size > 1:
        size //= 2
    if probe.profit(size) is None:
        return None
    best = climb(probe.profit, size, lambda x: min(2 * x, limit))
    best = climb(probe.profit, best, lambda x: max(x // 2, 1))
    return max(best // 2, 1), min(2 * best, limit)


def _coarse_best(probe: _Probe, limit: int) -> int:
    """The best power of two: the start where no curve tells a better one."""
    sizes = [1 << power for power in range(limit.bit_length())]
    return max(sizes, key=lambda size: rank(probe.profit(size)))


def _narrow(probe: _Probe, low: int, high: int, limit: int) -> None:
    """Search between two inputs, stepping in units of the coarsest token on the way.

    Where a token on the way has few units (six decimals against eighteen) many inputs give the same output;
    stepping along that token's units, with the smallest input for each, leaves no steps for the search to
    trip over.
    """
    amounts = probe.best_amounts
    position = min(range(len(amounts)), key=lambda index: amounts[index])
    if high - low <= FEW:
        for size in range(low, high + 1):
            probe.profit(size)
        return
    if amounts[position] == 0 or position == 0:
        maximise(probe.profit, low, high)
        return

    def by_amount(amount: int) -> int | None:
        size = probe.size_for(amount, position)
        return probe.profit(min(size, limit)) if size is not None else None

    scale = amounts[position]
    maximise(by_amount, max(scale * low // amounts[0], 1), max(-(-scale * high // amounts[0]), 1))
