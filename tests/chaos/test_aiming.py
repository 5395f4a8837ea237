"""Each boundary is aimed at until a kill has come at it."""

from __future__ import annotations

import random

from tests.chaos.aiming import AT_RANDOM, BOUNDARIES, MOST_MISSES, Aims
from tests.chaos.killing import METHODS, ROWS, Moment, When


def _drawn(aims: Aims, count: int) -> list[Moment]:
    return [aims.next(5) for _ in range(count)]


def test_every_boundary_has_its_turn_at_the_first_time_that_it_comes() -> None:
    drawn = _drawn(Aims(random.Random(1)), len(BOUNDARIES) * AT_RANDOM // (AT_RANDOM - 1))
    aimed = [moment for moment in drawn if moment.seconds is None]
    assert {moment.boundary for moment in aimed} == {moment.boundary for moment in BOUNDARIES}
    assert len(BOUNDARIES) == len(METHODS) * len(When) + len(ROWS)
    assert {moment.count for moment in aimed} == {1}


def test_some_kills_come_at_a_mere_time() -> None:
    drawn = _drawn(Aims(random.Random(1)), 3 * AT_RANDOM)
    at_random = [moment.seconds for moment in drawn if moment.seconds is not None]
    assert len(at_random) == 3
    assert max(at_random) <= 5


def test_what_did_not_come_is_aimed_at_again_until_it_comes() -> None:
    aims = Aims(random.Random(1))
    shy, misses = BOUNDARIES[7], 0
    while aims.missing:
        moment = aims.next(5)
        missed = moment == shy and misses < 2
        misses += missed
        aims.came(moment, not missed)
    assert aims.aimed[shy.boundary] == 3
    assert aims.hit[shy.boundary] == 1
    assert aims.never == ()


def test_what_never_comes_is_given_up_and_named() -> None:
    aims = Aims(random.Random(1))
    never = BOUNDARIES[7]
    for _ in range(1000):
        if not aims.missing:
            break
        moment = aims.next(5)
        aims.came(moment, moment != never)
    assert aims.never == (never.boundary,)
    assert aims.aimed[never.boundary] == MOST_MISSES


def test_after_the_first_round_boundaries_come_at_other_times_too() -> None:
    aims = Aims(random.Random(1))
    for _ in range(4 * len(BOUNDARIES)):
        aims.came(aims.next(5), True)
    assert max(aims.next(5).count for _ in range(len(BOUNDARIES))) > 1


def test_the_seed_decides() -> None:
    one, same, other = (_drawn(Aims(random.Random(seed)), 50) for seed in (3, 3, 4))
    assert one == same != other
