"""A32: the lender gives less than was asked for, nothing, or another token; or is closed or empty.

Real lenders that are paused, switched off or dry, and a lender of every shape at the address that the router
was given, which is the thief's.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Opcode, V2CallbackKind, V3CallbackKind
from executor.plan.steps import Loan, PoolLoan, Step
from tests.attacks.markets import MARKETS, configure_aave
from tests.attacks.scene import STOCK, nothing_lost, refused, sent, why_refused
from tests.attacks.steps import loans
from tests.contracts.lenders.loans import FREE, SOURCES, desk_of, place, play
from tests.contracts.schemes import plan_of
from tests.contracts.venues.hops import gift, token
from tests.support.routers import OPERATOR, OWNER, Desk, Reverted

LOAN = 20 * ETHER
NAMED_AT_DEPLOYMENT = {
    Opcode.AAVE_V3_LOAN: "aave_v3_pool",
    Opcode.BALANCER_V2_LOAN: "balancer_v2_vault",
    Opcode.BALANCER_V3_LOAN: "balancer_v3_vault",
    Opcode.MORPHO_BLUE_LOAN: "morpho_blue",
    Opcode.ERC3156_LOAN: "maker_dss_flash",
    Opcode.UNISWAP_V4_LOAN: "uniswap_v4_pool_manager",
}
SHAPES = (*NAMED_AT_DEPLOYMENT, Opcode.UNISWAP_V3_LOAN, Opcode.UNISWAP_V2_LOAN)


@pytest.fixture
def lender(desk: Desk) -> Address:
    """The thief's, with something to lend."""
    odd = place(desk, "OddLender")
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], odd, 100 * ETHER)
    return odd


@pytest.fixture
def lured(desk: Desk, lender: Address) -> Desk:
    """A router that takes it for every lender there is, with money of its own."""
    other = desk_of(desk, **dict.fromkeys(NAMED_AT_DEPLOYMENT.values(), lender))
    for symbol, amount in STOCK.items():
        desk.node.set_erc20_balance(desk.book.tokens[symbol], other.router, amount)
    return other


def loan(opcode: Opcode, lender: Address, *inside: Step) -> Step:
    """A loan that costs nothing."""
    if opcode is Opcode.UNISWAP_V3_LOAN:
        return PoolLoan(opcode, lender, LOAN, LOAN, inside, False, V3CallbackKind.UNISWAP)
    if opcode is Opcode.UNISWAP_V2_LOAN:
        return PoolLoan(opcode, lender, LOAN, LOAN, inside, False, V2CallbackKind.UNISWAP)
    return Loan(opcode, LOAN, LOAN, inside)


@pytest.mark.parametrize("trick", ["LendLess", "LendNothing"])
def test_a_lender_that_lends_less_is_repaid_out_of_the_profit_or_not_at_all(
    lured: Desk, lender: Address, trick: str
) -> None:
    short = 1 if trick == "LendLess" else LOAN
    play(lured, lender, trick)
    with nothing_lost(lured, lender):
        enough, too_little = (gift(lured, token(lured, "WETH"), amount) for amount in (short, short - 1))
        for opcode in SHAPES:
            assert why_refused(lured, OPERATOR, plan_of(loan(opcode, lender))).name == "ProfitBelowMinimum"
            assert lured.simulate(plan_of(loan(opcode, lender, enough))) == 0
            reason = refused(lured, OPERATOR, plan_of(loan(opcode, lender, too_little)))
            assert reason.name == "ProfitBelowMinimum"


@pytest.mark.parametrize("opcode", [Opcode.AAVE_V3_LOAN, Opcode.ERC3156_LOAN], ids=["aave", "erc3156"])
def test_a_lender_that_names_another_token_is_refused(lured: Desk, lender: Address, opcode: Opcode) -> None:
    play(lured, lender, "OtherToken")
    with nothing_lost(lured, lender):
        reason = refused(lured, OPERATOR, plan_of(loan(opcode, lender)))
        assert reason.name in ("LoanNotOurs", "NotInitiator")


