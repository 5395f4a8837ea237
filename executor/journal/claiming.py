"""The statements that claim what an opportunity needs for itself alone, for any number of things at once."""

from functools import cache
from typing import Any

from sqlalchemy import Column, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from executor.journal.prepared import Prepared
from executor.journal.schema import claims


@cache
def claim_free(count: int, *, is_sqlite: bool) -> Prepared:
    """Claims those of `count` keys that nobody has. Named `key_0` and so on; and `of_chain`, `of_chain_id`,
    `of_opportunity`, `at` (Unix seconds).
    """
    common = {
        claims.c.chain: _given("of_chain", claims.c.chain),
        claims.c.chain_id: _given("of_chain_id", claims.c.chain_id),
        claims.c.opportunity_id: _given("of_opportunity", claims.c.opportunity_id),
        claims.c.claimed_at: _given("at", claims.c.claimed_at),
    }
    insert: Any = sqlite.insert(claims) if is_sqlite else postgresql.insert(claims)
    rows = [{**common, claims.c.key: _given(f"key_{number}", claims.c.key)} for number in range(count)]
    return Prepared(insert.values(rows).on_conflict_do_nothing())


@cache
def claimed(count: int) -> Prepared:
    """Which of `count` keys are claimed, and for which opportunity each. Named as in `claim_free`."""
    keys = [_given(f"key_{number}", claims.c.key) for number in range(count)]
    its = claims.c.chain == bindparam("of_chain")
    return Prepared(select(claims.c.key, claims.c.opportunity_id).where(its, claims.c.key.in_(keys)))


def _given(name: str, column: Column[Any]) -> Any:
    return bindparam(name, type_=column.type)
