"""The gas of whole trades by the static model."""

from __future__ import annotations

from dataclasses import replace

from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import V4Details
from executor.domain.route import OWN_MEANS, Funding, Route, SecondLoan, SizedRoute
from executor.domain.several import SizedSeveral
from executor.domain.token import Token
from executor.lenders import aave_v3, balancer_v2, gas_overhead
from executor.routing.funding import V2_CHAIN_GAS
from executor.routing.gas import ROUTER_GAS, route_gas
from executor.routing.plan_gas import (
    FURTHER_ROUTE,
    LENT_BEFORE,
    TOKEN_BEFORE,
    VAULT_BALANCE_BEFORE,
    VAULT_BEFORE,
    VAULT_SHARED,
    trade_gas,
)
from executor.venues.uniswap_v4_state import V4State
from tests.support.market import (
    DAI,
    USDC,
    WETH,
    address,
    states_of,
    two_legs,
    v2_pool,
    v2_state,
    v3_pool,
)

PAIRS_ONLY = two_legs(v2_pool(100), v2_pool(101))
NEEDED = 10**18
V4 = Funding.UNISWAP_V4
MANAGER = address(900)


def test_the_gas_of_a_whole_trade_is_that_of_the_route_and_of_whoever_pays_it() -> None:
    states = states_of(*(v2_state(10**21, 10**12, leg.pool) for leg in PAIRS_ONLY.legs))
    own = SizedRoute(PAIRS_ONLY, (NEEDED, 10**8, NEEDED), Funding.INVENTORY)
    chained, lent = (replace(own, funding=each) for each in (Funding.CALLBACK_CHAIN, Funding.AAVE_V3))
    both = replace(lent, second=SecondLoan(Funding.BALANCER_V2, NEEDED // 2))
    alone = trade_gas(own, states)

    assert alone == ROUTER_GAS + route_gas(PAIRS_ONLY, states, own.amounts)
    assert trade_gas(chained, states) == alone + V2_CHAIN_GAS
    assert trade_gas(lent, states) == alone + aave_v3.GAS_OVERHEAD
    assert trade_gas(both, states) == alone + aave_v3.GAS_OVERHEAD + balancer_v2.GAS_OVERHEAD


def test_the_gas_of_several_routes_is_that_of_each_with_the_router_paid_once() -> None:
    routes = [two_legs(v2_pool(number), v2_pool(number + 1)) for number in (100, 110, 120)]
    states = states_of(*(v2_state(10**21, 10**12, leg.pool) for route in routes for leg in route.legs))
    amounts = (NEEDED, 10**8, NEEDED)
    own = [SizedRoute(route, amounts, Funding.INVENTORY) for route in routes]
    lent = [replace(sized, funding=Funding.AAVE_V3) for sized in own]
    legs = sum(trade_gas(sized, states) - ROUTER_GAS for sized in own)

    assert trade_gas(several(*own), states) == ROUTER_GAS + legs + 2 * (FURTHER_ROUTE - TOKEN_BEFORE)
    assert trade_gas(several(own[0]), states) == trade_gas(own[0], states)
    once = trade_gas(several(lent[0], own[1], own[2]), states)
    thrice = trade_gas(several(*lent), states)
    assert thrice - once == 2 * (aave_v3.GAS_OVERHEAD - LENT_BEFORE[Funding.AAVE_V3])


def several(*parts: SizedRoute) -> SizedSeveral:
    return SizedSeveral(parts, tuple(range(len(parts))))


def test_no_second_loan_of_a_lender_is_for_nothing() -> None:
    assert set(LENT_BEFORE) == set(Funding) - OWN_MEANS - {Funding.ERC3156}
    assert all(0 < LENT_BEFORE[funding] < gas_overhead(funding) for funding in LENT_BEFORE)


def test_a_pool_that_lends_is_cheaper_a_second_time_only_if_it_is_the_same_one() -> None:
    routes = [two_legs(v2_pool(number), v2_pool(number + 1)) for number in (100, 110)]
    states = states_of(*(v2_state(10**21, 10**12, leg.pool) for route in routes for leg in route.legs))
    one, other = v3_pool(300), v3_pool(301)

    def total(*pools: Pool) -> int:
        kind = Funding.UNISWAP_V3_FLASH
        parts = [
            SizedRoute(route, (NEEDED, 10**8, NEEDED), kind, 1, pool)
            for route, pool in zip(routes, pools, strict=True)
        ]
        return trade_gas(several(*parts), states)

    assert total(one, other) - total(one, one) == LENT_BEFORE[Funding.UNISWAP_V3_FLASH]


def v4_pool(number: int, token1: Token = USDC) -> Pool:
    return Pool(
        "unnamed",
        VenueKind.UNISWAP_V4,
        MANAGER,
        WETH,
        token1,
        3_000,
        60,
        details=V4Details(3_000 + number, 60),
    )


def saved(first: Route, second: Route, funding: tuple[Funding, Funding] = 2 * (Funding.INVENTORY,)) -> int:
    """What the second route costs less behind the first than by itself, over what any further route costs."""
    states = states_of(
        *(
            V4State(leg.pool, 2**96, 0, 10**24, {}, -9_000, 9_000)
            if leg.pool.kind is VenueKind.UNISWAP_V4
            else v2_state(10**21, 10**21, leg.pool)
            for route in (first, second)
            for leg in route.legs
        )
    )
    parts = [SizedRoute(route, (9, 8, 9), each) for route, each in zip((first, second), funding, strict=True)]
    alone = sum(trade_gas(part, states) for part in parts) - ROUTER_GAS + FURTHER_ROUTE
    return alone - trade_gas(several(*parts), states)


def test_a_token_that_an_earlier_route_has_moved_is_not_dear_a_second_time() -> None:
    dear = replace(DAI, transfer_gas=20_000)
    over_dai, again = (
        two_legs(v2_pool(number, token1=dear), v2_pool(number + 1, token1=dear)) for number in (1, 5)
    )

    assert saved(over_dai, again) == 20_000 + TOKEN_BEFORE
    assert saved(over_dai, PAIRS_ONLY) == 0


def test_a_vault_that_an_earlier_route_has_traded_with_is_cheaper_and_so_are_its_balances() -> None:
    in_vault, in_pairs = two_legs(v2_pool(1), v4_pool(2)), two_legs(v2_pool(3), v2_pool(4))
    again, over_dai = two_legs(v2_pool(5), v4_pool(6)), two_legs(v2_pool(7, token1=DAI), v4_pool(8, DAI))

    assert saved(in_vault, in_pairs) == TOKEN_BEFORE
    assert saved(in_vault, again) == TOKEN_BEFORE + VAULT_BEFORE + 2 * VAULT_BALANCE_BEFORE
    assert saved(in_vault, over_dai) == VAULT_BEFORE + VAULT_BALANCE_BEFORE


def test_a_vault_that_lends_to_one_route_and_trades_with_another_is_cheaper_for_the_later() -> None:
    in_vault, over_dai = (
        two_legs(v2_pool(1), v4_pool(2)),
        two_legs(v2_pool(3, token1=DAI), v2_pool(4, token1=DAI)),
    )
    shared = VAULT_SHARED + VAULT_BALANCE_BEFORE

    assert saved(in_vault, over_dai, (Funding.INVENTORY, V4)) == shared
    assert saved(over_dai, in_vault, (V4, Funding.INVENTORY)) == shared
    assert saved(over_dai, PAIRS_ONLY, (V4, V4)) == LENT_BEFORE[V4]
