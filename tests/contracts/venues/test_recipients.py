"""Where outputs go: to whoever called, and straight into the next pool, which is not paid again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import (
    BalancerV2Swap,
    CurveExchange,
    DodoV2Swap,
    ERC4626Deposit,
    ERC4626Redeem,
    MakerPSMSwap,
    V2Swap,
)
from tests.contracts.venues.hops import ask, execute, gift, hand, held, plan, token, tracking
from tests.support import dodo_pools, peg_modules
from tests.support.routers import OPERATOR, Desk, Reverted

Hop = CurveExchange | BalancerV2Swap | ERC4626Deposit | ERC4626Redeem | DodoV2Swap | MakerPSMSwap
USDC_WETH = "balancer_v2 USDC/WETH"
THREE = "curve_stable DAI/USDC/USDT"


@dataclass(frozen=True)
class Case:
    """A hop that sells `sold` and gives `bought`, and the pair that sells that on for WETH."""

    sold: str
    amount: int
    bought: str
    pair: str
    make: Callable[[Desk, int], Hop]


def curve(desk: Desk, amount: int) -> Hop:
    """DAI for USDC."""
    pool, usdc = to_address(desk.record(THREE).address), token(desk, "USDC")
    dai = token(desk, "DAI")
    return CurveExchange(pool, 0, 1, usdc, Payer.TRACKED, Recipient.ROUTER, amount, dai)


def balancer(desk: Desk, amount: int) -> Hop:
    """WETH for USDC."""
    pool_id, weth = str(desk.record(USDC_WETH).pool_id), token(desk, "WETH")
    pool, tail = to_address(pool_id[:42]), "0x" + pool_id[42:]
    return BalancerV2Swap(pool, tail, token(desk, "USDC"), Payer.TRACKED, Recipient.ROUTER, amount, weth)


def deposit(desk: Desk, amount: int) -> Hop:
    """DAI for shares."""
    dai = token(desk, "DAI")
    return ERC4626Deposit(token(desk, "sDAI"), Payer.TRACKED, Recipient.ROUTER, amount, dai)


def redeem(desk: Desk, amount: int) -> Hop:
    """Shares for DAI."""
    return ERC4626Redeem(token(desk, "sDAI"), token(desk, "DAI"), Recipient.ROUTER, amount)


def change(desk: Desk, amount: int) -> Hop:
    """DAI for USDC, at a peg stability module."""
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    module = peg_modules.place(desk.node, dai, usdc)
    hand(desk, usdc, module.pocket, 10**9)
    payer, to = Payer.TRACKED, Recipient.ROUTER
    return MakerPSMSwap(module.address, 12, usdc, payer, to, amount, dai, buy=True)


def dodo(desk: Desk, amount: int) -> Hop:
    """WETH for USDC."""
    placed = dodo_pools.ether_dollars(desk.node, desk.book)
    return dodo_pools.swap(placed, amount, base_in=True, payer=Payer.TRACKED)


CASES = {
    "curve": Case("DAI", 900 * ETHER, "USDC", "uniswap_v2 USDC/WETH", curve),
    "balancer_v2": Case("WETH", ETHER, "USDC", "uniswap_v2 USDC/WETH", balancer),
    "dodo_v2": Case("WETH", ETHER, "USDC", "uniswap_v2 USDC/WETH", dodo),
    "deposit": Case("DAI", 900 * ETHER, "sDAI", "uniswap_v2 sDAI/WETH", deposit),
    "redeem": Case("sDAI", 900 * ETHER, "DAI", "uniswap_v2 DAI/WETH", redeem),
    "peg module": Case("DAI", 900 * ETHER, "USDC", "uniswap_v2 USDC/WETH", change),
}


def run(desk: Desk, case: Case, hop: Hop, *following: V2Swap) -> None:
    """The hops, in a plan that is given back what they cost."""
    sold = token(desk, case.sold)
    hand(desk, sold, desk.router, case.amount)
    execute(desk, tracking(sold, hop, *following, gift(desk, sold, case.amount)), settlement="USDT")


@pytest.mark.parametrize("name", CASES)
def test_the_caller_may_receive(desk: Desk, name: str) -> None:
    case = CASES[name]
    with desk.node.isolated():
        before = held(desk, token(desk, case.bought))
        run(desk, case, case.make(desk, case.amount))
        expected = held(desk, token(desk, case.bought)) - before
    run(desk, case, replace(case.make(desk, case.amount), recipient=Recipient.CALLER))
    assert held(desk, token(desk, case.bought), OPERATOR) == expected > 0


@pytest.mark.parametrize("name", CASES)
def test_the_next_pool_may_receive_and_is_told_how_much_it_got(desk: Desk, name: str) -> None:
    case = CASES[name]
    bought, weth = token(desk, case.bought), token(desk, "WETH")
    with desk.node.isolated():
        held_before = held(desk, bought)
        run(desk, case, case.make(desk, case.amount))
        arrived = held(desk, bought) - held_before
    pair = to_address(desk.record(case.pair).address)
    zero_for_one = ask(desk, pair, "token0()") == int(bought, 16)
    expected = constant_product(desk, pair, zero_for_one, arrived)
    onward = V2Swap(
        pair, zero_for_one, Payer.NONE, Recipient.EXPLICIT, V2Output.COMPUTED, fee_bps=30, to=OTHER
    )
    run(desk, case, replace(case.make(desk, case.amount), recipient=Recipient.NEXT_POOL), onward)
    assert held(desk, weth, OTHER) == expected > 0


def test_what_is_for_the_next_pool_needs_a_next_step(desk: Desk) -> None:
    """Behind the plan there are no bytes that name one."""
    behind = gift(desk, token(desk, "WETH"), ETHER)
    # Such a plan cannot be encoded: it is one that is cut off.
    whole = plan(replace(behind, recipient=Recipient.NEXT_POOL), behind)
    with pytest.raises(Reverted) as refused:
        desk.simulate(whole[: -len(behind.encode())])
    assert refused.value.reason.name == "PlanTruncated"


OTHER = to_address("0x" + "cd" * 20)


def constant_product(desk: Desk, pair: Address, zero_for_one: bool, amount: int) -> int:
    """What a pair at 30 basis points gives for `amount`."""
    tokens = [to_address(f"0x{ask(desk, pair, name):040x}") for name in ("token0()", "token1()")]
    reserves = [held(desk, each, pair) for each in tokens]
    reserve_in, reserve_out = reserves if zero_for_one else reversed(reserves)
    return amount * 997 * reserve_out // (reserve_in * 1000 + amount * 997)
