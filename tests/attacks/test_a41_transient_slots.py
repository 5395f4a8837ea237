"""A41: what one execution leaves in transient storage for the next one of the same transaction.

A registration that still stands, a token that still counts as tracked, a lock that stays taken, the balance
that profit is measured from: a caller that is a contract runs several plans in one transaction.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan import Tip, decode, decode_revert
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.simulated import simulation_of
from executor.plan.steps import CurveExchange, Step, Track, V2Swap, V4Unlock
from tests.attacks.callbacks import SWAPS, calls, loan_data, swap_data
from tests.attacks.delegation import new_account
from tests.attacks.keepers import call_all, keeper, patient_operator, ran_all, triggers
from tests.attacks.scene import THIEF, holdings, nothing_lost, sent
from tests.attacks.steps import loans, venues
from tests.attacks.thieves import Act, accomplice, refusal, turns
from tests.attacks.trades import earning_route, plan_for
from tests.attacks.transients import left_in_transient
from tests.contracts.schemes import place, plan_of, scheme, v3_through
from tests.contracts.venues.hops import gift, token
from tests.support.routers import OPERATOR, OWNER, Desk

AMOUNT = ETHER


def spending(desk: Desk, symbol: str, amount: int) -> V2Swap:
    """A payment of a token that must be tracked."""
    pair = desk.pool("uniswap_v2 USDC/WETH").address
    asset = to_address(desk.book.tokens[symbol])
    output = V2Output.COMPUTED
    return V2Swap(pair, True, Payer.TRACKED, Recipient.ROUTER, output, 30, amount, token=asset)


def reason(answer: tuple[bool, bytes]) -> str:
    """How a call ended: the error's name, or nothing where it came through."""
    return "" if answer[0] else decode_revert(answer[1]).name


def whole_plans(desk: Desk) -> dict[str, bytes]:
    """Plans that come through, with every kind of callback, lock, scope and allowance."""
    present = gift(desk, token(desk, "WETH"), 4 * AMOUNT)
    usdc = to_address(desk.book.tokens["USDC"])
    plans = {name: plan_of(present, step) for name, step in loans(desk, AMOUNT).items()}
    plans |= {
        name: plan_of(present, venues(desk, AMOUNT)[name])
        for name in ("uniswap_v2", "uniswap_v3", "uniswap_v4", "balancer_v2", "balancer_v3", "curve")
    }
    scopes = Track(usdc, (Track(to_address(desk.book.tokens["DAI"]), (V4Unlock(()),)), spend_and_get(desk)))
    return plans | {"scopes": plan_of(scopes)}


def spend_and_get(desk: Desk) -> Step:
    """Dollars that come and go."""
    usdc = to_address(desk.book.tokens["USDC"])
    return gift(desk, usdc, 10**6)


BY_OPERATOR = ("aave_v3", "balancer_v3", "uniswap_v3", "curve", "scopes")
# What an operator without code leaves, whose call of the router is the whole transaction: that a plan ran.
ITS_OWN_END: tuple[dict[int, int], ...] = ({}, {0: 1})


def test_no_plan_that_comes_through_leaves_any_slot_set(desk: Desk) -> None:
    """Read from the trace of each: the last value of every transient slot of the router is zero where
    anything can follow in the transaction; else no registration and no tracked token is left.
    """
    by = patient_operator(desk)
    for name, plan in whole_plans(desk).items():
        left, writes = left_in_transient(desk, THIEF, by, call_all(plan, router=desk.router))
        assert left == {}, name
        assert writes >= 2, name
        if name in BY_OPERATOR:
            left, _ = left_in_transient(desk, OPERATOR, desk.router, plan)
            assert left in ITS_OWN_END, name


def test_no_batch_tip_or_loan_in_a_route_leaves_any_slot_set(desk: Desk) -> None:
    found = earning_route(desk)
    refusing = place(desk, "PickyReceiver")
    tipped = plan_for(found, minimum=0, tip=Tip(1_000, 0, refusing))
    failing = plan_of(v3_through(place(desk, "EvilPool"), AMOUNT), minimum=1)
    batch = encode_batch([BatchEntry(each, 900_000) for each in (failing, tipped, failing)])
    by = patient_operator(desk)
    for data in (tipped, batch):
        left, writes = left_in_transient(desk, THIEF, by, call_all(data, router=desk.router))
        assert left == {}
        assert writes >= 2
        left, _ = left_in_transient(desk, OPERATOR, desk.router, data)
        assert left in ITS_OWN_END


