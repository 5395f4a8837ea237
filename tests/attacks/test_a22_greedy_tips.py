"""A22: the tip drains more than the profit: by a share above all of it, by rounding, by a stale balance, by a
receiver that is a contract which refuses, burns gas, floods or enters again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import to_address
from executor.plan import Tip
from executor.plan.encoding import encode_plan
from executor.plan.steps import DecodedPlan, Header, Step
from tests.attacks.scene import STANDING_WEI, THIEF, nothing_lost, place, refused, sent
from tests.attacks.thieves import accomplice
from tests.contracts.schemes import v2_through
from tests.contracts.venues.hops import gift, hand, token
from tests.support.routers import FOREVER, OPERATOR, Desk

ALL = 10_000
MOST_SHARE, MOST_FIXED = 2**16 - 1, 2**96 - 1
RECEIVER_GAS = 50_000
TIP_PAID, TIP_REFUSED = (abi.topic(f"{name}(address,uint256)") for name in ("TipPaid", "TipRefused"))


def plan_with(tip: Tip, *steps: Step, minimum: int = 0, settlement: int = 0) -> bytes:
    """A plan with a tip."""
    return encode_plan(DecodedPlan(Header(settlement, FOREVER, minimum, tip=tip), steps))


@dataclass(frozen=True)
class Outcome:
    """What a tipped plan left to the router and gave to the receiver, in wei."""

    earned: int
    received: int
    paid: bool


def run(desk: Desk, tip: Tip, present: Step, minimum: int) -> Outcome:
    """A real trade with the profit of a present, which must come through, and its tip."""
    receiver = tip.receiver or str(desk.node.block()["miner"])
    held, had = desk.balance("WETH"), desk.node.balance(receiver)
    receipt = sent(desk, OPERATOR, plan_with(tip, present, minimum=minimum))
    topics = [log["topics"][0] for log in receipt["logs"] if log["address"].lower() == desk.router.lower()]
    assert desk.node.balance(desk.router) == STANDING_WEI
    return Outcome(desk.balance("WETH") - held, desk.node.balance(receiver) - had, TIP_PAID in topics)


def asked(tip: Tip, profit: int) -> int:
    """What the plan asks for, before it is clamped."""
    return profit * tip.share_bps // ALL + tip.fixed


EDGES = [
    Tip(ALL, 0, to_address(THIEF)),
    Tip(ALL + 1, 0, to_address(THIEF)),
    Tip(MOST_SHARE, 0, to_address(THIEF)),
    Tip(0, MOST_FIXED, to_address(THIEF)),
    Tip(MOST_SHARE, MOST_FIXED, to_address(THIEF)),
    Tip(9_999, 1, to_address(THIEF)),
    Tip(1, 0, to_address(THIEF)),
]


@pytest.mark.parametrize("profit", [1, 9_999])
def test_no_tip_goes_below_the_minimum_that_the_operator_keeps(desk: Desk, profit: int) -> None:
    """Nor above what was asked; and it never touches what lay there in the chain's own coin."""
    present = gift(desk, token(desk, "WETH"), profit)
    with nothing_lost(desk):
        for tip in EDGES:
            for minimum in sorted({0, profit // 2, profit}):
                with desk.node.isolated():
                    outcome = run(desk, tip, present, minimum)
                assert outcome.received == min(asked(tip, profit), profit - minimum), (tip, minimum)
                assert outcome.earned == profit - outcome.received >= minimum


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    share=st.integers(0, MOST_SHARE),
    fixed=st.one_of(st.integers(0, ETHER), st.integers(0, MOST_FIXED)),
    profit=st.integers(1, 10 * ETHER),
    kept=st.integers(0, 1_000),
)
def test_a_tip_is_what_was_asked_or_all_but_the_minimum(
    desk: Desk, share: int, fixed: int, profit: int, kept: int
) -> None:
    minimum, tip = profit * kept // 1_000, Tip(share, fixed, to_address(THIEF))
    with desk.node.isolated():
        outcome = run(desk, tip, gift(desk, token(desk, "WETH"), profit), minimum)
    assert outcome.received == min(asked(tip, profit), profit - minimum)
    assert outcome.earned + outcome.received == profit


def test_a_losing_trade_pays_no_tip(desk: Desk) -> None:
    """A tip is counted from what was really made, not from what was hoped for, nor from the stock."""
    keeper = accomplice(desk)
    for tip in EDGES:
        with nothing_lost(desk, keeper):
            assert refused(desk, OPERATOR, plan_with(tip, v2_through(keeper, 1))).name == "ProfitBelowMinimum"
            before = desk.node.balance(THIEF)
            sent(desk, OPERATOR, plan_with(tip))
            assert desk.node.balance(THIEF) == before


@pytest.mark.parametrize("settlement", [1, 2, 3])
def test_a_profit_in_another_token_pays_no_tip(desk: Desk, settlement: int) -> None:
    """The tip would have to come out of what lies there in the chain's own coin, or out of WETH."""
    symbol = ("WETH", "USDC", "DAI", "USDT")[settlement]
    present = gift(desk, token(desk, symbol), 10**9)
    with nothing_lost(desk):
        plan = plan_with(EDGES[0], present, settlement=settlement)
        assert refused(desk, OPERATOR, plan).name == "TipNeedsWrappedNative"


RECEIVERS = {
    "refuses": "Thieves.Refuser",
    "burns all its gas": "Thieves.Burner",
    "floods with what it answers": "Thieves.Flooder",
    "has code that takes it": "Thieves.Accomplice",
}


@pytest.fixture
def building(desk: Desk) -> Iterator[Callable[[str], None]]:
    """Makes somebody the builder of all blocks, until the test ends: no snapshot keeps who it was."""
    before = desk.node.block()["miner"]

    def build(who: str) -> None:
        desk.node.rpc("anvil_setCoinbase", who)
        desk.node.mine()

    yield build
    desk.node.rpc("anvil_setCoinbase", before)


@pytest.mark.parametrize("builds", [False, True], ids=["named", "as block builder"])
@pytest.mark.parametrize("habit", RECEIVERS)
def test_a_receiver_that_is_a_contract_costs_nobody_the_trade(
    desk: Desk, building: Callable[[str], None], habit: str, builds: bool
) -> None:
    """What it does not take stays with the router, wrapped again; its gas is bounded."""
    receiver = place(desk, RECEIVERS[habit])
    if builds:
        building(receiver)
    tip = Tip(ALL, 0, None if builds else receiver)
    present = gift(desk, token(desk, "WETH"), ETHER)
    calldata, held = plan_with(tip, present, minimum=ETHER // 4), desk.balance("WETH")
    had = desk.node.balance(receiver)
    with nothing_lost(desk, receiver):
        receipt = sent(desk, OPERATOR, calldata)
        taken = habit == "has code that takes it"
        topics = [log["topics"][0] for log in receipt["logs"]]
        assert (TIP_PAID in topics, TIP_REFUSED in topics) == (taken, not taken)
        earned = desk.balance("WETH") - held
        assert earned == (ETHER // 4 if taken else ETHER)
        gained = desk.node.balance(receiver) - had
        # A block builder also gets the priority fee.
        assert gained >= ETHER * 3 // 4 if taken else gained < ETHER // 100
        assert int(receipt["gasUsed"], 16) < 150_000 + RECEIVER_GAS


@pytest.mark.parametrize("name", ["the router", "the wrapped coin", "a precompile", "the zero address"])
def test_a_receiver_that_makes_no_sense_gets_no_more_than_its_tip(desk: Desk, name: str) -> None:
    """What is sent to the router itself, or comes back wrapped, is the router's still."""
    receivers = {
        "the router": desk.router,
        "the wrapped coin": token(desk, "WETH"),
        "a precompile": to_address("0x" + "00" * 19 + "04"),
        "the zero address": to_address("0x" + "00" * 20),
    }
    present, held = gift(desk, token(desk, "WETH"), ETHER), desk.balance("WETH")
    coin = desk.node.balance(desk.router)
    with nothing_lost(desk):
        sent(desk, OPERATOR, plan_with(Tip(ALL, 0, receivers[name]), present, minimum=ETHER // 4))
    earned = desk.balance("WETH") - held
    kept = desk.node.balance(desk.router) - coin
    assert earned == (ETHER if name == "the wrapped coin" else ETHER // 4)
    assert kept == (ETHER * 3 // 4 if name == "the router" else 0)


def test_a_receiver_that_gives_its_tip_back_does_not_get_it_twice(desk: Desk) -> None:
    """It returns what it got, as WETH, before the rule is applied again: that makes no second tip."""
    weth = token(desk, "WETH")
    receiver = place(desk, "Thieves.Returner", "(address)", weth)
    hand(desk, weth, receiver, ETHER)
    present, held = gift(desk, weth, ETHER), desk.balance("WETH")
    with nothing_lost(desk, receiver):
        sent(desk, OPERATOR, plan_with(Tip(ALL // 2, 0, receiver), present, minimum=ETHER // 2))
    assert desk.balance("WETH") == held + ETHER
    assert desk.node.balance(receiver) == ETHER // 2


def test_the_address_of_a_receiver_is_all_that_a_tip_says(desk: Desk) -> None:
    """Flags of a tip that mean nothing are refused."""
    calldata = bytearray(plan_with(Tip(ALL, 0, to_address(THIEF))))
    with nothing_lost(desk):
        for flags in (0x02, 0x80, 0xFF):
            calldata[21] = flags
            assert refused(desk, OPERATOR, bytes(calldata)).name == "UnknownStep"
