"""A35: what works on a paused router, and what a pause in the middle of a plan leaves half done.

Callbacks, loans that name the router, rescue by others than the owner; and a pauser whose pause arrives while
a loan is in flight or between two plans of a batch.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.chain.receipts import batch_outcomes, parse_receipt
from executor.domain.address import Address
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.simulated import simulation_of
from tests.attacks.callbacks import calls, loan_data
from tests.attacks.scene import THIEF, allowances, nothing_lost, refused, sent
from tests.attacks.steps import loans, turn_of
from tests.attacks.thieves import Act, accomplice
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.lenders.loans import SOURCES
from tests.contracts.schemes import plan_of
from tests.contracts.venues.hops import gift, token
from tests.support.routers import OPERATOR, OWNER, PAUSER, Desk, Reverted

LOAN = 20 * ETHER
PAUSE, UNPAUSE = abi.encode_call("pause()"), abi.encode_call("unpause()")


def test_a_paused_router_runs_nothing_for_operators(desk: Desk) -> None:
    found = earning_route(desk)
    plan = plan_for(found)
    desk.send(PAUSER, "pause()")
    with nothing_lost(desk):
        for call in (plan, simulation_of(plan), encode_batch([BatchEntry(plan, 900_000)])):
            assert refused(desk, OPERATOR, call).name == "Paused"
    desk.send(OWNER, "unpause()")
    assert desk.simulate(plan) == found.gross_profit


def test_a_paused_router_answers_no_callback(desk: Desk) -> None:
    desk.send(PAUSER, "pause()")
    with nothing_lost(desk):
        for name, call in calls(desk, ETHER, desk.router).items():
            assert refused(desk, THIEF, call).name == "CallbackNotRegistered", name


def test_a_loan_that_names_the_paused_router_is_refused_by_it(desk: Desk) -> None:
    weth, data = desk.book.tokens["WETH"], loan_data(desk, ETHER)
    simple = "flashLoanSimple(address,address,uint256,bytes,uint16)"
    many = "flashLoan(address,address[],uint256[],bytes)"
    desk.send(PAUSER, "pause()")
    started = {
        "aave_v3": abi.encode_call(simple, desk.router, weth, ETHER, data, 0),
        "spark": abi.encode_call(simple, desk.router, weth, ETHER, data, 0),
        "balancer_v2": abi.encode_call(many, desk.router, [weth], [ETHER], data),
    }
    with nothing_lost(desk):
        for name, call in started.items():
            reason = refused(desk, THIEF, call, to=SOURCES[name].address(desk))
            assert reason.name == "CallbackNotRegistered", name


def test_nobody_but_the_owner_takes_anything_home_from_a_paused_router(desk: Desk) -> None:
    weth = desk.book.tokens["WETH"]
    desk.send(PAUSER, "pause()")
    takes = (
        abi.encode_call("withdraw(address,address,uint256)", weth, THIEF, 1),
        abi.encode_call("withdrawNative(address,uint256)", THIEF, 1),
        UNPAUSE,
    )
    with nothing_lost(desk):
        for sender in (THIEF, OPERATOR, PAUSER):
            for call in takes:
                assert refused(desk, sender, call).name == "NotOwner"
    held = desk.balance("WETH")
    desk.send(OWNER, "withdraw(address,address,uint256)", weth, OWNER, held)
    assert desk.balance("WETH") == 0


@pytest.fixture
def watchman(desk: Desk) -> Address:
    """A pauser that is a contract, which gets its turn in the middle of a plan."""
    contract = accomplice(desk, Act(desk.router, PAUSE, must=True))
    desk.send(OWNER, "setPauser(address)", contract)
    return contract


def test_a_pause_while_a_loan_is_in_flight_lets_it_be_repaid_and_stops_all_that_follows(
    desk: Desk, watchman: Address
) -> None:
    """Half a plan would be worse than a whole one: what runs ends by its own rules."""
    present = gift(desk, token(desk, "WETH"), 2 * ETHER)
    for name, step in loans(desk, LOAN, turn_of(watchman), present).items():
        with desk.node.isolated():
            before = desk.balance("WETH")
            sent(desk, OPERATOR, plan_of(step, minimum=ETHER))
            assert desk.balance("WETH") >= before + ETHER, name
            assert allowances(desk, []) == {}, name
            assert refused(desk, OPERATOR, plan_of()).name == "Paused"


def test_a_pause_in_flight_saves_no_plan_that_breaks_the_rules(desk: Desk, watchman: Address) -> None:
    """And is undone with it: who paused has to see that his own transaction stands."""
    with nothing_lost(desk, watchman):
        reason = refused(desk, OPERATOR, plan_of(turn_of(watchman), minimum=1))
        assert reason.name == "ProfitBelowMinimum"
        assert desk.view("paused()", "(bool)") is False


def test_a_pause_between_two_plans_of_a_batch_stops_the_second(desk: Desk, watchman: Address) -> None:
    entries = [BatchEntry(plan_of(turn_of(watchman)), 400_000), BatchEntry(plan_of(), 400_000)]
    before = desk.balance("WETH")
    receipt = sent(desk, OPERATOR, encode_batch(entries))
    parsed = parse_receipt(receipt, receipt["transactionHash"])
    first, second = batch_outcomes(parsed, desk.router, entries)
    assert first.profit == 0
    assert second.reason is not None
    assert second.reason.name == "Paused"
    assert desk.balance("WETH") == before


def test_a_pool_that_is_no_pauser_cannot_lift_a_pause_or_set_one(desk: Desk) -> None:
    """A turn in the middle of a plan gives nobody a role."""
    thief = accomplice(desk, Act(desk.router, PAUSE), Act(desk.router, UNPAUSE))
    with nothing_lost(desk, thief):
        sent(desk, OPERATOR, plan_of(turn_of(thief)))
        assert desk.view("paused()", "(bool)") is False
    desk.send(PAUSER, "pause()")
    with pytest.raises(Reverted, match="Paused"):
        desk.simulate(plan_of(turn_of(thief)))
