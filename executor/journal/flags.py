"""The stop flags: while one stands, nothing is signed and nothing is sent."""

from sqlalchemy import bindparam, delete, or_, select

from executor.journal.database import Database, now
from executor.journal.entries import StopFlag
from executor.journal.prepared import Prepared
from executor.journal.schema import ALL_CHAINS, flags

_STANDING = Prepared(
    select(flags.c.chain, flags.c.because, flags.c.set_at)
    .where(or_(flags.c.chain == bindparam("all_chains"), flags.c.chain == bindparam("of_chain")))
    .order_by(flags.c.chain)
)


def set_stop(database: Database, chain: str | None, because: str) -> None:
    """Stop `chain`, or all (None). A flag that stands keeps its time and gets the new reason."""
    row = {"chain": ALL_CHAINS if chain is None else chain, "because": because, "set_at": now()}
    put = database.insert(flags)
    put = put.on_conflict_do_update(index_elements=[flags.c.chain], set_={"because": because})
    with database.writing() as connection:
        connection.execute(put, row)


def lift_stop(database: Database, chain: str | None) -> bool:
    """Lift the flag of `chain`, or the one for all (None); True if it stood. The others stay: see
    `stop_flags`.
    """
    its = flags.c.chain == (ALL_CHAINS if chain is None else chain)
    with database.writing() as connection:
        return connection.execute(delete(flags).where(its)).rowcount == 1


def stop_flags(database: Database) -> tuple[StopFlag, ...]:
    """All that stand, the one for all chains first."""
    with database.reading() as connection:
        rows = connection.execute(select(flags).order_by(flags.c.chain)).all()
    return tuple(StopFlag(row.chain or None, row.because, row.set_at) for row in rows)


def standing(database: Database, chain: str) -> StopFlag | None:
    """The flag that holds for `chain`."""
    rows = database.glance(_STANDING, {"all_chains": ALL_CHAINS, "of_chain": chain})
    if not rows:
        return None
    of_chain, because, set_at = rows[0]
    return StopFlag(of_chain or None, because, set_at)
