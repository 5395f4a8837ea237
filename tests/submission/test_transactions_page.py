"""docs/transactions.md says what is so: its states, its steps, and tests that exist and say its numbers."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from executor.domain.intent import IntentState
from executor.journal.moves import ALLOWED
from executor.policy.lifecycle import Step

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/transactions.md").read_text()
ROWS = {
    int(number): re.findall(r"`(\w+)`", carriers)
    for number, carriers in re.findall(r"^\| (\d+) \|[^|]*\| ([^|]*) \|$", PAGE, re.MULTILINE)
}


def _documented() -> dict[str, str]:
    """The docstrings of the tests about transactions, by name."""
    files = [*ROOT.glob("tests/submission/test_*.py"), ROOT / "tests/policy/test_lifecycle.py"]
    return {
        node.name: ast.get_docstring(node) or ""
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_there_are_ten_invariants() -> None:
    assert sorted(ROWS) == list(range(1, 11))


@pytest.mark.parametrize("number", range(1, 11))
def test_the_tests_that_carry_an_invariant_exist_and_say_its_number(number: int) -> None:
    documented = _documented()
    assert ROWS[number]
    for name in ROWS[number]:
        assert name in documented, name
        said = re.findall(r"[Ii]nvariants? ((?:\d+(?:, | and )?)+)", documented[name])
        assert str(number) in re.findall(r"\d+", " ".join(said)), name


def test_each_test_that_says_a_number_stands_in_its_row() -> None:
    for name, text in _documented().items():
        for said in re.findall(r"[Ii]nvariants? ((?:\d+(?:, | and )?)+)", text):
            for number in re.findall(r"\d+", said):
                assert name in ROWS[int(number)] or "1 to 10" in text, (name, number)


def test_the_picture_has_the_states_and_moves_of_the_record() -> None:
    picture = PAGE.split("```mermaid")[1].split("```")[0]
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)", picture, re.MULTILINE))
    drawn = {(before, after) for before, after in drawn if before != after}
    moves = {(before.value, after.value) for before, after in ALLOWED if before is not after}
    assert drawn == moves
    assert {state.value for state in IntentState} <= {state for move in drawn for state in move}


def test_the_table_has_each_step() -> None:
    table = PAGE.split("| step |")[1].split("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == sorted(step.value for step in Step)
