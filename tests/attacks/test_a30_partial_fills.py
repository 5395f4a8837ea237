"""A30: a pool gives or takes less than the plan says, or is locked.

A V3 swap that stops at its price limit, or where the liquidity ends; a pool that is entered again in its own
callback; one pool as lender and as hop.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.node import ETHER
from executor.domain.errors import PlanError
from executor.domain.route import Funding
from executor.plan.format import Payer, Recipient, V2Output, V3Amount
from executor.plan.steps import Step, V2FlashSwap, V2Swap
from tests.attacks.scene import nothing_lost, refused, sent
from tests.attacks.steps import (
    V2_POOL,
    balancer_v2_swap,
    pool,
    v2_swap,
    v3_swap,
    v4_unlock,
)
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.lenders.loans import SOURCES
from tests.contracts.schemes import plan_of
from tests.contracts.venues.hops import gift, token
from tests.support.routers import OPERATOR, Desk

LOCKED = ("LOK", "UniswapV2: LOCKED", "BAL#400")


def price(desk: Desk) -> int:
    """sqrtPriceX96 of the V3 pool."""
    return int.from_bytes(desk.node.call(v3_swap(desk, 1).pool, bytes.fromhex("3850c7bd"))[:32], "big")


def sell_back(desk: Desk, dollars: int | None, literal: int | None = None) -> V2Swap:
    """USDC for WETH at a pair, paid by the V3 pool: the output as computed for `dollars`, or as named."""
    output = V2Output.COMPUTED if literal is None else V2Output.LITERAL
    return V2Swap(pool(desk, V2_POOL), True, Payer.NONE, Recipient.ROUTER, output, 30, dollars, literal)


@pytest.mark.parametrize("literal", [False, True])
def test_a_swap_that_stops_at_its_limit_pays_no_more_than_it_got_for_it(desk: Desk, literal: bool) -> None:
    """The hop behind it is asked for what came, or, with the literal amount of the whole fill, refuses."""
    near = price(desk) * 10_001 // 10_000
    first = replace(v3_swap(desk, 1), price_limit=near, recipient=Recipient.NEXT_POOL)
    second = sell_back(desk, None, 10**21 if literal else None)
    with nothing_lost(desk):
        for amount in (30 * ETHER, 40_000 * ETHER):
            reason = refused(desk, OPERATOR, plan_of(replace(first, amount=amount), second))
            assert reason.name == ("Error" if literal else "ProfitBelowMinimum")


def test_a_swap_beyond_the_last_liquidity_leaves_the_rest_where_it_was(desk: Desk) -> None:
    """The pool takes what it can use: of what remains not a wei is spent, and the profit rule decides."""
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 10**30)
    with nothing_lost(desk):
        reason = refused(desk, OPERATOR, plan_of(v3_swap(desk, 2**127 - 1)), gas=16_000_000)
        assert reason.name == "ProfitBelowMinimum"
        assert 0 < int(str(reason.args["balanceBefore"])) - int(str(reason.args["balanceAfter"])) < 10**30


def test_an_exact_output_that_a_pool_cannot_give_is_not_taken_for_given(desk: Desk) -> None:
    """Without enough liquidity a V3 pool gives less than it was asked for, and says so only in its answer."""
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 10**30)
    all_dollars = 10**18
    hop = v3_swap(desk, all_dollars, kind=V3Amount.EXACT_OUT, cap=2**127)
    named = sell_back(desk, all_dollars)
    with nothing_lost(desk):
        for follow in ((), (named,), (replace(named, amount_in=None),)):
            first = replace(hop, recipient=Recipient.NEXT_POOL) if follow else hop
            refused(desk, OPERATOR, plan_of(first, *follow), gas=16_000_000)


def inside(desk: Desk) -> dict[str, Step]:
    """A pool or Vault that is entered once more in its own callback."""
    pays = replace(v2_swap(desk, ETHER), recipient=Recipient.CALLER)
    return {
        "V3 pool in its callback": v3_swap(desk, ETHER, v3_swap(desk, ETHER)),
        "pair in its flash swap": V2FlashSwap(
            pool(desk, V2_POOL), False, V2Output.LITERAL, (v2_swap(desk, ETHER), pays), amount_out=1000
        ),
        "V3 pool that lends": SOURCES["uniswap_v3"].loan(desk, "WETH", ETHER, v3_swap(desk, ETHER)),
        "pair that lends": SOURCES["uniswap_v2"].loan(desk, "WETH", ETHER, v2_swap(desk, ETHER)),
        "Vault that lends": SOURCES["balancer_v2"].loan(desk, "WETH", ETHER, balancer_v2_swap(desk, ETHER)),
        "PoolManager that lends": SOURCES["uniswap_v4"].loan(desk, "WETH", ETHER, v4_unlock(desk, ETHER)),
    }


def test_a_pool_that_is_locked_undoes_the_plan(desk: Desk) -> None:
    # Enough of a gift that only the lock can be what stops the plan.
    present = gift(desk, token(desk, "WETH"), 10 * ETHER)
    with nothing_lost(desk):
        for name, step in inside(desk).items():
            reason = refused(desk, OPERATOR, plan_of(present, step))
            assert reason.name == "AlreadyUnlocked" or reason.args["message"] in LOCKED, name


@pytest.mark.parametrize("funding", [Funding.UNISWAP_V3_FLASH, Funding.UNISWAP_V2_FLASH])
def test_the_encoder_writes_no_plan_in_which_a_pool_lends_and_trades(desk: Desk, funding: Funding) -> None:
    found = earning_route(desk, "v2_v3")
    legs = {Funding.UNISWAP_V2_FLASH: 0, Funding.UNISWAP_V3_FLASH: 1}
    lender = found.route.legs[legs[funding]].pool
    with pytest.raises(PlanError, match="lock"):
        plan_for(replace(found, funding=funding, lender_pool=lender, premium=1), minimum=0)


def test_the_rest_of_a_loan_that_was_not_used_goes_back(desk: Desk) -> None:
    """The loan is for more than the limited swap takes: no more than that is missing afterwards."""
    present = gift(desk, token(desk, "WETH"), 2 * ETHER)
    limited = replace(v3_swap(desk, 10 * ETHER), price_limit=price(desk) * 1_000_001 // 1_000_000)
    loan = SOURCES["balancer_v2"].loan(desk, "WETH", 10 * ETHER, limited)
    before = desk.balance("WETH")
    with nothing_lost(desk):
        reason = refused(desk, OPERATOR, plan_of(loan))
        assert reason.name == "ProfitBelowMinimum"
        taken = before - int(str(reason.args["balanceAfter"]))
        assert 0 < taken < ETHER
        sent(desk, OPERATOR, plan_of(present, loan))
        assert desk.balance("WETH") == before + 2 * ETHER - taken
