"""The books: a booking for each mined transaction, with its entries."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "bookings",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("chain_id", sa.String(length=78), nullable=False),
        sa.Column("intent_id", _SERIAL, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("reverses", _SERIAL, nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("opportunity_id", sa.String(length=200), nullable=True),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("sender", sa.String(length=42), nullable=False),
        sa.Column("transaction_hash", sa.String(length=66), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("gas_used", sa.BigInteger(), nullable=False),
        sa.Column("gas_price", sa.String(length=78), nullable=False),
        sa.Column("checked", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"], name="bookings_intent"),
        sa.ForeignKeyConstraint(["reverses"], ["bookings.id"], name="bookings_reversed"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reverses", name="bookings_reversed_once"),
    )
    op.create_index("bookings_intent", "bookings", ["intent_id"], unique=False)
    op.create_index("bookings_opportunity", "bookings", ["chain", "opportunity_id"], unique=False)
    op.create_index("bookings_time", "bookings", ["block_time", "id"], unique=False)
    op.create_index(
        "one_booking_a_round",
        "bookings",
        ["intent_id", "round"],
        unique=True,
        sqlite_where=sa.text("reverses IS NULL"),
        postgresql_where=sa.text("reverses IS NULL"),
    )
    op.create_table(
        "booking_entries",
        sa.Column("booking_id", _SERIAL, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("token", sa.String(length=42), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("amount", sa.String(length=80), nullable=False),
        sa.Column("usd", sa.Text(), nullable=True),
        sa.Column("price_source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name="booking_entries_booking"),
        sa.PrimaryKeyConstraint("booking_id", "line", name="booking_entries_pk"),
    )
