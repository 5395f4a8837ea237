"""Intents and attempts as rows: the queries, and the way there and back."""

from typing import Any

from sqlalchemy import BigInteger, bindparam, case, exists, func, insert, literal_column, select, text, update

from executor.domain.address import Address
from executor.domain.attempt import Attempt
from executor.domain.intent import (
    AttemptKind,
    AttemptState,
    Block,
    Intent,
    IntentState,
    Purpose,
    StoredAttempt,
)
from executor.journal.database import now
from executor.journal.prepared import Prepared
from executor.journal.schema import HOLDING, LOST, WATCHED, attempts, executions, intents

_HELD = (
    (intents.c.chain == bindparam("of_chain"))
    & (intents.c.sender == bindparam("of_sender"))
    & intents.c.state.in_(HOLDING)
)
_NEXT = intents.alias("next")
_NEXT_HELD = exists().where(
    _NEXT.c.chain == intents.c.chain,
    _NEXT.c.sender == intents.c.sender,
    _NEXT.c.nonce == intents.c.nonce + 1,
    _NEXT.c.state.in_(HOLDING),
)
HOLDER = Prepared(
    select(intents.c.id, intents.c.state).where(_HELD, intents.c.nonce == bindparam("at_nonce"))
)
OWNED = Prepared(
    select(executions.c.executor_id, executions.c.status)
    .where(
        executions.c.chain == bindparam("of_chain"),
        executions.c.opportunity_id == bindparam("of_opportunity"),
    )
    .with_for_update()
)
_LOWEST_FREE = case(
    (~exists().where(_HELD, intents.c.nonce == bindparam("least", type_=BigInteger)), bindparam("least")),
    else_=select(func.min(intents.c.nonce) + 1)
    .where(_HELD, intents.c.nonce >= bindparam("least", type_=BigInteger), ~_NEXT_HELD)
    .scalar_subquery(),
)
_TRADES = (
    select(func.count())
    .where(
        intents.c.chain == bindparam("of_chain"),
        intents.c.opportunity_id == bindparam("of_opportunity"),
        intents.c.purpose == Purpose.TRADE.value,
        intents.c.state.in_(HOLDING),
    )
    .scalar_subquery()
)
LANE = Prepared(select(_LOWEST_FREE.label("lowest_free"), _TRADES.label("trades")))
"""The lane as it is: its lowest free nonce, and how many trades of the opportunity are out or mined."""

_LAST_LOST = (
    select(intents.c.nonce)
    .where(
        intents.c.chain == bindparam("of_chain"),
        intents.c.sender == bindparam("of_sender"),
        intents.c.state.in_(LOST),
    )
    .order_by(intents.c.nonce.desc())
    .limit(1)
)
_LAST_HELD = select(intents.c.nonce).where(_HELD).order_by(intents.c.nonce.desc()).limit(1)
_LAST_MINED = (
    select(intents.c.block_number)
    .where(_HELD, intents.c.block_number.is_not(None))
    .order_by(intents.c.nonce.desc())
    .limit(1)
)
REACHED = Prepared(
    select(
        _LAST_HELD.scalar_subquery().label("held"),
        _LAST_LOST.scalar_subquery().label("lost"),
        _LAST_MINED.scalar_subquery().label("block"),
    )
)
"""A wallet's highest nonce that is held, the highest that was lost, and the block of the highest mined one: a
chain takes nonces in order, so none is in a newer block.
"""

