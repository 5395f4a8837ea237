"""What Alembic runs: on the connection and in the transaction that it is given."""

from alembic import context

from executor.journal.books_schema import bookings
from executor.journal.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=bookings.metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
