"""There is a module for each attack of the list, A1 to A45, and one only; and what they claim can fail."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from devnet import abi
from tests.attacks.scene import PATRON, THIEF, nothing_lost
from tests.support.routers import OWNER, PAUSER, Desk

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


LOSSES = (
    "a token of the router's",
    "the router's ether",
    "a patron's token",
    "an allowance",
    "an allowance through Permit2",
    "a role",
    "being able to run",
)


def lose(desk: Desk, what: str) -> None:
    """Somebody loses something."""
    weth, usdc = desk.book.tokens["WETH"], desk.book.tokens["USDC"]
    if what == "a token of the router's":
        desk.send(OWNER, "withdraw(address,address,uint256)", weth, THIEF, 1)
    elif what == "the router's ether":
        desk.send(OWNER, "withdrawNative(address,uint256)", THIEF, 1)
    elif what == "a patron's token":
        desk.node.send(PATRON, usdc, abi.encode_call("transfer(address,uint256)", THIEF, 1))
    elif what == "an allowance":
        desk.node.send(desk.router, usdc, abi.encode_call("approve(address,uint256)", THIEF, 1))
    elif what == "an allowance through Permit2":
        call = abi.encode_call("approve(address,address,uint160,uint48)", usdc, THIEF, 1, 0)
        desk.node.send(desk.router, desk.book.contracts["permit2"], call)
    elif what == "a role":
        desk.send(OWNER, "setPauser(address)", THIEF)
    else:
        desk.send(PAUSER, "pause()")


@pytest.mark.parametrize("what", LOSSES)
def test_the_claim_that_nothing_is_lost_fails_when_something_is(desk: Desk, what: str) -> None:
    senders = [OWNER, PATRON]
    if "allowance" in what:
        senders.append(desk.router)
    with pytest.raises(AssertionError), nothing_lost(desk, gas_of=senders):
        lose(desk, what)
