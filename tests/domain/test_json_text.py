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
deep = '["\\u2200",' + "[" * 100_000 + "]" * 100_000 + "]"
for text in (deep, *(deep.encode(name) for name in sys.argv[1:])):
    try:
        load_json(text)
    except (ValueError, RecursionError) as error:
        print(type(error).__name__)
"""
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


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


def test_a_process_without_a_limit_of_recursion_outlives_a_deep_text_in_any_encoding() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITLESS, *ENCODINGS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    refused = done.stdout.split()
    assert refused[:2] == ["RecursionError"] * 2
    assert len(refused) == 1 + len(ENCODINGS)


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != "utf-8"])
def test_bytes_that_are_not_utf_8_are_no_json(encoding: str) -> None:
    with pytest.raises((UnicodeDecodeError, json.JSONDecodeError)):
        load_json('{"\u2200": "\u2200"}'.encode(encoding))


def test_a_mark_of_the_byte_order_does_not_matter() -> None:
    assert load_json('{"a": "ä"}'.encode("utf-8-sig")) == {"a": "ä"}
