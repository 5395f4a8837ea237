"""Pools that opportunities have named lately, kept at the newest block while the executor waits for more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import aclosing

from pydantic import SecretStr

from executor.chain.following import MOST_POOLS, MarketFollower
from executor.chain.lens import read_market
from executor.chain.rpc import Rpc
from executor.domain.fee_rules import BaseFeeRule
from executor.domain.market import BlockHead, PoolState
from executor.domain.pool import Pool
from executor.market import StaleStateError

POLL_SECONDS = 1.0
"""How often a node is asked for its newest block while its announcements are lost."""

IDLE_SECONDS = 300.0
"""A pool that nobody has asked about for so long is followed no longer."""

TRUSTED_SECONDS = 300.0
"""So often every pool is read anew, whatever the logs say: what no log tells is wrong no longer than that."""


class FollowedMarket:
    """States of pools at the newest block, without a word to the node where they have been followed there;
    MOST_POOLS of them, those that were asked about last.

    Nothing is followed until `run` is; then every state is read as it is asked for. `now` counts seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._follower: MarketFollower | None = None
        self._used: dict[str, float] = {}
        self._read_at = 0.0
        self._doubted: dict[str, str] = {}

    async def run(self, rpc: Rpc, ws_url: str | SecretStr, rule: BaseFeeRule) -> None:
        """Follow, block by block, as the node announces them, for as long as this is not cancelled."""
        self._follower, self._read_at = MarketFollower(rpc, rule=rule), self._now()
        try:
            async with aclosing(self._follower.updates(ws_url=ws_url, poll_seconds=POLL_SECONDS)) as updates:
                async for _ in updates:
                    self._forget_unused()
                    self._doubt_in_turn()
        finally:
            self._follower = None
            self._used.clear()
            self._doubted.clear()

    async def states(self, rpc: Rpc, pools: Iterable[Pool], head: BlockHead) -> dict[str, PoolState]:
        """The states of the pools at `head`, by their keys: those that stand followed at that very block, the
        others in one call to the node, and followed from then on. Raises as `read_market` does.
        """
        wanted = {pool.key: pool for pool in pools}
        known = self._known(wanted, head)
        missing = [pool for key, pool in wanted.items() if key not in known]
        if missing:
            read = await read_market(rpc, missing, head)
            if self._follower is not None:
                self._follower.offer(read.values(), head)
            known |= read
        if self._follower is not None:
            self._note(wanted)
        return {key: known[key] for key in wanted}

    def keep(self, states: Iterable[PoolState], head: BlockHead) -> None:
        """Follow these states, which are known further now than `states` has given them at `head`. What was
        found to be wrong meanwhile is not put back.
        """
        if self._follower is not None:
            wrong = {key for key, block in self._doubted.items() if block == head.hash}
            wrong |= self._follower.book.to_read
            self._follower.offer([state for state in states if state.pool.key not in wrong], head)

    def forget(self, keys: Iterable[str]) -> None:
        """Trust what is known of these pools no more: the next who asks for them reads them."""
        at = self.head
        if self._follower is not None and at is not None:
            named = tuple(keys)
            self._follower.book.distrust(named)
            self._doubted = {key: block for key, block in self._doubted.items() if block == at.hash}
            self._doubted |= dict.fromkeys(named, at.hash)

    @property
    def head(self) -> BlockHead | None:
        """The block that states are followed at; None while nothing is followed."""
        return None if self._follower is None else self._follower.book.head

    @property
    def pools(self) -> frozenset[str]:
        """The keys of the pools that are followed."""
        return frozenset() if self._follower is None else frozenset(self._follower.book.pools)

    def _known(self, wanted: dict[str, Pool], head: BlockHead) -> dict[str, PoolState]:
        at = self.head
        if self._follower is None or at is None or at.hash != head.hash:
            return {}
        found = {}
        for key, pool in wanted.items():
            try:
                state = self._follower.book.state(key)
            except StaleStateError:
                continue
            if state.pool == pool:
                found[key] = state
        return found

    def _note(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._used.pop(key, None)
            self._used[key] = self._now()
        for key in list(self._used)[:-MOST_POOLS]:
            del self._used[key]

    def _forget_unused(self) -> None:
        oldest = self._now() - IDLE_SECONDS
        self._used = {key: at for key, at in self._used.items() if at >= oldest}
        if self._follower is not None:
            self._follower.book.remove(self.pools - self._used.keys())

    def _doubt_in_turn(self) -> None:
        if self._now() - self._read_at >= TRUSTED_SECONDS:
            self._read_at = self._now()
            self.forget(self.pools)
