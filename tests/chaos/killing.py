"""The moments at which an executor is killed: at random, and at each boundary between two of its steps.

The product knows nothing of this. A boundary shows from outside: in what the executor asks of its node, just
before the node hears it and just after it has answered; and in the rows of its database, as soon as one
appears in a new state.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from tests.chaos.process import Life

LOOK_SECONDS = 0.002
BEGINNING_SECONDS = 120.0


class When(StrEnum):
    """Before the node hears a request, or after it has answered and before the executor hears that."""

    BEFORE = "before"
    AFTER = "after"


METHODS = (
    "eth_chainId",
    "eth_getBlockByNumber",
    "eth_call",
    "eth_simulateV1",
    "eth_estimateGas",
    "eth_feeHistory",
    "eth_getTransactionCount",
    "eth_sendRawTransaction",
    "eth_getTransactionReceipt",
    "eth_getTransactionByHash",
)
ROWS: dict[str, str] = {
    "an intake": "SELECT count(*) FROM executions",
    "a pending execution": "SELECT count(*) FROM executions WHERE status = 'pending'",
    "an outcome": "SELECT count(*) FROM executions WHERE status NOT IN ('accepted', 'pending')",
    "a slot": "SELECT count(*) FROM slots_in_use",
    "a claim": "SELECT count(*) FROM claims",
    "an attempt": "SELECT count(*) FROM attempts",
    "a sent attempt": "SELECT count(*) FROM attempts WHERE state = 'sent'",
    "a mined intent": "SELECT count(*) FROM intents WHERE state = 'mined'",
    "a final intent": "SELECT count(*) FROM intents WHERE state = 'final'",
    "a booking": "SELECT count(*) FROM bookings",
    "a work": "SELECT count(*) FROM workflow_status",
    "a step of a work": "SELECT count(*) FROM operation_outputs",
    "a work that ended": "SELECT count(*) FROM workflow_status WHERE status = 'SUCCESS'",
}
"""What to count; the boundary is where it has grown from the least that was seen. On PostgreSQL the engine's
own tables stand in a schema of their own.
"""


@dataclass(frozen=True)
class Moment:
    """When to kill. Exactly one of: after so many `seconds`; at the `count`-th request of a `method`; when
    `row` shows for the `count`-th time.
    """

    seconds: float | None = None
    method: str | None = None
    when: When = When.BEFORE
    row: str | None = None
    count: int = 1

    def __str__(self) -> str:
        if self.seconds is not None:
            return f"after {self.seconds:.2f} s"
        if self.method is not None:
            return f"{self.when} {self.method} no. {self.count}"
        return f"at {self.row} no. {self.count}"

    @property
    def boundary(self) -> str:
        """Which boundary it is, whichever time; "at random" for a mere time."""
        if self.seconds is not None:
            return "at random"
        return f"at {self.row}" if self.method is None else f"{self.when} {self.method}"


class Killer:
    """Kills a life at a moment. `hear` is told each request by the node in the middle. `hit`: whether the
    moment came; `working`: since the first request; `beginning`: the seconds until that.
    """

    def __init__(self, moment: Moment, database: URL) -> None:
        self.moment = moment
        self._database = database
        self.hit = False
        self._heard = 0
        self._watched = time.monotonic()
        self.beginning: float | None = None
        self.working = asyncio.Event()
        self._life: Life | None = None

    def hear(self, method: str, when: When) -> None:
        """A request is at its `when`."""
        if not self.working.is_set():
            self.beginning = time.monotonic() - self._watched
            self.working.set()
        if self._life is None or (method, when) != (self.moment.method, self.moment.when):
            return
        self._heard += 1
        if self._heard >= self.moment.count:
            self._hit(self._life)

    async def watch(self, life: Life, most_seconds: float) -> None:
        """Until the life has ended: by the kill at its moment, by itself, or killed `most_seconds` after its
        first request.
        """
        self._life = life
        looking = asyncio.create_task(self._look(life)) if self.moment.row is not None else None
        try:
            if self.moment.seconds is None:
                ended = await self._lived(life, most_seconds)
            else:
                ended = await life.end(self.moment.seconds) is not None
            if not ended:
                self.hit = self.moment.seconds is not None
                life.kill()
                await life.end(10)
        finally:
            self._life = None
            if looking is not None:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    async def _lived(self, life: Life, most_seconds: float) -> bool:
        """Whether it ended by itself. A busy machine may take long to begin; that is no work yet."""
        ending = asyncio.create_task(life.end(BEGINNING_SECONDS))
        first = asyncio.create_task(self.working.wait())
        await asyncio.wait((ending, first), return_when=asyncio.FIRST_COMPLETED)
        first.cancel()
        if not ending.done():
            await asyncio.wait((ending,), timeout=most_seconds)
        ended = ending.done() and ending.result() is not None
        ending.cancel()
        await asyncio.gather(ending, first, return_exceptions=True)
        return ended

    def _hit(self, life: Life) -> None:
        self.hit = self.hit or not life.ended
        life.kill()

    async def _look(self, life: Life) -> None:
        assert self.moment.row is not None
        engine = create_engine(self._database)
        count = _counter(engine, ROWS[self.moment.row])
        try:
            least: int | None = None
            while not life.ended:
                now = await asyncio.to_thread(count)
                if now is not None:
                    least = now if least is None else min(least, now)
                    if now >= least + self.moment.count:
                        self._hit(life)
                        return
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            engine.dispose()


def _counter(engine: Engine, query: str) -> Callable[[], int | None]:
    """Counts, or None while there is no such table or no database."""
    schemas = "" if engine.dialect.name == "sqlite" else "SET LOCAL search_path TO public, dbos"

    def count() -> int | None:
        try:
            with engine.connect() as connection:
                if schemas:
                    connection.execute(text(schemas))
                return int(connection.execute(text(query)).scalar_one())
        except SQLAlchemyError:
            return None

    return count
