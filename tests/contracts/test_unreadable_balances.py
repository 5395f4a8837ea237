"""What tokens tell of balances, in too few bytes or too many, and what pools say when they revert."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.compiler import compile_files
from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.plan.format import Opcode, Payer, Recipient, V2Output
from executor.plan.steps import CurveExchange, Loan, Step, Track, V2Swap
from tests.contracts import schemes
from tests.contracts.schemes import Deed, plan_of, scheme, v3_through
from tests.contracts.venues.hops import Conduct, gift, odd_venue
from tests.support.routers import OPERATOR, OWNER, STRANGER, Desk, Reverted

OWNERS_PLACE = 4
UNREADABLE = {
    "nothing": (0, False),
    "31 bytes": (31, False),
    "a revert without data": (0, True),
    "a revert with a word": (32, True),
    "a revert with two words": (64, True),
}
BEHAVE = "behave(uint256,bool)"


def place(desk: Desk, contract: str) -> Address:
    """Deploy one of ReticentContracts.sol."""
    code = compile_files(["tests/contracts/solidity/ReticentContracts.sol"])[contract]
    return to_address(Placer(desk.node).deploy(code))


@pytest.fixture
def token(desk: Desk) -> Address:
    """A token that answers as it should, until it is told otherwise, and that the router holds none of."""
    return place(desk, "ReticentToken")


def behave(desk: Desk, token: Address, length: int, by_revert: bool) -> None:
    """Tell the token how to answer from now on."""
    desk.node.send(STRANGER, token, abi.encode_call(BEHAVE, length, by_revert))


def turning(desk: Desk, token: Address, length: int, by_revert: bool) -> Step:
    """A step in which the token's habit changes, and nothing else."""
    pool = schemes.place(desk, "Schemer")
    scheme(desk, pool, before=[Deed(token, abi.encode_call(BEHAVE, length, by_revert))])
    return V2Swap(pool, True, Payer.NONE, Recipient.ROUTER, V2Output.LITERAL, amount_in=0, amount_out=1)


def refuses_as_unreadable(desk: Desk, token: Address, plan: bytes) -> None:
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan)
    assert refused.value.reason.name == "BalanceUnreadable"
    assert refused.value.reason.args == {"token": token.lower()}
    with pytest.raises(Reverted, match="BalanceUnreadable"):
        desk.rehearse(plan)


@pytest.mark.parametrize("answer", UNREADABLE)
def test_no_plan_starts_on_a_settlement_balance_that_is_not_told(
    desk: Desk, token: Address, answer: str
) -> None:
    """Even if it is told at the end."""
    desk.send(OWNER, "setSettlementToken(address)", token)
    behave(desk, token, *UNREADABLE[answer])
    refuses_as_unreadable(desk, token, plan_of(turning(desk, token, 32, False), settlement=OWNERS_PLACE))


@pytest.mark.parametrize("answer", UNREADABLE)
def test_no_plan_ends_on_a_settlement_balance_that_is_not_told(
    desk: Desk, token: Address, answer: str
) -> None:
    """Even if it was told at the start."""
    desk.send(OWNER, "setSettlementToken(address)", token)
    turn = turning(desk, token, *UNREADABLE[answer])
    refuses_as_unreadable(desk, token, plan_of(turn, settlement=OWNERS_PLACE))


@pytest.mark.parametrize("answer", UNREADABLE)
def test_no_token_is_tracked_whose_balance_is_not_told_at_the_start_or_the_end(
    desk: Desk, token: Address, answer: str
) -> None:
    turn = turning(desk, token, *UNREADABLE[answer])
    refuses_as_unreadable(desk, token, plan_of(Track(token, (turn,))))
    behave(desk, token, *UNREADABLE[answer])
    refuses_as_unreadable(desk, token, plan_of(Track(token, (turning(desk, token, 32, False),))))


