"""A2: somebody starts a loan at a real lender and names the router as its receiver.

The lender is genuine and calls back as it does for the router's own loans; only the router did not ask. A
premium, or the whole loan's use, would be at the router's cost.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import to_address
from executor.plan.format import Opcode
from executor.plan.steps import Loan, Step
from tests.attacks.callbacks import aave_data, loan_data
from tests.attacks.scene import THIEF, nothing_lost, place, refused, sent
from tests.attacks.thieves import Act, accomplice, all_failed, plot, refusal, turn_of, turns
from tests.contracts.lenders.loans import desk_of
from tests.contracts.schemes import place as place_pool
from tests.contracts.schemes import plan_of, scheme, v3_through
from tests.support.routers import OPERATOR, Desk, Reverted

AMOUNT = 5 * ETHER
SIMPLE = "flashLoanSimple(address,address,uint256,bytes,uint16)"
MANY = "flashLoan(address,address[],uint256[],uint256[],address,bytes,uint16)"
VAULT = "flashLoan(address,address[],uint256[],bytes)"
ERC3156 = "flashLoan(address,address,uint256,bytes)"
SWAP = "swap(uint256,uint256,address,bytes)"
FLASH = "flash(address,uint256,uint256,bytes)"
PAIRS = ("uniswap_v2 USDC/WETH", "sushi_v2 USDC/WETH", "pancake_v1 USDC/WETH", "own_v2_fork USDC/WETH")
V3_POOLS = ("uniswap_v3 USDC/WETH 3000", "pancake_v3 USDC/WETH 500", "algebra USDC/WETH 500")

Starts = dict[str, tuple[str, bytes]]


def lent_to_anybody(desk: Desk, data: bytes) -> Starts:
    """Loans that their lenders give to whatever receiver is named: where to send what."""
    contracts, router, weth = desk.book.contracts, desk.router, desk.book.tokens["WETH"]
    simple = abi.encode_call(SIMPLE, router, weth, AMOUNT, data, 0)
    erc3156 = abi.encode_call(ERC3156, router, weth, AMOUNT, data)
    dai = abi.encode_call(ERC3156, router, desk.book.tokens["DAI"], AMOUNT, data)
    starts = {
        name: (contracts[name], simple) for name in ("aave_v3_pool", "spark_pool", "aave_v3_prime_pool")
    }
    starts["balancer_v2"] = (
        contracts["balancer_v2_vault"],
        abi.encode_call(VAULT, router, [weth], [AMOUNT], data),
    )
    starts["erc3156"] = (contracts["erc3156_lender_with_fee"], erc3156)
    starts["maker"] = (contracts["maker_dss_flash"], dai)
    # The second token of these pairs is WETH.
    flash_swap = abi.encode_call(SWAP, 0, AMOUNT, router, data or b"\x00")
    return starts | {name: (desk.record(name).address, flash_swap) for name in PAIRS}


@pytest.mark.parametrize("data", ["as the router writes it", "empty", "with a step that pays the thief"])
def test_a_stranger_cannot_make_a_lender_lend_to_the_router(desk: Desk, data: str) -> None:
    payment = place_pool(desk, "Schemer")
    hop = v3_through(payment, AMOUNT).encode()
    written = {
        "as the router writes it": loan_data(desk, AMOUNT),
        "empty": b"",
        "with a step that pays the thief": loan_data(desk, AMOUNT, steps=hop),
    }[data]
    with nothing_lost(desk, payment):
        for name, (lender, call) in lent_to_anybody(desk, written).items():
            assert refused(desk, THIEF, call, to=lender).name == "CallbackNotRegistered", name


def test_a_loan_of_nothing_or_of_many_tokens_is_refused_alike(desk: Desk) -> None:
    contracts, router = desk.book.contracts, desk.router
    tokens = sorted((desk.book.tokens[symbol] for symbol in ("WETH", "USDC", "DAI")), key=str.lower)
    vault = contracts["balancer_v2_vault"]
    nothing = abi.encode_call(VAULT, router, tokens, [0, 0, 0], loan_data(desk, 0))
    many = abi.encode_call(MANY, router, tokens, [1, 1, 1], [0, 0, 0], THIEF, loan_data(desk, 1), 0)
    with nothing_lost(desk):
        assert refused(desk, THIEF, nothing, to=vault).name == "CallbackNotRegistered"
        # Aave's other callback is no function of the router.
        assert refused(desk, THIEF, many, to=contracts["aave_v3_pool"]).name == "UnknownFunction"


def test_no_debt_can_be_opened_in_the_routers_name(desk: Desk) -> None:
    """Aave's loan of many tokens may end in a debt of somebody who delegated credit: the router never did."""
    weth, pool = desk.book.tokens["WETH"], desk.book.contracts["aave_v3_pool"]
    thief = accomplice(desk, answer=abi.encode("(bool)", True))
    call = abi.encode_call(MANY, thief, [weth], [AMOUNT], [2], desk.router, b"", 0)
    with nothing_lost(desk, thief):
        refused(desk, THIEF, call, to=pool)


