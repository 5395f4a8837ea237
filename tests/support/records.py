"""Records to write to, and what goes into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.engine import URL

from executor.domain.address import Address
from executor.domain.attempt import Attempt
from executor.domain.execution import Execution, Status
from executor.domain.intent import Intent, Purpose
from executor.domain.opportunity import Opportunity
from executor.journal.anchor import Anchor
from executor.journal.database import Database
from executor.journal.record import NewIntent, Record

OPERATOR = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
SECOND_OPERATOR = Address("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC")
ANCHOR = Anchor(1, 100, "0x" + "ab" * 32, is_local=False)
_numbers = count(1)


def record_in(database: Database, executor_id: str = "executor-1", chain: str = "ethereum") -> Record:
    """The record of `chain`, tied to its network."""
    record = Record(database, chain, executor_id)
    if record.anchor() is None:
        record.tie(ANCHOR)
    return record


@contextmanager
def opened(place: Path | SecretStr) -> Iterator[Database]:
    """The database at `place`, closed with the block."""
    database = Database.open(place)
    try:
        yield database
    finally:
        database.close()


def secret(url: URL) -> SecretStr:
    """A server's address as settings have it."""
    return SecretStr(url.render_as_string(hide_password=False))


def opportunity(opportunity_id: str = "seen-1", chain: str = "ethereum") -> Opportunity:
    """An opportunity."""
    return Opportunity(opportunity_id, chain, token="USDC", quote_token="WETH", buy_dex="a", sell_dex="b")


def execution(opportunity_id: str = "seen-1", status: Status = Status.PENDING) -> Execution:
    """Its execution."""
    return Execution(opportunity_id, "ethereum", status)


def transaction(nonce: int, opportunity_id: str = "seen-1", sender: Address = OPERATOR) -> Attempt:
    """A transaction like no other."""
    name = f"0x{next(_numbers):064x}"
    return Attempt(opportunity_id, 1, sender, nonce, name, b"\x02\xf8" * 200, 2**100, 2**90, 300_000)


def signing(opportunity_id: str = "seen-1", sender: Address = OPERATOR) -> Callable[[int], Attempt]:
    """Makes transactions of that opportunity."""
    return lambda nonce: transaction(nonce, opportunity_id, sender)


def trade(opportunity_id: str = "seen-1", sender: Address = OPERATOR) -> NewIntent:
    """The intent to carry it out."""
    return NewIntent(sender, Purpose.TRADE, opportunity_id, None, 1)


def fill(nonce: int | None = None, sender: Address = OPERATOR) -> NewIntent:
    """The intent to close a gap."""
    return NewIntent(sender, Purpose.FILL, None, None, 1, nonce)


def opened_trade(record: Record, opportunity_id: str = "seen-1", least_nonce: int = 0) -> Intent:
    """An opportunity that was taken in, with its first transaction recorded."""
    record.accept(opportunity(opportunity_id), slots=1000)
    return record.open_intent(
        trade(opportunity_id), least_nonce, signing(opportunity_id), pending=execution(opportunity_id)
    )
