"""Gas is deterministic: what the router costs is what the committed snapshot says, to the unit."""

import json

import pytest

from benchmarks.building import loop_market
from benchmarks.gas import LIMITS, SNAPSHOT, Figures, measure, snapshot, within
from benchmarks.loops import V2_V2, V2_V3, Loop
from benchmarks.market import OPERATOR
from benchmarks.overhead import plan
from executor.domain.route import Funding


@pytest.fixture(scope="module")
def figures() -> Figures:
    return measure()


def test_gas_and_code_size_are_those_of_the_snapshot(figures: Figures) -> None:
    """After a change that is meant: `.venv/bin/python -m benchmarks.gas --update`."""
    assert snapshot(figures) == json.loads(SNAPSHOT.read_text())


def test_no_figure_is_above_its_limit(figures: Figures) -> None:
    """Whatever the snapshot says: it may be written anew, the limits may not."""
    measured = within(figures)
    assert measured.keys() == LIMITS.keys()
    assert {name: (value, limit) for name, (value, limit) in measured.items() if value > limit} == {}


@pytest.mark.parametrize("loop", [V2_V3, V2_V2], ids=lambda loop: loop.name)
@pytest.mark.parametrize("funding", [Funding.INVENTORY, Funding.CALLBACK_CHAIN])
def test_a_plan_of_the_primary_operator_reads_one_storage_slot_of_the_router(
    loop: Loop, funding: Funding
) -> None:
    """Operator and pause flag share it; callbacks read none."""
    with loop_market(traced=True) as market:
        calldata = plan(market.sized(loop, funding), "computed")
        assert market.storage_reads(OPERATOR, market.router, calldata) == [0]
