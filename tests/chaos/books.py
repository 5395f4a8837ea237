"""The books as the executor's database holds them, read by SQL alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL

from tests.chaos.checker import BookedEntry, BookedExecution, BookedIntent, Books

_EXECUTIONS = "SELECT opportunity_id, status, result FROM executions ORDER BY opportunity_id"
_INTENTS = "SELECT * FROM intents ORDER BY sender, nonce, id"
_ATTEMPTS = "SELECT intent_id, hash FROM attempts ORDER BY id"
_ENTRIES = (
    "SELECT bookings.transaction_hash, booking_entries.token, booking_entries.amount "
    "FROM booking_entries JOIN bookings ON bookings.id = booking_entries.booking_id"
)


def reading_url(place: Path | URL) -> URL:
    """How to read the database without making the file or writing to it."""
    if isinstance(place, URL):
        return place
    return URL.create("sqlite", database=f"file:{place}", query={"mode": "ro", "uri": "true"})


def read_books(place: Path | URL, *, token: str) -> Books:
    """All that is booked. `token` is the settlement token."""
    engine = create_engine(reading_url(place))
    try:
        with engine.connect() as connection:
            return Books(
                executions=tuple(_execution(row) for row in _rows(connection, _EXECUTIONS)),
                intents=_intents(connection),
                entries=_entries(connection, token),
            )
    finally:
        engine.dispose()


def _rows(connection: Connection, query: str) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(text(query)).mappings()]


def _execution(row: Mapping[str, Any]) -> BookedExecution:
    result = json.loads(row["result"])
    profit, gas = result["realised_profit"], result["gas_cost_wei"]
    return BookedExecution(
        opportunity_id=row["opportunity_id"],
        status=row["status"],
        hashes=tuple(result["transaction_hashes"]),
        realised_profit=None if profit is None else int(profit),
        gas_cost=None if gas is None else int(gas),
        block_number=result["block_number"],
    )


def _intents(connection: Connection) -> tuple[BookedIntent, ...]:
    attempts: dict[int, list[str]] = {}
    for row in _rows(connection, _ATTEMPTS):
        attempts.setdefault(row["intent_id"], []).append(row["hash"])
    return tuple(
        BookedIntent(
            sender=row["sender"],
            nonce=row["nonce"],
            state=row["state"],
            opportunity_id=row["opportunity_id"],
            winner=row["winner"],
            block_number=row["block_number"],
            block_hash=row["block_hash"],
            attempts=tuple(attempts.get(row["id"], ())),
        )
        for row in _rows(connection, _INTENTS)
    )


def _entries(connection: Connection, token: str) -> tuple[BookedEntry, ...] | None:
    """What the books of realised profit hold of the settlement token and of the chain's own coin."""
    if "booking_entries" not in inspect(connection).get_table_names():
        return None
    return tuple(
        BookedEntry(row["transaction_hash"], row["token"] is None, int(row["amount"]))
        for row in _rows(connection, _ENTRIES)
        if row["token"] is None or row["token"].lower() == token.lower()
    )
