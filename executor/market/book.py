"""States of pools, kept at the newest block by the logs of each block, and put back when the chain is."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from executor import venues
from executor.domain.address import Address
from executor.domain.log import Log
from executor.domain.market import BlockHead, PoolState
from executor.domain.pool import Pool
from executor.market.errors import BlockGapError, ReorgTooDeepError, StaleStateError
from executor.market.interest import Interest

DEPTH = 64
"""Blocks that can be taken back: two epochs of Ethereum, after which a block is final."""


@dataclass(slots=True)
class _Entry:
    """A block, and what it replaced: states before it by key, None where there was none that held."""

    head: BlockHead
    before: dict[str, PoolState | None] = field(default_factory=dict)


class MarketBook:
    """The states of pools by their keys, all in the state of one block, `head`.

    A state is followed from block to block by the logs. Where a log does not tell enough, or the pool changes
    without logs, the pool must be read again: until it is, `state` raises and `to_read` names it. At most
    `depth` blocks can be taken back, so what the book holds does not grow with time.
    """

    def __init__(self, depth: int = DEPTH) -> None:
        self._states: dict[str, PoolState | None] = {}
        self._pools: dict[str, Pool] = {}
        self._interest = Interest()
        self._unfollowable: set[str] = set()
        self._entries: deque[_Entry] = deque(maxlen=depth + 1)

    @property
    def head(self) -> BlockHead | None:
        """The block that all states are of; None before the first."""
        return self._entries[-1].head if self._entries else None

    @property
    def pools(self) -> Mapping[str, Pool]:
        """Every pool that is followed, by its key."""
        return dict(self._pools)

    @property
    def emitters(self) -> frozenset[Address]:
        """Whose logs `apply` needs."""
        return self._interest.emitters

    @property
    def to_read(self) -> frozenset[str]:
        """Keys of the pools that must be read again at `head`."""
        return frozenset(key for key, state in self._states.items() if state is None)

    def state(self, key: str) -> PoolState:
        """The pool's state at `head`. Raises StaleStateError where it must be read first, or is not followed
        at all.
        """
        state = self._states.get(key)
        if state is None:
            raise StaleStateError(
                f"the state of pool {key} is not known at the newest block.",
                fix="read the pool again at the book's head",
                pool=key,
                followed=key in self._states,
                block_number=self.head.number if self.head else None,
            )
        return state

    def states(self, keys: Iterable[str] | None = None) -> dict[str, PoolState]:
        """The states of these pools at `head`, else of all that are known there. Raises StaleStateError for a
        key that is not.
        """
        if keys is None:
            return {key: state for key, state in self._states.items() if state is not None}
        return {key: self.state(key) for key in keys}

    def add(self, states: Iterable[PoolState], head: BlockHead) -> None:
        """Take states that were read at `head`, for new pools or in the place of what is kept.

        The first states make `head` the book's own; later ones must be of that block. Raises BlockGapError.
        """
        if not self._entries:
            self._entries.append(_Entry(head))
        entry = self._entries[-1]
        if entry.head.hash != head.hash:
            raise BlockGapError(
                f"states of block {head.number} were read while the book is at {entry.head.number}.",
                fix="read them again at the book's head",
                block_hash=head.hash,
                book_hash=entry.head.hash,
            )
        for state in states:
            key = state.pool.key
            # What was not known before stays unknown when the chain goes back behind this block.
            entry.before.setdefault(key, self._states.get(key))
            self._track(state.pool)
            self._set(key, state)

    def remove(self, keys: Iterable[str]) -> None:
        """Follow these pools no longer."""
        for key in keys:
            if key in self._pools:
                self._untrack(key)
                del self._states[key]
                self._unfollowable.discard(key)
                for entry in self._entries:
                    entry.before.pop(key, None)

    def apply(self, block: BlockHead, logs: Sequence[Log]) -> frozenset[str]:
        """Go on to `block`, the child of `head`, with all logs of `emitters` in it; the keys it touched.

        Logs may come in any order, and twice. Raises BlockGapError, the book left as it was, if `block` is
        not the child of `head` or a log is not of `block`.
        """
        self._check_child(block)
        changed: dict[str, PoolState | None] = dict.fromkeys(self._unfollowable)
        for log in _in_order(block, logs):
            for key in self._interest.keys(log):
                state = changed.get(key, self._states[key])
                if state is None:
                    continue
                after = _followed(state, log)
                if after is not state:
                    changed[key] = after
        entry = _Entry(block, {key: self._states[key] for key in changed})
        self._entries.append(entry)
        for key, state in changed.items():
            self._set(key, state)
        return frozenset(changed)

    def roll_back(self, block_hash: str) -> frozenset[str]:
        """Go back to that block, as if those after it had not been; the keys whose states that changed.

        Raises ReorgTooDeepError, the book left as it was, if the book does not know the block (any more).
        """
        if not self.knows(block_hash):
            raise ReorgTooDeepError(
                f"the book does not know block {block_hash} to go back to.",
                fix="read every pool again at the newest block",
                block_hash=block_hash,
                blocks_known=len(self._entries),
            )
        touched: set[str] = set()
        while self._entries[-1].head.hash != block_hash:
            for key, state in self._entries.pop().before.items():
                self._set(key, state)
                touched.add(key)
        return frozenset(touched)

    def knows(self, block_hash: str) -> bool:
        """True if `roll_back` can go to that block."""
        return any(entry.head.hash == block_hash for entry in self._entries)

    def invalidate(self, keys: Collection[str] | None = None, *, since: str | None = None) -> None:
        """Say of these pools, else of all, that they must be read again at `head`.

        `since` is the hash of the block from which on their states were wrong, the head where it is not given
        or not known: what the blocks after it replaced is not put back any more either.
        """
        named = tuple(self._states if keys is None else keys)
        for entry in self._after(since):
            entry.before.update(dict.fromkeys(named))
        for key in named if self._entries else ():
            self._entries[-1].before.setdefault(key, self._states[key])
            self._set(key, None)

    def distrust(self, keys: Iterable[str]) -> None:
        """Say of these pools, as far as they are followed, that nobody knows since when their states are
        wrong: they must be read again, at `head` and at any block that the book goes back to.
        """
        named = [key for key in keys if key in self._states]
        for entry in self._entries:
            entry.before.update(dict.fromkeys(named))
        for key in named:
            self._set(key, None)

    def _after(self, block_hash: str | None) -> list[_Entry]:
        """The entries of the blocks after that one; none where it is not known."""
        hashes = [entry.head.hash for entry in self._entries]
        if block_hash not in hashes:
            return []
        return list(self._entries)[hashes.index(block_hash) + 1 :]

    def restart(self) -> None:
        """Forget all blocks and states, but not which pools are followed: `add` starts anew."""
        self._entries.clear()
        for key in self._states:
            self._set(key, None)

    def _track(self, pool: Pool) -> None:
        if self._pools.get(pool.key) == pool:
            return
        if pool.key in self._pools:
            self._untrack(pool.key)
        self._pools[pool.key] = pool
        self._interest.add(pool)

    def _untrack(self, key: str) -> None:
        self._interest.remove(self._pools.pop(key))

    def _set(self, key: str, state: PoolState | None) -> None:
        self._states[key] = state
        if state is None or venues.followable(state):
            self._unfollowable.discard(key)
        else:
            self._unfollowable.add(key)

    def _check_child(self, block: BlockHead) -> None:
        head = self.head
        if head is None or (block.parent_hash, block.number) != (head.hash, head.number + 1):
            raise BlockGapError(
                f"block {block.number} does not follow on block {head.number if head else 'none'}.",
                fix="apply the blocks between, or roll back to the block's parent",
                block_hash=block.hash,
                parent_hash=block.parent_hash,
                book_hash=head.hash if head else None,
            )


def _in_order(block: BlockHead, logs: Sequence[Log]) -> list[Log]:
    """The logs by their place in the block, each once. Raises BlockGapError for a log of another block, or
    two in one place.
    """
    by_index: dict[int, Log] = {}
    for log in logs:
        if log.block_hash != block.hash or log.block_number != block.number:
            raise BlockGapError(
                f"a log of block {log.block_number} was given with block {block.number}.",
                fix="ask for the logs of this very block",
                block_hash=block.hash,
                log_block_hash=log.block_hash,
            )
        if by_index.setdefault(log.index, log) != log:
            raise BlockGapError(
                f"two logs of block {block.number} say to be number {log.index} in it.",
                fix="ask for the logs of this very block again",
                block_hash=block.hash,
                index=log.index,
            )
    return [by_index[index] for index in sorted(by_index)]


def _followed(state: PoolState, log: Log) -> PoolState | None:
    """The state after the log; None where it cannot be told, whatever a strange pool has written there."""
    try:
        return venues.follow(state, log)
    except Exception:
        return None
