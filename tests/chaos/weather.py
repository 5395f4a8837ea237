"""What goes wrong besides the nodes' answers and the kills: with the chain, the machine and the database."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sqlalchemy.engine import URL

from tests.chaos.clocks import CLOCK_LIBRARY
from tests.chaos.faulty_node import Fault
from tests.chaos.process import SOUND, Handicap, Life
from tests.chaos.scene import Scene
from tests.support.postgres import Postgres

CLOCKS = (-7200, -30, 30, 7200)
"""By how many seconds a clock may be wrong."""

SOUND_LIVES = 4
"""Of a deck of handicaps so many are none."""

SENDING_SECONDS = 3.0
_WAL_FRAME = 4096 + 24


class Disaster(StrEnum):
    """What can happen to more than one exchange."""

    SHORT_REORG = "reorganisations of 1 to 5 blocks"
    LONG_REORG = "reorganisations of 6 to 12 blocks"
    DEEP_REORG = "reorganisations of 13 to 20 blocks"
    LEAP = "leaps of the chain's clock"
    TRADE = "trades by others"
    GAS_SPIKE = "spikes of the base fee"
    WRONG_CLOCK = "lives with a wrong clock"
    CLOCK_JUMP = "jumps of the clock during a life"
    FULL_DISK = "full disks"
    NO_DATABASE = "databases gone for a while"
    FELLOW_KILLED = "executors killed beside a living one"


def kinds() -> tuple[str, ...]:
    """Everything that can go wrong, by the names under which it is counted."""
    return (*(fault.value for fault in Fault), *(disaster.value for disaster in Disaster))


def of_depth(depth: int) -> Disaster:
    """Which kind of reorganisation takes back so many blocks."""
    if depth <= 5:
        return Disaster.SHORT_REORG
    return Disaster.LONG_REORG if depth <= 12 else Disaster.DEEP_REORG


@dataclass
class Weather:
    """The world's and the machine's bad days, while lives go on. `place` is the database; `server` the one
    that can be taken away, None for a file.
    """

    scene: Scene
    chance: random.Random
    place: Path | URL
    server: Postgres | None = None
    happened: Counter[str] = field(default_factory=Counter)
    _deck: list[str] = field(default_factory=list)

    def handicap(self) -> Handicap:
        """What is wrong with the machine in the next life: by turns, in a random order."""
        if not self._deck:
            broken = ["wrong clock", "jumping clock"] if CLOCK_LIBRARY is not None else []
            if isinstance(self.place, Path):
                broken.append("full disk")
            self._deck = [*broken, *["none"] * SOUND_LIVES]
            self.chance.shuffle(self._deck)
        kind = self._deck.pop()
        if kind == "wrong clock":
            return Handicap(clock=self.chance.choice(CLOCKS))
        if kind == "jumping clock":
            return Handicap(clock=0)
        if kind == "full disk":
            largest = max((file.stat().st_size for file in self._files()), default=0)
            return Handicap(largest_file=largest + self.chance.randrange(2**14))
        return SOUND

    def note(self, handicap: Handicap) -> None:
        """A life under this has ended."""
        if handicap.clock:
            self.happened[Disaster.WRONG_CLOCK] += 1
        if handicap.largest_file is not None:
            largest = max((file.stat().st_size for file in self._files()), default=0)
            self.happened[Disaster.FULL_DISK] += largest + _WAL_FRAME > handicap.largest_file

    async def rage(
        self, begin: asyncio.Event, clear: asyncio.Event, lives: Sequence[Life], handicap: Handicap
    ) -> None:
        """What happens to the `lives` from `begin` until `clear`; what has begun is brought to its end."""
        happenings: list[tuple[Callable[[], Awaitable[None]], float]] = [
            (self._reorganise, 0.5),
            (self._leap, 0.15),
            (self._trade, 0.25),
            (self._spike, 0.35),
        ]
        if self.server is not None:
            happenings.append((self._without_database, 0.3))
        await begin.wait()
        jumping = asyncio.create_task(self._jumping(clear, lives, handicap))
        doings, weights = [doing for doing, _ in happenings], [weight for _, weight in happenings]
        while not await _comes(clear, self._pause(self.chance.expovariate(0.35))):
            (doing,) = self.chance.choices(doings, weights)
            await doing()
        await jumping

    def _pause(self, seconds: float) -> float:
        return seconds * self.scene.slowness

    def _files(self) -> list[Path]:
        """What the database consists of, where it is a file."""
        if not isinstance(self.place, Path):
            return []
        files = [self.place, self.place.with_name(self.place.name + "-wal")]
        return [file for file in files if file.exists()]

    async def _reorganise(self) -> None:
        depth = await self.scene.reorganise()
        if depth:
            self.happened[of_depth(depth)] += 1

    async def _leap(self) -> None:
        await self.scene.leap(self.chance.choice((15, 200, 4000)))
        self.happened[Disaster.LEAP] += 1

    async def _trade(self) -> None:
        await self.scene.trade()
        self.happened[Disaster.TRADE] += 1

    async def _spike(self) -> None:
        """Gas costs many times as much for a dozen blocks, from when something is sent, if that is soon."""
        self.scene.sending.clear()
        await _comes(self.scene.sending, self._pause(SENDING_SECONDS))
        self.happened[Disaster.GAS_SPIKE] += 1
        await self.scene.set_base_fee(self.chance.choice((2, 6, 20)))
        await asyncio.sleep(self._pause(self.chance.uniform(1, 3)))
        await self.scene.set_base_fee(1)

    async def _without_database(self) -> None:
        """The server goes for a while and comes back."""
        assert self.server is not None
        self.happened[Disaster.NO_DATABASE] += 1
        await asyncio.to_thread(self.server.crash if self.chance.random() < 0.5 else self.server.stop)
        await asyncio.sleep(self.chance.uniform(0.5, 3))
        await asyncio.to_thread(self.server.start)

    async def _jumping(self, clear: asyncio.Event, lives: Sequence[Life], handicap: Handicap) -> None:
        """The clock of a machine that can be wrong goes forth and back."""
        if handicap.clock is None:
            return
        while not await _comes(clear, self._pause(self.chance.uniform(1, 4))):
            offset = self.chance.choice(CLOCKS)
            for life in lives:
                if not life.ended:
                    life.set_clock(offset)
                    self.happened[Disaster.CLOCK_JUMP] += 1


async def _comes(event: asyncio.Event, seconds: float) -> bool:
    """Whether it comes within so many seconds."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
