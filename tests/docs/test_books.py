"""The page about the books names every kind and every cause, and only tests and columns that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from executor.domain.booking import COSTS, PROFIT, Kind
from executor.operations import history, pnl
from executor.policy.differences import Cause

PROJECT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "docs" / "books.md").read_text()


def first_cells() -> set[str]:
    rows = re.findall(r"^\| (`[^|]+) \|", TEXT, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([a-z0-9_]+)`", row)}


def test_every_kind_and_every_cause_has_its_row_and_no_other_has_one() -> None:
    assert first_cells() == {kind.value for kind in Kind} | {cause.value for cause in Cause}


def test_every_kind_but_a_transfer_is_profit_or_cost() -> None:
    assert set(Kind) - PROFIT == {Kind.TRANSFER}
    assert COSTS < PROFIT


@pytest.mark.parametrize("path", sorted(set(re.findall(r"tests/[a-z_/]+\.py", TEXT))))
def test_the_tests_that_the_page_names_are_there(path: str) -> None:
    assert (PROJECT / path).is_file()


def test_reports_have_a_column_for_every_cause_and_every_kind() -> None:
    assert {f"difference_{cause}" for cause in Cause} <= {column.name for column in history.COLUMNS}
    assert {kind.value for kind in Kind} <= {column.name for column in pnl.COLUMNS}
