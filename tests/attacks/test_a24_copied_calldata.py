"""A24: a generalised front-runner copies the operator's calldata and sends it first, as it is or through a
contract; or has the operator itself send it through the thief's contract.
"""

from __future__ import annotations

import pytest

from devnet import abi
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.simulated import simulation_of
from tests.attacks.scene import THIEF, nothing_lost, place, refused, sent
from tests.attacks.tracing import slots_read, trace
from tests.attacks.trades import earning_route, plan_for
from tests.support.routers import OPERATOR, Desk

GATE_SLOT, ALLOWED_SLOT = 0, 4


def copies(plan: bytes) -> dict[str, bytes]:
    """The ways in which the router can be asked to run a plan."""
    return {
        "execute": plan,
        "executeBatch": encode_batch([BatchEntry(plan, 1_000_000)]),
        "executeBatch, all or nothing": encode_batch([BatchEntry(plan, 1_000_000)], all_or_nothing=True),
        "simulate": simulation_of(plan),
    }


def test_a_copy_is_refused_and_the_original_still_earns_its_profit(desk: Desk) -> None:
    found = earning_route(desk)
    plan = plan_for(found)
    with nothing_lost(desk):
        for name, copy in copies(plan).items():
            assert refused(desk, THIEF, copy).name == "NotOperator", name
        before = desk.balance("WETH")
        sent(desk, OPERATOR, plan)
        assert desk.balance("WETH") - before == found.gross_profit


@pytest.mark.parametrize("sender", [THIEF, OPERATOR], ids=["by_the_thief", "by_the_operator_who_was_lured"])
def test_a_copy_through_a_contract_is_refused_whoever_calls_that(desk: Desk, sender: str) -> None:
    """What counts is who calls the router, and not who signed the transaction."""
    plan, copyist = plan_for(earning_route(desk)), place(desk, "Copyists.Copyist", "(address)", desk.router)
    with nothing_lost(desk):
        for name, copy in copies(plan).items():
            assert refused(desk, sender, copy, to=copyist).name == "NotOperator", name


def test_the_sender_is_checked_before_anything_else_is_read(desk: Desk) -> None:
    """Two slots of storage, no lock, no call: a copy costs the copyist gas, and tells nobody anything."""
    plan = plan_for(earning_route(desk))
    instructions = trace(desk, THIEF, plan)
    allowed = int(abi.storage_key(ALLOWED_SLOT, bytes.fromhex(THIEF[2:])), 16)
    assert set(slots_read(desk, instructions)) == {GATE_SLOT, allowed}
    names = {step.name for step in instructions}
    assert names.isdisjoint({"TLOAD", "TSTORE", "SSTORE", "CALL", "STATICCALL", "DELEGATECALL"})


def test_a_copy_under_a_forged_plan_is_refused_like_the_plan_itself(desk: Desk) -> None:
    """No bytes of a plan name a sender: the thief puts the operator's address behind, before and into it."""
    plan, name = plan_for(earning_route(desk)), bytes.fromhex(OPERATOR[2:])
    with nothing_lost(desk):
        for forged in (plan + name, plan + bytes(12) + name, plan[:4] + name + plan[4:]):
            assert refused(desk, THIEF, forged).name == "NotOperator"
