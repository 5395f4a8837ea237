"""What a plan promises is what the chain does, to the wei, whatever the route, the money and the custody."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from devnet.market import trade
from devnet.node import ETHER
from executor.domain.pool import VenueKind
from executor.domain.route import Funding, Route, SizedRoute
from executor.plan import encode
from executor.plan.compile import Custody, Outputs
from executor.routing.sizing import forward
from executor.venues import amount_in
from tests.support.routers import FOREVER, Desk

ROUTES: dict[str, tuple[tuple[str, str], ...]] = {
    "v2_v2": (("uniswap_v2 USDC/WETH", "WETH"), ("sushi_v2 USDC/WETH", "USDC")),
    "v2_v3": (("uniswap_v2 USDC/WETH", "WETH"), ("uniswap_v3 USDC/WETH 3000", "USDC")),
    "v3_v2": (("uniswap_v3 USDC/WETH 3000", "WETH"), ("uniswap_v2 USDC/WETH", "USDC")),
    "v3_v3": (("uniswap_v3 USDC/WETH 500", "WETH"), ("uniswap_v3 USDC/WETH 3000", "USDC")),
    "v3_pancake": (("uniswap_v3 USDC/WETH 3000", "WETH"), ("pancake_v3 USDC/WETH 500", "USDC")),
    "v2_v3_v2": (
        ("uniswap_v2 DAI/WETH", "WETH"),
        ("uniswap_v3 DAI/USDC 100", "DAI"),
        ("sushi_v2 USDC/WETH", "USDC"),
    ),
    "v3_v2_v3": (
        ("uniswap_v3 USDC/WETH 500", "WETH"),
        ("uniswap_v2 DAI/USDC", "USDC"),
        ("uniswap_v3 DAI/WETH 3000", "DAI"),
    ),
    "v2_v2_v3": (
        ("uniswap_v2 DAI/WETH", "WETH"),
        ("uniswap_v2 DAI/USDC", "DAI"),
        ("pancake_v3 USDC/WETH 500", "USDC"),
    ),
    "v3_v3_v3": (
        ("uniswap_v3 DAI/WETH 3000", "WETH"),
        ("uniswap_v3 DAI/USDC 100", "DAI"),
        ("pancake_v3 USDC/WETH 500", "USDC"),
    ),
    "v2_v3_v2_v3": (
        ("uniswap_v2 WETH/USDT", "WETH"),
        ("uniswap_v3 USDC/USDT 100", "USDT"),
        ("uniswap_v2 DAI/USDC", "USDC"),
        ("uniswap_v3 DAI/WETH 3000", "DAI"),
    ),
    "v3_v2_v3_v2": (
        ("uniswap_v3 WETH/USDT 3000", "WETH"),
        ("sushi_v2 WETH/USDT", "USDT"),
        ("uniswap_v3 DAI/WETH 3000", "WETH"),
        ("sushi_v2 DAI/WETH", "DAI"),
    ),
    "v2_v2_v2": (
        ("uniswap_v2 DAI/WETH", "WETH"),
        ("uniswap_v2 DAI/USDC", "DAI"),
        ("sushi_v2 USDC/WETH", "USDC"),
    ),
}

FUNDINGS = (Funding.INVENTORY, Funding.CALLBACK_CHAIN, Funding.AAVE_V3, Funding.BALANCER_V2)


def sized(desk: Desk, route: Route, amount: int, funding: Funding) -> SizedRoute:
    """The route with the smallest inputs that give the amounts which `amount` gives."""
    states = desk.states(leg.pool for leg in route.legs)
    amounts = list(forward(route, states, amount))
    for index, leg in reversed(list(enumerate(route.legs))):
        enough = amount_in(states[leg.pool.key], leg.zero_for_one, amounts[index + 1])
        amounts[index] = min(amounts[index], enough)
    premium = (amounts[0] * 5 + 5000) // 10_000 if funding is Funding.AAVE_V3 else 0
    return SizedRoute(route, tuple(amounts), funding, premium)


def open_gap(desk: Desk, route: Route, dollars: int = 400_000) -> None:
    """Somebody sells a lot of WETH's counterpart where the route sells WETH, so that the route earns.

    Pools of the V3 shape are many times deeper here, so it takes more to move them.
    """
    first = route.legs[0]
    depth = 15 if first.pool.kind is VenueKind.UNISWAP_V3 else 1
    amount = dollars * depth * 10**first.token_out.decimals
    trade(desk.node, desk.record(_name(desk, first.pool.address)), first.token_out.address, amount)


def _name(desk: Desk, address: str) -> str:
    return next(record.name for record in desk.book.pools if record.address == address)


@pytest.mark.parametrize("funding", FUNDINGS)
@pytest.mark.parametrize("shape", ROUTES)
def test_profit_is_what_was_forecast_for_every_shape_and_funding(
    desk: Desk, shape: str, funding: Funding
) -> None:
    route = desk.route("WETH", *ROUTES[shape])
    open_gap(desk, route)
    plan = sized(desk, route, 5 * ETHER, funding)
    before = desk.balance("WETH")
    assert plan.gross_profit > 0
    calldata = encode(plan, settlement_index=0, minimum_profit=plan.gross_profit, deadline=FOREVER)
    simulated = desk.simulate(calldata)
    desk.execute(calldata)
    assert desk.balance("WETH") - before == simulated
    assert simulated == plan.gross_profit
    assert desk.allowance("WETH", desk.book.contracts["aave_v3_pool"]) == 0


@pytest.mark.parametrize("funding", [Funding.CALLBACK_CHAIN, Funding.AAVE_V3, Funding.BALANCER_V2])
@pytest.mark.parametrize("shape", ["v2_v2", "v2_v3", "v3_v2", "v3_v2_v3", "v2_v2_v2"])
def test_a_router_without_a_single_wei_still_earns_with_other_peoples_money(
    desk: Desk, shape: str, funding: Funding
) -> None:
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 0)
    route = desk.route("WETH", *ROUTES[shape])
    open_gap(desk, route)
    plan = sized(desk, route, 5 * ETHER, funding)
    desk.execute(encode(plan, settlement_index=0, minimum_profit=plan.gross_profit, deadline=FOREVER))
    assert desk.balance("WETH") >= plan.gross_profit


@pytest.mark.parametrize("shape", ["v2_v2", "v2_v3", "v3_v2", "v3_v3", "v2_v3_v2", "v3_v3_v3"])
@pytest.mark.parametrize("outputs", ["literal", "computed"])
def test_through_the_router_gives_the_same_as_pool_to_pool(desk: Desk, shape: str, outputs: Outputs) -> None:
    route = desk.route("WETH", *ROUTES[shape])
    open_gap(desk, route)
    plan = sized(desk, route, 3 * ETHER, Funding.INVENTORY)
    custodies: tuple[Custody, ...] = ("pool_to_pool", "through_router")
    results = [
        desk.simulate(
            encode(
                plan, settlement_index=0, minimum_profit=1, deadline=FOREVER, outputs=outputs, custody=custody
            )
        )
        for custody in custodies
    ]
    assert results == [plan.gross_profit, plan.gross_profit]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.sampled_from(sorted(ROUTES)),
    amount=st.integers(10**12, 20 * ETHER),
    gap=st.integers(20_000, 500_000),
    funding=st.sampled_from(FUNDINGS),
)
def test_simulated_equals_executed_to_the_wei_on_random_gaps_and_amounts(
    desk: Desk, shape: str, amount: int, gap: int, funding: Funding
) -> None:
    with desk.node.isolated():
        route = desk.route("WETH", *ROUTES[shape])
        open_gap(desk, route, gap)
        plan = sized(desk, route, amount, funding)
        assume(plan.gross_profit > 0)
        calldata = encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER)
        simulated, before = desk.simulate(calldata), desk.balance("WETH")
        desk.execute(calldata)
        assert desk.balance("WETH") - before == simulated
        assert simulated == plan.gross_profit


def test_computed_outputs_follow_a_market_that_moved_after_the_plan_was_made(desk: Desk) -> None:
    route = desk.route("WETH", *ROUTES["v2_v3"])
    open_gap(desk, route, 800_000)
    plan = sized(desk, route, 5 * ETHER, Funding.INVENTORY)
    # Somebody is faster and takes a little of the gap.
    trade(desk.node, desk.record("uniswap_v2 USDC/WETH"), desk.book.tokens["WETH"], ETHER)
    calldata = encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER, outputs="computed")
    assert 0 < desk.simulate(calldata) < plan.gross_profit
