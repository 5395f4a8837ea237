"""Which answers of price feeds count."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.policy.feeds import FeedAnswer, SequencerStatus, answer_problem, sequencer_problem

NOW = 1_800_000_000
SOUND = FeedAnswer(3_000 * 10**8, 8, NOW - 60, round_id=7, answered_in_round=7, least=1, most=10**13)


def test_a_fresh_answer_of_a_finished_round_within_its_bounds_is_a_price() -> None:
    assert answer_problem(SOUND, now=NOW, max_age_seconds=3_600) is None
    assert SOUND.usd_per_token == 3_000


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"answer": 0}, "answers 0"),
        ({"answer": -1}, "answers -1"),
        ({"updated_at": 0}, "has not finished round 7"),
        ({"answered_in_round": 6}, "has not finished round 7"),
        ({"updated_at": NOW - 3_601}, "3601 seconds old, 3600 are allowed"),
        ({"updated_at": NOW + 3_601}, "-3601 seconds old, 3600 are allowed"),
        ({"least": 3_000 * 10**8}, "at or below the least it can say"),
        ({"most": 3_000 * 10**8}, "at or above the most it can say"),
    ],
)
def test_any_other_answer_is_none_and_says_why(changed: dict[str, int], told: str) -> None:
    problem = answer_problem(replace(SOUND, **changed), now=NOW, max_age_seconds=3_600)

    assert problem is not None
    assert told in problem


def test_an_aggregator_without_bounds_may_answer_anything_above_zero() -> None:
    assert (
        answer_problem(replace(SOUND, answer=1, least=None, most=None), now=NOW, max_age_seconds=60) is None
    )


@given(st.integers(1, 2**191), st.integers(0, 36))
def test_a_price_is_the_very_answer(answer: int, decimals: int) -> None:
    assert FeedAnswer(answer, decimals, NOW).usd_per_token * 10**decimals == Fraction(answer)


@given(st.integers(0, 2 * NOW), st.integers(0, 10**6), st.integers(-(2**100), 2**100))
def test_an_answer_passes_only_while_it_is_young_and_strictly_within_its_bounds(
    updated_at: int, max_age: int, answer: int
) -> None:
    found = FeedAnswer(answer, 8, updated_at, least=10, most=2**90)
    sound = updated_at > 0 and abs(NOW - updated_at) <= max_age and 10 < answer < 2**90

    assert (answer_problem(found, now=NOW, max_age_seconds=max_age) is None) is sound


@pytest.mark.parametrize(
    ("answer", "started_at", "told"),
    [
        (0, 0, "no answer yet"),
        (1, NOW - 10_000, "is down"),
        (0, NOW, "up for 0 seconds only"),
        (0, NOW - 3_600, "up for 3600 seconds only, 3600 must pass"),
        (0, NOW - 3_601, None),
    ],
)
def test_a_sequencer_must_have_been_up_for_its_grace_period(
    answer: int, started_at: int, told: str | None
) -> None:
    problem = sequencer_problem(SequencerStatus(answer, started_at), now=NOW, grace_period_seconds=3_600)

    assert (problem is None) if told is None else (problem is not None and told in problem)
