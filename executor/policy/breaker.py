"""A breaker: after losses in a row it opens, and says so, until time has passed and one trial has gone
well.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class BreakerState(StrEnum):
    """Closed: all goes through. Open: nothing does. Trial: one goes through, and decides."""

    CLOSED = "closed"
    OPEN = "open"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """`losses` in a row open it; after `rest_seconds` it lets one through; each failed trial doubles the
    rest, up to `longest_rest_seconds`.
    """

    losses: int = 3
    rest_seconds: int = 60
    longest_rest_seconds: int = 3_600


@dataclass(frozen=True, slots=True)
class Breaker:
    """One breaker of a chain, a wallet or a route. Times in seconds of any one clock; `opened_at`: when it
    opened, or when its trial began.
    """

    rules: BreakerRules = BreakerRules()
    state: BreakerState = BreakerState.CLOSED
    losses: int = 0
    opened_at: int = 0
    rest_seconds: int = 0

    def asked(self, now: int) -> tuple["Breaker", bool]:
        """The breaker after somebody asks to go through, and whether he may."""
        if self.state is BreakerState.CLOSED:
            return self, True
        if now - self.opened_at >= self.rest_seconds:
            # From a trial too: one of which nothing was heard for a whole rest was never sent.
            return replace(self, state=BreakerState.TRIAL, opened_at=now), True
        return self, False

    def succeeded(self) -> "Breaker":
        """After a trade that lost nothing."""
        return Breaker(self.rules)

    def lost(self, now: int) -> "Breaker":
        """After a trade that cost money: a revert that was paid for, a result below what gas cost."""
        losses = self.losses + 1
        if self.state is BreakerState.TRIAL:
            rest = min(2 * self.rest_seconds, self.rules.longest_rest_seconds)
        elif self.state is BreakerState.OPEN:
            rest = self.rest_seconds
        elif losses >= self.rules.losses:
            rest = self.rules.rest_seconds
        else:
            return replace(self, losses=losses)
        return replace(self, state=BreakerState.OPEN, losses=losses, opened_at=now, rest_seconds=rest)
