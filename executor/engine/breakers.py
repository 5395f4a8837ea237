"""The breakers of a chain, its wallets and its routes: rest after losses in a row."""

import hashlib
from collections.abc import Sequence
from functools import partial

from executor.config.sending import BreakerSettings
from executor.domain.address import Address
from executor.domain.errors import ExecutorError
from executor.domain.route import Route
from executor.domain.several import SeveralRoutes
from executor.domain.split import SplitRoute
from executor.journal.record import Record
from executor.policy.breaker import Breaker, BreakerRules, BreakerState
from executor.submission.log import get_logger

_LOG = get_logger("executor.engine")

MOST_POOLS = 120
"""Characters of a route's pools; a name that is longer would not fit into the record."""


class BreakerOpenError(ExecutorError, RuntimeError):
    """Losses in a row have opened a breaker; nothing was sent."""

    code = "breaker_open"


def breaker_keys(chain: str, sender: Address, route: Route | SplitRoute | SeveralRoutes) -> tuple[str, ...]:
    """The breakers that a trade goes through."""
    pools = "-".join(leg.pool.key.lower() for leg in route.legs)
    if len(pools) > MOST_POOLS:
        pools = f"{len(route.legs)} pools, {hashlib.sha256(pools.encode()).hexdigest()}"
    return (f"chain:{chain}", f"wallet:{chain}:{sender.lower()}", f"route:{chain}:{pools}")


class Breakers:
    """The breakers of one chain, kept in the record, so that a restart does not close them. Times are Unix
    seconds.
    """

    def __init__(self, record: Record, settings: BreakerSettings) -> None:
        self._record = record
        self._rules = BreakerRules(settings.losses, settings.rest_seconds, settings.longest_rest_seconds)

    def require_closed(self, keys: Sequence[str], now: int) -> None:
        """Raises BreakerOpenError naming the breaker that is open; lets one trial through where one has
        rested enough. JournalError when the record cannot be read.
        """
        found = self._record.breakers(keys, self._rules)
        asked = partial(_asked, now)
        for key, breaker in found.items():
            asked(key, breaker)
        if any(breaker.state is not BreakerState.CLOSED for breaker in found.values()):
            # Perhaps another process was let through meanwhile.
            self._record.change_breakers(keys, asked, self._rules)

    def succeeded(self, keys: Sequence[str]) -> None:
        """After a trade that lost nothing."""
        if not keys:
            return
        found = self._record.breakers(keys, self._rules)
        touched = [key for key, breaker in found.items() if breaker != Breaker(self._rules)]
        if touched:
            self._record.change_breakers(touched, lambda _, breaker: breaker.succeeded(), self._rules)

    def lost(self, keys: Sequence[str], now: int) -> None:
        """After a trade that cost money."""
        changed = self._record.change_breakers(keys, lambda _, breaker: breaker.lost(now), self._rules)
        for key, breaker in changed.items():
            if breaker.state is BreakerState.OPEN:
                _LOG.error("breaker_open", breaker=key, losses=breaker.losses, rest=breaker.rest_seconds)

    def open_at_once(self, keys: Sequence[str], now: int) -> None:
        """After a failure that nobody understands: no further losses are waited for."""

        def opened(key: str, breaker: Breaker) -> Breaker:
            for _ in range(self._rules.losses):
                breaker = breaker.lost(now)
            return breaker

        for key in self._record.change_breakers(keys, opened, self._rules):
            _LOG.error("breaker_open", breaker=key, because="a failure that nobody understands")


def _asked(now: int, key: str, breaker: Breaker) -> Breaker:
    """The breaker after somebody asks to go through. Raises BreakerOpenError where he may not."""
    after, passes = breaker.asked(now)
    if not passes:
        raise BreakerOpenError(
            f"the breaker {key} is open after {breaker.losses} losses in a row.",
            fix="look at the losses; it lets one trade through when its rest is over",
            breaker=key,
            losses=breaker.losses,
            opens_again_at=breaker.opened_at + breaker.rest_seconds,
        )
    return after
