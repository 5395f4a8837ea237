"""A trade over several pools, or over several routes, is one plan, and earns what was forecast to the wei."""

from __future__ import annotations

import pytest

from devnet.market import trade
from devnet.node import ETHER
from executor.domain.errors import PlanError
from executor.domain.pool import Pool
from executor.domain.route import Funding, Leg, SizedRoute
from executor.domain.split import Part, SplitRoute
from executor.plan import decode, encode_several
from executor.plan.compile.several import compile_routes, compile_split
from executor.routing.sizing import best_size
from executor.routing.split import best_split
from tests.support.routers import FOREVER, Desk, Reverted
from tests.support.venue_pools import pool_of

PAIRS = ("uniswap_v2 USDC/WETH", "sushi_v2 USDC/WETH")
POOLS = ("uniswap_v3 USDC/WETH 500", "uniswap_v3 USDC/WETH 3000", "pancake_v3 USDC/WETH 500")


DEARER = {
    "uniswap_v2 USDC/WETH": 500_000,
    "sushi_v2 USDC/WETH": 100_000,
    "uniswap_v3 USDC/WETH 500": 9_000_000,
    "uniswap_v3 USDC/WETH 3000": 2_000_000,
    "pancake_v3 USDC/WETH 500": 2_000_000,
}
"""Dollars that make WETH a good deal dearer in a pool."""


def free(gas: int) -> int:
    return 0


def legs(desk: Desk, names: tuple[str, ...], symbol: str) -> tuple[Leg, ...]:
    return tuple(Leg(desk.pool(name), desk.token(symbol)) for name in names)


def make_dear(desk: Desk, name: str) -> None:
    """Somebody buys WETH in a pool."""
    trade(desk.node, desk.record(name), desk.book.tokens["USDC"], DEARER[name] * 10**6)


def pools_of(stages: tuple[tuple[Leg, ...], ...]) -> list[Pool]:
    return [leg.pool for stage in stages for leg in stage]


@pytest.mark.parametrize(("dear", "cheap"), [(PAIRS, POOLS), (POOLS, PAIRS), (PAIRS[:1], (*POOLS, PAIRS[1]))])
def test_a_divided_trade_earns_what_was_forecast_to_the_wei(
    desk: Desk, dear: tuple[str, ...], cheap: tuple[str, ...]
) -> None:
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 10_000 * ETHER)
    for name in dear:
        make_dear(desk, name)
    stages = (legs(desk, dear, "WETH"), legs(desk, cheap, "USDC"))
    states = desk.states(pools_of(stages))
    split = best_split(stages, states, gas_cost=free, cap=desk.balance("WETH"))
    assert split is not None
    assert sum(len(stage) for stage in split.route.stages) >= 3
    before, expected = desk.balance("WETH"), split.route.gross_profit

    calldata = encode_several(split.route, settlement_index=0, minimum_profit=expected, deadline=FOREVER)
    assert desk.simulate(calldata) == expected
    desk.execute(calldata)
    assert desk.balance("WETH") - before == expected > 0
    assert desk.balance("USDC") == 0


def test_a_divided_trade_earns_more_than_the_best_of_its_routes(desk: Desk) -> None:
    make_dear(desk, PAIRS[0])
    stages = (legs(desk, PAIRS[:1], "WETH"), legs(desk, (PAIRS[1], *POOLS), "USDC"))
    states = desk.states(pools_of(stages))
    split = best_split(stages, states, gas_cost=free)
    singles = [best_size(desk.route("WETH", (PAIRS[0], "WETH"), (name, "USDC")), states) for name in POOLS]

    assert split is not None
    assert split.route.gross_profit > max(amounts[-1] - amounts[0] for amounts in singles if amounts)


def test_a_pool_of_uniswap_v4_takes_its_part(desk: Desk) -> None:
    make_dear(desk, PAIRS[0])
    v4 = pool_of(desk, "uniswap_v4 USDC/WETH 3000", "USDC", "WETH")
    sell, buy = legs(desk, PAIRS[:1], "WETH"), (*legs(desk, POOLS[:1], "USDC"), Leg(v4, desk.token("USDC")))
    states = desk.states([leg.pool for leg in (*sell, *buy[:1])])
    sized = best_split((sell, buy[:1]), states, gas_cost=free, cap=10 * ETHER)
    assert sized is not None
    whole = sized.route.stages[1][0].amount_in
    halves = (Part(buy[1], whole // 2, 1), Part(buy[0], whole - whole // 2, 1))
    steps = compile_split(SplitRoute((sized.route.stages[0], halves)))
    before = desk.balance("WETH")

    calldata = encode_several(
        SplitRoute((sized.route.stages[0], halves)), settlement_index=0, minimum_profit=1, deadline=FOREVER
    )
    assert decode(calldata).steps == steps
    desk.execute(calldata)
    assert desk.balance("WETH") > before
    assert desk.balance("USDC") == 0


def test_routes_one_after_the_other_are_one_plan_and_earn_what_was_forecast(desk: Desk) -> None:
    for name in PAIRS:
        make_dear(desk, name)
    routes = [
        desk.route("WETH", (PAIRS[0], "WETH"), (POOLS[0], "USDC")),
        desk.route("WETH", (PAIRS[1], "WETH"), (POOLS[1], "USDC")),
    ]
    states = desk.states(leg.pool for route in routes for leg in route.legs)
    fundings = (Funding.INVENTORY, Funding.CALLBACK_CHAIN)
    sized = [
        SizedRoute(route, best_size(route, states, cap=50 * ETHER) or (), funding)
        for route, funding in zip(routes, fundings, strict=True)
    ]
    before, expected = desk.balance("WETH"), sum(each.gross_profit for each in sized)

    calldata = encode_several(sized, settlement_index=0, minimum_profit=expected, deadline=FOREVER)
    desk.execute(calldata)
    assert desk.balance("WETH") - before == expected > 0


def test_all_of_it_reverts_where_the_whole_earns_less_than_asked(desk: Desk) -> None:
    make_dear(desk, PAIRS[0])
    stages = (legs(desk, PAIRS[:1], "WETH"), legs(desk, POOLS, "USDC"))
    split = best_split(stages, desk.states(pools_of(stages)), gas_cost=free, cap=10 * ETHER)
    assert split is not None
    wanted = split.route.gross_profit + 1

    with pytest.raises(Reverted):
        desk.simulate(
            encode_several(split.route, settlement_index=0, minimum_profit=wanted, deadline=FOREVER)
        )


def test_routes_from_different_tokens_are_no_plan(desk: Desk) -> None:
    one = desk.route("WETH", (PAIRS[0], "WETH"), (PAIRS[1], "USDC"))
    other = desk.route("USDC", (PAIRS[0], "USDC"), (PAIRS[1], "WETH"))
    with pytest.raises(PlanError, match="one settlement token"):
        compile_routes(
            [SizedRoute(one, (1, 1, 2), Funding.INVENTORY), SizedRoute(other, (1, 1, 2), Funding.INVENTORY)]
        )
    with pytest.raises(PlanError, match="one settlement token"):
        compile_routes([])


def test_what_cannot_be_divided_is_refused(desk: Desk) -> None:
    sell, buy = legs(desk, PAIRS[:1], "WETH")[0], legs(desk, PAIRS[1:], "USDC")[0]
    taxed = Leg(buy.pool, buy.token_in, taxed=True)
    with pytest.raises(PlanError, match="cannot be divided"):
        compile_split(SplitRoute(((Part(sell, 5, 4),), (Part(taxed, 4, 6),))))
