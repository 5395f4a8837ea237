"""Several executor processes on one server share the work: what one leaves another finishes, and one that was
given up for dead sends nothing when it wakes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import URL

from executor.domain.execution import Status
from executor.engine.durable import beats
from executor.engine.executor import Executor
from executor.journal.books import Books
from executor.journal.record import Database, Record
from executor.operations.exit_codes import ExitCode
from tests.chaos.process import Life
from tests.support.pairs import crossing, mine_in_time, on_demand, until, waiting
from tests.support.postgres import new_database
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.trading import OPERATOR, Trading

__all__ = ["on_demand"]

SLOW = 60
"""Seconds that a process on a busy machine may take."""


@pytest.fixture
def server(postgres_server: URL) -> Iterator[URL]:
    """An empty database for several executors."""
    with new_database(postgres_server, "taking-over") as url:
        yield url


def settings(trading: Trading, server: URL, executor_id: str, **changes: Any) -> dict[str, Any]:
    section = {"max_execution_time_seconds": 300, "lanes": {"bump_blocks": 99}, **changes}
    place = server.render_as_string(hide_password=False)
    return trading.settings(**section) | {"database_url": place, "executor_id": executor_id}


@asynccontextmanager
async def another(
    trading: Trading, server: URL, opportunities: list[dict[str, Any]], **changes: Any
) -> AsyncIterator[Life]:
    """Another executor, as a process of its own, which is given these opportunities."""
    source = trading.folder / "opportunities.jsonl"
    source.write_text("\n".join(json.dumps(each) for each in opportunities))
    life = await Life.begin(
        trading.folder, "another", settings(trading, server, "another", **changes), source
    )
    try:
        yield life
    finally:
        life.kill()
        await life.end(SLOW)


@contextmanager
def record_on(server: URL) -> Iterator[Record]:
    place = SecretStr(server.render_as_string(hide_password=False))
    database = Database.open_reading(place)
    yield Record(database, "ethereum", "observer")
    database.close()


def standing(record: Record) -> dict[str, tuple[Status, str]]:
    """Status and executor of each opportunity that is recorded."""
    names = [crossing(number)["opportunity_id"] for number in range(4)] + ["again"]
    found = {name: record.stored(name) for name in names}
    return {name: (stored.execution.status, stored.executor_id) for name, stored in found.items() if stored}


async def test_what_a_killed_process_leaves_another_finishes_and_nothing_happens_twice(
    on_demand: Trading, server: URL
) -> None:
    trading, node = on_demand, on_demand.node
    before = trading.balance()
    asked = [crossing(0), crossing(1), crossing(0, "again")]
    async with (
        another(trading, server, asked, max_concurrent_executions=3) as other,
        Executor(settings(trading, server, "this", max_concurrent_executions=3)) as this,
    ):
        await until(lambda: len(waiting(node, OPERATOR)) == 2, SLOW)
        with record_on(server) as record:
            await until(lambda: len(standing(record)) == 3)
            third = asyncio.create_task(this.execute(crossing(2)))
            await until(lambda: "pair-2" in standing(record))
            await asyncio.sleep(1)
            assert len(waiting(node, OPERATOR)) == 2, "all three places are the other's"
            other.kill()
            await until(lambda: {by for _, by in standing(record).values()} == {"this"}, SLOW)
            mine_in_time(node)
            await until(lambda: 2 in waiting(node, OPERATOR))
            mine_in_time(node)
            assert (await third).status is Status.REALISED
            await until(lambda: all(status.is_final for status, _ in standing(record).values()))
            fates = {name: status for name, (status, _) in standing(record).items()}
            assert fates["pair-1"] is fates["pair-2"] is Status.REALISED
            # Two wanted the same gap: whichever came first has it.
            assert sorted([fates["pair-0"], fates["again"]]) == [Status.DECLINED, Status.REALISED]
            stored = [record.stored(name) for name in fates]
            intents = [intent for name in fates for intent in record.intents_of(name)]
            books = Books(record.database)
            await until(lambda: all(books.standing(intent.intent_id) for intent in intents))
    assert trading.nonce() == len(intents) == 3
    assert sum(each.execution.realised_profit or 0 for each in stored if each) == trading.balance() - before


async def test_a_process_that_was_taken_for_dead_sends_nothing_when_it_wakes(
    on_demand: Trading, server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is halted between its record and its send, and its sessions live on."""
    monkeypatch.setattr(beats, "LEASE_SECONDS", 4)
    trading, node = on_demand, on_demand.node
    sends: list[str] = []

    def withhold(request: Request) -> Answer | None:
        if request["method"] != "eth_sendRawTransaction":
            return None
        sends.append(request["params"][0])
        return {"error": {"code": -32603, "message": "internal error"}}

    slow = {"lanes": {"bump_blocks": 99, "resend_seconds": 1}}
    async with ChangingProxy(node.url, withhold=withhold) as proxy:
        asked = [crossing(0), crossing(1)]
        async with another(trading, server, asked, rpc_url=proxy.url, **slow) as other:
            await until(lambda: sends, SLOW)
            with record_on(server) as record:
                await until(lambda: len(standing(record)) == len(asked))
            os.kill(other.pid, signal.SIGSTOP)
            async with Executor(settings(trading, server, "this")) as this:
                await this.look_after("ethereum")
                with record_on(server) as record:
                    await until(lambda: {by for _, by in standing(record).values()} == {"this"}, SLOW)
                    count = len(standing(record))
                    await until(lambda: len(waiting(node, OPERATOR)) == count)
                    sends.clear()
                    os.kill(other.pid, signal.SIGCONT)
                    await asyncio.sleep(3)
                    assert sends == []
                    mine_in_time(node)
                    await until(lambda: {s for s, _ in standing(record).values()} == {Status.REALISED})
                    await asyncio.sleep(1)
                    assert {s for s, _ in standing(record).values()} == {Status.REALISED}
            assert await other.end(SLOW) == ExitCode.TAKEN_OVER, other.errors
            assert "has taken over the works of another" in other.errors
            assert len(other.told()) == len(asked)
    assert len(sends) <= 1
    assert trading.nonce() == count


async def test_two_processes_share_one_wallet_without_a_gap(on_demand: Trading, server: URL) -> None:
    trading, node = on_demand, on_demand.node
    async with (
        another(trading, server, [crossing(0), crossing(1)]) as other,
        Executor(settings(trading, server, "this")) as this,
    ):
        tasks = [asyncio.create_task(this.execute(crossing(number))) for number in (2, 3)]
        await until(lambda: sorted(waiting(node, OPERATOR)) == [0, 1, 2, 3], SLOW)
        mine_in_time(node)
        assert {(await task).status for task in tasks} == {Status.REALISED}
        assert await other.end(SLOW) == 0
        assert {told["status"] for told in other.told()} == {"realised"}
    assert trading.nonce() == 4
