"""Gas is deterministic: what the router costs is what the committed snapshot says, to the unit."""

import json

import pytest

from benchmarks.gas import SNAPSHOT, deployed_size, measure, sized_loop, snapshot
from benchmarks.loop_market import OPERATOR, START, LoopMarket, loop_market
from executor.domain.route import Funding
from executor.plan import encode


def test_gas_and_code_size_are_those_of_the_snapshot() -> None:
    """After a change that is meant: `.venv/bin/python -m benchmarks.gas --update`."""
    assert snapshot(measure(), deployed_size()) == json.loads(SNAPSHOT.read_text())


def test_the_router_fits_under_the_code_size_limit() -> None:
    assert deployed_size() < 24_576


@pytest.mark.parametrize("loop", ["v2_v3", "v2_v2"])
@pytest.mark.parametrize("funding", [Funding.INVENTORY, Funding.CALLBACK_CHAIN])
def test_a_plan_of_the_primary_operator_reads_one_storage_slot_of_the_router(
    loop: str, funding: Funding
) -> None:
    """Operator and pause flag share it; callbacks read none."""
    with loop_market(traced=True) as market:
        assert reads_of(market, loop, funding) == [0]


def reads_of(market: LoopMarket, loop: str, funding: Funding) -> list[int]:
    sized = sized_loop(market, market.pool if loop == "v2_v3" else market.even_pair, funding)
    plan = encode(sized, settlement_index=0, minimum_profit=1, deadline=START + 10**6)
    return market.storage_reads(OPERATOR, market.router, plan)
