"""The static model of gas adds up what a trade is made of; the benchmark of forecasts holds it against
receipts."""

from __future__ import annotations

from dataclasses import replace

from executor.config.chains import load_chain
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import Funding, Leg, Route
from executor.lenders import gas_overhead
from executor.routing.gas import (
    LOOP_SHARE,
    SHARED_LOCKS,
    THROUGH_ROUTER,
    between,
    loan_gas,
    route_gas,
)
from executor.venues import uniswap_v2
from tests.support.market import DAI, USDC, WETH, address, states_of, two_legs, v2_pool, v2_state

HEAVY = replace(USDC, transfer_gas=14_000)


def test_pools_that_pay_each_other_need_the_gas_of_their_legs() -> None:
    route = two_legs(v2_pool(100), v2_pool(101))
    states = states_of(*(v2_state(10**21, 10**12, leg.pool) for leg in route.legs))

    assert route_gas(route, states, (1, 1, 1)) == 2 * uniswap_v2.LEG_GAS


def test_a_token_that_is_dear_to_move_costs_more_on_any_route_through_it() -> None:
    pools = [v2_pool(number, token1=HEAVY) for number in (100, 101)]
    route = two_legs(pools[0], pools[1])
    states = states_of(*(v2_state(10**21, 10**12, pool) for pool in pools))

    assert route_gas(route, states, (1, 1, 1)) == 2 * uniswap_v2.LEG_GAS + 14_000


def test_what_goes_through_the_router_costs_for_each_token_on_the_way() -> None:
    first = v2_pool(100)
    curve = Pool("unnamed", VenueKind.CURVE, v2_pool(300).address, WETH, USDC, 0)

    assert between(two_legs(first, v2_pool(101))) == 0
    assert between(two_legs(first, curve)) == THROUGH_ROUTER
    taxed = Route((Leg(first, WETH), Leg(v2_pool(101), USDC, taxed=True)))
    assert between(taxed) == THROUGH_ROUTER


def test_a_third_leg_pays_once_what_two_were_measured_with() -> None:
    third = Route(
        (Leg(v2_pool(100), WETH), Leg(v2_pool(101, USDC, DAI), USDC), Leg(v2_pool(102, WETH, DAI), DAI))
    )

    assert between(third) == -LOOP_SHARE


def test_legs_within_one_lock_share_it() -> None:
    first, second = (
        Pool("unnamed", VenueKind.BALANCER_V3, address(number), WETH, USDC, 0) for number in (400, 401)
    )
    unlocked, adjacent = SHARED_LOCKS[VenueKind.BALANCER_V3]

    assert between(two_legs(first, second)) == THROUGH_ROUTER - unlocked - adjacent


def test_a_loan_moves_the_token_once_more() -> None:
    assert loan_gas(Funding.AAVE_V3, WETH) == gas_overhead(Funding.AAVE_V3)
    assert loan_gas(Funding.AAVE_V3, HEAVY) > gas_overhead(Funding.AAVE_V3)


def test_a_tokens_gas_is_no_part_of_what_it_is() -> None:
    assert replace(USDC, transfer_gas=1) == USDC
    assert load_chain("ethereum").token("USDC").transfer_gas > 0
