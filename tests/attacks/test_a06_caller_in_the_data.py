"""A6: the caller names itself as the lender or pool that is expected, in the data or the arguments that it
brings along.
"""

from __future__ import annotations

import pytest

from devnet.node import ETHER
from executor.plan.encoding import encode_steps
from executor.plan.format import Opcode
from executor.plan.steps import BalancerV3Unlock, Loan, Step, V4Unlock
from tests.attacks.callbacks import calls, loan_data, swap_data
from tests.attacks.scene import nothing_lost, refused
from tests.attacks.thieves import accomplice, refusal, try_all
from tests.contracts.lenders.loans import desk_of, place
from tests.contracts.schemes import plan_of
from tests.support.routers import OPERATOR, Desk

AMOUNT = 5 * ETHER
ADDRESSED = (
    Opcode.AAVE_V3_LOAN,
    Opcode.BALANCER_V2_LOAN,
    Opcode.MORPHO_BLUE_LOAN,
    Opcode.ERC3156_LOAN,
    Opcode.UNISWAP_V4_LOAN,
    Opcode.BALANCER_V3_LOAN,
)


def with_the_caller(desk: Desk, caller: str) -> list[bytes]:
    """Data of the router's own shape with the caller's address in front, behind, or in place of the token."""
    address = bytes.fromhex(caller[2:])
    swap, loan = swap_data(desk, AMOUNT), loan_data(desk, AMOUNT)
    return [
        address,
        address.rjust(32, b"\0"),
        address + swap,
        swap + address,
        loan[:1] + address + loan[21:],
        loan[:21] + address + loan[21:],
    ]


def test_a_caller_that_names_itself_is_not_believed(desk: Desk) -> None:
    thief = accomplice(desk)
    with nothing_lost(desk, thief):
        for data in with_the_caller(desk, thief):
            known = calls(desk, AMOUNT, thief, swap=data, loan=data)
            assert try_all(desk, thief, desk.router, [*known.values()]) == 0
            assert refusal(desk, thief).name == "CallbackNotRegistered"


@pytest.mark.parametrize("opcode", ADDRESSED)
def test_no_plan_can_name_a_lender_that_has_an_address(desk: Desk, opcode: Opcode) -> None:
    """The lender is in the router's code: the same bytes go to whatever lender that router was made with.
    Where it was made with none, bytes that name one are only a step that nobody knows.
    """
    thief = place(desk, "OddLender")
    loan = Loan(opcode, AMOUNT, AMOUNT, ())
    without = desk_of(desk)
    assert bytes.fromhex(thief[2:]) not in encode_steps((loan,))
    with nothing_lost(without, thief):
        assert refused(without, OPERATOR, plan_of(loan)).name == "LenderUnavailable"
        named = plan_of() + bytes([opcode, 0]) + bytes.fromhex(thief[2:]) + encode_steps((loan,))[2:]
        assert refused(without, OPERATOR, named).name in ("PlanTruncated", "LenderUnavailable")


@pytest.mark.parametrize("step", [V4Unlock(()), BalancerV3Unlock(())], ids=["uniswap_v4", "balancer_v3"])
def test_no_plan_can_name_a_lock_that_has_an_address(desk: Desk, step: Step) -> None:
    without = desk_of(desk)
    with nothing_lost(without):
        assert refused(without, OPERATOR, plan_of(step)).name == "LenderUnavailable"
