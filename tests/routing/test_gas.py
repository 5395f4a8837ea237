"""The static model of gas adds up what a trade is made of; the benchmark of forecasts holds it against
receipts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.config.chains import load_chain
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.route import Funding, Leg, Route
from executor.domain.token import Token
from executor.lenders import gas_overhead
from executor.routing.gas import (
    FURTHER_IN_VAULT,
    FURTHER_PART,
    LENDER_ON_ROUTE,
    LENDING_FORKS,
    LENDING_SLIPSTREAM,
    OTHER_TOKEN,
    SHARED_BALANCE,
    SHARED_LOCKS,
    STEPWISE,
    THROUGH_ROUTER,
    beside_legs,
    beside_parts,
    between,
    loan_gas,
    moving,
    route_gas,
)
from executor.venues import uniswap_v2
from tests.support.market import DAI, USDC, WETH, address, states_of, two_legs, v2_pool, v2_state

HEAVY = replace(USDC, transfer_gas=10_000)


def pool_of(kind: VenueKind, number: int, token0: Token = WETH, token1: Token = USDC) -> Pool:
    return Pool("unnamed", kind, address(number), token0, token1, 0)


def test_pools_that_pay_each_other_need_the_gas_of_their_legs() -> None:
    route = two_legs(v2_pool(100), v2_pool(101))
    states = states_of(*(v2_state(10**21, 10**12, leg.pool) for leg in route.legs))

    assert route_gas(route, states, (1, 1, 1)) == 2 * uniswap_v2.LEG_GAS


def test_a_token_that_is_dear_to_move_costs_once_and_for_each_transfer() -> None:
    straight = two_legs(v2_pool(100, token1=HEAVY), v2_pool(101, token1=HEAVY))
    stopping = two_legs(v2_pool(100, token1=HEAVY), pool_of(VenueKind.CURVE, 300, WETH, HEAVY))

    assert moving(HEAVY, 1) == 13_000
    assert beside_legs(straight) == moving(HEAVY, 1)
    assert beside_legs(stopping) - between(stopping) == moving(HEAVY, 2)


def test_a_pair_of_solidly_moves_its_fee_too() -> None:
    route = two_legs(v2_pool(100, token1=HEAVY), pool_of(VenueKind.SOLIDLY, 300, WETH, HEAVY))

    assert beside_legs(route) == moving(HEAVY, 2)


def test_what_stops_at_the_router_costs_for_each_token_that_does() -> None:
    first, curve = v2_pool(100), pool_of(VenueKind.CURVE, 300)

    assert between(two_legs(first, v2_pool(101))) == 0
    assert between(two_legs(first, curve)) == STEPWISE + THROUGH_ROUTER
    assert between(two_legs(curve, first)) == STEPWISE, "a curve can pay a pair straight"


def test_a_route_of_a_token_that_keeps_a_part_goes_step_by_step() -> None:
    taxed = Route((Leg(v2_pool(100), WETH), Leg(v2_pool(101), USDC, taxed=True)))

    assert between(taxed) == STEPWISE


def test_native_coin_stops_nowhere() -> None:
    ether = replace(WETH, address=address(0), symbol="ETH")
    wrapping = pool_of(VenueKind.WRAPPED_NATIVE, 200, ether, WETH)
    pool = pool_of(VenueKind.UNISWAP_V4, 201, ether, USDC)
    route = Route((Leg(v2_pool(100), USDC), Leg(wrapping, WETH), Leg(pool, ether)))

    assert between(route) == STEPWISE + THROUGH_ROUTER


def test_a_vault_that_holds_both_sides_writes_one_balance() -> None:
    first, second = (pool_of(VenueKind.BALANCER_V2, number) for number in (400, 401))

    assert between(two_legs(first, second)) == STEPWISE + THROUGH_ROUTER - 2 * SHARED_BALANCE


def test_legs_within_one_lock_share_it_and_move_nothing_between_them() -> None:
    first, second = (pool_of(VenueKind.BALANCER_V3, number, WETH, HEAVY) for number in (400, 401))
    unlocked, adjacent = SHARED_LOCKS[VenueKind.BALANCER_V3]
    route = two_legs(first, second)

    assert between(route) == STEPWISE - SHARED_BALANCE - unlocked - adjacent
    assert beside_legs(route) - between(route) == moving(HEAVY, 0)


def test_legs_of_one_lock_that_stand_apart_share_less() -> None:
    third = Route(
        (
            Leg(pool_of(VenueKind.UNISWAP_V4, 400, WETH, USDC), WETH),
            Leg(v2_pool(101, USDC, DAI), USDC),
            Leg(pool_of(VenueKind.UNISWAP_V4, 402, WETH, DAI), DAI),
        )
    )
    unlocked, _ = SHARED_LOCKS[VenueKind.UNISWAP_V4]

    assert between(third) == STEPWISE + THROUGH_ROUTER - SHARED_BALANCE - unlocked


def test_parts_side_by_side_stop_at_the_router_and_each_costs_a_transfer_more() -> None:
    first, second, beside = (Leg(v2_pool(100), WETH), Leg(v2_pool(101), USDC), Leg(v2_pool(102), USDC))

    assert beside_parts([[first], [second]]) == beside_legs(Route((first, second)))
    assert beside_parts([[first], [second, beside]]) == STEPWISE + THROUGH_ROUTER + FURTHER_PART


@pytest.mark.parametrize("kind", FURTHER_IN_VAULT)
def test_parts_of_one_vault_save_what_it_has_touched(kind: VenueKind) -> None:
    first = Leg(pool_of(kind, 400), WETH)
    legs = [Leg(pool_of(kind, number), USDC) for number in (401, 402)]
    apart = [Leg(v2_pool(number), USDC) for number in (101, 102)]

    assert beside_parts([[first], legs]) == beside_parts([[first], apart]) - 2 * FURTHER_IN_VAULT[kind]


def test_a_loan_moves_the_token_twice_more() -> None:
    assert loan_gas(Funding.AAVE_V3, WETH) == gas_overhead(Funding.AAVE_V3)
    assert loan_gas(Funding.AAVE_V3, HEAVY) == gas_overhead(Funding.AAVE_V3) + 6_000


def test_a_loan_of_a_vault_on_the_route_saves_its_balance() -> None:
    route = two_legs(v2_pool(100), pool_of(VenueKind.BALANCER_V2, 300))
    free, shared = (
        loan_gas(funding, WETH, route=route) - loan_gas(funding, WETH)
        for funding in (Funding.MORPHO_BLUE, Funding.BALANCER_V2)
    )

    assert (free, shared) == (0, -LENDER_ON_ROUTE)


def test_a_pool_that_lends_touches_its_other_token() -> None:
    route = two_legs(v2_pool(100), v2_pool(101))
    funding = Funding.UNISWAP_V2_FLASH
    plain = gas_overhead(funding) - OTHER_TOKEN[funding]
    dear = replace(DAI, transfer_gas=10_000)

    assert loan_gas(funding, WETH, route=route, pool=v2_pool(103)) == plain
    assert loan_gas(funding, WETH, route=route, pool=v2_pool(103, WETH, dear)) == plain + 10_000


def test_a_forks_pool_lends_for_another_gas() -> None:
    funding = Funding.UNISWAP_V3_FLASH
    usual = Pool("unnamed", VenueKind.UNISWAP_V3, address(500), WETH, USDC, 500, 10)
    fork = replace(usual, callback=V3Callback.PANCAKE)
    slipstream = replace(usual, tick_spacing=100)

    of_usual, of_fork, of_slipstream = (
        loan_gas(funding, WETH, pool=pool) for pool in (usual, fork, slipstream)
    )
    assert of_fork - of_usual == LENDING_FORKS[V3Callback.PANCAKE]
    assert of_slipstream - of_usual == LENDING_SLIPSTREAM


def test_a_tokens_gas_is_no_part_of_what_it_is() -> None:
    assert replace(USDC, transfer_gas=1) == USDC
    assert load_chain("ethereum").token("USDC").transfer_gas > 0
