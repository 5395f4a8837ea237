"""One database for all chains: networks, executions, intents with their attempts, slots, claims, flags and
breakers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "breakers",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("chain_id", sa.String(length=78), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("losses", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("rest_seconds", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "key", name="breakers_pk"),
    )
    op.create_table(
        "executions",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("opportunity_id", sa.String(length=200), nullable=False),
        sa.Column("chain_id", sa.String(length=78), nullable=False),
        sa.Column("opportunity", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("executor_id", sa.String(length=64), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "opportunity_id", name="executions_pk"),
    )
    op.create_index("executions_accepted_at", "executions", ["chain", "accepted_at"], unique=False)
    op.create_index(
        "executions_unfinished",
        "executions",
        ["chain", "executor_id"],
        unique=False,
        sqlite_where=sa.text("status IN ('accepted', 'pending')"),
        postgresql_where=sa.text("status IN ('accepted', 'pending')"),
    )
    op.create_table(
        "flags",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="flags_pk"),
    )
    op.create_table(
        "networks",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("chain_id", sa.String(length=78), nullable=False),
        sa.Column("anchor_number", sa.BigInteger(), nullable=False),
        sa.Column("anchor_hash", sa.String(length=66), nullable=False),
        sa.Column("is_local", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="networks_pk"),
    )
    op.create_table(
        "claims",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("chain_id", sa.String(length=78), nullable=False),
        sa.Column("opportunity_id", sa.String(length=200), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chain", "opportunity_id"],
            ["executions.chain", "executions.opportunity_id"],
            name="claims_execution",
        ),
        sa.PrimaryKeyConstraint("chain", "key", name="claims_pk"),
    )
    op.create_index("claims_opportunity", "claims", ["chain", "opportunity_id"], unique=False)
    op.create_table(
        "intents",
        sa.Column("id", _serial(), autoincrement=True, nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("chain_id", sa.String(length=78), nullable=False),
        sa.Column("sender", sa.String(length=42), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("opportunity_id", sa.String(length=200), nullable=True),
        sa.Column("executor_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("unwanted_because", sa.Text(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("winner", sa.String(length=66), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.String(length=66), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('mined', 'final')) = "
            "(winner IS NOT NULL AND block_number IS NOT NULL AND block_hash IS NOT NULL)",
            name="intents_mined_in_a_block",
        ),
        sa.CheckConstraint("nonce >= 0", name="intents_nonce"),
        sa.ForeignKeyConstraint(
            ["chain", "opportunity_id"],
            ["executions.chain", "executions.opportunity_id"],
            name="intents_execution",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("intents_opportunity", "intents", ["chain", "opportunity_id"], unique=False)
    op.create_index(
        "intents_watched",
        "intents",
        ["chain", "sender", "nonce"],
        unique=False,
        sqlite_where=sa.text("state IN ('live', 'mined')"),
        postgresql_where=sa.text("state IN ('live', 'mined')"),
    )
    op.create_index(
        "one_holder_a_nonce",
        "intents",
        ["chain", "sender", "nonce"],
        unique=True,
        sqlite_where=sa.text("state IN ('live', 'mined', 'final')"),
        postgresql_where=sa.text("state IN ('live', 'mined', 'final')"),
    )
    op.create_table(
        "slots_in_use",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.String(length=78), nullable=False),
        sa.Column("opportunity_id", sa.String(length=200), nullable=False),
        sa.Column("executor_id", sa.String(length=64), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chain", "opportunity_id"],
            ["executions.chain", "executions.opportunity_id"],
            name="slots_in_use_execution",
        ),
        sa.PrimaryKeyConstraint("chain", "slot", name="slots_in_use_pk"),
        sa.UniqueConstraint("chain", "opportunity_id", name="slots_in_use_once"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", _serial(), autoincrement=True, nullable=False),
        sa.Column("intent_id", _serial(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("chain_id", sa.String(length=78), nullable=False),
        sa.Column("hash", sa.String(length=66), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("max_fee_per_gas", sa.String(length=78), nullable=False),
        sa.Column("max_priority_fee_per_gas", sa.String(length=78), nullable=False),
        sa.Column("gas_limit", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"], name="attempts_intent"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("intent_id", "hash", name="attempts_once"),
    )
    op.create_index("attempts_hash", "attempts", ["chain", "hash"], unique=False)


def _serial() -> sa.BigInteger:
    """SQLite counts only what it calls an integer."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
