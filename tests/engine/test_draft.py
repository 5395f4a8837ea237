"""What is recorded of a try is of the trade that it came to, not of one that it gave up."""

from __future__ import annotations

from fractions import Fraction

import pytest

from executor.domain.decision import Decision, Reason, Simulation, Verdict
from executor.domain.execution import Status
from executor.domain.market import BlockHead
from executor.domain.opportunity import Opportunity
from executor.domain.plan import Plan
from executor.domain.route import Funding, SizedRoute
from executor.domain.several import LeftOut, SizedSeveral
from executor.domain.split import Sized, SizedSplit
from executor.engine.described import shape_of
from executor.engine.draft import Draft, Ready
from executor.engine.gas_market import GasMarket
from executor.engine.market import Market, Purse
from executor.engine.pricing import Prices
from executor.policy.fees import Fees
from executor.routing.ways import divided
from tests.support.market import DAI, WETH, address, two_legs, v2_pool
from tests.support.side_by_side import RICH, free, parallel_routes

ROUTER = address(7)
ALONE = SizedRoute(two_legs(v2_pool(100), v2_pool(101)), (10, 30, 12), Funding.INVENTORY)
OTHER = SizedRoute(two_legs(v2_pool(102, token1=DAI), v2_pool(103, token1=DAI)), (5, 9, 6), Funding.INVENTORY)
SEVERAL = SizedSeveral((ALONE, OTHER), (0, 2), (LeftOut(1, "It earns nothing."),))
DECIDED = Decision(Verdict.PROCEED, (), 2, 1, 1, 1, 1)
SIMULATED = Simulation(1, 2, 90_000, 120_000)


def side_by_side() -> SizedSplit:
    """A trade that is divided over pools."""
    routes, states = parallel_routes()
    found = divided(routes, states, gas_cost=free, most=RICH)
    assert found is not None
    return SizedSplit(found.route)


def draft() -> Draft:
    made = Draft(Opportunity("seen-1", "ethereum"))
    made.looked_at(1)
    made.settles_in(WETH, router=ROUTER, sender=ROUTER)
    made.priced(Prices(WETH, True, Fraction(3_000), Fraction(3_000)), ("max_trade_size_usd",))
    return made


def plan(sized: Sized, rebate: int = 0) -> Plan:
    return Plan(1, ROUTER, sized, b"\x01", 1, 60, rebate)


@pytest.mark.parametrize("given_up", ["divided", "several", "alone"])
@pytest.mark.parametrize("taken", ["divided", "several", "alone"])
def test_the_shape_of_a_size_that_was_given_up_is_not_recorded(given_up: str, taken: str) -> None:
    shapes: dict[str, Sized] = {"divided": side_by_side(), "several": SEVERAL, "alone": ALONE}
    changed, fresh = draft(), draft()
    changed.sized(shapes[given_up])
    for each in (changed, fresh):
        each.sized(shapes[taken])
    assert changed.execution == fresh.execution
    assert changed.execution.details.keys() >= shape_of(shapes[taken]).keys()


def test_a_tip_that_is_not_paid_after_all_is_not_recorded() -> None:
    made = draft()
    made.sized(ALONE)
    made.planned(plan(ALONE, rebate=5))
    assert made.execution.details["rebate"] == 5
    made.planned(plan(ALONE))
    assert "rebate" not in made.execution.details


def test_nothing_is_recorded_as_planned_or_decided_of_a_new_size() -> None:
    changed, fresh = draft(), draft()
    changed.sized(SEVERAL)
    changed.planned(plan(SEVERAL, rebate=5))
    changed.decided(DECIDED, SIMULATED, 1)
    for each in (changed, fresh):
        each.sized(ALONE)
    assert changed.execution == fresh.execution


def test_what_is_taken_up_again_has_no_reason_to_end() -> None:
    made = draft()
    before = made.execution
    made.declined(Reason("simulation_reverted", "dry"))
    assert made.execution.status is Status.DECLINED
    made.taken_up_again()
    assert made.execution == before


def test_what_would_be_signed_stands_beside_all_that_is_known() -> None:
    made = draft()
    made.sized(ALONE)
    made.planned(plan(ALONE, rebate=5))
    made.decided(DECIDED, SIMULATED, 1)
    fees = Fees(9, 1, 8)
    market = Market(
        head=BlockHead(1, "0x01", "0x00", 12, 1, 1, 30_000_000),
        routes=(ALONE.route,),
        states={},
        prices=Prices(WETH, True, None, None),
        purse=Purse(0, 0, ()),
        gas=GasMarket(fees),
    )
    offered = made.with_offer(Ready(market, plan(ALONE, rebate=5), SIMULATED))
    assert offered.details.items() >= made.execution.details.items()
    assert offered.details["max_fee_per_gas"] == fees.max_fee_per_gas
    assert offered.details["expected_gas_cost"] == DECIDED.gas_cost
    assert "gas_limit" not in made.execution.details
