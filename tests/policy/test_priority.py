"""The tip follows what was paid lately."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.policy.priority import PERCENTILES, Urgency, priority_fee

ROWS = [[1, 5, 9], [2, 6, 10], [3, 7, 11]]
rows = st.lists(st.lists(st.integers(0, 10**12), min_size=3, max_size=3).map(sorted), max_size=20)


@pytest.mark.parametrize(
    ("urgency", "fee"), [(Urgency.ORDINARY, 2), (Urgency.URGENT, 6), (Urgency.AT_ONCE, 10)]
)
def test_the_more_urgent_the_higher_the_percentile(urgency: Urgency, fee: int) -> None:
    assert priority_fee(ROWS, [False] * 3, urgency, floor=0) == fee


def test_percentiles_rise_as_nodes_demand() -> None:
    assert list(PERCENTILES) == sorted(PERCENTILES)


def test_empty_blocks_say_nothing() -> None:
    assert priority_fee([[0, 0, 0], [8, 8, 8], [0, 0, 0]], [True, False, True], Urgency.URGENT, floor=1) == 8


def test_without_blocks_the_floor_is_offered() -> None:
    assert priority_fee([], [], Urgency.URGENT, floor=25) == 25
    assert priority_fee([[0, 0, 0]], [True], Urgency.URGENT, floor=25) == 25


@given(rows, st.integers(0, 10**12))
def test_more_urgency_never_offers_less(blocks: list[list[int]], floor: int) -> None:
    offers = [priority_fee(blocks, [False] * len(blocks), urgency, floor=floor) for urgency in Urgency]

    assert offers == sorted(offers)
    assert min(offers) >= floor
