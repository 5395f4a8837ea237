"""The tables of the books, in the same database: a booking for each mined transaction, with its entries.

Nothing here is ever changed or removed. What a reorganisation takes back is undone by a booking of the
opposite entries, which names the one that it reverses. Amounts are signed decimal text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from executor.journal.schema import metadata

_SERIAL = BigInteger().with_variant(Integer, "sqlite")
_NO_REVERSAL = text("reverses IS NULL")

bookings = Table(
    "bookings",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("chain", String(64), nullable=False),
    Column("chain_id", String(78), nullable=False),
    Column("intent_id", _SERIAL, ForeignKey("intents.id", name="bookings_intent"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("reverses", _SERIAL, ForeignKey("bookings.id", name="bookings_reversed")),
    Column("because", Text, nullable=False),
    Column("opportunity_id", String(200)),
    Column("purpose", String(16), nullable=False),
    Column("sender", String(42), nullable=False),
    Column("transaction_hash", String(66), nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", String(66), nullable=False),
    Column("block_time", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("success", Boolean, nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("gas_used", BigInteger, nullable=False),
    Column("gas_price", String(78), nullable=False),
    Column("checked", Text, nullable=False),
    Column("booked_at", BigInteger, nullable=False),
    UniqueConstraint("reverses", name="bookings_reversed_once"),
    Index(
        "one_booking_a_round",
        "intent_id",
        "round",
        unique=True,
        sqlite_where=_NO_REVERSAL,
        postgresql_where=_NO_REVERSAL,
    ),
    Index("bookings_opportunity", "chain", "opportunity_id"),
    Index("bookings_intent", "intent_id"),
    Index("bookings_time", "block_time", "id"),
)

booking_entries = Table(
    "booking_entries",
    metadata,
    Column("booking_id", _SERIAL, ForeignKey("bookings.id", name="booking_entries_booking"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("account", String(42), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("token", String(42)),
    Column("symbol", Text, nullable=False),
    Column("decimals", Integer, nullable=False),
    Column("amount", String(80), nullable=False),
    Column("usd", Text),
    Column("price_source", Text, nullable=False),
    PrimaryKeyConstraint("booking_id", "line", name="booking_entries_pk"),
)
