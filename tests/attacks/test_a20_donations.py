"""A20: a profit is faked by a donation in the middle of the trade, or by what the router held before: of the
settlement token, of another token, or of the chain's own coin.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan import Tip
from executor.plan.encoding import encode_plan
from executor.plan.format import Measure as Kind
from executor.plan.format import Opcode, Payer, Recipient, V2Output
from executor.plan.steps import (
    DecodedPlan,
    ERC4626Redeem,
    Header,
    Loan,
    Measure,
    Step,
    Track,
    V2Swap,
    WrapNative,
)
from tests.attacks.scene import PATRON, STANDING_WEI, STOCK, THIEF, nothing_lost, place, refused, sent
from tests.attacks.steps import pool as pool_of
from tests.attacks.thieves import Act, accomplice, plot
from tests.contracts.schemes import place as place_pool
from tests.contracts.schemes import plan_of, scheme, v2_through, v3_through
from tests.contracts.venues.hops import NATIVE, gift, token
from tests.support.routers import FOREVER, OPERATOR, Desk

LOSS = 2 * ETHER
TRANSFER = "transfer(address,uint256)"


@pytest.fixture
def donor(desk: Desk) -> Address:
    """A pool that takes what a hop pays it, with something to give."""
    pool = accomplice(desk)
    for symbol, amount in (("WETH", 10 * ETHER), ("USDC", 10**10)):
        desk.node.set_erc20_balance(desk.book.tokens[symbol], pool, amount)
    desk.node.set_balance(pool, 10 * ETHER)
    return pool


def tipped(share: int, *steps: Step, minimum: int = 0) -> bytes:
    """A plan whose tip goes to the thief."""
    tip = Tip(share, 0, to_address(THIEF))
    return encode_plan(DecodedPlan(Header(0, FOREVER, minimum, tip=tip), steps))


def test_coin_and_other_tokens_that_arrive_make_up_for_no_loss(desk: Desk, donor: Address) -> None:
    """The pool keeps WETH and gives ten times its worth in the chain's own coin and in dollars."""
    dollars = abi.encode_call(TRANSFER, desk.router, 10**10)
    plot(
        desk,
        donor,
        Act(desk.router, value=10 * ETHER, must=True),
        Act(desk.book.tokens["USDC"], dollars, must=True),
    )
    # The coin is let in while a plan tracks it.
    loses, stays = (Track(NATIVE, (v2_through(donor, paid),)) for paid in (LOSS, 0))
    with nothing_lost(desk, donor):
        for plan in (plan_of(loses), tipped(10_000, loses)):
            assert refused(desk, OPERATOR, plan).name == "ProfitBelowMinimum"
        # Where nothing is lost they are no profit either.
        reason = refused(desk, OPERATOR, plan_of(stays, minimum=1))
        assert reason.name == "ProfitBelowMinimum"
        assert reason.args["balanceAfter"] == reason.args["balanceBefore"]


@pytest.mark.parametrize("given", [LOSS - 1, LOSS, LOSS + 1, LOSS + ETHER])
def test_a_donation_of_the_settlement_token_is_given_for_good(desk: Desk, donor: Address, given: int) -> None:
    """It counts as what it is; what it inflates is a tip that it pays for itself, and never more."""
    weth = desk.book.tokens["WETH"]
    plot(desk, donor, Act(weth, abi.encode_call(TRANSFER, desk.router, given), must=True))
    before, profit = desk.balance("WETH"), given - LOSS
    thief_before = desk.node.balance(THIEF)
    with nothing_lost(desk, donor):
        plan = tipped(10_000, v2_through(donor, LOSS), minimum=max(profit, 0) // 2)
        if profit < 0:
            assert refused(desk, OPERATOR, plan).name == "ProfitBelowMinimum"
            return
        sent(desk, OPERATOR, plan)
        paid = desk.node.balance(THIEF) - thief_before
        assert paid == profit - profit // 2
        assert desk.balance("WETH") == before + profit // 2


def test_what_came_before_the_call_is_no_profit_of_it(desk: Desk) -> None:
    """A present sent ahead of the trade, by a transfer of its own, is not there to be shared as a tip."""
    weth = desk.book.tokens["WETH"]
    desk.node.send(PATRON, weth, abi.encode_call(TRANSFER, desk.router, ETHER))
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan_of(minimum=1)).name == "ProfitBelowMinimum"
        wei = desk.node.balance(THIEF)
        sent(desk, OPERATOR, tipped(10_000))
        assert desk.node.balance(THIEF) == wei


