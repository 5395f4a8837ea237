"""Keeps the states of pools at the newest block: by the logs of each block, else by reading.

New heads are announced over a WebSocket, or asked for from time to time. Either way the logs of a block are
asked for by the block's hash, so that none is missed and none is another block's; the logs that are announced
besides show whether a node answered before it had them all. Where the chain was reorganised, the book
goes back to the block that both branches share.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass

from pydantic import SecretStr

from executor import venues
from executor.chain.head import head, parse_head
from executor.chain.lens import read_market
from executor.chain.logs import logs_of
from executor.chain.quantities import answer_error, to_quantity
from executor.chain.rpc import Rpc, results, throttled
from executor.chain.subscription import LogNotice, Subscription
from executor.domain.errors import ExecutorError, MathsError, NodeError, PoolNotFoundError
from executor.domain.fee_rules import ETHEREUM_BASE_FEE, BaseFeeRule
from executor.domain.log import Log
from executor.domain.market import BlockHead, PoolState
from executor.domain.pool import Pool
from executor.market import MarketBook
from executor.market.book import DEPTH

RETRY_SECONDS = 0.2
"""Pause before the node is asked once more: behind a balancer, another one may not have the block yet."""

MOST_POOLS = 500
"""Pools that are kept to be read by the next step: those that were offered last."""

MOST_FAILED = 64
"""Readings that may fail while the few pools are looked for with which no reading succeeds."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What one step of the chain did. `touched`: keys of the pools whose states may have changed, read ones
    included; `reorganised`: blocks were taken back; `restarted`: all pools were read anew.
    """

    head: BlockHead
    touched: frozenset[str]
    reorganised: bool = False
    restarted: bool = False


class MarketFollower:
    """Keeps `book` at the head of the chain that `rpc` serves. For one task of the event loop; others read
    `book` between its steps.

    `depth`: blocks that can be taken back without reading everything anew.
    """

    def __init__(self, rpc: Rpc, *, rule: BaseFeeRule = ETHEREUM_BASE_FEE, depth: int = DEPTH) -> None:
        self.book = MarketBook(depth)
        self._rpc = rpc
        self._rule = rule
        self._depth = depth
        self._topics = venues.topics()
        # Indexes of logs by the hash of their block: those of the blocks gone through, those announced.
        self._applied: OrderedDict[str, set[int]] = OrderedDict()
        self._announced: OrderedDict[str, set[int]] = OrderedDict()
        self._offered: dict[str, Pool] = {}
        self._stepping = False

    def offer(self, states: Iterable[PoolState], at: BlockHead) -> None:
        """Follow the pools of states that were read, or read further, at `at`: from there where the book
        stands at that very block and no step is under way, whose logs would not be theirs; else those that
        it does not know yet are read by the next step.
        """
        if not self._stepping and (self.book.head is None or self.book.head.hash == at.hash):
            self.book.add(states, at)
            return
        known = self.book.pools
        for state in states:
            if known.get(state.pool.key) != state.pool:
                self._offered[state.pool.key] = state.pool
        for key in list(self._offered)[:-MOST_POOLS]:
            del self._offered[key]

    async def advance(self, newest: BlockHead | None = None) -> Advance | None:
        """Bring the book to `newest` where it is new, else to the node's newest block; None if nothing is.

        A pool that cannot be read is followed no longer. Raises NodeError; the book then stands where it
        stood, or at the new block with what was not read there `to_read`.
        """
        self._stepping = True
        try:
            return await self._step(newest)
        finally:
            self._stepping = False

    async def _step(self, newest: BlockHead | None) -> Advance | None:
        if newest is None or self.book.knows(newest.hash):
            newest = await head(self._rpc, rule=self._rule)
        if self.book.head is None:
            return await self._restart(newest)
        touched, moved, reorganised = frozenset[str](), False, False
        if newest.hash != self.book.head.hash:
            missing = await self._missing(newest)
            if missing is None:
                return await self._restart(newest)
            logs = await logs_of(self._rpc, missing, self.book.emitters, self._topics)
            self._check_complete(missing, logs)
            shared = missing[0].parent_hash if missing else newest.hash
            moved, reorganised = True, shared != self.book.head.hash
            touched = self._go(shared, missing, logs)
        touched |= await self._read_again(newest)
        return Advance(newest, touched, reorganised) if moved or touched else None

    async def updates(
        self, *, ws_url: str | SecretStr | None = None, poll_seconds: float = 1.0
    ) -> AsyncGenerator[Advance | None, None]:
        """Every step of the chain, until the caller stops; with `ws_url` as the node announces it, else, and
        while that connection is lost, asked for every `poll_seconds`. None for each look that found nothing
        new.

        A node that does not answer makes all states be read again: until then the book hands none out.
        """
        async with aclosing(self._wakes(ws_url, poll_seconds)) as wakes:
            async for newest in wakes:
                yield await self._try_advance(newest)

    def noted(self, notice: LogNotice) -> bool:
        """Take note of a log that was announced. True if its block was applied without it: then the pools
        that it may be about must be read again.
        """
        log, announced = notice.log, self._announced.setdefault(notice.log.block_hash, set())
        _keep_newest(self._announced, self._depth)
        if notice.removed:
            announced.discard(log.index)
            return False
        announced.add(log.index)
        applied = self._applied.get(log.block_hash)
        if applied is None or log.index in applied:
            return False
        of_log = [key for key, pool in self.book.pools.items() if log.address in venues.emitters(pool)]
        self.book.invalidate(of_log, since=log.block_hash)
        return bool(of_log)

    async def _wakes(
        self, ws_url: str | SecretStr | None, poll_seconds: float
    ) -> AsyncGenerator[BlockHead | None, None]:
        """The announced heads, None where the node must be asked for its newest."""
        while True:
            if ws_url is not None:
                with suppress(NodeError):
                    async with aclosing(self._heads_of(ws_url)) as heads:
                        async for newest in heads:
                            yield newest
                    continue
            yield None
            await asyncio.sleep(poll_seconds)

    async def _heads_of(self, ws_url: str | SecretStr) -> AsyncGenerator[BlockHead | None, None]:
        """The heads that one connection announces; ends when other contracts' logs are needed."""
        emitters = self.book.emitters
        async with Subscription(ws_url, emitters, self._topics, rule=self._rule) as subscription:
            yield None
            async for notice in subscription.notices():
                if not isinstance(notice, LogNotice):
                    yield notice
                elif self.noted(notice):
                    yield None
                if self.book.emitters != emitters:
                    return

    async def _try_advance(self, newest: BlockHead | None) -> Advance | None:
        try:
            return await self.advance(newest)
        except ExecutorError:
            await asyncio.sleep(RETRY_SECONDS)
        try:
            return await self.advance()
        except ExecutorError:
            self.book.invalidate()
            return None

    async def _missing(self, newest: BlockHead) -> list[BlockHead] | None:
        """The blocks up to `newest` that the book must go through, the first one's parent known to it; None
        if they are too many.
        """
        assert self.book.head is not None
        if self.book.knows(newest.hash):
            return []
        gap = newest.number - self.book.head.number
        if gap > self._depth:
            return None
        between = await self._between(self.book.head.number + 1, newest.number - 1)
        missing = [newest]
        while not self.book.knows(missing[0].parent_hash):
            if len(missing) > 2 * self._depth:
                return None
            parent = missing[0].parent_hash
            missing.insert(0, between.get(parent) or await self._by_hash(parent))
        return missing

    async def _by_hash(self, block_hash: str) -> BlockHead:
        answer = await self._rpc.call("eth_getBlockByHash", block_hash, False)
        if answer is None:
            raise answer_error(f"block {block_hash}", "is unknown to the node")
        return parse_head(answer, rule=self._rule)

    async def _between(self, first: int, last: int) -> dict[str, BlockHead]:
        """The headers of these numbers by their hashes, in one batch."""
        calls = [("eth_getBlockByNumber", (to_quantity(each), False)) for each in range(first, last + 1)]
        answers = results(await self._rpc.batch(calls)) if calls else []
        found = [parse_head(answer, rule=self._rule) for answer in answers if answer is not None]
        return {each.hash: each for each in found}

    def _go(self, shared: str, blocks: list[BlockHead], logs: list[tuple[Log, ...]]) -> frozenset[str]:
        """Back to the shared block and on through `blocks`, with nothing in between."""
        touched = self.book.roll_back(shared)
        for block, entries in zip(blocks, logs, strict=True):
            touched |= self.book.apply(block, entries)
            self._applied[block.hash] = {log.index for log in entries}
            _keep_newest(self._applied, self._depth)
        return touched

    def _check_complete(self, blocks: list[BlockHead], logs: list[tuple[Log, ...]]) -> None:
        """Raises NodeError where a log was announced that the answer does not have."""
        for block, entries in zip(blocks, logs, strict=True):
            if not self._announced.get(block.hash, set()) <= {log.index for log in entries}:
                raise answer_error(f"eth_getLogs of block {block.number}", "lacks a log that was announced")

    async def _read_again(self, at: BlockHead) -> frozenset[str]:
        """Read what the book does not know at its head, and what was offered for it; the keys of what could
        be read.
        """
        offered, self._offered = self._offered, {}
        pools = self.book.pools
        known = {key: pools[key] for key in sorted(self.book.to_read)}
        states = await self._read({**known, **offered}, at)
        self.book.add(states.values(), at)
        return frozenset(states)

    async def _restart(self, newest: BlockHead) -> Advance:
        """Read every pool anew at `newest`."""
        pools = self.book.pools
        states = await self._read(pools, newest)
        self.book.restart()
        self.book.add(states.values(), newest)
        return Advance(newest, frozenset(pools), reorganised=True, restarted=True)

    async def _read(self, pools: Mapping[str, Pool], at: BlockHead) -> dict[str, PoolState]:
        """The states of these pools. Those that cannot be read are followed no longer, and whoever asks for
        one reads it: they are not there, as after a reorganisation that took their creation back, their maths
        cannot be told now, as while a rate is not answered, or no reading that they take part in succeeds.
        """
        found: dict[str, PoolState] = {}
        parts, failed = [dict(pools)] if pools else [], 0
        while parts:
            part = parts.pop()
            try:
                found |= await read_market(self._rpc, part.values(), at)
            except Exception as error:
                left = _without_named(part, error)
                if left is None:
                    failed += 1
                    await self._require_answering(error, at)
                    if failed > MOST_FAILED:
                        raise
                    left = _halves(part)
                parts += left
        self.book.remove(pools.keys() - found.keys())
        return found

    async def _require_answering(self, error: Exception, at: BlockHead) -> None:
        """Raises `error` where the node wants to be asked more slowly, and NodeError where it does not answer
        for the block itself: then it is not for any of the pools that a reading fails.
        """
        if throttled(error):
            raise error
        await self._by_hash(at.hash)


def _without_named(part: Mapping[str, Pool], error: Exception) -> list[dict[str, Pool]] | None:
    """What is left to be read without the pool that the error names; None where it names none of them."""
    if not isinstance(error, MathsError | PoolNotFoundError):
        return None
    named = error.facts.get("pool")
    left = {key: pool for key, pool in part.items() if named not in (key, pool.identity, pool.address)}
    if len(left) == len(part):
        return None
    return [left] if left else []


def _halves(part: Mapping[str, Pool]) -> list[dict[str, Pool]]:
    """Two parts in the place of one that cannot be read as a whole; none of a single pool."""
    pools = list(part.items())
    middle = len(pools) // 2
    return [dict(pools[:middle]), dict(pools[middle:])] if middle else []


def _keep_newest(kept: OrderedDict[str, set[int]], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
