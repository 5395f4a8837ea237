"""An index over the few nonces that were lost to others' transactions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "intents_lost",
        "intents",
        ["chain", "sender", "nonce"],
        unique=False,
        sqlite_where=sa.text("state IN ('superseded')"),
        postgresql_where=sa.text("state IN ('superseded')"),
    )
