"""Known faults of the compiler that the router is built with, and why none of them reaches it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devnet.compiler import compile_files, project_settings
from devnet.node import ETHER, Node
from executor.domain.route import Funding
from executor.plan import encode
from executor.plan.compile import Custody
from tests.contracts.test_execution import ROUTES, open_gap, sized
from tests.support.routers import FOREVER, Desk, deploy_desk, router_artifacts

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
# mstore(0x40, 0x80): the heap starts where it does when no local variable has been moved to memory.
HEAP_AT_0X80 = bytes.fromhex("6080604052")


def test_no_local_variable_lives_in_memory_where_another_recursion_could_overwrite_it() -> None:
    """Up to 0.8.36 the IR pipeline may give two functions that call each other one memory slot for a variable
    each; the router's steps do call each other. (Solidity's list of known bugs.) The extension's never do,
    and the control part runs none.
    """
    for name in ("ArbRouter", "RouterSimulator"):
        assert router_artifacts()[name].deployed_bytecode.startswith(HEAP_AT_0X80)


def test_nothing_is_cleared_by_delete() -> None:
    """From 0.8.28 to 0.8.33 the IR pipeline may clear storage where transient storage was meant, by `delete`.
    (Solidity's list of known bugs.)
    """
    for source in CONTRACTS.rglob("*.sol"):
        assert not re.search(r"^\s*delete\b", source.read_text(), re.MULTILINE), source.name


@pytest.fixture(scope="module")
def other_pipeline(router_node: Node) -> Desk:
    """The same sources by the compiler's older code generator, which keeps other bits of a value lying
    about.
    """
    version, settings = project_settings()
    legacy = {**settings, "viaIR": False}
    code = {
        name: compile_files([f"contracts/{name}.sol"], version=version, settings=legacy)[name]
        for name in router_artifacts()
    }
    return deploy_desk(router_node, code=code)


@pytest.mark.parametrize("shape", ROUTES)
@pytest.mark.parametrize("custody", ["pool_to_pool", "through_router"])
def test_the_other_code_generator_gives_the_same_profit(
    other_pipeline: Desk, shape: str, custody: Custody
) -> None:
    """What a variable's unused bits hold is the compiler's affair: no assembly may depend on it."""
    desk = other_pipeline
    with desk.node.isolated():
        route = desk.route("WETH", *ROUTES[shape])
        open_gap(desk, route)
        plan = sized(desk, route, 3 * ETHER, Funding.INVENTORY)
        calldata = encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER, custody=custody)
        assert desk.simulate(calldata) == plan.gross_profit


@pytest.mark.parametrize("funding", [Funding.AAVE_V3, Funding.BALANCER_V2, Funding.CALLBACK_CHAIN])
def test_the_other_code_generator_borrows_alike(other_pipeline: Desk, funding: Funding) -> None:
    desk = other_pipeline
    with desk.node.isolated():
        route = desk.route("WETH", *ROUTES["v2_v2"])
        open_gap(desk, route)
        plan = sized(desk, route, 3 * ETHER, funding)
        calldata = encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER)
        assert desk.simulate(calldata) == plan.gross_profit
