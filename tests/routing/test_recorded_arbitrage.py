"""A recorded arbitrage: what its searcher took, and what was to be had."""

from __future__ import annotations

import json

import pytest

from executor.routing.sizing import best_size, forward
from tests.support.market import WETH, states_of, token, two_legs, v2_pool, v2_state
from tests.support.recorded import NOT_RECORDED, RECORDED

CASE = RECORDED / "cases" / "atomic-arbitrage-17666333-37.json"

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not CASE.exists(), reason=NOT_RECORDED),
]


def test_a_recorded_arbitrage_is_quoted_as_it_happened_and_sized_at_least_as_well() -> None:
    case = json.loads(CASE.read_text())
    legs = case["expected"]["legs"]
    other = token(2, "OTHER", 9)
    assert int(legs[0]["tokenIn"], 16) > int(legs[0]["tokenOut"], 16)
    pools = [v2_pool(100 + number, other, WETH) for number in range(2)]
    reserves = [case["pools"][leg["pool"]] for leg in legs]
    states = states_of(
        *(
            v2_state(int(held["reserve0"]), int(held["reserve1"]), pool)
            for held, pool in zip(reserves, pools, strict=True)
        )
    )
    route = two_legs(pools[0], pools[1], WETH)
    happened = forward(route, states, int(legs[0]["amountIn"]))
    best = best_size(route, states)

    assert happened[1] == int(legs[0]["amountOut"])
    assert happened[2] == int(legs[1]["amountOut"])
    taken = int(case["expected"]["grossProfitWei_WETHplusETHplusTip"])
    assert happened[2] - happened[0] == taken
    assert best is not None
    assert best[2] - best[0] >= int(case["expected"]["derivedByUs_optimalInput"]["profit"]) > taken
