"""Which intents ended unmined so lately that one of their transactions may be mined after all."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, func, select

from executor.domain.intent import IntentState
from executor.journal.schema import HOLDING, intents

LATELY_SECONDS = 3_600
"""Before the last thing that its executor recorded: longer than the chains take until a block is final."""

LAST_INTENTS = 20_000
"""Nothing older is looked for, so that no query reads all of the history."""

_ENDED = (IntentState.DROPPED.value, IntentState.SUPERSEDED.value)


def ended_unmined(chain: str, executor_id: str) -> ColumnElement[bool]:
    """That an intent ended so, however long ago within the last LAST_INTENTS, and was that executor's."""
    # Not by the index on chains, under which the whole history stands.
    its = (func.coalesce(intents.c.chain, "") == chain) & (intents.c.executor_id == executor_id)
    return its & (intents.c.id > _oldest()) & intents.c.state.in_(_ENDED)


def lately_ended(chain: str, executor_id: str) -> ColumnElement[bool]:
    """That an intent is one of these, and was that executor's.

    By the record's own time: what happened while no process ran still has to be found. What was dropped
    cannot be mined any more where another of ours has its nonce for good; what was superseded has to be heard
    of also then, since it may have been told as mined before.
    """
    newer = intents.alias("newer")
    newest = (
        select(func.max(newer.c.updated_at))
        .where(
            func.coalesce(newer.c.chain, "") == chain,
            newer.c.executor_id == executor_id,
            newer.c.id > _oldest(),
        )
        .scalar_subquery()
    )
    holder = intents.alias("holder")
    beaten = exists().where(
        holder.c.chain == intents.c.chain,
        holder.c.sender == intents.c.sender,
        holder.c.nonce == intents.c.nonce,
        holder.c.state.in_(HOLDING),
        holder.c.state == IntentState.FINAL.value,
    )
    heard_of = (intents.c.state != IntentState.DROPPED.value) | ~beaten
    return ended_unmined(chain, executor_id) & heard_of & (intents.c.updated_at >= newest - LATELY_SECONDS)


def _oldest() -> ColumnElement[int]:
    """The id before those that are looked for."""
    counted = intents.alias("counted")
    return select(func.max(counted.c.id)).scalar_subquery() - LAST_INTENTS
