"""The books: what every mined transaction of ours gained and cost.

Promises: an intent has at most one standing booking, however often it is booked; what is booked is never
changed, only reversed by its opposite; a booking is there with all its entries or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, insert, or_, select

from executor.domain.address import Address
from executor.domain.booking import Asset, Booking, Entry, Kind
from executor.domain.errors import JournalError
from executor.domain.intent import Block, IntentState, Purpose
from executor.journal.books_schema import booking_entries, bookings
from executor.journal.database import Database, now
from executor.journal.schema import intents

_reversal = bookings.alias("reversal")
# Not by the index on `reverses`, under which nearly all bookings stand as one.
_STANDING = (func.coalesce(bookings.c.reverses, 0) == 0) & ~exists().where(
    _reversal.c.reverses == bookings.c.id
)
_IN_CHAIN = (IntentState.MINED.value, IntentState.FINAL.value)
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bookings: of one chain, of these opportunities, of one wallet; of blocks from `since` on and
    before `until` (Unix seconds). None: all.
    """

    chain: str | None = None
    opportunity_ids: tuple[str, ...] | None = None
    sender: str | None = None
    since: int | None = None
    until: int | None = None


ALL = Wanted()


class Books:
    """The books in `database`. Many threads may use it. Methods raise JournalError when the database cannot
    be used.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def put(self, booking: Booking) -> bool:
        """Book a mined transaction; True if it is new.

        The same intent in the same block is booked once. A standing booking in another block is reversed in
        the same commit. Where the record has the intent in another block by now, or in none, nothing is
        booked: who was halted meanwhile does not know better.
        """
        with self.database.writing() as connection:
            last, *mined = self._lock_last(connection, booking.intent_id)
            if mined != [booking.block.hash, booking.transaction_hash]:
                return False
            standing = self._standing_row(connection, booking.intent_id)
            if standing is not None:
                if _same(standing, booking):
                    return False
                _reverse(connection, standing, "mined in another block")
            _insert(connection, booking, last + 1)
        return True

    def reverse(self, intent_id: int, because: str) -> bool:
        """Undo the standing booking of an intent; False if it has none."""
        with self.database.writing() as connection:
            self._lock_last(connection, intent_id)
            standing = self._standing_row(connection, intent_id)
            if standing is not None:
                _reverse(connection, standing, because)
        return standing is not None

    def standing(self, intent_id: int) -> Booking | None:
        """What is booked of an intent now."""
        found = list(self._read(_STANDING & (bookings.c.intent_id == intent_id)))
        return found[0] if found else None

    def all_standing(self, wanted: Wanted = ALL) -> Iterator[Booking]:
        """Every booking that is not reversed, the oldest first, read page by page."""
        return self._read(_STANDING & _condition(wanted))

    def out_of_step(self, chain: str) -> tuple[list[int], list[int]]:
        """The intents of a chain that are in a block and not booked in it, and those that are booked although
        they are in none. Both are empty unless a crash or a failure came between.
        """
        mine = intents.c.chain == chain
        booked_there = exists().where(
            _STANDING,
            bookings.c.intent_id == intents.c.id,
            bookings.c.block_hash == intents.c.block_hash,
            bookings.c.transaction_hash == intents.c.winner,
        )
        booked = exists().where(_STANDING, bookings.c.intent_id == intents.c.id)
        missing = select(intents.c.id).where(mine, intents.c.state.in_(_IN_CHAIN), ~booked_there)
        stale = select(intents.c.id).where(mine, intents.c.state.not_in(_IN_CHAIN), booked)
        with self.database.reading() as connection:
            return (
                list(connection.execute(missing.order_by(intents.c.id)).scalars()),
                list(connection.execute(stale.order_by(intents.c.id)).scalars()),
            )

    def _lock_last(self, connection: Connection, intent_id: int) -> tuple[int, str | None, str | None]:
        """The number of the last booking of an intent, 0 before the first, and the hashes of the block that
        it is in and of what was mined there; whoever else books it waits.
        """
        mine = select(intents.c.block_hash, intents.c.winner).where(intents.c.id == intent_id)
        found = connection.execute(mine.with_for_update()).one_or_none()
        if found is None:
            raise JournalError(
                f"{self.database.name} has no intent {intent_id}.",
                fix="book only what the record has",
                intent_id=intent_id,
            )
        query = select(func.max(bookings.c.round)).where(bookings.c.intent_id == intent_id)
        return connection.execute(query).scalar_one() or 0, found.block_hash, found.winner

    def _standing_row(self, connection: Connection, intent_id: int) -> Any:
        query = select(bookings).where(_STANDING, bookings.c.intent_id == intent_id)
        return connection.execute(query).mappings().one_or_none()

    def _read(self, condition: ColumnElement[bool]) -> Iterator[Booking]:
        last = (0, 0)
        while True:
            with self.database.reading() as connection:
                rows = connection.execute(_page(condition, last)).mappings().all()
                entries = _entries(connection, [row["id"] for row in rows])
            for row in rows:
                yield self._decoded(row, entries[row["id"]])
            if len(rows) < _PAGE:
                return
            last = (rows[-1]["block_time"], rows[-1]["id"])

    def _decoded(self, row: Any, entries: Sequence[Any]) -> Booking:
        try:
            return _booking(row, entries)
        except (ValueError, LookupError, TypeError, ArithmeticError) as error:
            raise JournalError(
                f"{self.database.name} holds a booking that cannot be read ({type(error).__name__}).",
                fix="restore it from a copy",
                booking_id=row["id"],
            ) from None


def _page(condition: ColumnElement[bool], last: tuple[int, int]) -> Any:
    time, number = last
    later = or_(bookings.c.block_time > time, (bookings.c.block_time == time) & (bookings.c.id > number))
    return (
        select(bookings).where(condition, later).order_by(bookings.c.block_time, bookings.c.id).limit(_PAGE)
    )


def _condition(wanted: Wanted) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = bookings.c.id > 0
    for column, value in (
        (bookings.c.chain, wanted.chain),
        (bookings.c.sender, wanted.sender),
    ):
        if value is not None:
            condition &= column == value
    if wanted.opportunity_ids is not None:
        condition &= bookings.c.opportunity_id.in_(wanted.opportunity_ids)
    if wanted.since is not None:
        condition &= bookings.c.block_time >= wanted.since
    if wanted.until is not None:
        condition &= bookings.c.block_time < wanted.until
    return condition


def _same(row: Mapping[str, Any], booking: Booking) -> bool:
    return bool(
        row["block_hash"] == booking.block.hash and row["transaction_hash"] == booking.transaction_hash
    )


def _insert(connection: Connection, booking: Booking, number: int) -> None:
    row = {
        "chain": booking.chain,
        "chain_id": str(booking.chain_id),
        "intent_id": booking.intent_id,
        "round": number,
        "reverses": None,
        "because": "",
        "opportunity_id": booking.opportunity_id,
        "purpose": booking.purpose.value,
        "sender": booking.sender,
        "transaction_hash": booking.transaction_hash,
        "block_number": booking.block.number,
        "block_hash": booking.block.hash,
        "block_time": booking.block_time,
        "day": booking.day,
        "success": booking.success,
        "cancelled": booking.cancelled,
        "gas_used": booking.gas_used,
        "gas_price": str(booking.gas_price),
        "checked": booking.checked,
        "booked_at": now(),
    }
    booking_id = connection.execute(insert(bookings).values(row)).inserted_primary_key
    assert booking_id is not None
    lines = [
        {"booking_id": booking_id[0], "line": line, **_entry_row(entry, booking.assets[entry.token])}
        for line, entry in enumerate(booking.entries)
    ]
    if lines:
        connection.execute(insert(booking_entries), lines)


def _entry_row(entry: Entry, asset: Asset) -> dict[str, object]:
    return {
        "account": entry.account,
        "kind": entry.kind.value,
        "token": entry.token,
        "symbol": asset.symbol,
        "decimals": asset.decimals,
        "amount": str(entry.amount),
        "usd": None if asset.usd is None else str(asset.usd),
        "price_source": asset.price_source,
    }


def _reverse(connection: Connection, standing: Mapping[str, Any], because: str) -> None:
    """A booking of the opposite entries, in the name of the one that it undoes."""
    undone = standing["id"]
    row = {key: value for key, value in standing.items() if key != "id"}
    row |= {"reverses": undone, "because": because, "booked_at": now()}
    booking_id = connection.execute(insert(bookings).values(row)).inserted_primary_key
    assert booking_id is not None
    lines = [
        {**entry, "booking_id": booking_id[0], "amount": str(-int(entry["amount"]))}
        for entry in _entries(connection, [undone])[undone]
    ]
    if lines:
        connection.execute(insert(booking_entries), lines)


def _entries(connection: Connection, ids: Collection[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {booking_id: [] for booking_id in ids}
    if ids:
        query = select(booking_entries).where(booking_entries.c.booking_id.in_(ids))
        for row in connection.execute(query.order_by(booking_entries.c.line)).mappings():
            found[row["booking_id"]].append(row)
    return found


def _booking(row: Any, entries: Sequence[Any]) -> Booking:
    return Booking(
        chain=row["chain"],
        chain_id=int(row["chain_id"]),
        intent_id=row["intent_id"],
        opportunity_id=row["opportunity_id"],
        purpose=Purpose(row["purpose"]),
        sender=Address(row["sender"]),
        transaction_hash=row["transaction_hash"],
        block=Block(row["block_number"], row["block_hash"]),
        block_time=row["block_time"],
        success=row["success"],
        cancelled=row["cancelled"],
        gas_used=row["gas_used"],
        gas_price=int(row["gas_price"]),
        checked=row["checked"],
        entries=tuple(
            Entry(Address(entry["account"]), Kind(entry["kind"]), entry["token"], int(entry["amount"]))
            for entry in entries
        ),
        assets={
            entry["token"]: Asset(
                entry["symbol"],
                entry["decimals"],
                None if entry["usd"] is None else Fraction(entry["usd"]),
                entry["price_source"],
            )
            for entry in entries
        },
    )
