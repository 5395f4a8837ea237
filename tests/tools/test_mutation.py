"""The faults that mutation testing plants, and how it counts what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.mutation.__main__ import report
from tools.mutation.compiling import Compiler, CompileRefused
from tools.mutation.mutants import Mutant, mutants
from tools.mutation.rooms import ROOMS, Room, equivalents
from tools.mutation.state import State
from tools.mutation.worker import KILLED, REFUSED, SAME, SURVIVED, Verdict

RULE = "contracts/base/ProfitRule.sol"


@pytest.fixture(scope="module")
def compiler() -> Iterator[Compiler]:
    with Compiler() as running:
        yield running


@pytest.fixture(scope="module")
def of_the_rule(compiler: Compiler) -> list[Mutant]:
    return mutants("base/ProfitRule.sol", compiler.sources[RULE], compiler.trees([RULE])[RULE])


def mutant(new: str) -> Mutant:
    return Mutant("base/Room.sol", "guard", 10, "<", new, "if (a < b) revert();")


def test_the_rule_is_weakened_turned_around_and_taken_out(of_the_rule: list[Mutant]) -> None:
    compared = {(fault.old, fault.new) for fault in of_the_rule if "profit < minimum" in fault.line}
    assert {("<", "<="), ("<", ">="), ("profit < minimum", "false"), ("profit < minimum", "true")} <= compared


def test_a_fault_changes_what_it_names_and_nothing_else(
    compiler: Compiler, of_the_rule: list[Mutant]
) -> None:
    text = compiler.sources[RULE]
    for fault in of_the_rule:
        changed = fault.applied(text)
        assert len(changed) == len(text) + len(fault.new) - len(fault.old)
        assert changed[fault.start :].startswith(fault.new) and changed[: fault.start] == text[: fault.start]


def test_a_variant_is_other_code_and_the_original_stays(
    compiler: Compiler, of_the_rule: list[Mutant]
) -> None:
    fault = next(fault for fault in of_the_rule if fault.new == "<=" and "minimum)" in fault.line)
    parts = compiler.variant(RULE, fault.applied(compiler.sources[RULE]))
    assert parts["ArbRouter"].bytecode != compiler.original["ArbRouter"].bytecode
    same = compiler.variant(RULE, compiler.sources[RULE])
    assert same["ArbRouter"].bytecode == compiler.original["ArbRouter"].bytecode
    with pytest.raises(CompileRefused):
        compiler.variant(RULE, compiler.sources[RULE].replace("uint256 balanceAfter;", "", 1))


def test_every_room_has_faults_and_tests_that_exist(compiler: Compiler) -> None:
    units = [f"contracts/{unit}" for room in ROOMS.values() for unit in room.units]
    trees = compiler.trees(units)
    for unit in units:
        assert mutants(unit, compiler.sources[unit], trees[unit])
    for room in ROOMS.values():
        named = [f"tests/{pattern}" for pattern in room.tests if "*" not in pattern]
        assert named and set(named) <= set(room.files())


def test_faults_that_are_none_do_not_count_and_survivors_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fates = {"a": KILLED, "b": SURVIVED, "c": SURVIVED, "d": REFUSED, "e": SAME}
    results = [(mutant(new), Verdict(fate)) for new, fate in fates.items()]
    accepted = {f"base/Room.sol {mutant('c').name}": "no input tells them apart"}
    assert report(results, accepted) == {"mutants": 2, "killed": 1, "score": 50.0}
    said = capsys.readouterr().out
    assert f"survived: base/Room.sol {mutant('b').name}" in said
    assert "no input tells them apart" in said


def test_a_mutant_listed_as_no_fault_that_a_test_notices_is_pointed_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    accepted = {f"base/Room.sol {mutant('a').name}": "said to be none"}
    assert report([(mutant("a"), Verdict(KILLED, "test_x"))], accepted)["mutants"] == 0
    assert "noticed by test_x" in capsys.readouterr().out


def test_every_mutant_listed_as_no_fault_exists_and_says_why(compiler: Compiler) -> None:
    units = [unit for room in ROOMS.values() for unit in room.units]
    trees = compiler.trees([f"contracts/{unit}" for unit in units])
    names = {
        f"{unit} {fault.name}"
        for unit in units
        for fault in mutants(unit, compiler.sources[f"contracts/{unit}"], trees[f"contracts/{unit}"])
    }
    assert [name for name in equivalents() if name not in names] == []
    assert [name for name, reason in equivalents().items() if len(reason) < 20] == []


def test_a_test_that_is_added_is_tried_on_survivors_only(tmp_path: Path) -> None:
    few = Room((), ("contracts/test_rules.py", "contracts/test_batch.py"))
    more = Room((), (*few.tests, "contracts/test_roles.py"))
    sources = {"contracts/a.sol": "contract A {}"}
    state = State("room", few, sources, tmp_path)
    killed, survived = Verdict(KILLED, "contracts/test_rules.py::test_x"), Verdict(SURVIVED)
    state.put("noticed", killed)
    state.put("unnoticed", survived)
    for room, known in ((few, survived), (more, None)):
        again = State("room", room, sources, tmp_path)
        assert (again.get("noticed"), again.get("unnoticed")) == (killed, known)
    assert State("room", Room((), few.tests[1:]), sources, tmp_path).get("noticed") is None
    assert State("room", few, {"contracts/a.sol": "contract B {}"}, tmp_path).get("noticed") is None
