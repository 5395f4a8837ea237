"""Who claims while others give back and claim waits for nobody that waits for it."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from executor.journal.claiming import claimed
from executor.journal.prepared import Prepared
from tests.support.records import opened, opportunity, record_in

BOTH = ("pool a", "pool b")


def test_what_was_given_back_meanwhile_is_claimed_with_nothing_held_that_another_waits_for(
    server_place: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(server_place) as database, ThreadPoolExecutor() as threads:
        first, second, third = (record_in(database, f"executor-{number}") for number in (1, 2, 3))
        for number, record in enumerate((first, second, third), 1):
            record.accept(opportunity(f"seen-{number}"), slots=3)
        third.claim("seen-3", BOTH[:1])
        rivals: list[Future[tuple[str, ...]]] = []

        def slowly(count: int) -> Prepared:
            """The first one has the second pool by now, and would look at the first once more."""
            if not rivals:
                rivals.append(Future())
                third.release("seen-3")
                rivals[0] = threads.submit(second.claim, "seen-2", BOTH)
                time.sleep(0.3)
            return claimed(count)

        monkeypatch.setattr("executor.journal.executions.claimed", slowly)
        held = first.claim("seen-1", BOTH), rivals[0].result()

    assert sorted(held) == [(), BOTH]
