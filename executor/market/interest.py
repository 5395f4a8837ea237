"""Which pools a log may be about."""

from collections.abc import Iterable
from typing import TypeVar

from executor import venues
from executor.domain.address import Address
from executor.domain.log import Log
from executor.domain.pool import Pool

Name = TypeVar("Name")
Keys = dict[str, None]
"""An ordered set of the keys of pools."""


class Interest:
    """Pools by who writes their logs. Of a contract that many pools share, a log goes to the pool that it
    names, so that its cost does not grow with their number.
    """

    def __init__(self) -> None:
        self._own: dict[Address, Keys] = {}
        self._sharing: dict[Address, Keys] = {}
        self._named: dict[tuple[Address, bytes], Keys] = {}

    @property
    def emitters(self) -> frozenset[Address]:
        """Everyone who writes logs about any of the pools."""
        return frozenset((*self._own, *self._sharing))

    def add(self, pool: Pool) -> None:
        """Take an interest in the pool's logs."""
        mark = venues.shared_mark(pool)
        for emitter in venues.emitters(pool):
            if mark is None or emitter != mark[0]:
                self._own.setdefault(emitter, {})[pool.key] = None
        if mark is not None:
            self._sharing.setdefault(mark[0], {})[pool.key] = None
            self._named.setdefault(mark, {})[pool.key] = None

    def remove(self, pool: Pool) -> None:
        """Forget the pool."""
        mark = venues.shared_mark(pool)
        for emitter in venues.emitters(pool):
            _discard(self._own, emitter, pool.key)
        if mark is not None:
            _discard(self._sharing, mark[0], pool.key)
            _discard(self._named, mark, pool.key)

    def keys(self, log: Log) -> Iterable[str]:
        """The pools that the log may be about."""
        if log.address not in self._sharing:
            return self._own.get(log.address, ())
        if len(log.topics) > 1:
            shared = self._named.get((log.address, log.topics[1]), {})
        else:
            shared = self._sharing[log.address]
        return (*self._own.get(log.address, ()), *shared)


def _discard(kept: dict[Name, Keys], name: Name, key: str) -> None:
    keys = kept.get(name, {})
    keys.pop(key, None)
    if not keys:
        kept.pop(name, None)
