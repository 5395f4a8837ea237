"""Gas is deterministic: what the router costs is what the committed snapshot says, to the unit."""

import json

import pytest

from benchmarks.building import loop_market
from benchmarks.gas import SNAPSHOT, measure, snapshot
from benchmarks.loops import V2_V2, V2_V3, Loop
from benchmarks.market import OPERATOR
from benchmarks.overhead import plan
from executor.domain.route import Funding


def test_gas_and_code_size_are_those_of_the_snapshot() -> None:
    """After a change that is meant: `.venv/bin/python -m benchmarks.gas --update`."""
    assert snapshot(measure()) == json.loads(SNAPSHOT.read_text())


@pytest.mark.parametrize("loop", [V2_V3, V2_V2], ids=lambda loop: loop.name)
@pytest.mark.parametrize("funding", [Funding.INVENTORY, Funding.CALLBACK_CHAIN])
def test_a_plan_of_the_primary_operator_reads_one_storage_slot_of_the_router(
    loop: Loop, funding: Funding
) -> None:
    """Operator and pause flag share it; callbacks read none."""
    with loop_market(traced=True) as market:
        calldata = plan(market.sized(loop, funding), "computed")
        assert market.storage_reads(OPERATOR, market.router, calldata) == [0]
