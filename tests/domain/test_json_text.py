"""JSON from outside is read as Python reads it, and no depth of it ends the process."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.json_text import MOST_NESTED, is_too_deep, load_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='[]{}"\\aä'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('[{"\\'), inner, max_size=4),
    max_leaves=30,
)

LIMITLESS = """
import sys
from executor.domain.json_text import load_json
sys.setrecursionlimit(10**6)
try:
    load_json("[" * 100_000)
except RecursionError:
    print("refused")
"""


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(values)
def test_what_is_not_deep_is_read_as_ever(value: object) -> None:
    assert load_json(json.dumps(value)) == load_json(json.dumps(value).encode()) == value


@given(values, st.integers(MOST_NESTED - 20, MOST_NESTED + 20))
def test_depth_is_counted_as_the_reader_meets_it(value: object, arrays: int) -> None:
    text = "[" * arrays + json.dumps(value) + "]" * arrays
    assert is_too_deep(text.encode()) == (depth_of(value) + arrays > MOST_NESTED)


def test_many_values_side_by_side_are_not_deep() -> None:
    assert len(load_json("[" + ",".join(['{"a": [[1], {}]}'] * 5_000) + "]")) == 5_000


@pytest.mark.parametrize("text", ['"' + "[" * 1_000, '{"a": "' + '\\"[' * 300_000 + '"}', '\\"' * 500_000])
def test_brackets_in_a_text_do_not_count_and_cost_no_time(text: str) -> None:
    assert not is_too_deep(text.encode())


def test_a_process_without_a_limit_of_recursion_outlives_a_deep_text() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITLESS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr
