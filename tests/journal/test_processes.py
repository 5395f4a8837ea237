"""Real processes race for the record, and are killed while they write."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from executor.domain.execution import Status
from executor.domain.intent import AttemptState, IntentState
from executor.journal.database import Database
from executor.journal.record import Record
from tests.support.records import opened, record_in

ROOT = Path(__file__).parents[2]
PATIENCE = 120

pytestmark = pytest.mark.chaos


class Worker:
    """A process that runs `worker.py` and waits for the start."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline() or "null") == "ready", self.errors()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def lines(self) -> list[Any]:
        """What it said until it ended; half a line of one that was killed does not count."""
        assert self.process.stdout is not None
        text = self.process.stdout.read()
        self.process.wait(timeout=PATIENCE)
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()


@contextmanager
def worker(kind: str, place: Path | SecretStr, executor_id: str, count: int) -> Iterator[Worker]:
    where = place.get_secret_value() if isinstance(place, SecretStr) else str(place)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.journal.worker", kind, where, executor_id, str(count)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        made = Worker(process)
        try:
            yield made
        finally:
            process.kill()


def raced(place: SecretStr, count: int, *runners: tuple[str, str]) -> list[list[Any]]:
    """What each process, by what it does and its executor id, said; they began at once and ended well."""
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(kind, place, name, count)) for kind, name in runners]
        for one in workers:
            one.wait_until_ready()
        for one in workers:
            one.go()
        said = [one.lines() for one in workers]
        for one in workers:
            assert one.process.returncode == 0, one.errors()
    return said


def test_processes_that_race_for_nonces_get_different_ones_without_gaps(server_place: SecretStr) -> None:
    Database.open(server_place).close()
    said = raced(server_place, 60, ("nonces", "executor-1"), ("nonces", "executor-2"))
    assert sorted(said[0] + said[1]) == list(range(5, 125))


def test_processes_never_hold_more_slots_than_there_are(server_place: SecretStr) -> None:
    Database.open(server_place).close()
    said = raced(
        server_place,
        40,
        ("slots", "executor-1"),
        ("slots", "executor-2"),
        ("slots", "executor-3"),
        ("slots", "executor-4"),
    )
    slots = [slot for lines in said for slot in lines]
    assert len(slots) == 160
    assert set(slots) <= {0, 1, 2, None}
    assert 1 in slots
    with opened(server_place) as database, database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM slots_in_use").scalar_one() == 0


def test_processes_that_race_for_claims_get_all_or_nothing(server_place: SecretStr) -> None:
    """Each looks after its claim whether it has all of the keys, or none: see the worker."""
    Database.open(server_place).close()
    said = raced(server_place, 60, ("claims", "executor-1"), ("claims", "executor-2"))
    assert {won for lines in said for won in lines} == {True, False}


@pytest.mark.parametrize("other", ["same_trade", "same_trade_from_another_wallet"])
def test_processes_that_believe_to_be_the_same_executor_open_one_trade(
    server_place: SecretStr, other: str
) -> None:
    """As when one was taken for dead, and its work for left behind."""
    Database.open(server_place).close()
    said = raced(server_place, 40, ("same_trade", "executor-1"), (other, "executor-1"))
    assert all(one is not another for one, another in zip(*said, strict=True))
    with opened(server_place) as database:
        found = [intent.opportunity_id for intent in record_in(database).open_intents()]
    assert sorted(found, key=str) == sorted(f"seen-{number}" for number in range(40))


def test_processes_that_open_a_new_database_at_once_make_its_tables_once(server_place: SecretStr) -> None:
    assert raced(server_place, 0, ("open", "a"), ("open", "b"), ("open", "c")) == [["opened"]] * 3


@pytest.mark.parametrize("seed", range(4))
def test_a_process_killed_while_it_writes_leaves_whole_rows(place: Path | SecretStr, seed: int) -> None:
    with worker("trades", place, "executor-1", 100_000) as victim:
        victim.wait_until_ready()
        victim.go()
        time.sleep(random.Random(seed).uniform(0.02, 0.5))
        victim.process.kill()
        said = victim.lines()
    with opened(place) as database:
        record = record_in(database)
        for line in said:
            _require_kept(record, line)
        _require_whole(record)
        # And it goes on from where it was.
        assert record.adopt("executor-0") == 0
        assert len(record.unfinished("executor-1")) <= 1


def _require_kept(record: Record, line: list[Any]) -> None:
    """What a process was told to be durable is there."""
    kind, name, *facts = line
    stored = record.stored(name)
    assert stored is not None
    if kind == "accepted":
        return
    (intent,) = record.intents_of(name)
    if kind == "opened":
        assert [intent.nonce, intent.attempts[0].attempt.hash] == facts
    elif kind == "mined":
        assert intent.state is IntentState.MINED
        assert intent.block is not None
        assert [intent.block.number] == facts
    else:
        assert stored.execution.status is Status.REALISED


def _require_whole(record: Record) -> None:
    """Whatever is there is there with all that belongs to it."""
    with record.database.reading() as connection:
        names = connection.exec_driver_sql("SELECT opportunity_id FROM executions").scalars().all()
        holders = connection.exec_driver_sql("SELECT opportunity_id FROM slots_in_use").scalars().all()
        claims = connection.exec_driver_sql("SELECT opportunity_id FROM claims").scalars().all()
    for name in names:
        stored = record.stored(name)
        assert stored is not None
        intents = record.intents_of(name)
        status = stored.execution.status
        assert (status is Status.ACCEPTED) == (intents == ())
        for intent in intents:
            (attempt,) = intent.attempts
            if status is Status.PENDING:
                assert stored.execution.transaction_hashes == (attempt.attempt.hash,)
            if intent.state is IntentState.MINED:
                assert attempt.state is AttemptState.SENT
                assert intent.winner == attempt.attempt.hash
        assert holders.count(name) == (0 if status.is_final else 1)
        assert claims.count(name) in ((0,) if status.is_final else (2,) if intents else (0, 2))
    nonces = [intent.nonce for intent in record.open_intents()]
    assert nonces == list(range(len(nonces)))


def test_a_full_disk_is_told_and_once_there_is_room_it_goes_on(path: Path) -> None:
    with worker("full_disk", path, "executor-1", 3) as writer:
        said = writer.lines()
        assert writer.process.returncode == 0, writer.errors()
    refused = [message for kind, message in said if kind == "refused"]
    assert len(refused) == 3
    assert all("cannot be used" in message for message in refused)
    with opened(path) as database, database.reading() as connection:
        names = set(connection.exec_driver_sql("SELECT opportunity_id FROM executions").scalars())
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    accepted = {name for kind, name in said if kind == "accepted"}
    assert names == accepted | {"seen-0", "seen-1", "seen-2"}