def test_a_token_tracked_by_one_plan_is_not_tracked_for_the_next(desk: Desk) -> None:
    usdc = to_address(desk.book.tokens["USDC"])
    tracking = plan_of(Track(usdc, ()))
    failing = plan_of(Track(usdc, (spending(desk, "USDC", 10**6),)))
    plain = plan_of(spending(desk, "USDC", 10**6))
    by = patient_operator(desk)
    with nothing_lost(desk):
        ended = ran_all(desk, by, tracking, plain, failing, plain)
    assert [reason(each) for each in ended] == ["", "TokenNotTracked", "TrackedTokenFell", "TokenNotTracked"]


def test_a_scope_measures_from_what_is_there_when_it_opens_and_not_from_an_earlier_one(desk: Desk) -> None:
    """Between the two plans a gift arrived: what the second scope ends with is compared with that."""
    usdc = to_address(desk.book.tokens["USDC"])
    receives = plan_of(Track(usdc, (gift(desk, usdc, 10**9),)))
    spends = plan_of(Track(usdc, (spending(desk, "USDC", 10**9),)))
    by = patient_operator(desk)
    with nothing_lost(desk):
        ended = ran_all(desk, by, receives, spends)
    assert [reason(each) for each in ended] == ["", "TrackedTokenFell"]


def test_the_profit_of_one_plan_does_not_count_for_the_next(desk: Desk) -> None:
    found = earning_route(desk)
    by = patient_operator(desk)
    earns, asks = plan_for(found), plan_of(minimum=found.gross_profit)
    takes = plan_of(v3_through(keeping_pool(desk, found.gross_profit), found.gross_profit))
    before = desk.balance("WETH")
    with nothing_lost(desk):
        ended = ran_all(desk, by, earns, asks, takes)
    assert [reason(each) for each in ended] == ["", "ProfitBelowMinimum", "ProfitBelowMinimum"]
    assert desk.balance("WETH") - before == found.gross_profit


def keeping_pool(desk: Desk, amount: int) -> Address:
    """A pool that asks for so much and gives nothing."""
    pool = place(desk, "Schemer")
    scheme(desk, pool, asked=(amount, 0))
    return pool


def test_a_plan_that_failed_while_a_callback_was_due_leaves_nobody_registered(desk: Desk) -> None:
    """The operator swallows the failure and calls back itself, with the data that had been registered."""
    silent = place(desk, "EvilPool")
    tell = abi.encode_call("set(uint8,address,bytes)", 4, THIEF, b"")
    desk.node.send(THIEF, silent, tell)
    failing = plan_of(v3_through(silent, AMOUNT))
    by = patient_operator(desk)
    data = swap_data(desk, AMOUNT)
    again = [abi.encode_call(SWAPS[0], AMOUNT, -AMOUNT, data), *calls(desk, AMOUNT, by).values()]
    with nothing_lost(desk, silent):
        ended = ran_all(desk, by, failing, *again, plan_of())
    assert reason(ended[0]) == "CallbackMissing"
    assert {reason(each) for each in ended[1:-1]} == {"CallbackNotRegistered"}
    assert reason(ended[-1]) == ""


@pytest.mark.parametrize("name", ["aave_v3", "balancer_v2", "uniswap_v4", "balancer_v3", "uniswap_v3"])
def test_a_lender_that_was_called_in_one_plan_may_not_call_in_the_next(desk: Desk, name: str) -> None:
    """A thief's contract in the second plan hands in what the lender was registered for in the first."""
    present = gift(desk, token(desk, "WETH"), AMOUNT)
    first = plan_of(present, loans(desk, AMOUNT)[name])
    forged = list(calls(desk, AMOUNT, desk.router, loan=loan_data(desk, AMOUNT)).values())
    by = patient_operator(desk)
    with nothing_lost(desk):
        ended = ran_all(desk, by, first, *forged)
    assert reason(ended[0]) == ""
    assert {reason(each) for each in ended[1:]} == {"CallbackNotRegistered"}


