"""What the encoder takes for a clash of locks is one on chain too, and what it allows runs."""

from __future__ import annotations

import pytest

from devnet.node import ETHER
from executor.domain.address import to_address
from executor.domain.route import Funding
from executor.lenders.locks import clash, lender_lock
from executor.plan.format import Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import (
    BalancerV2Swap,
    BalancerV3Send,
    BalancerV3Settle,
    BalancerV3Swap,
    BalancerV3Unlock,
    Step,
    V2Swap,
    V3Swap,
    V4Settle,
    V4Swap,
    V4Take,
    V4Unlock,
)
from tests.contracts.lenders.loans import SOURCES
from tests.contracts.lenders.test_two_lenders import LOCKED
from tests.contracts.venues.hops import gift, plan, token
from tests.support.routers import Desk, Reverted

LOAN, SOLD = 5 * ETHER, ETHER
FUNDINGS = {
    "aave_v3": Funding.AAVE_V3,
    "spark": Funding.SPARK,
    "balancer_v2": Funding.BALANCER_V2,
    "balancer_v3": Funding.BALANCER_V3,
    "morpho_blue": Funding.MORPHO_BLUE,
    "uniswap_v4": Funding.UNISWAP_V4,
}


@pytest.mark.parametrize("name", FUNDINGS)
def test_the_encoder_refuses_just_the_second_loans_that_the_chain_refuses(name: str) -> None:
    """The other half is in the tests of two lenders: who is in `LOCKED` was tried there."""
    for other in FUNDINGS:
        expected = name == other and name in LOCKED
        assert clash(lender_lock(FUNDINGS[name]), lender_lock(FUNDINGS[other])) is expected


def balancer_v2_hop(desk: Desk) -> Step:
    pool_id = str(desk.record("balancer_v2 USDC/WETH").pool_id)
    return BalancerV2Swap(
        to_address(pool_id[:42]),
        "0x" + pool_id[42:],
        token(desk, "USDC"),
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        amount_in=SOLD,
    )


def v3_hop(desk: Desk, name: str) -> Step:
    pool = desk.pool(name)
    return V3Swap(
        pool.address,
        pool.zero_for_one(desk.token("WETH")),
        V3CallbackKind.UNISWAP,
        V3Amount.EXACT_IN,
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        amount=SOLD,
    )


def v2_hop(desk: Desk, name: str) -> Step:
    pool = desk.pool(name)
    return V2Swap(
        pool.address,
        pool.zero_for_one(desk.token("WETH")),
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        fee_bps=30,
        amount_in=SOLD,
    )


def v4_hop(desk: Desk) -> tuple[Step, ...]:
    usdc, weth, zero = token(desk, "USDC"), token(desk, "WETH"), to_address("0x" + "00" * 20)
    return (
        V4Swap(usdc, weth, 3000, 60, zero, False, SOLD),
        V4Take(usdc, Recipient.ROUTER),
        V4Settle(Payer.SETTLEMENT, SOLD),
    )


def balancer_v3_hop(desk: Desk) -> tuple[Step, ...]:
    pool, weth, usdc = desk.record("balancer_v3 USDC/WETH").address, token(desk, "WETH"), token(desk, "USDC")
    return (
        BalancerV3Swap(to_address(pool), weth, usdc, SOLD),
        BalancerV3Send(usdc, Recipient.ROUTER),
        BalancerV3Settle(Payer.SETTLEMENT, SOLD),
    )


def borrowed_for(desk: Desk, source: str, *hop: Step) -> bytes:
    """A plan whose loan pays for the hop, which somebody makes good."""
    return plan(SOURCES[source].loan(desk, "WETH", LOAN, *hop, gift(desk, token(desk, "WETH"), 2 * SOLD)))


def test_a_lender_that_is_locked_does_not_trade(desk: Desk) -> None:
    clashes = {
        "balancer_v2": (balancer_v2_hop(desk),),
        "uniswap_v3": (v3_hop(desk, "uniswap_v3 USDC/WETH 3000"),),
        "uniswap_v2": (v2_hop(desk, "uniswap_v2 USDC/WETH"),),
        "uniswap_v4": (V4Unlock(v4_hop(desk)),),
    }
    for source, hop in clashes.items():
        with pytest.raises(Reverted) as refused:
            desk.simulate(borrowed_for(desk, source, *hop))
        assert refused.value.reason.name not in ("ProfitBelowMinimum", "CallbackNotRegistered"), source


def test_another_pool_of_the_kind_trades_while_one_lends(desk: Desk) -> None:
    free = {
        "balancer_v3": (balancer_v2_hop(desk),),
        "uniswap_v3": (v3_hop(desk, "uniswap_v3 USDC/WETH 500"),),
        "uniswap_v2": (v2_hop(desk, "sushi_v2 USDC/WETH"),),
        "morpho_blue": (V4Unlock(v4_hop(desk)),),
    }
    for source, hop in free.items():
        expected = SOLD - SOURCES[source].fee(LOAN)
        assert desk.simulate(borrowed_for(desk, source, *hop)) == expected, source


def test_the_lock_that_a_loan_opened_serves_hops_as_well(desk: Desk) -> None:
    """Uniswap's without a second unlock, Balancer's with or without."""
    assert desk.simulate(borrowed_for(desk, "uniswap_v4", *v4_hop(desk))) == SOLD
    assert desk.simulate(borrowed_for(desk, "balancer_v3", *balancer_v3_hop(desk))) == SOLD
    again = BalancerV3Unlock(balancer_v3_hop(desk))
    assert desk.simulate(borrowed_for(desk, "balancer_v3", again)) == SOLD
