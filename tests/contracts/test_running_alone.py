"""What keeps a plan alone, where the operator's account sends the transaction itself."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan import Tip
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import DecodedPlan, Header, V2Swap
from tests.attacks import scene
from tests.attacks.delegation import delegate, new_account, through
from tests.contracts.schemes import Deed, place, plan_of, scheme, v3_through
from tests.contracts.test_batch import batch, outcomes
from tests.contracts.venues.hops import NATIVE, gift, token
from tests.support.routers import FOREVER, OPERATOR, OWNER, STRANGER, Desk

CARRY_OUT = abi.encode_call("carryOut()")
DISALLOW = abi.encode_call("allowOperator(address,bool)", STRANGER, False)


@pytest.fixture
def signers(desk: Desk) -> Address:
    """An account of several signers that owns the router; they have agreed to disallow an operator."""
    account = place(desk, "SignersAccount")
    desk.send(OWNER, "transferOwnership(address)", account)
    for agreed in (abi.encode_call("acceptOwnership()"), DISALLOW):
        agree = abi.encode_call("agree(address,bytes)", desk.router, agreed)
        desk.node.send(STRANGER, account, agree)
    desk.node.send(STRANGER, account, CARRY_OUT)
    return account


def test_an_operators_account_with_code_runs_no_plan_inside_a_plan_that_it_sent_itself(desk: Desk) -> None:
    """Its own tip wakes it up; it is sender and signer of both plans."""
    key = new_account(desk)
    desk.send(OWNER, "setPrimaryOperator(address)", key.address)
    delegate(desk, key, scene.place(desk, "Delegates.JumpyWallet"))
    tell = abi.encode_call("tell(address,bytes)", desk.router, plan_of())
    desk.node.send(STRANGER, key.address, tell)
    tip = Tip(10_000, 0, to_address(key.address))
    present = gift(desk, token(desk, "WETH"), ETHER)
    desk.execute(encode_plan(DecodedPlan(Header(0, FOREVER, 0, tip=tip), (present,))), sender=key.address)
    counts = desk.node.call(key.address, abi.encode_call("counts()"))
    assert abi.decode("(uint256,uint256)", counts) == (1, 0)


def test_a_change_of_operators_uses_no_registration_up(desk: Desk, signers: Address) -> None:
    """The pool that is to call back has it carried out first; its callback is accepted all the same."""
    weth, pool = desk.book.tokens["WETH"], place(desk, "Schemer")
    back = abi.encode_call("transfer(address,uint256)", desk.router, 1)
    scheme(desk, pool, before=[Deed(signers, CARRY_OUT)], after=[Deed(weth, back)], asked=(1, 0))
    receipt = desk.execute(plan_of(v3_through(pool, 1)))
    assert abi.topic("OperatorAllowed(address,bool)") in [log["topics"][0] for log in receipt["logs"]]


def test_what_a_change_of_operators_locks_no_plan_of_the_same_transaction_unlocks(
    desk: Desk, signers: Address
) -> None:
    """The lock is seen by what it lets in: the chain's own coin comes in only while it is held."""
    pool = place(desk, "Schemer")
    scheme(desk, pool, before=[Deed(signers, CARRY_OUT)])
    turn = V2Swap(pool, True, Payer.NONE, Recipient.ROUTER, V2Output.LITERAL, amount_in=0, amount_out=1)
    coin = plan_of(gift(desk, NATIVE, 5))
    (_, unlocked) = outcomes(desk, desk.execute(batch(plan_of(), coin)))
    assert unlocked.profit is None
    held = desk.node.balance(desk.router)
    told = outcomes(desk, desk.node.send(OPERATOR, desk.router, batch(plan_of(turn), coin), gas=3_000_000))
    assert [outcome.profit for outcome in told] == [0, 0]
    assert desk.node.balance(desk.router) == held + 5


def test_coin_sent_along_with_a_plan_is_refused_and_its_sender_named(desk: Desk) -> None:
    wallet = scene.place(desk, "Delegates.CarelessWallet")
    desk.send(OWNER, "allowOperator(address,bool)", wallet, True)
    for sender in (OPERATOR, STRANGER):
        desk.node.set_balance(sender, ETHER)
    reason = scene.refused(desk, OPERATOR, plan_of(), value=1)
    assert (reason.name, reason.args) == ("NativeNotExpected", {"from": OPERATOR.lower()})
    along = through(desk.router, plan_of(), value=1)
    reason = scene.refused(desk, STRANGER, along, to=wallet, value=1)
    assert (reason.name, reason.args) == ("NativeNotExpected", {"from": wallet.lower()})
    desk.node.send(STRANGER, wallet, through(desk.router, plan_of()))


def test_another_operators_plan_is_refused_in_a_transaction_that_an_operator_sent(desk: Desk) -> None:
    wallet = scene.place(desk, "Delegates.CarelessWallet")
    desk.send(OWNER, "allowOperator(address,bool)", wallet, True)
    call = through(desk.router, plan_of())
    assert scene.refused(desk, OPERATOR, call, to=wallet).name == "AlreadyRunning"
    desk.node.send(STRANGER, wallet, call)
    # An account with code that sends its own transaction is no other operator.
    key = new_account(desk)
    desk.send(OWNER, "setPrimaryOperator(address)", key.address)
    delegate(desk, key, wallet)
    desk.execute(plan_of(), sender=key.address)