def test_the_routers_own_stock_is_not_sold_for_a_profit(desk: Desk) -> None:
    """Dollars, shares and wei that it holds become WETH in a plan that would share it as a tip."""
    usdc, shares, dai = token(desk, "USDC"), token(desk, "sDAI"), token(desk, "DAI")
    sell = V2Swap(
        pool_of(desk, "uniswap_v2 USDC/WETH"),
        True,
        Payer.TRACKED,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        30,
        STOCK["USDC"],
        token=usdc,
    )
    sell_all = V2Swap(sell.pool, True, Payer.TRACKED, Recipient.ROUTER, V2Output.COMPUTED, 30, token=usdc)
    thefts: list[tuple[Address, tuple[Step, ...]]] = [
        (usdc, (sell,)),
        (usdc, (Measure(Kind.BALANCE, usdc), sell_all)),
        (NATIVE, (WrapNative(STANDING_WEI),)),
        (NATIVE, (Measure(Kind.BALANCE, NATIVE), WrapNative())),
        (shares, (ERC4626Redeem(shares, dai, Recipient.ROUTER, STOCK["sDAI"]),)),
    ]
    with nothing_lost(desk):
        for asset, steps in thefts:
            assert refused(desk, OPERATOR, tipped(10_000, *steps)).name == "TokenNotTracked", steps
            tracked = tipped(10_000, Track(asset, steps))
            assert refused(desk, OPERATOR, tracked).name == "TrackedTokenFell", steps


def test_a_loan_is_no_profit(desk: Desk) -> None:
    """Borrowed money is there while the loan runs; it is measured when all loans are paid."""
    with nothing_lost(desk):
        for opcode in (Opcode.AAVE_V3_LOAN, Opcode.BALANCER_V2_LOAN, Opcode.MORPHO_BLUE_LOAN):
            loan = Loan(opcode, 9 * ETHER, 10 * ETHER, ())
            assert refused(desk, OPERATOR, plan_of(loan, minimum=1)).name == "ProfitBelowMinimum"


def test_nobody_can_send_the_chains_own_coin_but_by_force(desk: Desk) -> None:
    """And what is forced in is nobody's profit."""
    desk.node.set_balance(THIEF, 5 * ETHER)
    with nothing_lost(desk):
        assert refused(desk, THIEF, b"", value=ETHER).name == "NativeNotExpected"
        assert refused(desk, OPERATOR, plan_of(), value=ETHER).name == "NativeNotExpected"
        bomb = place(desk, "Thieves.Martyr")
        desk.node.set_balance(bomb, ETHER)
        before = desk.node.balance(desk.router)
        sent(desk, THIEF, abi.encode_call("die(address)", desk.router), to=bomb)
        assert desk.node.balance(desk.router) == before + ETHER
        assert refused(desk, OPERATOR, plan_of(minimum=1)).name == "ProfitBelowMinimum"
        assert refused(desk, OPERATOR, plan_of(WrapNative(ETHER))).name == "TokenNotTracked"


def test_coin_forced_in_by_the_pool_itself_cannot_be_taken_back_by_it(desk: Desk, donor: Address) -> None:
    """A plan may use what arrives in it; not a wei of what stood there before."""
    plot(desk, donor, Act(desk.router, value=ETHER, must=True))
    arrives = v2_through(donor, 0)
    with nothing_lost(desk, donor):
        too_much = Track(NATIVE, (arrives, WrapNative(ETHER + 1)))
        assert refused(desk, OPERATOR, plan_of(too_much)).name == "TrackedTokenFell"
        sent(desk, OPERATOR, plan_of(Track(NATIVE, (arrives, WrapNative(ETHER))), minimum=ETHER))


def test_a_donation_does_not_open_a_hop_that_would_lose(desk: Desk) -> None:
    """A false pool asks for its input, and a donation hides the loss up to its own size."""
    pool = place_pool(desk, "Schemer")
    scheme(desk, pool, asked=(LOSS, 0))
    present = gift(desk, token(desk, "WETH"), LOSS - 1)
    with nothing_lost(desk, pool):
        assert refused(desk, OPERATOR, plan_of(v3_through(pool, LOSS), present)).name == "ProfitBelowMinimum"
