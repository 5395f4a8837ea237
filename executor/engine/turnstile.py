"""Who may trade now: a free place among the chain's executions, and nobody else at the same pools, inventory
or lender.

Both stand in the record, so that several processes keep to them and a crash does not free what is still out.
"""

import asyncio
from collections.abc import Callable, Collection

from executor.domain.chain import ChainData
from executor.domain.errors import ExecutorError
from executor.domain.route import POOL_LOANS, Funding
from executor.domain.split import Sized
from executor.journal.record import Record
from executor.submission.clock import Clock, set_or_slept

LOOK_SECONDS = 0.25
"""Between two looks at what other processes hold, each a query of everyone who waits; what this one frees is
noticed at once.
"""


class BusyError(ExecutorError, TimeoutError):
    """All places, or what the trade needs, stayed taken for too long; nothing was sent."""

    code = "busy"


class Turnstile:
    """Lets the opportunities of one chain in."""

    def __init__(self, record: Record, clock: Clock, *, places: int, seconds: float) -> None:
        """`places`: executions at a time over all processes; `seconds`: how long one waits."""
        self._record = record
        self._clock = clock
        self._places = places
        self._seconds = seconds
        self._freed = asyncio.Event()

    def freed(self) -> None:
        """Tell those who wait that something has become free."""
        self._freed.set()
        self._freed = asyncio.Event()

    async def place(self, opportunity_id: str) -> None:
        """Take a place. Raises BusyError, JournalError."""
        await self._until(
            lambda: self._record.take_slot(opportunity_id, self._places),
            f"all {self._places} places of the chain are taken.",
            fix="raise max_concurrent_executions, or send fewer opportunities at a time",
        )

    async def claim(
        self, opportunity_id: str, keys: Collection[str], waits: Callable[[], None] = lambda: None
    ) -> bool:
        """Take what `keys` name for one opportunity alone, until it ends. False if that meant waiting: then
        the market has to be read again. `waits` is called before, to give back what else it holds. Raises
        BusyError, JournalError.
        """
        held = self._record.claim(opportunity_id, keys)
        if not held:
            return True
        # Whoever waits holds nothing: two can never wait for each other.
        self._record.release(opportunity_id)
        waits()
        self.freed()
        await self._until(
            lambda: not self._record.claim(opportunity_id, keys),
            f"another opportunity holds {', '.join(sorted(held))}.",
            fix="try it again when that one has ended",
            held=sorted(held),
        )
        return False

    async def _until(self, taken: Callable[[], bool], problem: str, *, fix: str, **facts: object) -> None:
        began = self._clock.now()
        while True:
            freed = self._freed
            if taken():
                return
            if self._clock.now() - began >= self._seconds:
                raise BusyError(problem, fix=fix, **facts)
            await set_or_slept(freed, self._clock, LOOK_SECONDS)


def needs(chain: ChainData, sized: Sized) -> frozenset[str]:
    """What a trade needs for itself: its pools, the router's balance it starts from, its lenders."""
    keys = {f"pool:{leg.pool.key.lower()}" for leg in sized.route.legs}
    for payer in sized.payers:
        funding, pool = payer.funding, payer.pool
        if funding is Funding.INVENTORY:
            keys.add(f"token:{sized.route.settlement.address.lower()}")
        elif funding in POOL_LOANS and pool is not None:
            keys.add(f"pool:{pool.key.lower()}")
        elif funding in chain.lenders:
            keys.add(f"lender:{chain.lenders[funding].known.address.lower()}")
    return frozenset(keys)
