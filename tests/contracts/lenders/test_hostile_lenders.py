"""A lender that turns on the router, named at deployment or in a plan: every trick, and nothing lost."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Opcode, V2CallbackKind, V3CallbackKind
from executor.plan.steps import BalancerV3Unlock, Loan, PoolLoan, Step, V4Unlock
from tests.contracts.lenders.loans import desk_of, place, play
from tests.contracts.venues.hops import allowance, gift, plan, token
from tests.support.routers import STRANGER, Desk, Reverted

INVENTORY = 50 * ETHER
LOAN = 20 * ETHER
SHAPES = {
    "aave_v3": (Opcode.AAVE_V3_LOAN, "aave_v3_pool"),
    "balancer_v2": (Opcode.BALANCER_V2_LOAN, "balancer_v2_vault"),
    "balancer_v3": (Opcode.BALANCER_V3_LOAN, "balancer_v3_vault"),
    "morpho_blue": (Opcode.MORPHO_BLUE_LOAN, "morpho_blue"),
    "erc3156": (Opcode.ERC3156_LOAN, "maker_dss_flash"),
    "uniswap_v4": (Opcode.UNISWAP_V4_LOAN, "uniswap_v4_pool_manager"),
    "uniswap_v3": (Opcode.UNISWAP_V3_LOAN, ""),
    "uniswap_v2": (Opcode.UNISWAP_V2_LOAN, ""),
}
REFUSALS = {
    "CallBackTwice": "CallbackNotRegistered",
    "ChangeData": "CallbackNotRegistered",
    "NeverCallBack": "CallbackMissing",
    "WrongSelector": "CallbackNotRegistered",
    "LendLess": "ProfitBelowMinimum",
    "LendNothing": "ProfitBelowMinimum",
}
MORE_REFUSALS = {
    ("aave_v3", "WrongInitiator"): "LoanNotOurs",
    ("aave_v3", "OtherToken"): "LoanNotOurs",
    ("aave_v3", "AskMore"): "PaymentOverCap",
    ("aave_v3", "NeverPull"): "AllowanceLeft",
    ("erc3156", "WrongInitiator"): "NotInitiator",
    ("erc3156", "OtherToken"): "NotInitiator",
    ("erc3156", "AskMore"): "PaymentOverCap",
    ("erc3156", "NeverPull"): "AllowanceLeft",
    ("morpho_blue", "NeverPull"): "AllowanceLeft",
    ("balancer_v2", "AskMore"): "PaymentOverCap",
    ("uniswap_v3", "AskMore"): "PaymentOverCap",
    ("balancer_v3", "AskMore"): "PaymentNotCredited",
}


@pytest.fixture
def lender(desk: Desk) -> Address:
    """It has something to lend."""
    odd = place(desk, "OddLender")
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], odd, 100 * ETHER)
    return odd


@pytest.fixture
def lured(desk: Desk, lender: Address) -> Desk:
    """A router that takes it for every lender there is, with money of its own."""
    other = desk_of(desk, **{contract: lender for _, contract in SHAPES.values() if contract})
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], other.router, INVENTORY)
    return other


def loan(shape: str, lender: Address, *inside: Step) -> Step:
    opcode = SHAPES[shape][0]
    if opcode is Opcode.UNISWAP_V3_LOAN:
        return PoolLoan(opcode, lender, LOAN, LOAN, inside, False, V3CallbackKind.UNISWAP)
    if opcode is Opcode.UNISWAP_V2_LOAN:
        return PoolLoan(opcode, lender, LOAN, LOAN, inside, False, V2CallbackKind.UNISWAP)
    return Loan(opcode, LOAN, LOAN, inside)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_lender_serves_while_it_behaves(lured: Desk, lender: Address, shape: str) -> None:
    """Else the tricks below would prove nothing."""
    play(lured, lender, "None")
    assert lured.simulate(plan(loan(shape, lender, gift(lured, token(lured, "WETH"), 3)), minimum=3)) == 3


@pytest.mark.parametrize("trick", REFUSALS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_trick_undoes_the_whole_plan(lured: Desk, lender: Address, shape: str, trick: str) -> None:
    play(lured, lender, trick)
    with pytest.raises(Reverted) as refused:
        lured.simulate(plan(loan(shape, lender)))
    assert refused.value.reason.name == REFUSALS[trick]


@pytest.mark.parametrize(("shape", "trick"), MORE_REFUSALS)
def test_a_trick_of_one_kind_of_lender_undoes_the_whole_plan(
    lured: Desk, lender: Address, shape: str, trick: str
) -> None:
    play(lured, lender, trick)
    with pytest.raises(Reverted) as refused:
        lured.simulate(plan(loan(shape, lender)))
    assert refused.value.reason.name == MORE_REFUSALS[shape, trick]
    assert allowance(lured, token(lured, "WETH"), lender) == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_a_lender_that_is_closed_says_why(lured: Desk, lender: Address, shape: str) -> None:
    play(lured, lender, "Revert")
    with pytest.raises(Reverted, match="closed"):
        lured.simulate(plan(loan(shape, lender)))


@pytest.mark.parametrize("trick", ["CallBackTwice", "ChangeData", "NeverCallBack", "WrongSelector"])
@pytest.mark.parametrize("step", [V4Unlock(()), BalancerV3Unlock(())], ids=["uniswap_v4", "balancer_v3"])
def test_an_unlock_is_answered_once_and_as_asked(
    lured: Desk, lender: Address, step: Step, trick: str
) -> None:
    play(lured, lender, trick)
    with pytest.raises(Reverted) as refused:
        lured.simulate(plan(step))
    assert refused.value.reason.name == REFUSALS[trick]


@pytest.mark.parametrize("shape", [name for name in SHAPES if not name.startswith("uniswap_v")])
def test_a_lender_that_the_chain_lacks_is_refused_by_name(desk: Desk, shape: str) -> None:
    other = desk_of(desk)
    with pytest.raises(Reverted) as refused:
        other.simulate(plan(loan(shape, to_address("0x" + "00" * 20))))
    assert refused.value.reason.name == "LenderUnavailable"
    assert refused.value.reason.args["opcode"] == SHAPES[shape][0]


@pytest.mark.parametrize("step", [V4Unlock(()), BalancerV3Unlock(())], ids=["uniswap_v4", "balancer_v3"])
def test_a_lock_that_the_chain_lacks_is_refused_by_name(desk: Desk, step: Step) -> None:
    with pytest.raises(Reverted, match="LenderUnavailable"):
        desk_of(desk).simulate(plan(step))


def test_a_pool_without_code_lends_nothing(desk: Desk) -> None:
    """A call of an address without code succeeds: that nobody called back is what gives it away."""
    nobody = to_address("0x" + "d0" * 20)
    for shape in ("uniswap_v2", "uniswap_v3"):
        with pytest.raises(Reverted, match="CallbackMissing"):
            desk.simulate(plan(loan(shape, nobody)))


def test_nobody_but_the_lender_may_answer_while_a_callback_is_due(
    lured: Desk, desk: Desk, lender: Address
) -> None:
    """Two odd lenders: the one that was not asked forwards what it would have been told."""
    impostor = place(desk, "OddLender")
    play(lured, impostor, "None")
    data = bytes.fromhex(desk.book.tokens["WETH"][2:])
    call = abi.encode_call("flashLoan(address,address,uint256,bytes)", lured.router, impostor, 0, data)
    with pytest.raises(Reverted, match="CallbackNotRegistered"):
        lured.call(call, sender=STRANGER, to=impostor)
