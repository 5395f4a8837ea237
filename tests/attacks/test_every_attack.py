"""There is a module for each attack of the list, A1 to A45, and one only."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
NUMBERS = range(1, 46)


def modules(number: int) -> list[Path]:
    return sorted(FOLDER.glob(f"test_a{number:02}_*.py"))


@pytest.mark.parametrize("number", NUMBERS)
def test_each_number_has_one_module_that_names_it_and_claims_that_nothing_is_lost(number: int) -> None:
    (module,) = modules(number)
    tree = ast.parse(module.read_text(encoding="utf-8"))
    assert (ast.get_docstring(tree) or "").startswith(f"A{number}: ")
    tests = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    names = {node.id for test in tests for node in ast.walk(test) if isinstance(node, ast.Name)}
    assert "nothing_lost" in names


def test_no_module_has_a_number_that_is_not_on_the_list() -> None:
    named = [re.fullmatch(r"test_a(\d\d)_\w+\.py", path.name) for path in FOLDER.glob("test_a[0-9]*.py")]
    assert sorted(int(match[1]) for match in named if match) == list(NUMBERS)
    assert all(named)
