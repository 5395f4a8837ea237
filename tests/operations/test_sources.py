"""Opportunities from text of any shape."""

import json

import pytest

from executor.operations.sources import items_in


def test_each_line_is_an_item_with_its_number() -> None:
    items = list(items_in('{"a": 1}\n\n  \n{"a": 2}\r\n'))
    assert [(item.place, item.value) for item in items] == [("line 1", {"a": 1}), ("line 4", {"a": 2})]


def test_an_array_gives_its_elements() -> None:
    items = list(items_in(' [{"a": 1},\n {"a": 2}, 7]'))
    assert [(item.place, item.value) for item in items] == [
        ("element 0", {"a": 1}),
        ("element 1", {"a": 2}),
        ("element 2", 7),
    ]


def test_one_object_over_many_lines_is_one_item() -> None:
    (item,) = items_in(json.dumps({"a": {"b": 1}}, indent=4))
    assert item.value == {"a": {"b": 1}}


def test_a_broken_line_does_not_spoil_the_others() -> None:
    items = list(items_in('{"a": 1}\n{"a":\n{"a": 3}'))
    assert [item.error is None for item in items] == [True, False, True]


def test_a_broken_first_line_does_not_spoil_the_others() -> None:
    items = list(items_in('{"a":\n{"a": 2}\n{"a": 3}'))
    assert [(item.place, item.error is None) for item in items] == [
        ("line 1", False),
        ("line 2", True),
        ("line 3", True),
    ]


def test_a_line_separator_within_a_text_ends_no_line() -> None:
    (item,) = items_in('{"a": "one\u2028two"}')
    assert item.value == {"a": "one\u2028two"}


@pytest.mark.parametrize("text", ['{\n"a": 1,\n"b": }\n', "[1, 2", '{"a": 1'])
def test_a_broken_document_is_one_error(text: str) -> None:
    (item,) = items_in(text)
    assert item.error is not None


def test_nothing_gives_nothing() -> None:
    assert list(items_in("")) == list(items_in(" \n\n")) == []