def test_a_rehearsal_in_the_same_transaction_leaves_the_simulator_closed(desk: Desk) -> None:
    """After it, callbacks and unknown functions are the router's own again."""
    found = earning_route(desk)
    plan = plan_for(found)
    by = patient_operator(desk)
    data = abi.encode_call(SWAPS[0], AMOUNT, -AMOUNT, swap_data(desk, AMOUNT))
    before = desk.balance("WETH")
    with nothing_lost(desk):
        ended = ran_all(
            desk, by, simulation_of(plan), data, b"\x12\x34\x56\x78", plan, simulation_of(plan_of())
        )
    names = [reason(each) for each in ended]
    assert names[1:4] == ["CallbackNotRegistered", "UnknownFunction", ""]
    assert not ended[0][0]
    assert not ended[4][0]
    assert desk.balance("WETH") - before == found.gross_profit


def test_an_allowance_of_one_plan_is_gone_before_the_next(desk: Desk) -> None:
    """A venue that pulled nothing in the first plan pulls nothing in the second."""
    step = venues(desk, AMOUNT)["curve"]
    assert isinstance(step, CurveExchange)
    present = gift(desk, token(desk, "WETH"), AMOUNT)
    by = patient_operator(desk)
    with nothing_lost(desk, step.pool):
        ended = ran_all(desk, by, plan_of(present, step), plan_of(step), plan_of())
    assert [reason(each) for each in ended] == ["", "ProfitBelowMinimum", ""]


@pytest.mark.parametrize("ending", ["disallowed", "replaced"])
def test_an_operator_who_loses_his_role_in_mid_plan_lets_no_other_in(desk: Desk, ending: str) -> None:
    """An operator without code takes no lock, and who he is keeps others out. The owner is a contract of
    several signers, who have agreed to end his role; the thief carries that out in the middle of his plan.
    """
    key, by = new_account(desk).address, keeper(desk)
    if ending == "disallowed":
        desk.send(OWNER, "allowOperator(address,bool)", key, True)
        ends = abi.encode_call("allowOperator(address,bool)", key, False)
    else:
        desk.send(OWNER, "setPrimaryOperator(address)", key)
        ends = abi.encode_call("setPrimaryOperator(address)", by)
    carried_out = abi.encode_call("carryOut()")
    signers = place(desk, "SignersAccount")
    desk.send(OWNER, "transferOwnership(address)", signers)
    for call in (abi.encode_call("acceptOwnership()"), ends):
        sent(desk, THIEF, abi.encode_call("agree(address,bytes)", desk.router, call), to=signers)
    sent(desk, THIEF, carried_out, to=signers)
    thief = accomplice(desk, Act(signers, carried_out, must=True), triggers(desk, by, plan_of()))
    before = holdings(desk)
    desk.node.send(key, desk.router, plan_of(paying(thief, 0)), gas=3_000_000)
    assert turns(desk, thief) == (1, 1)
    assert refusal(desk, thief).name == "AlreadyRunning"
    assert desk.view("isOperator(address)", "(bool)", key) is False
    assert holdings(desk) == before
    # The next transaction is another matter.
    sent(desk, THIEF, triggers(desk, by, plan_of()).data, to=by)


def paying(pool: Address, amount: int) -> V2Swap:
    """Pays the settlement token to a contract and gives it a turn."""
    output = V2Output.LITERAL
    return V2Swap(pool, True, Payer.SETTLEMENT, Recipient.ROUTER, output, 0, amount, 0)


def test_the_lock_goes_with_the_plan_that_took_it_whether_it_fails_or_not(desk: Desk) -> None:
    by = patient_operator(desk)
    good, bad = plan_for(earning_route(desk), minimum=0), plan_of(minimum=1)
    assert decode(bad).header.minimum_profit == 1
    with nothing_lost(desk):
        ended = ran_all(desk, by, bad, plan_of(), bad, good, plan_of())
    expected = ["ProfitBelowMinimum", "", "ProfitBelowMinimum", "", ""]
    assert [reason(each) for each in ended] == expected
