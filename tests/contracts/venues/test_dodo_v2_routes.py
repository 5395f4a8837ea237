"""Routes over pools of DODO: who pays whom, with whose money, and that they earn what the maths promise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.node import ETHER
from executor.domain.errors import PlanError
from executor.domain.pool import Pool
from executor.domain.route import Funding, Leg, Route, SizedRoute
from executor.lenders.locks import leg_lock
from executor.plan import Custody, encode, explain
from executor.plan.compile import compile_route
from executor.plan.format import Payer, Recipient
from executor.plan.steps import DodoV2Swap, Step, Track
from executor.routing.sizing import forward
from executor.venues import read
from tests.support import dodo_pools
from tests.support.answers import read_from
from tests.support.routers import FOREVER, Desk
from tests.support.venue_pools import pool_of, sell

PAIR, TICKS, ACCOUNT = "uniswap_v2 USDC/WETH", "uniswap_v3 USDC/WETH 500", "uniswap_v4 USDC/WETH 3000"
SHAPES = {
    "maker, pair": ("dodo", PAIR),
    "maker, ticks": ("dodo", TICKS),
    "pair, maker": (PAIR, "dodo"),
    "ticks, maker": (TICKS, "dodo"),
    "account, maker": (ACCOUNT, "dodo"),
    "maker, another": ("dodo", "another"),
}


def sized(desk: Desk, shape: str, amount: int = ETHER) -> SizedRoute:
    """Ether for dollars and back, over a gap that somebody has just opened at the first pool."""
    first, second = SHAPES[shape]
    pools = [_pool(desk, name) for name in (first, second)]
    if first == "dodo":
        weth, usdc = (desk.token(symbol).address for symbol in ("WETH", "USDC"))
        placed = dodo_pools.Placed(pools[0].address, weth, usdc)
        dodo_pools.sell(desk.node, placed, 40_000 * 10**6, base_in=False)
    else:
        usdc, weth = (desk.token(symbol).address for symbol in ("USDC", "WETH"))
        sell(desk.node, desk.record(first), usdc, weth, 3_000_000 * 10**6)
    route = Route((Leg(pools[0], desk.token("WETH")), Leg(pools[1], desk.token("USDC"))))
    states = {pool.key: read_from(desk.node, read(pool)) for pool in pools}
    amounts = forward(route, states, amount)
    assert amounts[-1] > amounts[0]
    return SizedRoute(route, amounts, Funding.INVENTORY)


def _pool(desk: Desk, name: str) -> Pool:
    if name not in ("dodo", "another"):
        return pool_of(desk, name, "WETH", "USDC")
    token0, token1 = sorted(
        (desk.token(each) for each in ("WETH", "USDC")), key=lambda each: int(each.address, 16)
    )
    placed = dodo_pools.ether_dollars(desk.node, desk.book)
    return replace(placed.pool, token0=token0, token1=token1)


def earns(desk: Desk, plan: SizedRoute, custody: Custody = "pool_to_pool") -> None:
    """The plan, run for real, earns what it promises to the wei."""
    before = desk.balance("WETH")
    calldata = encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER, custody=custody)
    desk.execute(calldata)
    assert desk.balance("WETH") - before == plan.gross_profit, explain(calldata)


def sales(steps: tuple[Step, ...]) -> list[DodoV2Swap]:
    """The steps at pools of DODO, wherever they stand."""
    found = [step for step in steps if isinstance(step, DodoV2Swap)]
    return found + [sale for step in steps for sale in sales(step.inside)]


@pytest.mark.parametrize(
    ("shape", "custody"),
    [*((shape, "pool_to_pool") for shape in SHAPES), ("maker, another", "through_router")],
)
def test_a_route_earns_what_its_maths_promise(desk: Desk, shape: str, custody: Custody) -> None:
    earns(desk, sized(desk, shape), custody)


@pytest.mark.parametrize("shape", ["maker, pair", "ticks, maker"])
def test_a_loan_pays_for_it_as_well(desk: Desk, shape: str) -> None:
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 0)
    earns(desk, replace(sized(desk, shape), funding=Funding.MORPHO_BLUE))


@pytest.mark.parametrize("shape", ["pair, maker", "ticks, maker"])
def test_the_leg_before_pays_a_makers_pool_straight(desk: Desk, shape: str) -> None:
    plan = sized(desk, shape)
    last = sales(compile_route(plan))[-1]
    assert (last.payer, last.amount_in, last.recipient) == (Payer.NONE, None, Recipient.ROUTER)
    held = sales(compile_route(plan, custody="through_router"))[-1]
    assert (held.payer, held.token_in) == (Payer.TRACKED, desk.token("USDC").address)
    assert any(isinstance(step, Track) for step in compile_route(plan, custody="through_router"))


@pytest.mark.parametrize("shape", ["maker, pair", "maker, ticks", "account, maker"])
def test_a_route_whose_first_or_last_leg_gives_first_needs_no_money(desk: Desk, shape: str) -> None:
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 0)
    earns(desk, replace(sized(desk, shape), funding=Funding.CALLBACK_CHAIN))


@pytest.mark.parametrize("shape", ["pair, maker"])
def test_a_makers_pool_gives_nothing_before_it_is_paid(desk: Desk, shape: str) -> None:
    plan = replace(sized(desk, shape), funding=Funding.CALLBACK_CHAIN)
    with pytest.raises(PlanError, match="No leg of this route gives before it is paid"):
        compile_route(plan)


def test_a_makers_pool_is_locked_by_itself(desk: Desk) -> None:
    leg = sized(desk, "maker, pair").route.legs[0]
    assert leg_lock(0, leg).lock == f"pool {leg.pool.address}"


def test_the_plan_says_in_words_what_it_sells_and_to_whom(desk: Desk) -> None:
    words = "\n".join(
        explain(encode(sized(desk, "maker, another"), settlement_index=0, minimum_profit=1, deadline=1))
    )
    assert "of the base to DODO pool" in words
    assert "sell what arrived of the quote to DODO pool" in words
