"""Which moment the next kill is aimed at: every boundary in turn, and those again that did not come."""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import dataclass, field, replace

from tests.chaos.killing import METHODS, ROWS, Moment, When

AT_RANDOM = 3
"""One kill in so many comes at a mere time."""

MOST_MISSES = 4
"""So often a boundary is aimed at in vain before it counts as one that does not come."""

BOUNDARIES: tuple[Moment, ...] = (
    *(Moment(method=method, when=when) for method in METHODS for when in When),
    *(Moment(row=row) for row in ROWS),
)


@dataclass
class Aims:
    """Moments in an order that `chance` decides: in the first round each boundary the first time that it is
    reached, later also other times. `aimed` and `hit` count both by boundary.
    """

    chance: random.Random
    aimed: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    _waiting: deque[Moment] = field(default_factory=deque)
    _drawn: int = 0
    _rounds: int = 0

    def next(self, longest: float) -> Moment:
        """The next moment; a mere time is one of up to `longest` seconds."""
        self._drawn += 1
        if self._drawn % AT_RANDOM == 0:
            return Moment(seconds=self.chance.uniform(0.3, longest))
        if not self._waiting:
            self._begin_round()
        return self._waiting.popleft()

    def came(self, moment: Moment, hit: bool) -> None:
        """A life was to end at the moment, and did so just there or not."""
        name = moment.boundary
        self.aimed[name] += 1
        self.hit[name] += hit
        if name in self.missing:
            self._waiting.append(moment)

    @property
    def names(self) -> tuple[str, ...]:
        """All boundaries, and "at random"."""
        return (*_NAMES, Moment(seconds=0).boundary)

    @property
    def missing(self) -> tuple[str, ...]:
        """Boundaries at which none was killed yet, and that may still come."""
        return tuple(one for one in _NAMES if not self.hit[one] and self.aimed[one] < MOST_MISSES)

    @property
    def never(self) -> tuple[str, ...]:
        """Boundaries at which none was killed."""
        return tuple(one for one in _NAMES if not self.hit[one])

    def _begin_round(self) -> None:
        boundaries = list(BOUNDARIES)
        self.chance.shuffle(boundaries)
        self._rounds += 1
        if self._rounds > 1:
            boundaries = [replace(one, count=1 + int(self.chance.expovariate(1.0))) for one in boundaries]
        self._waiting.extend(boundaries)


_NAMES = tuple(moment.boundary for moment in BOUNDARIES)
