"""Where the rules of a trade begin and end: the last second, a tip of nothing, one unit too few."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.compiler import compile_files
from devnet.node import Receipt
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.plan import Tip
from executor.plan.encoding import encode_plan
from executor.plan.format import Measure as MeasureKind
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import CurveExchange, DecodedPlan, Header, Measure, Step, Track
from tests.contracts.schemes import plan_of
from tests.contracts.venues.hops import (
    NATIVE,
    RECEIVER,
    Conduct,
    gift,
    hand,
    held,
    odd_venue,
    pay_last,
    token,
    tracking,
)
from tests.support.routers import (
    FOREVER,
    LENDERS,
    OPERATOR,
    OWNER,
    ZERO,
    Desk,
    Reverted,
    deploy_router,
    router_artifacts,
)

TIPS = {abi.topic(f"{name}(address,uint256)") for name in ("TipPaid", "TipRefused")}
MOVED = abi.topic("Transfer(address,address,uint256)")
AMOUNT = 10**6


def plan_until(deadline: int) -> bytes:
    """A plan of no steps."""
    return encode_plan(DecodedPlan(Header(0, deadline, 0), ()))


def tipped(present: Step, tip: Tip, minimum: int = 0) -> bytes:
    """A plan that gets a present and pays a tip."""
    return encode_plan(DecodedPlan(Header(0, FOREVER, minimum, tip=tip), (present,)))


def moves_of_the_router(desk: Desk, receipt: Receipt, asset: Address) -> int:
    """How often the router itself moved a token."""
    sender = "0x" + desk.router[2:].lower().rjust(64, "0")
    return sum(
        log["address"].lower() == asset.lower() and log["topics"][:2] == [MOVED, sender]
        for log in receipt["logs"]
    )


def test_a_plan_runs_in_the_second_of_its_deadline_and_not_in_the_next(desk: Desk) -> None:
    now = int(desk.node.block()["timestamp"], 16) + 100
    desk.node.mine(timestamp=now)
    assert desk.simulate(plan_until(now)) == 0
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_until(now - 1))
    assert refused.value.reason.name == "DeadlinePassed"
    assert refused.value.reason.args == {"timestamp": now, "deadline": now - 1}


def test_a_tip_that_comes_to_nothing_is_not_paid(desk: Desk) -> None:
    """A basis point of one wei."""
    plan = tipped(gift(desk, token(desk, "WETH"), 1), Tip(1, 0, RECEIVER))
    told = desk.rehearse(plan)
    assert (told.profit, told.tip) == (1, 0)
    assert TIPS.isdisjoint(log["topics"][0] for log in desk.execute(plan)["logs"])


def test_before_the_first_step_nothing_has_come_and_nothing_is_owed(desk: Desk) -> None:
    usdc = token(desk, "USDC")
    hand(desk, usdc, desk.router, 700)
    assert desk.simulate(plan_of(tracking(usdc, pay_last(desk, usdc)))) == 0
    giver = replace(gift(desk, token(desk, "WETH"), 5), output=V2Output.OWED)
    assert desk.simulate(plan_of(giver)) == 0


def test_a_scope_that_ended_may_be_opened_again_and_pays_nothing_until_then(desk: Desk) -> None:
    usdc = token(desk, "USDC")
    hand(desk, usdc, desk.router, 700)
    assert desk.simulate(plan_of(tracking(usdc), tracking(usdc, pay_last(desk, usdc)))) == 0
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(tracking(usdc), pay_last(desk, usdc)))
    assert refused.value.reason.name == "TokenNotTracked"


def test_the_chains_own_coin_is_tracked_once(desk: Desk) -> None:
    assert desk.simulate(plan_of(tracking(NATIVE), tracking(NATIVE))) == 0
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(Track(NATIVE, (tracking(NATIVE),))))
    assert refused.value.reason.name == "TokenAlreadyTracked"


@pytest.mark.parametrize("came", [1, 2])
def test_a_surplus_of_one_unit_is_one(desk: Desk, came: int) -> None:
    usdc = token(desk, "USDC")
    hand(desk, usdc, desk.router, 700)
    sink = pay_last(desk, usdc)
    measure = Measure(MeasureKind.SURPLUS, usdc)
    desk.execute(plan_of(tracking(usdc, gift(desk, usdc, came), measure, sink)))
    assert held(desk, usdc, sink.pool) == came


def sale(
    desk: Desk, bought: Address, gives: int, kind: Recipient = Recipient.ROUTER
) -> tuple[CurveExchange, Step]:
    """A sale of DAI to a venue that gives so much, and the present that makes up for it."""
    dai = token(desk, "DAI")
    hand(desk, dai, desk.router, AMOUNT)
    venue = odd_venue(desk, Conduct(dai, AMOUNT, bought, gives=gives))
    receiver = RECEIVER if kind is Recipient.EXPLICIT else None
    hop = CurveExchange(venue, 0, 1, bought, Payer.TRACKED, kind, amount_in=AMOUNT, token_in=dai, to=receiver)
    return hop, gift(desk, dai, AMOUNT)


@pytest.mark.parametrize(("gives", "moves"), [(0, 0), (1, 1), (2, 1)])
def test_an_output_is_sent_on_once_if_there_is_any(desk: Desk, gives: int, moves: int) -> None:
    """Of what the router held before, nothing goes along."""
    usdc = token(desk, "USDC")
    hand(desk, usdc, desk.router, 700)
    plan = plan_of(tracking(token(desk, "DAI"), *sale(desk, usdc, gives, Recipient.EXPLICIT)))
    before = held(desk, usdc, RECEIVER)
    assert moves_of_the_router(desk, desk.execute(plan), usdc) == moves
    assert held(desk, usdc, RECEIVER) - before == gives


def test_an_output_for_the_router_is_not_moved_again(desk: Desk) -> None:
    usdc = token(desk, "USDC")
    before = held(desk, usdc)
    receipt = desk.execute(plan_of(tracking(token(desk, "DAI"), *sale(desk, usdc, 5))))
    assert moves_of_the_router(desk, receipt, usdc) == 0
    assert held(desk, usdc) - before == 5


def test_a_venue_that_takes_of_its_output_has_given_nothing(desk: Desk) -> None:
    """It sells DAI for DAI: less came than went, and what the next step pays is nothing."""
    dai = token(desk, "DAI")
    hop, present = sale(desk, dai, 3)
    sink = pay_last(desk, dai)
    desk.execute(plan_of(tracking(dai, hop, sink, present)))
    assert held(desk, dai, sink.pool) == 0


def with_wrapped(desk: Desk, leak: int) -> tuple[Desk, Address]:
    """A router on a chain whose wrapped coin keeps `leak` from whoever unwraps, and that coin."""
    code = compile_files(["tests/contracts/solidity/ReticentContracts.sol"])["LeakyWrappedCoin"]
    coin = to_address(Placer(desk.node).deploy(code, "(uint256)", leak))
    fixed = ([coin, ZERO, ZERO, ZERO], coin, *(ZERO for _ in LENDERS))
    other = replace(desk, router=deploy_router(Placer(desk.node), OWNER, fixed, router_artifacts()))
    other.send(OWNER, "setPrimaryOperator(address)", OPERATOR)
    hand(desk, coin, other.router, 100)
    desk.node.set_balance(coin, AMOUNT)
    return other, coin


def test_unwrapping_a_tip_costs_no_more_than_the_minimum_leaves(desk: Desk) -> None:
    """Twenty units earned, ten tipped, five promised: a wrapped coin may keep five more, and not six."""
    tip = Tip(0, 10, RECEIVER)
    bearable, coin = with_wrapped(desk, 5)
    assert bearable.simulate(tipped(gift(desk, coin, 20), tip, minimum=5)) == 5
    other, coin = with_wrapped(desk, 6)
    with pytest.raises(Reverted) as refused:
        other.simulate(tipped(gift(desk, coin, 20), tip, minimum=5))
    assert refused.value.reason.name == "ProfitBelowMinimum"
    assert refused.value.reason.args == {
        "token": coin.lower(),
        "balanceBefore": 100,
        "balanceAfter": 104,
        "minimum": 5,
    }
