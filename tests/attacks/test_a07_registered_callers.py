"""A7: the pool or lender that the running plan has called, and that may call back, calls back twice, with
other data than it was sent, or asks for more than the hop's input or the loan with its fee.
"""

from __future__ import annotations

import pytest

from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.plan.format import Opcode, Payer, Recipient, V2CallbackKind, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import (
    BalancerV3Unlock,
    Loan,
    PoolLoan,
    Step,
    Track,
    V2FlashSwap,
    V3Swap,
    V4Unlock,
)
from tests.attacks.scene import nothing_lost, refused
from tests.contracts.evil_pool import TRICKS, set_trick, swap_on
from tests.contracts.lenders.loans import desk_of, place, play
from tests.contracts.schemes import place as place_pool
from tests.contracts.schemes import plan_of, scheme, v3_through
from tests.contracts.venues.hops import gift, plan, token
from tests.support.routers import OPERATOR, Desk, test_contracts

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
    "Revert": "Error",
}
MORE_REFUSALS = {
    "aave_v3": {
        "WrongInitiator": "LoanNotOurs",
        "OtherToken": "LoanNotOurs",
        "AskMore": "PaymentOverCap",
        "NameMore": "PaymentOverCap",
        "NeverPull": "AllowanceLeft",
    },
    "erc3156": {
        "WrongInitiator": "NotInitiator",
        "OtherToken": "NotInitiator",
        "AskMore": "PaymentOverCap",
        "NeverPull": "AllowanceLeft",
    },
    "morpho_blue": {"NeverPull": "AllowanceLeft"},
    "balancer_v2": {"AskMore": "PaymentOverCap"},
    "uniswap_v3": {"AskMore": "PaymentOverCap"},
    "balancer_v3": {"AskMore": "PaymentNotCredited"},
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
    """Its cap is just the amount."""
    opcode = SHAPES[shape][0]
    if opcode is Opcode.UNISWAP_V3_LOAN:
        return PoolLoan(opcode, lender, LOAN, LOAN, inside, False, V3CallbackKind.UNISWAP)
    if opcode is Opcode.UNISWAP_V2_LOAN:
        return PoolLoan(opcode, lender, LOAN, LOAN, inside, False, V2CallbackKind.UNISWAP)
    return Loan(opcode, LOAN, LOAN, inside)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_trick_of_a_lender_undoes_the_whole_plan(lured: Desk, lender: Address, shape: str) -> None:
    """While it behaves it serves, else the tricks would prove nothing."""
    play(lured, lender, "None")
    assert lured.simulate(plan(loan(shape, lender, gift(lured, token(lured, "WETH"), 3)), minimum=3)) == 3
    with nothing_lost(lured, lender):
        for trick, error in {**REFUSALS, **MORE_REFUSALS.get(shape, {})}.items():
            play(lured, lender, trick)
            assert refused(lured, OPERATOR, plan(loan(shape, lender))).name == error, trick


def test_a_market_that_names_more_than_it_lent_is_held_to_the_cap_and_to_the_profit(
    lured: Desk, lender: Address
) -> None:
    """An Aave market's word is taken for how much it lent: what it wants back beyond that is no profit."""
    play(lured, lender, "NameMore")
    aave, weth = Opcode.AAVE_V3_LOAN, token(lured, "WETH")
    with nothing_lost(lured, lender):
        assert refused(lured, OPERATOR, plan(Loan(aave, LOAN, LOAN, ()))).name == "PaymentOverCap"
        wide = Loan(aave, LOAN, LOAN + 1, ())
        assert refused(lured, OPERATOR, plan(wide)).name == "ProfitBelowMinimum"
        assert lured.simulate(plan(Loan(aave, LOAN, LOAN + 1, (gift(lured, weth, 3),)), minimum=2)) == 2


@pytest.mark.parametrize("step", [V4Unlock(()), BalancerV3Unlock(())], ids=["uniswap_v4", "balancer_v3"])
def test_an_unlock_is_answered_once_and_as_asked(lured: Desk, lender: Address, step: Step) -> None:
    with nothing_lost(lured, lender):
        for trick in ("CallBackTwice", "ChangeData", "NeverCallBack", "WrongSelector"):
            play(lured, lender, trick)
            assert refused(lured, OPERATOR, plan(step)).name == REFUSALS[trick], trick


def test_every_trick_of_a_pool_undoes_the_whole_plan(desk: Desk) -> None:
    pool = to_address(Placer(desk.node).deploy(test_contracts()["EvilPool"]))
    with nothing_lost(desk, pool):
        for name, (trick, error) in TRICKS.items():
            set_trick(desk, pool, trick)
            assert refused(desk, OPERATOR, swap_on(pool)).name == error, name


@pytest.mark.parametrize("over", [1, 2**127])
@pytest.mark.parametrize("payer", [Payer.SETTLEMENT, Payer.TRACKED])
def test_a_pool_gets_the_hops_input_and_not_a_unit_more(desk: Desk, payer: Payer, over: int) -> None:
    """Of the settlement token and of a tracked one; as exact input, and as exact output up to its cap."""
    pool, usdc = place_pool(desk, "Schemer"), token(desk, "USDC")
    amount = 10**9
    tracked = usdc if payer is Payer.TRACKED else None
    of_input = v3_through(pool, amount, token=tracked)
    of_output = V3Swap(
        pool,
        True,
        V3CallbackKind.UNISWAP,
        V3Amount.EXACT_OUT,
        payer,
        Recipient.ROUTER,
        amount=1,
        cap=amount,
        token=tracked,
    )
    with nothing_lost(desk, pool):
        for hop in (of_input, of_output):
            steps: Step = Track(usdc, (hop,)) if tracked else hop
            scheme(desk, pool, asked=(amount + over, 0))
            assert refused(desk, OPERATOR, plan_of(steps)).name == "PaymentOverCap"
            # What it may ask for it gets, and the rule on balances then misses.
            scheme(desk, pool, asked=(amount, 0))
            assert refused(desk, OPERATOR, plan_of(steps)).name in ("ProfitBelowMinimum", "TrackedTokenFell")


def test_a_pair_of_a_flash_swap_cannot_call_back_for_more_than_its_continuation_pays(desk: Desk) -> None:
    """It names any amounts it likes: the committed steps pay what they say."""
    pool = place_pool(desk, "Schemer")
    flash = V2FlashSwap(pool, True, V2Output.LITERAL, (), amount_out=1)
    with nothing_lost(desk, pool):
        for asked in ((2**255 - 1, 0), (0, 2**255 - 1), (1, 1)):
            scheme(desk, pool, asked=asked)
            assert desk.execute(plan_of(flash))["status"] == "0x1"


def test_a_pool_that_reverts_with_a_flood_costs_gas_and_nothing_else(desk: Desk) -> None:
    pool = place_pool(desk, "FloodingPool")
    with nothing_lost(desk, pool):
        assert refused(desk, OPERATOR, plan_of(v3_through(pool, ETHER))).name == "Unknown"
