"""Deployed code has room to grow: every source file keeps to its budget, and the budgets fit together."""

import pytest

from benchmarks.code_size import SIZE_LIMIT, CodeSize, budgets, code_sizes, source_maps
from tests.support.routers import router_artifacts

CONTRACTS = ("ArbRouter", "RouterControl", "RouterExtension", "RouterSimulator")


@pytest.fixture(scope="module")
def sizes() -> dict[str, CodeSize]:
    return code_sizes()


def test_every_deployed_contract_is_measured(sizes: dict[str, CodeSize]) -> None:
    assert tuple(sizes) == CONTRACTS


@pytest.mark.parametrize("contract", CONTRACTS)
def test_what_is_measured_is_the_code_that_is_deployed(contract: str) -> None:
    """The same source compiles to other bytes in other company."""
    assert len(source_maps()[contract].code) == len(router_artifacts()[contract].deployed_bytecode)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_shares_of_the_source_files_add_up_to_the_deployed_code(
    sizes: dict[str, CodeSize], contract: str
) -> None:
    assert 0 < sum(sizes[contract].rooms.values()) == sizes[contract].deployed < SIZE_LIMIT


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_source_file_keeps_to_its_budget(sizes: dict[str, CodeSize], contract: str) -> None:
    """What a file may add to a contract is in benchmarks/code_budget.json."""
    rooms = sizes[contract].rooms
    allowed = budgets(contract, rooms)
    over = {room: f"{size} of {allowed[room]}" for room, size in rooms.items() if size > allowed[room]}
    assert over == {}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_budgets_together_fit_under_the_code_size_limit(
    sizes: dict[str, CodeSize], contract: str
) -> None:
    assert sum(budgets(contract, sizes[contract].rooms).values()) <= SIZE_LIMIT


def test_a_source_file_without_a_budget_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        budgets("ArbRouter", ["elsewhere/Unknown"])
