"""Of several routes between the same tokens the best one is taken alone, or their pools side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from executor.domain.market import PoolState
from executor.domain.route import Leg, Route
from executor.plan import encode_several
from executor.routing.candidates import Candidate, pick
from executor.routing.candidates import routes as pair_routes
from executor.routing.premium import no_premium
from executor.routing.split import SplitSize, best_split
from executor.routing.ways import divided, stages_of
from tests.support.market import DAI, USDC, WETH, v2_pool, v2_state

RICH = 10**24
Market = dict[str, PoolState]


def free(gas: int) -> int:
    return 0


def market() -> tuple[list[Route], Market]:
    """Two pairs where WETH is dear, three where it is cheap: six routes."""
    reserves = ((10**21, 3_100), (2 * 10**21, 6_190), (10**21, 2_990), (10**20, 298), (10**21, 2_995))
    states = [v2_state(weth, usd * 10**9, v2_pool(100 + i)) for i, (weth, usd) in enumerate(reserves)]
    routes = [
        Route((Leg(first.pool, WETH), Leg(second.pool, USDC)))
        for first in states[:2]
        for second in states[2:]
    ]
    return routes, {state.pool.key: state for state in states}


def best_way(
    routes: list[Route],
    states: Mapping[str, PoolState],
    *,
    gas_cost: Callable[[int], int],
    inventory: int,
    cap: int | None = None,
    premium: Callable[[int], int] = no_premium,
) -> Candidate | SplitSize | None:
    """What the executor takes: the divided trade where it nets more than the best route alone."""
    alone = pick(routes, states, gas_cost=gas_cost, cap=cap, premium=premium)
    most = inventory if cap is None else min(inventory, cap)
    parted = divided(routes, states, gas_cost=gas_cost, most=most)
    return parted if parted is not None and (alone is None or parted.net > alone.net) else alone


def test_pools_side_by_side_are_taken_where_that_nets_more() -> None:
    routes, states = market()
    way, alone = best_way(routes, states, gas_cost=free, inventory=RICH), pick(routes, states, gas_cost=free)

    assert isinstance(way, SplitSize) and alone is not None
    assert way.net > alone.net
    assert [len(stage) for stage in way.route.stages] == [2, 3]
    assert encode_several(way.route, settlement_index=0, minimum_profit=1, deadline=1)


def test_one_route_alone_is_taken_where_parts_do_not_pay_their_gas() -> None:
    routes, states = market()
    way = best_way(routes, states, gas_cost=lambda gas: gas * 10**14, inventory=RICH)

    assert isinstance(way, Candidate)
    assert way == pick(routes, states, gas_cost=lambda gas: gas * 10**14)


def test_one_route_alone_is_taken_where_the_router_has_too_little_to_divide() -> None:
    routes, states = market()
    way = best_way(routes, states, gas_cost=free, inventory=10**15)

    assert way == pick(routes, states, gas_cost=free)


def test_a_divided_trade_takes_no_more_than_the_router_has_or_the_cap_allows() -> None:
    routes, states = market()
    for inventory, cap in ((10**19, None), (RICH, 10**19)):
        way = best_way(routes, states, gas_cost=free, inventory=inventory, cap=cap, premium=lambda paid: paid)
        assert isinstance(way, SplitSize), "a loan would cost all that is earned"
        assert way.route.amount_in <= 10**19


def every_way(states: Market) -> list[Route]:
    """Every pool at either place."""
    pools = [state.pool for state in states.values()]
    return list(pair_routes(WETH, USDC, pools, pools))


def test_a_pool_that_could_stand_at_two_places_stands_where_it_is_worth_most() -> None:
    routes, states = market()

    assert best_way(every_way(states), states, gas_cost=free, inventory=RICH) == best_way(
        routes, states, gas_cost=free, inventory=RICH
    )


def test_a_pool_that_cannot_trade_takes_no_place_from_others() -> None:
    routes, states = market()
    empty = v2_state(0, 0, v2_pool(300))
    states[empty.pool.key] = empty

    assert best_way(every_way(states), states, gas_cost=free, inventory=RICH) == best_way(
        routes, states, gas_cost=free, inventory=RICH
    )


def test_a_place_that_no_pool_is_best_at_leaves_nothing_to_divide() -> None:
    _, states = market()
    (first, second), (third, *_) = list(states.values())[:2], list(states.values())[2:]
    straight = Route((Leg(first.pool, WETH), Leg(third.pool, USDC)))
    turned = Route((Leg(third.pool, WETH), Leg(second.pool, USDC)))

    assert stages_of([turned, Route((Leg(second.pool, WETH), Leg(third.pool, USDC)))], states) is None
    assert stages_of([straight, turned], states) == (
        tuple(straight.legs[:1]),
        (straight.legs[1], turned.legs[1]),
    )


def test_routes_of_other_tokens_are_not_put_together() -> None:
    routes, states = market()
    pools = [v2_pool(200, WETH, DAI), v2_pool(201, WETH, DAI)]
    other = Route((Leg(pools[0], WETH), Leg(pools[1], DAI)))

    assert stages_of([routes[0], other], states) is None
    assert stages_of([], states) is None
    assert stages_of(routes[:1], states) is None, "there is nothing to divide"


def test_a_token_that_keeps_a_part_is_not_divided() -> None:
    routes, states = market()
    taxed = [Route((route.legs[0], replace(route.legs[1], taxed=True))) for route in routes]
    stages = stages_of(routes, states)
    assert stages is not None
    assert best_split(stages, states, gas_cost=free) is not None

    assert not isinstance(best_way(taxed, states, gas_cost=free, inventory=RICH), SplitSize)


def test_without_a_gap_there_is_no_way() -> None:
    routes, states = market()
    even = {key: v2_state(10**21, 3 * 10**12, state.pool) for key, state in states.items()}

    assert best_way(routes, even, gas_cost=free, inventory=RICH) is None
