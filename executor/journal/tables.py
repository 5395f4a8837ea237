"""The journal's tables. Plain SQL types only: another database is another URL.

Amounts and fees are decimal text, since they pass what an SQL integer holds; `raw` is 0x-prefixed
hexadecimal.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

SCHEMA_VERSION = 1

metadata = MetaData()

network = Table(
    "network",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_network"), primary_key=True),
    Column("schema_version", Integer, nullable=False),
    Column("chain", String(64), nullable=False),
    Column("chain_id", String(78), nullable=False),
    Column("anchor_number", Integer, nullable=False),
    Column("anchor_hash", String(66), nullable=False),
    Column("is_local", Boolean, nullable=False),
)

executions = Table(
    "executions",
    metadata,
    Column("opportunity_id", String(200), primary_key=True),
    Column("opportunity", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("result", Text, nullable=False),
    Column("updated_at", Integer, nullable=False),
)

LIVE_STATES = ("recorded", "sent")
_LIVE = text("state IN ('recorded', 'sent')")

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("hash", String(66), nullable=False, index=True),
    Column(
        "opportunity_id", String(200), ForeignKey("executions.opportunity_id"), nullable=False, index=True
    ),
    Column("chain_id", String(78), nullable=False),
    Column("sender", String(42), nullable=False),
    Column("nonce", Integer, nullable=False),
    Column("raw", Text, nullable=False),
    Column("max_fee_per_gas", String(78), nullable=False),
    Column("max_priority_fee_per_gas", String(78), nullable=False),
    Column("gas_limit", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("updated_at", Integer, nullable=False),
    Index(
        "one_live_attempt_a_nonce", "sender", "nonce", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    ),
)
