"""The breakers of a chain, its wallets and its routes: rest after losses in a row."""

import hashlib
from collections.abc import Iterable, Sequence

from executor.config.sending import BreakerSettings
from executor.domain.address import Address
from executor.domain.errors import ExecutorError
from executor.domain.route import Route
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


def breaker_keys(chain: str, sender: Address, route: Route | SplitRoute) -> tuple[str, ...]:
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
        asked = [(key, *breaker.asked(now)) for key, breaker in found.items()]
        for key, breaker, passes in asked:
            if not passes:
                raise BreakerOpenError(
                    f"the breaker {key} is open after {breaker.losses} losses in a row.",
                    fix="look at the losses; it lets one trade through when its rest is over",
                    breaker=key,
                    losses=breaker.losses,
                    opens_again_at=breaker.opened_at + breaker.rest_seconds,
                )
        for key, breaker, _ in asked:
            if breaker.state is BreakerState.TRIAL:
                self._record.put_breaker(key, breaker)

    def succeeded(self, keys: Iterable[str]) -> None:
        """After a trade that lost nothing."""
        for key in keys:
            if self._breaker(key) != Breaker(self._rules):
                self._record.put_breaker(key, self._breaker(key).succeeded())

    def lost(self, keys: Iterable[str], now: int) -> None:
        """After a trade that cost money."""
        for key in keys:
            breaker = self._breaker(key).lost(now)
            self._record.put_breaker(key, breaker)
            if breaker.state is BreakerState.OPEN:
                _LOG.error("breaker_open", breaker=key, losses=breaker.losses, rest=breaker.rest_seconds)

    def open_at_once(self, keys: Iterable[str], now: int) -> None:
        """After a failure that nobody understands: no further losses are waited for."""
        for key in keys:
            breaker = self._breaker(key)
            for _ in range(self._rules.losses):
                breaker = breaker.lost(now)
            self._record.put_breaker(key, breaker)
            _LOG.error("breaker_open", breaker=key, because="a failure that nobody understands")

    def _breaker(self, key: str) -> Breaker:
        return self._record.breaker(key, self._rules)
