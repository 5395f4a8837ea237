"""The workers of a run begin with what takes longest, and every test is run by one of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.sharing import longest_first, make_in_turn


@dataclass(frozen=True)
class Plain:
    """A test with its marks and nothing to run."""

    name: str
    marks: tuple[str, ...] = ()

    def get_closest_marker(self, name: str) -> object | None:
        return name if name in self.marks else None


def a_run(plain: int, slow: int, killing: int) -> list[Plain]:
    """Tests in the order of their files, the slow ones last."""
    return [
        *(Plain(f"plain {index}") for index in range(plain)),
        *(Plain(f"slow {index}", ("slow",)) for index in range(slow)),
        *(Plain(f"kills {index}", ("chaos", "slow")) for index in range(killing)),
    ]


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("shape", [(100, 7, 3), (100, 0, 0), (0, 4, 0), (1, 1, 9), (0, 0, 1), (0, 0, 0)])
def test_no_test_is_left_out_or_run_twice(count: int, shape: tuple[int, int, int]) -> None:
    tests = a_run(*shape)
    ordered = longest_first(tests, count)
    assert len(ordered) == len(tests)
    assert set(ordered) == set(tests)


def test_each_worker_begins_with_its_slow_tests_and_the_first_with_those_that_kill() -> None:
    ordered = longest_first(a_run(90, 6, 3), 3)
    stretches = ordered[:33], ordered[33:66], ordered[66:]
    assert [test.name for test in stretches[0][:4]] == ["kills 0", "kills 1", "kills 2", "plain 0"]
    assert [test.name for test in stretches[1][:4]] == ["slow 0", "slow 2", "slow 4", "plain 30"]
    assert [test.name for test in stretches[2][:4]] == ["slow 1", "slow 3", "slow 5", "plain 60"]


def test_tests_of_one_file_stay_together() -> None:
    plain = [test for test in longest_first(a_run(90, 6, 3), 3) if not test.marks]
    assert plain == a_run(90, 0, 0)


def test_each_process_begins_with_another_part_and_all_make_all() -> None:
    made: list[str] = []
    wanted = [lambda name=name: made.append(name) for name in "abc"]
    for first in (0, 1, 2):
        make_in_turn(wanted, first)
    assert made == [*"abc", *"bca", *"cab"]
    make_in_turn([], 1)