def test_a_lender_that_lends_another_token_is_not_repaid_in_the_right_one(
    lured: Desk, lender: Address
) -> None:
    """It hands over worthless dollars of its own make and wants WETH back."""
    worthless = place(lured, "GossipingToken")
    call = abi.encode_call("give(address,uint256)", lender, 10**30)
    lured.node.send(OWNER, worthless, call)
    tell = abi.encode_call("set(uint8,address,address)", 0, worthless, worthless)
    lured.node.send(OWNER, lender, tell)
    with nothing_lost(lured, lender, tokens=[worthless]):
        for opcode in SHAPES:
            reason = refused(lured, OPERATOR, plan_of(loan(opcode, lender)))
            # One that pulls finds that its own token knows no allowance.
            assert reason.name in ("ProfitBelowMinimum", "Empty", "AllowanceLeft"), opcode


@pytest.mark.parametrize("name", MARKETS)
@pytest.mark.parametrize(
    ("call", "value", "reason"),
    [
        ("setReservePause(address,bool)", True, "29"),
        ("setReserveFlashLoaning(address,bool)", False, "91"),
    ],
)
def test_a_market_that_is_closed_undoes_the_plan(
    desk: Desk, name: str, call: str, value: bool, reason: str
) -> None:
    weth = token(desk, "WETH")
    plan = plan_of(SOURCES[name].loan(desk, "WETH", LOAN, gift(desk, weth, ETHER)))
    assert desk.simulate(plan) > 0
    provider = desk.book.contracts[MARKETS[name]]
    configure_aave(desk.node, provider, call, weth, value)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan).args == {"message": reason}


def test_a_lender_that_holds_too_little_undoes_the_plan(desk: Desk) -> None:
    """More than any of them has of WETH."""
    too_much = 2**100
    with nothing_lost(desk):
        for name, step in loans(desk, too_much).items():
            assert SOURCES[name].address(desk) in refused(desk, OPERATOR, plan_of(step)).through, name


def test_a_lender_that_was_emptied_undoes_the_plan(desk: Desk) -> None:
    present = gift(desk, token(desk, "WETH"), 5 * ETHER)
    for name in FREE:
        desk.node.set_erc20_balance(desk.book.tokens["WETH"], SOURCES[name].address(desk), LOAN - 1)
    with nothing_lost(desk):
        for name in FREE:
            step = SOURCES[name].loan(desk, "WETH", LOAN, present)
            assert SOURCES[name].address(desk) in refused(desk, OPERATOR, plan_of(step)).through, name


def test_a_loan_of_nothing_moves_nothing(desk: Desk) -> None:
    """Morpho and the pools refuse it, the others lend it: either way it is worth nothing."""
    through = set()
    with nothing_lost(desk):
        for name, step in loans(desk, 0).items():
            zero = replace(step, cap=0)  # type: ignore[type-var]
            if worth_nothing(desk, plan_of(zero)):
                through.add(name)
                sent(desk, OPERATOR, plan_of(zero))
            else:
                refused(desk, OPERATOR, plan_of(zero))
    assert "balancer_v2" in through
    assert "morpho_blue" not in through
    assert "uniswap_v2" not in through


def worth_nothing(desk: Desk, plan: bytes) -> bool:
    """Whether the plan comes through, in which case it earns nothing."""
    try:
        return desk.simulate(plan) == 0
    except Reverted:
        return False


def test_a_lender_of_one_token_only_lends_no_other(desk: Desk) -> None:
    """Maker's module mints DAI; asked for WETH it refuses."""
    step = SOURCES["erc3156"].loan(desk, "WETH", LOAN)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan_of(step)).through == (
            to_address(desk.book.contracts["maker_dss_flash"]),
        )
