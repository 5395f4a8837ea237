"""A process of its own that writes to a record, for tests that race processes or kill them.

Arguments: what to do, the database (a file's path or a URL), the executor id, and a number. Each line of
output is a JSON value that was durable when it was printed.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import SecretStr

from executor.domain.address import Address
from executor.domain.errors import JournalError
from executor.domain.execution import Status
from executor.domain.intent import AttemptState, Block, IntentState
from executor.journal.database import Database
from executor.journal.record import Record
from tests.support.records import (
    OPERATOR,
    SECOND_OPERATOR,
    execution,
    fill,
    opened,
    opportunity,
    record_in,
    signing,
    trade,
)

HOLD_SECONDS = 0.002
"""So long that others come meanwhile."""


def say(value: object) -> None:
    """Only whole lines count: a killed process may leave half a one."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def wait_for_start() -> None:
    """Until the test lets all processes go at once."""
    say("ready")
    sys.stdin.readline()


def nonces(record: Record, count: int) -> None:
    """Open intents of one wallet, one after the other."""
    wait_for_start()
    for _ in range(count):
        say(record.open_intent(fill(), 5, signing(""), pending=None).nonce)


def slots(record: Record, count: int) -> None:
    """Take opportunities in, hold the slot where there is one of three, and end them."""
    wait_for_start()
    for number in range(count):
        name = f"{record.executor_id} {number}"
        slot = record.accept(opportunity(name), slots=3).slot
        say(slot)
        if slot is not None:
            with record.database.reading() as connection:
                taken = connection.exec_driver_sql("SELECT slot FROM slots_in_use").scalars().all()
            assert slot in taken
            assert len(taken) <= 3
            time.sleep(HOLD_SECONDS)
        record.update(execution(name, Status.DECLINED))


def claims(record: Record, count: int) -> None:
    """Claim two of three keys, check that nobody else is there, and give them back."""
    keys = ["pool a", "pool b", "pool c"]
    wait_for_start()
    for number in range(count):
        name = f"{record.executor_id} {number}"
        record.accept(opportunity(name), slots=0)
        wanted = [keys[number % 3], keys[(number + 1) % 3]]
        others = record.claim(name, wanted)
        with record.database.reading() as connection:
            query = f"SELECT key FROM claims WHERE opportunity_id = '{name}' ORDER BY key"  # noqa: S608
            held = connection.exec_driver_sql(query).scalars().all()
        assert held == ([] if others else sorted(wanted)), (held, others)
        say(not others)
        time.sleep(HOLD_SECONDS)
        record.release(name)


def trades(record: Record, count: int) -> None:
    """Carry opportunities out one after the other, and say after each write what it was."""
    wait_for_start()
    for number in range(count):
        name = f"seen-{number}"
        record.accept(opportunity(name), slots=2)
        say(["accepted", name])
        record.claim(name, [f"pool {number}", f"lender {number}"])
        intent = record.open_intent(trade(name), 0, signing(name), pending=execution(name))
        sent = intent.attempts[0].attempt.hash
        say(["opened", name, intent.nonce, sent])
        record.mark_attempt(sent, AttemptState.SENT, sent_at=1)
        block = Block(number, f"0x{number:064x}")
        record.mark_intent(intent.intent_id, IntentState.MINED, winner=sent, block=block)
        say(["mined", name, number])
        record.update(execution(name, Status.REALISED))
        say(["finished", name])


def same_trade(record: Record, count: int, sender: Address = OPERATOR) -> None:
    """Try to open the trade of opportunities that another process of this executor id tries as well."""
    for number in range(count):
        record.accept(opportunity(f"seen-{number}"), slots=0)
    wait_for_start()
    for number in range(count):
        name = f"seen-{number}"
        try:
            record.open_intent(trade(name, sender), 0, signing(name, sender), pending=execution(name))
        except JournalError as error:
            assert "live trade" in error.message, error
            say(False)
        else:
            say(True)


def same_trade_from_another_wallet(record: Record, count: int) -> None:
    """The same, where the wallet's lock does not help."""
    same_trade(record, count, SECOND_OPERATOR)


def full_disk(record: Record, count: int) -> None:
    """Write until no file may grow, then go on once they may."""
    file = record.database.file
    assert file is not None
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    written = _accepting(record)
    for _ in range(3):
        next(written)
    for _ in range(count):
        size = file.with_name(file.name + "-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, unlimited[1]))
        try:
            while True:
                say(["accepted", next(written)])
        except JournalError as error:
            say(["refused", error.message])
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        written = _accepting(record)
        say(["accepted", next(written)])


def _accepting(record: Record) -> Iterator[str]:
    while True:
        name = f"seen-{sum(record.counts().values())}"
        assert record.accept(opportunity(name), slots=0).new
        yield name


WORKS: dict[str, Callable[[Record, int], None]] = {
    "nonces": nonces,
    "slots": slots,
    "claims": claims,
    "trades": trades,
    "same_trade": same_trade,
    "same_trade_from_another_wallet": same_trade_from_another_wallet,
    "full_disk": full_disk,
}


def open_only(place: Path | SecretStr) -> None:
    """Open and close: whoever comes first makes the tables."""
    from alembic import command as _  # noqa: F401 - what is slow is done before the start

    wait_for_start()
    Database.open(place).close()
    say("opened")


def main() -> None:
    """Do what the arguments say."""
    kind, where, executor_id, count = sys.argv[1:]
    place = SecretStr(where) if "://" in where else Path(where)
    if kind == "open":
        open_only(place)
        return
    with opened(place) as database:
        WORKS[kind](record_in(database, executor_id), int(count))


if __name__ == "__main__":
    main()
