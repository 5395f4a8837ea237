"""Many cycles over many pools, kept solved block after block: only those are solved again that pass through a
pool which changed.
"""

from collections.abc import Iterable, Sequence

from executor.domain.errors import TicksUnknownError
from executor.domain.market import PoolState
from executor.domain.route import Route
from executor.routing.cycle import Cycle, Terms, compiled
from executor.routing.sides import Sides
from executor.routing.states import States
from executor.routing.trying import Amounts


class Cycles:
    """Cycles and their sizes at the latest states. Memory stays as it is, however often they are solved.

    `sizes[i]` are the amounts of route i at the input that earns most, None where none earns. `unknown[i]`
    tells of the ticks that have to be read before route i can be sized; until then its size is None.
    """

    def __init__(self, routes: Sequence[Route], states: States, terms: Terms | None = None) -> None:
        self.routes = tuple(routes)
        self.sizes: list[Amounts | None] = [None] * len(self.routes)
        self.unknown: dict[int, TicksUnknownError] = {}
        self._sides = Sides(states)
        self._cycles: tuple[Cycle, ...] = tuple(
            compiled(route, self._sides, terms or Terms()) for route in self.routes
        )
        self._through = _by_pool(self.routes)
        self._solve(range(len(self.routes)))

    def update(self, states: Iterable[PoolState]) -> tuple[int, ...]:
        """Take over the states of the pools that changed, and solve the routes through them; their numbers.
        Pools that no route passes through are passed over.
        """
        touched: set[int] = set()
        for state in states:
            through = self._through.get(state.pool.key)
            if through is not None:
                self._sides.put(state)
                touched.update(through)
        again = tuple(sorted(touched))
        self._solve(again)
        return again

    def _solve(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.unknown.pop(number, None)
            try:
                self.sizes[number] = self._cycles[number].solve()
            except TicksUnknownError as error:
                self.sizes[number] = None
                self.unknown[number] = error.with_traceback(None)


def _by_pool(routes: Sequence[Route]) -> dict[str, tuple[int, ...]]:
    through: dict[str, list[int]] = {}
    for number, route in enumerate(routes):
        for leg in route.legs:
            through.setdefault(leg.pool.key, []).append(number)
    return {key: tuple(numbers) for key, numbers in through.items()}
