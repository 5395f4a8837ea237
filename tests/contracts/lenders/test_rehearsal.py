"""A rehearsed loan: the lender's callback finds the simulator, and what it tells is what then happens."""

from __future__ import annotations

import pytest

from devnet.node import ETHER
from executor.plan.encoding import encode_steps
from executor.plan.steps import Step
from tests.contracts.lenders.loans import SOURCES
from tests.contracts.venues.hops import gift, plan, token
from tests.support.routers import Desk, Reverted

LOAN = 20 * ETHER
GIFT = ETHER


def rehearsed_as_executed(desk: Desk, *steps: Step) -> list[int]:
    """The gas of each step, after comparing profits and reading the order of the steps."""
    calldata = plan(*steps)
    told = desk.rehearse(calldata)
    assert told.profit == desk.simulate(calldata)
    assert [hop.opcode for hop in told.hops] == [opcode for step in steps for opcode in opcodes(step)]
    return [hop.gas_used for hop in told.hops]


def opcodes(step: Step) -> list[int]:
    """The step's own opcode and those inside it."""
    return [encode_steps((step,))[0], *(opcode for inner in step.inside for opcode in opcodes(inner))]


@pytest.mark.parametrize("name", SOURCES)
def test_every_lender_lends_to_a_rehearsal(desk: Desk, name: str) -> None:
    present = gift(desk, token(desk, "WETH"), GIFT)
    lending, receiving = rehearsed_as_executed(desk, SOURCES[name].loan(desk, "WETH", LOAN, present))
    assert 0 < receiving < lending < 400_000


@pytest.mark.parametrize("outer", SOURCES)
def test_loans_inside_loans_are_rehearsed_each_with_its_own_gas(desk: Desk, outer: str) -> None:
    present = gift(desk, token(desk, "WETH"), GIFT)
    inner = SOURCES["morpho_blue"].loan(desk, "WETH", ETHER, present)
    alone, *_ = rehearsed_as_executed(desk, SOURCES[outer].loan(desk, "WETH", LOAN, present))
    around, *_ = rehearsed_as_executed(desk, SOURCES[outer].loan(desk, "WETH", LOAN, inner))
    # What the inner loan has warmed is cheaper to the outer one; what it takes itself is not counted twice.
    assert alone - 30_000 < around < alone + 10_000


@pytest.mark.parametrize("name", SOURCES)
def test_a_loan_that_cannot_be_paid_back_is_refused_as_in_execution(desk: Desk, name: str) -> None:
    calldata = plan(SOURCES[name].loan(desk, "WETH", LOAN), minimum=1)
    reasons = set()
    for attempt in (desk.simulate, desk.rehearse):
        with pytest.raises(Reverted) as refused:
            attempt(calldata)
        reasons.add(refused.value.data)
    assert len(reasons) == 1