IN_FLIGHT = Prepared(
    select(func.count()).where(
        intents.c.chain == bindparam("of_chain"),
        intents.c.sender == bindparam("of_sender"),
        intents.c.state.in_(WATCHED),
        intents.c.state == literal_column("'live'"),
    )
)
PUT_PENDING = Prepared(
    update(executions).where(
        executions.c.chain == bindparam("of_chain"),
        executions.c.opportunity_id == bindparam("of_opportunity"),
    ),
    "status",
    "result",
    "updated_at",
)
INSERT_INTENT = Prepared(
    insert(intents).returning(intents.c.id), *(column.name for column in intents.c if column.name != "id")
)
INSERT_ATTEMPT = Prepared(insert(attempts), *(column.name for column in attempts.c if column.name != "id"))
_HOLDS = case((intents.c.state.in_(HOLDING), 1), else_=0)
_BY_HASH = (
    select(intents.c.id, intents.c.executor_id, attempts.c.state)
    .join(attempts, attempts.c.intent_id == intents.c.id)
    .where(attempts.c.chain == bindparam("of_chain"), attempts.c.hash == bindparam("of_hash"))
    .order_by(_HOLDS.desc(), intents.c.id.desc())
    .limit(literal_column("1"))
)
BY_HASH = Prepared(_BY_HASH)
"""The intent of an attempt, who watches it, and the attempt's state; where two have the same bytes, that
which holds the nonce.
"""

LOCKED_BY_HASH = Prepared(_BY_HASH.with_for_update(of=intents))
"""The same, and nobody else changes it meanwhile."""

_MARK = update(attempts).where(
    attempts.c.intent_id == bindparam("of_intent"), attempts.c.hash == bindparam("of_hash")
)
MARK_ATTEMPT = Prepared(_MARK, "state", "note", "updated_at")
MARK_SENT = Prepared(_MARK, "state", "note", "updated_at", "sent_at")
LANE_LOCK = text("SELECT pg_advisory_xact_lock(:number)")
WITH_ATTEMPTS = (
    select(
        intents,
        *(column.label(f"attempt_{column.name}") for column in attempts.c),
    )
    .join(attempts, attempts.c.intent_id == intents.c.id)
    .order_by(intents.c.sender, intents.c.nonce, intents.c.id, attempts.c.id)
)


def read_intent(row: Any, its: tuple[StoredAttempt, ...]) -> Intent:
    """The intent of a row, with its attempts."""
    has_block = row["block_number"] is not None
    return Intent(
        intent_id=row["id"],
        chain=row["chain"],
        chain_id=int(row["chain_id"]),
        sender=Address(row["sender"]),
        nonce=row["nonce"],
        purpose=Purpose(row["purpose"]),
        opportunity_id=row["opportunity_id"],
        executor_id=row["executor_id"],
        state=IntentState(row["state"]),
        wanted=row["wanted"],
        unwanted_because=row["unwanted_because"],
        deadline=row["deadline"],
        winner=row["winner"],
        block=Block(row["block_number"], row["block_hash"]) if has_block else None,
        attempts=its,
    )


def attempt_row(
    row: dict[str, Any], intent_id: int, attempt: Attempt, kind: AttemptKind
) -> dict[str, object]:
    """A new attempt's row; `row`: its intent's."""
    moment = now()
    return {
        "intent_id": intent_id,
        "chain": row["chain"],
        "chain_id": row["chain_id"],
        "hash": attempt.hash,
        "kind": kind.value,
        "state": AttemptState.RECORDED.value,
        "raw": "0x" + attempt.raw.hex(),
        "max_fee_per_gas": str(attempt.max_fee_per_gas),
        "max_priority_fee_per_gas": str(attempt.max_priority_fee_per_gas),
        "gas_limit": attempt.gas_limit,
        "sent_at": None,
        "note": "",
        "created_at": moment,
        "updated_at": moment,
    }


def read_attempt(row: Any) -> StoredAttempt:
    """The attempt of a row of `WITH_ATTEMPTS`."""
    attempt = Attempt(
        opportunity_id=row["opportunity_id"] or "",
        chain_id=int(row["attempt_chain_id"]),
        sender=Address(row["sender"]),
        nonce=row["nonce"],
        hash=row["attempt_hash"],
        raw=bytes.fromhex(row["attempt_raw"][2:]),
        max_fee_per_gas=int(row["attempt_max_fee_per_gas"]),
        max_priority_fee_per_gas=int(row["attempt_max_priority_fee_per_gas"]),
        gas_limit=row["attempt_gas_limit"],
    )
    kind, state = AttemptKind(row["attempt_kind"]), AttemptState(row["attempt_state"])
    return StoredAttempt(attempt, kind, state, row["attempt_sent_at"])
