"""The pools of several routes between the same tokens, side by side."""

from __future__ import annotations

from dataclasses import replace

from executor.domain.route import Leg, Route
from executor.plan import encode_several
from executor.routing.candidates import pick
from executor.routing.candidates import routes as pair_routes
from executor.routing.split import best_split
from executor.routing.split_shortfall import split_shortfall
from executor.routing.ways import divided, stages_of
from tests.support.market import DAI, USDC, WETH, v2_pool, v2_state
from tests.support.side_by_side import RICH, States, free, parallel_routes, without_gap
from tests.support.solidly_pools import TOKENS, pool_state


def test_pools_side_by_side_earn_more_than_the_best_route_and_fit_into_one_plan() -> None:
    routes, states = parallel_routes()
    way, alone = divided(routes, states, gas_cost=free, most=RICH), pick(routes, states, gas_cost=free)

    assert way is not None and alone is not None
    assert way.net > alone.net
    assert [len(stage) for stage in way.route.stages] == [2, 3]
    assert encode_several(way.route, settlement_index=0, minimum_profit=1, deadline=1)


def test_nothing_is_divided_where_parts_do_not_pay_their_gas() -> None:
    routes, states = parallel_routes()

    assert divided(routes, states, gas_cost=lambda gas: gas * 10**14, most=RICH) is None


def test_a_divided_trade_takes_no_more_than_there_is() -> None:
    routes, states = parallel_routes()
    whole = divided(routes, states, gas_cost=free, most=RICH)
    capped = divided(routes, states, gas_cost=free, most=10**19)

    assert whole is not None and capped is not None
    assert capped.route.amount_in <= 10**19 < whole.route.amount_in


def every_way(states: States) -> list[Route]:
    """Every pool at either place."""
    pools = [state.pool for state in states.values()]
    return list(pair_routes(WETH, USDC, pools, pools))


def test_a_pool_that_could_stand_at_two_places_stands_where_it_is_worth_most() -> None:
    routes, states = parallel_routes()

    found = divided(every_way(states), states, gas_cost=free, most=RICH)

    assert found is not None
    assert found == divided(routes, states, gas_cost=free, most=RICH)


def test_a_pool_that_cannot_trade_takes_no_place_from_others() -> None:
    routes, states = parallel_routes()
    empty = v2_state(0, 0, v2_pool(300))
    states[empty.pool.key] = empty

    found = divided(every_way(states), states, gas_cost=free, most=RICH)

    assert found is not None
    assert found == divided(routes, states, gas_cost=free, most=RICH)


def test_a_place_that_no_pool_is_best_at_leaves_nothing_to_divide() -> None:
    _, states = parallel_routes()
    (first, second), (third, *_) = list(states.values())[:2], list(states.values())[2:]
    straight = Route((Leg(first.pool, WETH), Leg(third.pool, USDC)))
    turned = Route((Leg(third.pool, WETH), Leg(second.pool, USDC)))

    assert stages_of([turned, Route((Leg(second.pool, WETH), Leg(third.pool, USDC)))], states) is None
    assert stages_of([straight, turned], states) == (
        tuple(straight.legs[:1]),
        (straight.legs[1], turned.legs[1]),
    )


def test_routes_of_other_tokens_are_not_put_together() -> None:
    routes, states = parallel_routes()
    pools = [v2_pool(200, WETH, DAI), v2_pool(201, WETH, DAI)]
    other = Route((Leg(pools[0], WETH), Leg(pools[1], DAI)))

    assert stages_of([routes[0], other], states) is None
    assert stages_of([], states) is None
    assert stages_of(routes[:1], states) is None, "there is nothing to divide"


def test_a_token_that_keeps_a_part_is_not_divided() -> None:
    routes, states = parallel_routes()
    taxed = [Route((route.legs[0], replace(route.legs[1], taxed=True))) for route in routes]
    stages = stages_of(routes, states)
    assert stages is not None
    assert best_split(stages, states, gas_cost=free) is not None

    assert divided(taxed, states, gas_cost=free, most=RICH) is None


def test_without_a_gap_nothing_is_divided() -> None:
    routes, states = parallel_routes()

    assert divided(routes, without_gap(states), gas_cost=free, most=RICH) is None


def test_a_dust_pool_whose_quotes_are_alike_ends_no_search() -> None:
    """Anyone can put a lopsided stable pool of next to nothing beside a pair."""
    dust = pool_state(224_786, 486_941 * 10**12, True)
    reserves = ((90_655_013, 531_310), (1_833_927, 30_798), (5_227_531, 16_883))
    pairs = [
        v2_state(one, other, v2_pool(300 + place, *TOKENS, fee=500))
        for place, (one, other) in enumerate(reserves)
    ]
    beside, back = pairs[0], pairs[1:]
    states: States = {dust.pool.key: dust}
    states |= {state.pool.key: state for state in pairs}
    first = (Leg(dust.pool, TOKENS[0]), Leg(beside.pool, TOKENS[0]))
    routes = [Route((leg, Leg(state.pool, TOKENS[1]))) for leg in first for state in back]
    stages = stages_of(routes, states)
    assert stages is not None and [len(stage) for stage in stages] == [2, 2]

    found = divided(routes, states, gas_cost=free, most=RICH)

    assert found is not None
    assert found.net > 0
    assert split_shortfall(found.route, states) is None, "where rounding hides the price nothing is promised"
