"""Kill an executor again and again, settle everything, and hold its books against the chain."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from executor.journal.record import FILE_NAME
from tests.chaos.books import read_books, reading_url
from tests.chaos.checker import OPEN_STATUSES, Books, Findings, check
from tests.chaos.killing import Killer, Moment, moments
from tests.chaos.process import SOUND, Handicap, Life
from tests.chaos.scene import FINALITY, Scene, scene
from tests.support.postgres import Postgres, stoppable_postgres

WORKING_SECONDS = 6.0
"""How long a life may work, from its first request on, until it is killed in any case."""

SETTLE_SECONDS = 120.0
SETTLE_LIVES = 12
_LOG = logging.getLogger("chaos")


@dataclass
class Report:
    """What a campaign came to. `faults` counts all that went wrong but the kills; `transactions` and
    `entries` what was compared; `moments` the kills that came just at their boundary.
    """

    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    opportunities: int = 0
    transactions: int = 0
    entries: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    moments: Counter[str] = field(default_factory=Counter)
    found: list[Findings] = field(default_factory=list)

    @property
    def sentences(self) -> list[str]:
        """Everything that is wrong."""
        return [sentence for findings in self.found for sentence in findings.sentences]

    def add(self, other: Report) -> None:
        """Count another campaign in."""
        self.kills += other.kills
        self.faults += other.faults
        self.opportunities += other.opportunities
        self.transactions += other.transactions
        self.entries += other.entries
        self.statuses += other.statuses
        self.moments += other.moments
        self.found += other.found

    def figures(self) -> dict[str, int]:
        """The last line; a nonce gap counts as lost, since what waits behind it is."""
        return {
            "kills": self.kills,
            "faults": self.faults.total(),
            "opportunities": self.opportunities,
            "executed_twice": sum(len(one.executed_twice) for one in self.found),
            "lost": sum(len(one.lost) + len(one.gaps) for one in self.found),
            "misbooked": sum(len(one.misbooked) for one in self.found),
        }


@dataclass
class Campaign:
    """One scene, one database, and the executors that share it."""

    folder: Path
    scene: Scene
    place: Path | URL
    executors: tuple[str, ...]
    chance: random.Random
    server: Postgres | None = None
    report: Report = field(default_factory=Report)
    longest_life: float = 0.0
    _moments: Iterator[Moment] = field(init=False)

    async def run(self, kills: int) -> Report:
        """A quiet life first; then violent ones until there were so many `kills`; then quiet ones until all
        is settled; then the check.
        """
        await self._begin()
        while self.report.kills < kills:
            await self._violent_life()
        await self._settle()
        books = await asyncio.to_thread(self._books)
        history = await self.scene.do(self.scene.history)
        given = [opportunity["opportunity_id"] for opportunity in self.scene.opportunities]
        self.report.found.append(check(given, history, books))
        self.report.opportunities = len(given)
        self.report.transactions = len(history.transactions)
        self.report.entries = len(books.entries or ())
        self.report.faults = self.scene.faults
        self.report.statuses = Counter(one.status for one in books.executions)
        return self.report

    async def _begin(self) -> None:
        self.scene.calm()
        self.scene.ask(1)
        first = asyncio.Event()
        self.scene.hear = lambda method, when: first.set()
        began = time.monotonic()
        living = asyncio.create_task(self._quiet_life())
        await first.wait()
        # A busy machine takes longer to start a process: kills are to fall on its work all the same.
        self.longest_life = 1.5 * (time.monotonic() - began) + WORKING_SECONDS
        self._moments = moments(self.chance, self.longest_life * 0.7)
        await living
        self.scene.floor = await self.scene.do(lambda: self.scene.node.block_number)
        self.scene.calm(False)

    async def _violent_life(self) -> None:
        self.scene.ask(self.chance.randint(1, 3))
        moment = next(self._moments)
        killer = Killer(moment, reading_url(self.place))
        self.scene.hear = killer.hear
        handicap = self._handicap()
        lives = [await self._life(name, handicap) for name in self.executors]
        victim = self.chance.choice(lives)
        clear = asyncio.Event()
        weather = asyncio.create_task(self._weather(clear))
        try:
            await killer.watch(victim, self.longest_life)
            for other in lives:
                await _ended(other, self.chance.uniform(0, 4))
        finally:
            clear.set()
            await weather
        killed = sum(life.killed for life in lives)
        self.report.kills += killed
        self.report.moments[moment.boundary] += killer.hit
        _LOG.info(
            "killed %d %s%s; %s; %s",
            killed,
            moment,
            "" if killer.hit else " (which did not come)",
            [life.code for life in lives],
            handicap,
        )

    def _handicap(self) -> Handicap:
        """Now and then a wrong clock or a full disk."""
        kind = self.chance.random()
        if kind < 0.1:
            self.scene.disasters["wrong clocks"] += 1
            return Handicap(clock=self.chance.choice((-7200, -30, 30, 7200)))
        if kind < 0.2 and isinstance(self.place, Path):
            self.scene.disasters["full disks"] += 1
            files = [self.place, self.place.with_name(self.place.name + "-wal")]
            largest = max((file.stat().st_size for file in files if file.exists()), default=0)
            return Handicap(largest_file=largest + self.chance.randrange(2**16))
        return SOUND

    async def _weather(self, clear: asyncio.Event) -> None:
        """What the world does until it is `clear`; what has begun is brought to its end."""
        kinds = [self.scene.reorganise, self.scene.jump, self.scene.trade]
        weights = [0.5, 0.2, 0.3]
        if self.server is not None:
            kinds.append(self._without_database)
            weights.append(0.3)
        while not clear.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(clear.wait(), self.chance.expovariate(0.25))
            if not clear.is_set():
                (kind,) = self.chance.choices(kinds, weights)
                await kind()

    async def _without_database(self) -> None:
        """The server goes for a while and comes back."""
        assert self.server is not None
        self.scene.disasters["databases gone"] += 1
        await asyncio.to_thread(self.server.crash if self.chance.random() < 0.5 else self.server.stop)
        await asyncio.sleep(self.chance.uniform(0.5, 3))
        await asyncio.to_thread(self.server.start)

    async def _settle(self) -> None:
        """Quiet lives until nothing is open and the last block is final."""
        self.scene.calm()
        self.scene.hear = lambda method, when: None
        for _ in range(SETTLE_LIVES):
            await self._quiet_life()
            if await asyncio.to_thread(self._is_settled):
                return
            await self._bury()

    async def _quiet_life(self) -> None:
        lives = [await self._life(name) for name in self.executors]
        for life in lives:
            if await life.end(SETTLE_SECONDS) is None:
                life.kill()
                await life.end(10)
                _LOG.warning("a quiet life did not end: %s", life.errors[-2000:])

    async def _bury(self) -> None:
        """Let what is mined become final."""
        await self.scene.do(self.scene.node.mine, FINALITY + 1)

    async def _life(self, name: str, handicap: Handicap = SOUND) -> Life:
        source = self.folder / "opportunities.jsonl"
        source.write_text("".join(json.dumps(one) + "\n" for one in self.scene.opportunities))
        return await Life.begin(self.folder, name, self._settings(name), source, handicap)

    def _settings(self, name: str) -> dict[str, Any]:
        if isinstance(self.place, Path):
            return self.scene.settings(name)
        return self.scene.settings(name, database_url=self.place.render_as_string(hide_password=False))

    def _books(self) -> Books:
        return read_books(self.place, token=self.scene.trading.desk.book.tokens["WETH"])

    def _is_settled(self) -> bool:
        books = self._books()
        open_intents = [one for one in books.intents if one.state in ("live", "mined")]
        return not open_intents and all(one.status not in OPEN_STATUSES for one in books.executions)


async def _ended(life: Life, seconds: float) -> None:
    """It may live so much longer, if it still does; then it is killed too."""
    if await life.end(seconds) is None:
        life.kill()
        await life.end(10)


async def on_a_file(folder: Path, kills: int, seed: int) -> Report:
    """One executor and its SQLite file."""
    async with scene(folder, seed) as made:
        place = folder / "journal" / FILE_NAME
        return await Campaign(folder, made, place, ("executor-1",), random.Random(seed)).run(kills)


async def on_a_server(folder: Path, kills: int, seed: int) -> Report:
    """Two executors that share a PostgreSQL database."""
    async with scene(folder, seed) as made:
        with stoppable_postgres() as server:
            names = ("executor-1", "executor-2")
            campaign = Campaign(folder, made, server.url, names, random.Random(seed), server)
            return await campaign.run(kills)
