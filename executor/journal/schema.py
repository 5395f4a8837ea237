"""The tables of the durable record: one database for all chains.

Each row carries its chain's name, and its chain id as decimal text. Amounts and fees are decimal text, since
they pass what an SQL integer holds; signed bytes are 0x-prefixed hexadecimal; times are Unix seconds.
`migrations` makes these tables; a change here is a new file there.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    literal_column,
    text,
)

from executor.domain.execution import Status
from executor.domain.intent import IntentState

HEAD = "0003"
"""The migration after which the tables are as described here and in `books_schema`."""

VERSION_TABLE = "record_version"

metadata = MetaData()

_CHAIN = String(64)
_CHAIN_ID = String(78)
_EXECUTOR = String(64)
_OPPORTUNITY = String(200)
_HASH = String(66)
_WEI = String(78)
_SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts only what it calls an integer."""


def _some(column: str, states: Iterable[StrEnum]) -> tuple[tuple[ColumnElement[str], ...], TextClause]:
    """The states as a query names them, and the rule of an index over the rows that have them. To parameters,
    or to another order, SQLite does not apply such an index.
    """
    constants = [f"'{state.value}'" for state in states]
    return tuple(map(literal_column, constants)), text(f"{column} IN ({', '.join(constants)})")


networks = Table(
    "networks",
    metadata,
    Column("chain", _CHAIN, nullable=False),
    Column("chain_id", _CHAIN_ID, nullable=False),
    Column("anchor_number", BigInteger, nullable=False),
    Column("anchor_hash", _HASH, nullable=False),
    Column("is_local", Boolean, nullable=False),
    PrimaryKeyConstraint("chain", name="networks_pk"),
)

UNFINISHED, _UNFINISHED = _some("status", (Status.ACCEPTED, Status.PENDING))

executions = Table(
    "executions",
    metadata,
    Column("chain", _CHAIN, nullable=False),
    Column("opportunity_id", _OPPORTUNITY, nullable=False),
    Column("chain_id", _CHAIN_ID, nullable=False),
    Column("opportunity", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("result", Text, nullable=False),
    Column("executor_id", _EXECUTOR, nullable=False),
    Column("accepted_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("chain", "opportunity_id", name="executions_pk"),
    Index(
        "executions_unfinished",
        "chain",
        "executor_id",
        sqlite_where=_UNFINISHED,
        postgresql_where=_UNFINISHED,
    ),
    Index("executions_accepted_at", "chain", "accepted_at"),
)

HOLDING, _HOLDING = _some("state", (IntentState.LIVE, IntentState.MINED, IntentState.FINAL))
WATCHED, _WATCHED = _some("state", (IntentState.LIVE, IntentState.MINED))
LOST, _LOST = _some("state", (IntentState.SUPERSEDED,))

intents = Table(
    "intents",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("chain", _CHAIN, nullable=False),
    Column("chain_id", _CHAIN_ID, nullable=False),
    Column("sender", String(42), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("opportunity_id", _OPPORTUNITY),
    Column("executor_id", _EXECUTOR, nullable=False),
    Column("state", String(16), nullable=False),
    Column("wanted", Boolean, nullable=False),
    Column("unwanted_because", Text, nullable=False),
    Column("deadline", BigInteger),
    Column("winner", _HASH),
    Column("block_number", BigInteger),
    Column("block_hash", _HASH),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["chain", "opportunity_id"],
        ["executions.chain", "executions.opportunity_id"],
        name="intents_execution",
    ),
    CheckConstraint("nonce >= 0", name="intents_nonce"),
    CheckConstraint(
        "(state IN ('mined', 'final')) = "
        "(winner IS NOT NULL AND block_number IS NOT NULL AND block_hash IS NOT NULL)",
        name="intents_mined_in_a_block",
    ),
    Index(
        "one_holder_a_nonce",
        "chain",
        "sender",
        "nonce",
        unique=True,
        sqlite_where=_HOLDING,
        postgresql_where=_HOLDING,
    ),
    Index("intents_watched", "chain", "sender", "nonce", sqlite_where=_WATCHED, postgresql_where=_WATCHED),
    Index("intents_lost", "chain", "sender", "nonce", sqlite_where=_LOST, postgresql_where=_LOST),
    Index("intents_opportunity", "chain", "opportunity_id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("intent_id", _SERIAL, ForeignKey("intents.id", name="attempts_intent"), nullable=False),
    Column("chain", _CHAIN, nullable=False),
    Column("chain_id", _CHAIN_ID, nullable=False),
    Column("hash", _HASH, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("raw", Text, nullable=False),
    Column("max_fee_per_gas", _WEI, nullable=False),
    Column("max_priority_fee_per_gas", _WEI, nullable=False),
    Column("gas_limit", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("note", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("intent_id", "hash", name="attempts_once"),
    Index("attempts_hash", "chain", "hash"),
)

slots_in_use = Table(
    "slots_in_use",
    metadata,
    Column("chain", _CHAIN, nullable=False),
    Column("slot", Integer, nullable=False),
    Column("chain_id", _CHAIN_ID, nullable=False),
    Column("opportunity_id", _OPPORTUNITY, nullable=False),
    Column("executor_id", _EXECUTOR, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("chain", "slot", name="slots_in_use_pk"),
    UniqueConstraint("chain", "opportunity_id", name="slots_in_use_once"),
    ForeignKeyConstraint(
        ["chain", "opportunity_id"],
        ["executions.chain", "executions.opportunity_id"],
        name="slots_in_use_execution",
    ),
)

claims = Table(
    "claims",
    metadata,
    Column("chain", _CHAIN, nullable=False),
    Column("key", String(200), nullable=False),
    Column("chain_id", _CHAIN_ID, nullable=False),
    Column("opportunity_id", _OPPORTUNITY, nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("chain", "key", name="claims_pk"),
    ForeignKeyConstraint(
        ["chain", "opportunity_id"],
        ["executions.chain", "executions.opportunity_id"],
        name="claims_execution",
    ),
    Index("claims_opportunity", "chain", "opportunity_id"),
)

ALL_CHAINS = ""
"""The chain of a flag that holds for all of them."""

flags = Table(
    "flags",
    metadata,
    Column("chain", _CHAIN, nullable=False),
    Column("because", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("chain", name="flags_pk"),
)

breakers = Table(
    "breakers",
    metadata,
    Column("chain", _CHAIN, nullable=False),
    Column("key", String(200), nullable=False),
    Column("chain_id", _CHAIN_ID, nullable=False),
    Column("state", String(16), nullable=False),
    Column("losses", BigInteger, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("rest_seconds", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("chain", "key", name="breakers_pk"),
)
