"""One chain's part of the database, and the network that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, select

from executor.domain.errors import JournalError
from executor.journal.anchor import Anchor
from executor.journal.database import Database
from executor.journal.schema import networks

T = TypeVar("T")


class Part:
    """The rows of `chain`, written as `executor_id`. Many threads may use it."""

    def __init__(self, database: Database, chain: str, executor_id: str) -> None:
        self.database = database
        self.chain = chain
        self.executor_id = executor_id
        self._anchor: Anchor | None = None

    def anchor(self) -> Anchor | None:
        """The network that these rows belong to; None while there are none."""
        if self._anchor is None:
            with self.database.reading() as connection:
                self._anchor = self._read_anchor(connection)
        return self._anchor

    def tie(self, anchor: Anchor) -> None:
        """Tie this chain's rows to a network, for good.

        Raises JournalError if they belong to another, or if another name has that network's chain id.
        """
        with self.database.writing() as connection:
            found = self._read_anchor(connection)
            if found is None:
                self._require_new_network(connection, anchor)
                connection.execute(
                    self.database.insert_new(networks),
                    {
                        "chain": self.chain,
                        "chain_id": str(anchor.chain_id),
                        "anchor_number": anchor.number,
                        "anchor_hash": anchor.hash,
                        "is_local": anchor.is_local,
                    },
                )
                found = self._read_anchor(connection)
        if found != anchor:
            raise JournalError(
                f"the record of {self.chain} belongs to another network already.",
                fix="start again, so that the node is compared with what is recorded",
                chain=self.chain,
            )
        self._anchor = anchor

    @property
    def _chain_id(self) -> str:
        """As rows carry it. Raises JournalError while no network is known."""
        anchor = self._anchor or self.anchor()
        if anchor is None:
            raise JournalError(
                f"the record of {self.chain} is not tied to a network yet.",
                fix="tie it to the node's network first",
                chain=self.chain,
            )
        return str(anchor.chain_id)

    def _read_anchor(self, connection: Connection) -> Anchor | None:
        query = select(networks).where(networks.c.chain == self.chain)
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        return Anchor(int(row["chain_id"]), row["anchor_number"], row["anchor_hash"], row["is_local"])

    def _require_new_network(self, connection: Connection, anchor: Anchor) -> None:
        """Real networks of one chain id are one network: two names for it would use each nonce twice."""
        if anchor.is_local:
            return
        same = (networks.c.chain_id == str(anchor.chain_id)) & networks.c.is_local.is_(False)
        # Another process may just have recorded it under this very name.
        query = select(networks.c.chain).where(same, networks.c.chain != self.chain)
        other = connection.execute(query).scalars().first()
        if other is not None:
            raise JournalError(
                f"chain id {anchor.chain_id} is recorded as {other} already.",
                fix=f"call it {other}, or give {self.chain} a database of its own",
                chain=self.chain,
            )

    def _decoded(self, what: str, decode: Callable[[], T]) -> T:
        """What `decode` makes of a row. Raises JournalError for a row that is damaged."""
        try:
            return decode()
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            raise JournalError(
                f"{self.database.name} holds an {what} that cannot be read ({type(error).__name__}).",
                fix="restore it from a copy; do not resend anything by hand",
                chain=self.chain,
            ) from None
