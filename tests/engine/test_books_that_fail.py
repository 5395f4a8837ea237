"""Books that cannot be written keep no opportunity open for ever, and are caught up with once they can."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from executor.journal.books import Books
from executor.journal.database import Database
from executor.submission import settling
from tests.support.pairs import record_of, until
from tests.support.refusing_records import accept, record_file, refuse
from tests.support.trading import Trading, explicit


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The books are waited for as often, and not as long."""
    monkeypatch.setattr(settling, "TELL_SECONDS", 0.3)
    monkeypatch.setattr(settling, "RETELL_SECONDS", 0.1)


@pytest.fixture
def refusing(trading: Trading) -> Iterator[Trading]:
    """The database itself refuses each booking."""
    refuse(trading, "bookings")
    trading.open_gap()
    yield trading


def stored(trading: Trading, name: str = "seen-1") -> Execution:
    with record_of(trading) as record:
        found = record.stored(name)
    assert found is not None
    return found.execution


def booked(trading: Trading) -> list[str | None]:
    database = Database.open_reading(record_file(trading))
    try:
        return [booking.opportunity_id for booking in Books(database).all_standing()]
    finally:
        database.close()


async def test_an_opportunity_whose_booking_fails_for_ever_ends_by_its_receipt(
    refusing: Trading, caplog: pytest.LogCaptureFixture
) -> None:
    before = refusing.balance()
    async with Executor(refusing.settings()) as executor:
        realised = await executor.execute(explicit())
        assert realised.status is Status.REALISED, realised.reasons
        assert realised.realised_profit == refusing.balance() - before > 0
        assert realised.details["booking"] == "missing"
        assert booked(refusing) == []
        assert any("booking_missing" in line for line in caplog.messages)
        accept(refusing)
        await until(lambda: booked(refusing) == ["seen-1"])
        await until(lambda: "booking" not in stored(refusing).details)
    assert stored(refusing).realised_profit == realised.realised_profit


async def test_a_booking_that_is_missing_is_caught_up_with_after_a_restart(refusing: Trading) -> None:
    async with Executor(refusing.settings()) as executor:
        await executor.execute(explicit())
    accept(refusing)
    async with Executor(refusing.settings()) as executor:
        await executor.execute(explicit("opens", amount="1"))
        await until(lambda: "booking" not in stored(refusing).details)
    assert booked(refusing) == ["seen-1"]


async def test_a_booking_that_cannot_be_made_keeps_no_chain_closed(refusing: Trading) -> None:
    """What is out there would be left alone with it."""
    async with Executor(refusing.settings()) as executor:
        await executor.execute(explicit())
    async with Executor(refusing.settings()) as executor:
        declined = await asyncio.wait_for(executor.execute(explicit("opens", amount="1")), 30)
    assert declined.status is Status.DECLINED, declined.reasons