@pytest.mark.parametrize("length", [32, 33, 64, 5_000])
def test_a_balance_told_in_a_word_or_more_is_taken_from_the_first_word(
    desk: Desk, token: Address, length: int
) -> None:
    """By a token that answers calls of exactly the ABI's length only."""
    desk.send(OWNER, "setSettlementToken(address)", token)
    behave(desk, token, length, False)
    pool = schemes.place(desk, "Schemer")
    scheme(desk, pool, before=[Deed(token, abi.encode_call("issue(address,uint256)", desk.router, 7))])
    gift = V2Swap(pool, True, Payer.NONE, Recipient.ROUTER, V2Output.LITERAL, amount_in=0, amount_out=7)
    assert desk.simulate(plan_of(gift, settlement=OWNERS_PLACE, minimum=7)) == 7
    assert desk.simulate(plan_of(Track(token, (gift,)))) == 0
    paying = V2Swap(
        pool, True, Payer.SETTLEMENT, Recipient.ROUTER, V2Output.LITERAL, amount_in=3, amount_out=7
    )
    assert desk.simulate(plan_of(gift, paying, settlement=OWNERS_PLACE)) == 11


def sold(desk: Desk, asset: Address, length: int, by_revert: bool, left: int = 0) -> bytes:
    """A plan that sells the settlement token to a venue that pulls all but `left` of it, changes its habit,
    and gives nothing; what it cost is a present in the end.
    """
    dai, amount = to_address(desk.book.tokens["DAI"]), 10**6
    deed = abi.encode_call(BEHAVE, length, by_revert)
    venue = odd_venue(desk, Conduct(asset, amount - left, dai, target=asset, deed=deed, must=True))
    hop = CurveExchange(venue, 0, 1, dai, Payer.SETTLEMENT, Recipient.ROUTER, amount_in=amount)
    desk.node.send(STRANGER, asset, abi.encode_call("issue(address,uint256)", desk.router, amount))
    return plan_of(hop, gift(desk, asset, amount), settlement=OWNERS_PLACE)


@pytest.mark.parametrize("answer", UNREADABLE)
def test_an_allowance_that_is_not_told_counts_as_all(desk: Desk, token: Address, answer: str) -> None:
    desk.send(OWNER, "setSettlementToken(address)", token)
    with pytest.raises(Reverted) as refused:
        desk.simulate(sold(desk, token, *UNREADABLE[answer]))
    assert refused.value.reason.name == "AllowanceLeft"
    assert refused.value.reason.args["amount"] == 2**256 - 1


@pytest.mark.parametrize("length", [32, 33, 64])
def test_an_allowance_told_in_a_word_or_more_is_taken_from_the_first_word(
    desk: Desk, token: Address, length: int
) -> None:
    desk.send(OWNER, "setSettlementToken(address)", token)
    assert desk.simulate(sold(desk, token, length, False)) == 0
    with pytest.raises(Reverted) as refused:
        desk.simulate(sold(desk, token, length, False, left=1))
    assert refused.value.reason.name == "AllowanceLeft"
    assert refused.value.reason.args["amount"] == 1


def test_loans_that_are_pulled_back_follow_one_another(desk: Desk) -> None:
    """Looking at the allowance of one leaves the memory as the next needs it."""
    loan = Loan(Opcode.AAVE_V3_LOAN, ETHER, 2 * ETHER, ())
    premiums = gift(desk, to_address(desk.book.tokens["WETH"]), ETHER)
    desk.execute(plan_of(premiums, *[loan] * 4))


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 10_000])
def test_what_a_pool_says_when_it_reverts_is_passed_on_whole(desk: Desk, length: int) -> None:
    pool = place(desk, "OutspokenPool")
    words = bytes(1 + n % 251 for n in range(length))
    desk.node.send(STRANGER, pool, abi.encode_call("say(bytes)", words), gas=16_000_000)
    with pytest.raises(Reverted) as refused:
        desk.call(plan_of(v3_through(pool, 1)), sender=OPERATOR)
    told = abi.decode("(address,bytes)", refused.value.data[4:])
    assert refused.value.data[:4] == abi.selector("CallFailed(address,bytes)")
    assert told == (pool.lower(), words)
