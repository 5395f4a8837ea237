"""The search on functions whose maximum is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from executor.routing.search import climb, maximise


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_the_top_of_a_parabola_is_found_exactly(low: int, below: int, above: int) -> None:
    top = low + below

    assert maximise(lambda x: -((x - top) ** 2), low, top + above) == top


@given(st.integers(0, 10**40))
def test_the_top_of_a_wide_parabola_is_found_as_near_as_it_matters(top: int) -> None:
    found = maximise(lambda x: -((x - top) ** 2), 0, 10**41)

    assert abs(found - top) <= max(64, 10**41 >> 38)


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_arguments_without_a_value_count_as_too_large(top: int, beyond: int) -> None:
    end = top + beyond // 2

    assert maximise(lambda x: -abs(x - top) if x <= end else None, 0, top + beyond) == top


def test_a_function_that_only_rises_has_its_maximum_at_the_end() -> None:
    assert maximise(lambda x: x, 5, 10**12) == 10**12


def test_no_argument_is_asked_twice_as_often_as_golden_section_needs() -> None:
    asked: list[int] = []

    def curve(x: int) -> int:
        asked.append(x)
        return -((x - 10**18) ** 2)

    maximise(curve, 0, 2**64)
    assert len(asked) < 200


def test_a_climb_stops_before_it_gets_worse() -> None:
    assert climb(lambda x: -abs(x - 70), 1, lambda x: 2 * x) == 64


def test_a_climb_stops_where_no_further_step_exists() -> None:
    assert climb(lambda x: x, 1, lambda x: min(2 * x, 100)) == 100
