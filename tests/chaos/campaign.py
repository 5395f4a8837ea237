"""Kill an executor again and again, settle everything, and hold its books against the chain."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from executor.journal.record import FILE_NAME
from tests.chaos.aiming import Aims
from tests.chaos.books import read_books, reading_url
from tests.chaos.checker import OPEN_STATUSES, Books, Findings, check
from tests.chaos.killing import Killer
from tests.chaos.nursery import Nurseries
from tests.chaos.process import SOUND, Handicap, Life
from tests.chaos.scene import FINALITY, Scene, scene
from tests.chaos.weather import Disaster, Weather
from tests.support.postgres import stoppable_postgres

WORKING_SECONDS = 6.0
"""How long a life works until it is killed at a mere time, at most, on a machine that is not slow."""

USUAL_SECONDS = 0.8
"""From the birth of a life to its first request, on such a machine."""

MOST_SLOWNESS = 6.0

MOST_WAITING = 6
"""Opportunities without an end, of which there is always one that is new or near its end."""

AIMED_SECONDS = 45.0
"""How long a boundary is waited for, from the first request on, until the life is killed in any case."""

SETTLE_SECONDS = 120.0
SETTLE_LIVES = 12
_LOG = logging.getLogger("chaos")


@dataclass
class Report:
    """What a campaign came to. `faults` counts all that went wrong but the kills; `refusals` what was not
    admitted by geth's rules for its pool; `transactions` and `entries` what was compared; `attempts` what was
    signed.
    """

    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    opportunities: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    transactions: int = 0
    attempts: int = 0
    entries: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
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
        self.refusals += other.refusals
        self.transactions += other.transactions
        self.attempts += other.attempts
        self.entries += other.entries
        self.statuses += other.statuses
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
    """One scene, one database, and the executors that share it, killed where `aims` says."""

    folder: Path
    scene: Scene
    place: Path | URL
    executors: tuple[str, ...]
    chance: random.Random
    aims: Aims
    weather: Weather
    nurseries: Nurseries
    report: Report = field(default_factory=Report)

    async def run(self, kills: int, *, everywhere: bool = False) -> Report:
        """A quiet life first; then violent ones until there were so many `kills`, and with `everywhere` one
        at each boundary that comes; then quiet ones until all is settled; then the check.
        """
        await self._begin()
        while self.report.kills < kills or (everywhere and self.aims.missing):
            await self._violent_life()
        await self._settle()
        books = await asyncio.to_thread(self._books)
        history = await self.scene.do(self.scene.history)
        given = [opportunity["opportunity_id"] for opportunity in self.scene.opportunities]
        self.report.found.append(check(given, history, books))
        self.report.opportunities = len(given)
        self.report.transactions = len(history.transactions)
        self.report.attempts = sum(len(intent.attempts) for intent in books.intents)
        self.report.entries = len(books.entries or ())
        self.report.faults = self.scene.faults + self.weather.happened
        self.report.refusals = self.scene.refusals
        self.report.statuses = Counter(one.status for one in books.executions)
        return self.report

    async def _begin(self) -> None:
        self.scene.calm()
        await self.nurseries.get(clocks=False)
        self.scene.ask(1)
        first = asyncio.Event()
        self.scene.hear = lambda method, when: first.set()
        began = time.monotonic()
        living = asyncio.create_task(self._quiet_life())
        await first.wait()
        self._take_time(time.monotonic() - began)
        await living
        self.scene.floor = await self.scene.do(lambda: self.scene.node.block_number)
        self.scene.calm(False)

    async def _violent_life(self) -> None:
        self.scene.ask(await asyncio.to_thread(self._appetite))
        moment = self.aims.next(self.scene.slowness * (USUAL_SECONDS + WORKING_SECONDS))
        killer = Killer(moment, reading_url(self.place))
        self.scene.hear = killer.hear
        handicap = self.weather.handicap()
        lives = [await self._life(name, handicap) for name in self.executors]
        victim = self.chance.choice(lives)
        clear = asyncio.Event()
        weather = asyncio.create_task(self.weather.rage(killer.working, clear, lives, handicap))
        try:
            await killer.watch(victim, AIMED_SECONDS)
            for other in lives:
                self.weather.happened[Disaster.FELLOW_KILLED] += victim.killed and not other.ended
                await _ended(other, self.chance.uniform(0, 4))
        finally:
            killer.working.set()
            clear.set()
            await weather
        self.weather.note(handicap)
        if killer.beginning is not None and handicap.clock is None:
            self._take_time(killer.beginning)
        killed = sum(life.killed for life in lives)
        self.report.kills += killed
        self.aims.came(moment, killer.hit)
        missed = "" if killer.hit else " (which did not come)"
        _LOG.info("killed %d %s%s; %s; %s", killed, moment, missed, [life.code for life in lives], handicap)

    def _appetite(self) -> int:
        """How many more to ask for: where kills come early, what is given piles up."""
        final = sum(one.status not in OPEN_STATUSES for one in self._books().executions)
        waiting = len(self.scene.opportunities) - final
        return 0 if waiting >= MOST_WAITING else self.chance.randint(1, 3)

    def _take_time(self, beginning: float) -> None:
        """On a busy machine everything takes longer: then the world is slower too, and kills fall on the work
        all the same.
        """
        self.scene.slowness = min(max(beginning / USUAL_SECONDS, 1.0), MOST_SLOWNESS)

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
        settings = self._settings(name)
        return await Life.begin(self.folder, name, settings, source, handicap, self.nurseries)

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


async def on_a_file(folder: Path, kills: int, seed: int, aims: Aims) -> Report:
    """One executor and its SQLite file."""
    async with scene(folder, seed) as made, Nurseries(folder) as nurseries:
        place = folder / "journal" / FILE_NAME
        chance = random.Random(seed)
        weather = Weather(made, chance, place)
        names = ("executor-1",)
        return await Campaign(folder, made, place, names, chance, aims, weather, nurseries).run(kills)


async def on_a_server(folder: Path, kills: int, seed: int, aims: Aims, *, everywhere: bool = False) -> Report:
    """Two executors that share a PostgreSQL database. `everywhere` as for `Campaign.run`."""
    async with scene(folder, seed) as made, Nurseries(folder) as nurseries:
        with stoppable_postgres() as server:
            names = ("executor-1", "executor-2")
            chance = random.Random(seed)
            weather = Weather(made, chance, server.url, server)
            campaign = Campaign(folder, made, server.url, names, chance, aims, weather, nurseries)
            return await campaign.run(kills, everywhere=everywhere)
