"""Kills come when they are to come: at every boundary, and just there."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.chaos.books import reading_url
from tests.chaos.killing import Killer, Moment, When
from tests.chaos.process import Life


async def _asleep(folder: Path) -> Life:
    process = await asyncio.create_subprocess_exec("sleep", "30")
    return Life(process, folder / "out", folder / "err")


async def _killed(life: Life, killer: Killer, most_seconds: float = 20) -> None:
    await killer.watch(life, most_seconds)
    assert life.killed
    assert life.code == -signal.SIGKILL


@pytest.mark.parametrize("when", list(When))
async def test_the_named_request_kills_and_no_other(tmp_path: Path, when: When) -> None:
    life = await _asleep(tmp_path)
    killer = Killer(Moment(method="eth_call", when=when, count=2), reading_url(tmp_path / "none"))
    watching = asyncio.create_task(_killed(life, killer))
    await asyncio.sleep(0.05)
    for method in ("eth_call", "eth_chainId", "eth_getCode"):
        for at in When:
            killer.hear(method, at)
    await asyncio.sleep(0.05)
    assert not life.ended
    killer.hear("eth_call", when)
    await watching
    assert killer.hit


async def test_a_new_row_kills(tmp_path: Path) -> None:
    file = tmp_path / "record.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE executions (status TEXT)")
        connection.execute("INSERT INTO executions VALUES ('pending')")
    life = await _asleep(tmp_path)
    killer = Killer(Moment(row="an intake"), reading_url(file))
    watching = asyncio.create_task(_killed(life, killer))
    await asyncio.sleep(0.3)
    assert not life.ended
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO executions VALUES ('accepted')")
    connection.close()
    await watching
    assert killer.hit


async def test_a_life_to_which_the_moment_does_not_come_is_killed_in_the_end(tmp_path: Path) -> None:
    life = await _asleep(tmp_path)
    killer = Killer(Moment(row="a claim"), reading_url(tmp_path / "none"))
    killer.hear("eth_chainId", When.BEFORE)
    await _killed(life, killer, most_seconds=0.2)
    assert not killer.hit
    assert not (tmp_path / "none").exists()


async def test_the_time_of_a_life_begins_with_its_first_request(tmp_path: Path) -> None:
    life = await _asleep(tmp_path)
    killer = Killer(Moment(method="eth_call"), reading_url(tmp_path / "none"))
    watching = asyncio.create_task(_killed(life, killer, most_seconds=0.1))
    await asyncio.sleep(0.3)
    assert not life.ended
    killer.hear("eth_chainId", When.BEFORE)
    await watching
