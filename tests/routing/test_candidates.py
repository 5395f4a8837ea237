"""From pools to the route that nets most."""

from __future__ import annotations

from math import isqrt

import pytest

from executor.routing.candidates import ROUTER_GAS, pick, route_gas, routes
from executor.routing.sizing import States
from executor.venues import uniswap_v2, uniswap_v3
from tests.support.market import DAI, USDC, WETH, Position, states_of, v2_pool, v2_state, v3_pool, v3_state

PAIR = v2_pool(100)
LOW_FEE, HIGH_FEE = v3_pool(200, fee=500), v3_pool(201, fee=10_000)
FULL_RANGE = [Position(-887_200, 887_200, 10**17)]


def market() -> States:
    """WETH costs 3,000 USDC on both V3 tiers, 3,150 on the pair."""
    price = isqrt((3_000 * 10**6 << 192) // 10**18)
    return states_of(
        v2_state(1_000 * 10**18, 3_150_000 * 10**6, PAIR),
        v3_state(price, FULL_RANGE, LOW_FEE),
        v3_state(price, FULL_RANGE, HIGH_FEE),
    )


def free_gas(gas: int) -> int:
    return 0


def test_every_buy_pool_meets_every_sell_pool_but_itself() -> None:
    found = routes(USDC, WETH, [PAIR, LOW_FEE], [LOW_FEE, HIGH_FEE])

    assert [[leg.pool for leg in route.legs] for route in found] == [
        [PAIR, LOW_FEE],
        [PAIR, HIGH_FEE],
        [LOW_FEE, HIGH_FEE],
    ]
    assert all(route.settlement == USDC for route in found)


def test_a_pool_of_other_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match="the next takes DAI"):
        routes(USDC, DAI, [PAIR], [LOW_FEE])


def test_of_several_tiers_the_one_that_nets_most_is_picked() -> None:
    best = pick(routes(USDC, WETH, [HIGH_FEE, LOW_FEE], [PAIR]), market(), gas_cost=free_gas)

    assert best is not None
    assert best.route.legs[0].pool == LOW_FEE
    assert best.profit == best.amounts[-1] - best.amounts[0] > 0
    assert best.net == best.profit


def test_the_order_of_the_tiers_does_not_matter() -> None:
    one = pick(routes(USDC, WETH, [HIGH_FEE, LOW_FEE], [PAIR]), market(), gas_cost=free_gas)
    other = pick(routes(USDC, WETH, [LOW_FEE, HIGH_FEE], [PAIR]), market(), gas_cost=free_gas)

    assert one == other


def test_gas_is_part_of_what_is_compared() -> None:
    """The second pair gives a little less than the V3 pool and needs a little less gas."""
    second = v2_pool(101)
    states = states_of(*market().values(), v2_state(2_000 * 10**18, 6_001_000 * 10**6, second))
    candidates = routes(USDC, WETH, [LOW_FEE, second], [PAIR])
    cheap = pick(candidates, states, gas_cost=free_gas)
    dear = pick(candidates, states, gas_cost=lambda gas: gas * 10**9)

    assert cheap is not None
    assert dear is not None
    assert dear.gas <= cheap.gas
    assert dear.route.legs[0].pool == second
    assert cheap.route.legs[0].pool == LOW_FEE


def test_a_route_that_only_gas_makes_a_loss_is_still_shown_with_its_loss() -> None:
    best = pick(routes(USDC, WETH, [LOW_FEE], [PAIR]), market(), gas_cost=lambda gas: 10**15)

    assert best is not None
    assert best.profit > 0 > best.net


def test_where_nothing_earns_there_is_no_candidate() -> None:
    assert pick(routes(USDC, WETH, [PAIR], [LOW_FEE, HIGH_FEE]), market(), gas_cost=free_gas) is None


def test_a_pool_that_is_empty_is_passed_over() -> None:
    empty = v2_pool(101)
    states = states_of(*market().values(), v2_state(0, 0, empty))
    best = pick(routes(USDC, WETH, [empty, LOW_FEE], [PAIR]), states, gas_cost=free_gas)

    assert best is not None
    assert best.route.legs[0].pool == LOW_FEE


def test_a_premium_and_a_cap_are_kept() -> None:
    best = pick(
        routes(USDC, WETH, [LOW_FEE], [PAIR]),
        market(),
        gas_cost=free_gas,
        cap=1_000 * 10**6,
        premium=lambda size: size // 2_000,
    )

    assert best is not None
    assert best.amounts[0] <= 1_000 * 10**6
    assert best.profit == best.amounts[-1] - best.amounts[0] - best.amounts[0] // 2_000


def test_gas_is_that_of_the_legs_and_of_the_router() -> None:
    best = pick(routes(USDC, WETH, [LOW_FEE], [PAIR]), market(), gas_cost=free_gas)

    assert best is not None
    assert route_gas(best.route, market(), best.amounts) == uniswap_v2.LEG_GAS + uniswap_v3.LEG_GAS
    assert best.gas == ROUTER_GAS + uniswap_v2.LEG_GAS + uniswap_v3.LEG_GAS
