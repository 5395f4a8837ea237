"""What somebody else can change while a plan runs: the owner's list, an allowance."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.plan.encoding import encode_plan
from executor.plan.format import Opcode
from executor.plan.steps import DecodedPlan, Header, Loan
from tests.contracts.schemes import Deed, place, plan_of, scheme, v3_through
from tests.support.routers import (
    FOREVER,
    OPERATOR,
    OWNER,
    STRANGER,
    Desk,
    Reverted,
    deploy_another,
)


def owned_by_signers(desk: Desk) -> str:
    """The owner is a contract of several signers; what they have agreed on, anyone may carry out."""
    signers = place(desk, "SignersAccount")
    desk.send(OWNER, "transferOwnership(address)", signers)
    agree(desk, signers, desk.router, abi.encode_call("acceptOwnership()"))
    desk.node.send(STRANGER, signers, abi.encode_call("carryOut()"))
    return signers


def agree(desk: Desk, signers: str, target: str, data: bytes) -> None:
    desk.node.send(STRANGER, signers, abi.encode_call("agree(address,bytes)", target, data))


def test_a_change_of_the_owner_set_token_in_mid_plan_lets_no_token_go(desk: Desk) -> None:
    """The plan settles in the token that was set when it began, in its callbacks too."""
    old, new = desk.book.tokens["STA"], place(desk, "HookedToken")
    desk.node.send(STRANGER, new, abi.encode_call("give(address,uint256)", desk.router, 10**21))
    desk.send(OWNER, "setSettlementToken(address)", old)
    signers = owned_by_signers(desk)
    agree(desk, signers, desk.router, abi.encode_call("setSettlementToken(address)", new))
    schemer = place(desk, "Schemer")
    scheme(desk, schemer, before=[Deed(signers, abi.encode_call("carryOut()"))], asked=(10**21, 0))
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(v3_through(schemer, 10**21), settlement=4))
    assert refused.value.reason.name == "TokenCallFailed"
    assert refused.value.reason.args["token"] == old.lower()


def test_a_lender_that_does_not_pull_is_refused_and_keeps_no_allowance(desk: Desk) -> None:
    """Whoever stands behind the lender's address: what it was allowed to take is gone when the call is
    over.
    """
    weth = desk.book.tokens["WETH"]
    lender = place(desk, "LazyLender")
    other = deploy_another(desk, OPERATOR, aave_v3_pool=lender)
    other.send(OPERATOR, "setPrimaryOperator(address)", OPERATOR)
    desk.node.set_erc20_balance(weth, other.router, 50 * ETHER)
    step = Loan(Opcode.AAVE_V3_LOAN, 50 * ETHER, 50 * ETHER, ())
    with pytest.raises(Reverted, match="AllowanceLeft"):
        other.simulate(encode_plan(DecodedPlan(Header(0, FOREVER, 0), (step,))))