def test_pools_that_call_back_their_caller_never_reach_the_router(desk: Desk) -> None:
    """The router is named as receiver, the thief is called back, and must pay for what he sent there."""
    for name in V3_POOLS:
        thief = accomplice(desk)
        call = abi.encode_call(FLASH, desk.router, 0, AMOUNT, loan_data(desk, AMOUNT))
        through = abi.encode_call("act(address,bytes)", desk.record(name).address, call)
        with nothing_lost(desk, thief):
            assert refused(desk, THIEF, through, to=thief).name != "CallbackNotRegistered", name


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_pool_that_a_running_plan_goes_through_cannot_start_one_either(desk: Desk, when: str) -> None:
    """Before its callback is made one is due, but not that of a lender; afterwards none is."""
    pool = place_pool(desk, "Schemer")
    acts = [Act(lender, call) for lender, call in lent_to_anybody(desk, loan_data(desk, AMOUNT)).values()]
    thief = accomplice(desk, *acts)
    turn = [turn_of(thief)]
    scheme(desk, pool, before=turn if when == "before" else (), after=turn if when == "after" else ())
    with nothing_lost(desk, pool, thief):
        sent(desk, OPERATOR, plan_of(v3_through(pool, 0)), gas=9_000_000)
        assert all_failed(desk, thief, acts)


OWN_LOANS = {
    "aave_v3": Opcode.AAVE_V3_LOAN,
    "balancer_v2": Opcode.BALANCER_V2_LOAN,
    "morpho_blue": Opcode.MORPHO_BLUE_LOAN,
}


@pytest.mark.parametrize("own", OWN_LOANS)
def test_no_other_loan_can_be_started_inside_the_routers_own(desk: Desk, own: str) -> None:
    """Its data are the very data of the running loan."""
    pool = place_pool(desk, "Schemer")
    inside: Step = v3_through(pool, 0)
    premium = AMOUNT * 5 // 10_000 if own == "aave_v3" else 0
    data = loan_data(desk, AMOUNT, steps=inside.encode())
    if own == "aave_v3":
        data = aave_data(desk, AMOUNT + premium, steps=inside.encode())
    acts = [Act(lender, call) for lender, call in lent_to_anybody(desk, data).values()]
    thief = accomplice(desk, *acts)
    scheme(desk, pool, before=[turn_of(thief)])
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], pool, ETHER)
    cover = Act(desk.book.tokens["WETH"], abi.encode_call("transfer(address,uint256)", desk.router, premium))
    loan = Loan(OWN_LOANS[own], AMOUNT, AMOUNT + premium, (inside,))
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], thief, ETHER)
    # The accomplice makes good the premium, so that the plan comes through to its end.
    plot(desk, thief, *acts, cover)
    with nothing_lost(desk, pool, thief):
        sent(desk, OPERATOR, plan_of(loan), gas=9_000_000)
        assert turns(desk, thief) == (1, 1)


POROUS = {
    "aave_v3": (Opcode.AAVE_V3_LOAN, "aave_v3_pool", "LoanNotOurs"),
    "erc3156": (Opcode.ERC3156_LOAN, "maker_dss_flash", "NotInitiator"),
    "balancer_v2": (Opcode.BALANCER_V2_LOAN, "balancer_v2_vault", "CallbackNotRegistered"),
}


@pytest.mark.parametrize("shape", POROUS)
def test_a_stranger_who_is_faster_than_the_lenders_own_callback_gains_nothing(desk: Desk, shape: str) -> None:
    """A lender without locks gives him a turn between its loan and its callback, when just that callback is
    due: he has the lender make it for a loan of his own, with the same data.
    """
    opcode, contract, error = POROUS[shape]
    lender = place(desk, "Thieves.PorousLender")
    other = desk_of(desk, **{contract: lender})
    weth = to_address(desk.book.tokens["WETH"])
    for holder in (lender, other.router):
        desk.node.set_erc20_balance(weth, holder, 20 * ETHER)
    data = loan_data(desk, AMOUNT)
    own_starts = {
        "aave_v3": abi.encode_call(SIMPLE, other.router, weth, AMOUNT, aave_data(other, AMOUNT), 0),
        "erc3156": abi.encode_call(ERC3156, other.router, weth, AMOUNT, data),
        "balancer_v2": abi.encode_call(VAULT, other.router, [weth], [AMOUNT], data),
    }
    act = Act(lender, own_starts[shape])
    thief = accomplice(desk, act)
    plan = plan_of(Loan(opcode, AMOUNT, AMOUNT, ()))
    assert other.simulate(plan) == 0
    sent(desk, THIEF, abi.encode_call("invite(address)", thief), to=lender)
    with nothing_lost(other, lender, thief):
        if shape == "balancer_v2":
            # It names no initiator: the thief's loan is taken for ours, and ours then for nobody's.
            with pytest.raises(Reverted, match=error):
                other.simulate(plan)
            refused(other, OPERATOR, plan)
        else:
            sent(other, OPERATOR, plan)
            assert all_failed(desk, thief, [act])
            assert refusal(desk, thief).name == error
