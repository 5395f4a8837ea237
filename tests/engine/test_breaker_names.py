"""What breakers are called in the record."""

from __future__ import annotations

from itertools import cycle

from sqlalchemy import String

from executor.domain.route import Leg, Route
from executor.engine.breakers import breaker_keys
from executor.journal.schema import breakers
from tests.support.market import USDC, WETH, v2_pool
from tests.support.records import OPERATOR


def route(hops: int) -> Route:
    tokens = cycle((WETH, USDC))
    return Route(tuple(Leg(v2_pool(100 + number), next(tokens)) for number in range(hops)))


def test_the_breakers_of_the_longest_routes_fit_into_the_record() -> None:
    """PostgreSQL refuses a name that is too long, and the trade would never be settled."""
    keys = {key for hops in (2, 4, 6, 8) for key in breaker_keys("a" * 64, OPERATOR, route(hops))}
    assert len(keys) == 2 + 4
    column = breakers.c.key.type
    assert isinstance(column, String)
    assert max(len(key) for key in keys) <= (column.length or 0)
