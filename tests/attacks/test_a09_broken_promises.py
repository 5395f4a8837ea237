"""A9: a callback that was promised and never made, or made late; one made from inside the loan or swap of
another; two loans of one lender, one inside the other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.format import Opcode, V2CallbackKind, V2Output, V3CallbackKind
from executor.plan.steps import Loan, PoolLoan, Step, Track, V2FlashSwap
from tests.attacks.callbacks import SWAPS, swap_data
from tests.attacks.scene import nothing_lost, refused, sent
from tests.attacks.thieves import Act, accomplice, act_through, plot, turns
from tests.contracts.lenders.loans import SOURCES
from tests.contracts.schemes import place as place_schemer
from tests.contracts.schemes import plan_of, scheme, v2_through, v3_through
from tests.contracts.venues.hops import gift, plan, token
from tests.support.routers import OPERATOR, Desk

OUTER, INNER = 20 * ETHER, 7 * ETHER
LOCKED = ("balancer_v2", "uniswap_v4", "uniswap_v3", "pancake_v3", "algebra", "uniswap_v2", "pancake_v1")


def promises(pool: Address) -> dict[str, Step]:
    """Steps after which a pool must have called back."""
    v3, v2 = V3CallbackKind.UNISWAP, V2CallbackKind.UNISWAP
    return {
        "swap": v3_through(pool, ETHER),
        "flash swap": V2FlashSwap(pool, True, V2Output.LITERAL, (), amount_out=1),
        "loan of a pool": PoolLoan(Opcode.UNISWAP_V3_LOAN, pool, ETHER, ETHER, (), False, v3),
        "loan of a pair": PoolLoan(Opcode.UNISWAP_V2_LOAN, pool, ETHER, ETHER, (), False, v2),
    }


@pytest.mark.parametrize("what", promises(to_address("0x" + "00" * 20)))
def test_a_pool_that_never_calls_back_undoes_the_plan(desk: Desk, what: str) -> None:
    """Though it answers as if all had gone well."""
    silent = accomplice(desk, answer=abi.encode("(int256,int256)", ETHER, -(10**30)))
    with nothing_lost(desk, silent):
        assert refused(desk, OPERATOR, plan_of(promises(silent)[what])).name == "CallbackMissing"


@pytest.mark.parametrize("what", promises(to_address("0x" + "00" * 20)))
def test_an_address_without_code_calls_nobody_back(desk: Desk, what: str) -> None:
    """A call of it succeeds: that nobody called back, or answered, is what gives it away."""
    nobody = to_address("0x" + "d0" * 20)
    with nothing_lost(desk, nobody):
        reason = refused(desk, OPERATOR, plan_of(promises(nobody)[what]))
        assert reason.name == "CallbackMissing" or reason.through == (nobody,)


def callback(desk: Desk, cap: int, inside: bytes = b"") -> bytes:
    """What a pool of the V3 shape calls back with that is owed `cap`."""
    return abi.encode_call(SWAPS[0], cap, 0, swap_data(desk, cap) + inside)


def test_a_pool_that_says_it_gave_what_it_did_not_is_believed_by_the_steps_inside_and_by_no_rule(
    desk: Desk,
) -> None:
    """They pay on what it says that it gave, whatever its own cap: that is not there when it is counted."""
    liar, taker, usdc = place_schemer(desk, "Schemer"), accomplice(desk), token(desk, "USDC")
    owed, said = 1, 10**9
    scheme(desk, liar, asked=(owed, -said))
    onward = replace(v2_through(taker, said), amount_in=None)
    tracked = replace(v2_through(taker, said, token=usdc), amount_in=None)
    with nothing_lost(desk, liar, taker):
        reason = refused(desk, OPERATOR, plan_of(v3_through(liar, owed, onward)))
        assert reason.name == "ProfitBelowMinimum"
        assert int(str(reason.args["balanceBefore"])) - int(str(reason.args["balanceAfter"])) == owed + said
        reason = refused(desk, OPERATOR, plan_of(v3_through(liar, owed, Track(usdc, (tracked,)))))
        assert reason.name == "TrackedTokenFell"
        assert int(str(reason.args["balanceBefore"])) - int(str(reason.args["balanceAfter"])) == said
        # With what was really given by somebody the same plan is none the worse.
        covered = plan_of(v3_through(liar, owed, onward), gift(desk, token(desk, "WETH"), owed + said))
        sent(desk, OPERATOR, covered)


def test_a_callback_made_late_is_made_in_vain(desk: Desk) -> None:
    """In one transaction: the first plan fails for want of it, in the middle of the second it comes."""
    late = accomplice(desk, answer=bytes(64))
    remembers = act_through(late, desk.router, callback(desk, ETHER))
    helper = accomplice(desk, Act(*remembers))
    first, second = plan_of(v3_through(late, ETHER)), plan_of(v2_through(helper, 0))
    batch = encode_batch([BatchEntry(first, 2_000_000), BatchEntry(second, 2_000_000)])
    with nothing_lost(desk, late, helper):
        sent(desk, OPERATOR, batch, gas=9_000_000)
        assert turns(desk, helper) == (1, 0)


@pytest.mark.parametrize("lender", ["none", "aave_v3", "balancer_v2", "balancer_v3", "uniswap_v4"])
def test_nobody_outside_may_answer_for_the_one_inside(desk: Desk, lender: str) -> None:
    """The outer pool waits in its own callback, inside a loan or not; while the inner one's callback is due,
    the outer pool makes it, and its own once more.
    """
    outer, inner = accomplice(desk), accomplice(desk)
    inner_hop = v3_through(inner, 0)
    inner_callback, outer_callback = callback(desk, 0), callback(desk, 0, inner_hop.encode())
    intrusions = [Act(*act_through(outer, desk.router, call)) for call in (inner_callback, outer_callback)]
    promise = Act(desk.router, inner_callback, must=True)
    plot(desk, inner, *intrusions, promise, answer=bytes(64))
    plot(desk, outer, Act(desk.router, outer_callback, must=True), answer=bytes(64))
    step: Step = v3_through(outer, 0, inner_hop)
    if lender != "none":
        fee = SOURCES[lender].fee(OUTER)
        step = SOURCES[lender].loan(desk, "WETH", OUTER, step, gift(desk, token(desk, "WETH"), fee + 1))
    with nothing_lost(desk, outer, inner):
        sent(desk, OPERATOR, plan_of(step), gas=9_000_000)
        assert (turns(desk, outer), turns(desk, inner)) == ((1, 1), (1, 1))


def test_a_lender_of_one_kind_cannot_end_the_loan_of_another(desk: Desk) -> None:
    """Inside a loan a thief's pool has another genuine lender call the router, and fails; the first loan ends
    as it should.
    """
    weth = desk.book.tokens["WETH"]
    data = b"\x00" + bytes.fromhex(weth[2:]) + 2 * OUTER.to_bytes(16, "big")
    other = abi.encode_call(
        "flashLoan(address,address[],uint256[],bytes)", desk.router, [weth], [OUTER], data
    )
    thief = accomplice(desk, Act(desk.book.contracts["balancer_v2_vault"], other))
    loan = Loan(Opcode.MORPHO_BLUE_LOAN, OUTER, OUTER, (v2_through(thief, 0),))
    with nothing_lost(desk, thief):
        sent(desk, OPERATOR, plan_of(loan))
        assert turns(desk, thief) == (1, 0)


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "erc3156"])
def test_a_loan_of_a_lender_inside_its_own_loan_is_whole_or_nothing(desk: Desk, name: str) -> None:
    """Where the lender's lock allows it both are paid to the wei, else both are undone."""
    source, weth = SOURCES[name], token(desk, "WETH")
    fees = source.fee(OUTER) + source.fee(INNER)
    inside = source.loan(desk, "WETH", INNER, gift(desk, weth, fees + 1))
    calldata = plan(source.loan(desk, "WETH", OUTER, inside), minimum=1)
    with nothing_lost(desk):
        if name in LOCKED:
            refused(desk, OPERATOR, calldata)
        else:
            before = desk.balance("WETH")
            sent(desk, OPERATOR, calldata)
            assert desk.balance("WETH") == before + 1


def test_a_loan_of_makers_inside_its_own_loan_is_paid_to_the_unit(desk: Desk) -> None:
    dai = token(desk, "DAI")
    inside = Loan(Opcode.ERC3156_LOAN, INNER, INNER, (gift(desk, dai, 1),))
    with nothing_lost(desk):
        sent(desk, OPERATOR, plan(Loan(Opcode.ERC3156_LOAN, OUTER, OUTER, (inside,)), settlement="DAI"))


def test_a_pool_cannot_make_a_plan_of_its_own_out_of_its_turn(desk: Desk) -> None:
    """What it calls back with must be its promise: no step of its own choice runs instead."""
    pool = accomplice(desk)
    theft = callback(desk, 0, v3_through(pool, ETHER).encode())
    plot(
        desk, pool, Act(desk.router, theft), Act(desk.router, callback(desk, 0), must=True), answer=bytes(64)
    )
    with nothing_lost(desk, pool):
        sent(desk, OPERATOR, plan_of(v3_through(pool, 0)))
        assert turns(desk, pool) == (1, 1)
        assert desk.node.erc20_balance(desk.book.tokens["WETH"], pool) == 0
