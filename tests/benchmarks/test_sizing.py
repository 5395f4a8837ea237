"""What the figures of sizes stand on: the same questions to both sides, and answers that are compared."""

from __future__ import annotations

import json

import pytest

from benchmarks.pools_in_memory import WETH, cycles, market
from benchmarks.sizing_blocks import ROUTES
from benchmarks.sizing_cases import STATES, Timing, check, cycle_of, quotes
from benchmarks.sizing_cases import question as asked
from executor.domain.market import V3State
from executor.venues import VENUES
from executor.venues.uniswap_v3 import quote


@pytest.fixture(scope="module")
def ours() -> dict[str, Timing]:
    """Our answers, without their times."""
    answers = {}
    for name, (key, amount) in quotes().items():
        state = STATES[key]
        answers[name] = Timing(answer=(VENUES[state.pool.kind].amount_out(state, True, amount),))
    for name in ("v2_v2", "v2_v3", "v3_v3"):
        amounts = cycle_of(name).solve()
        assert amounts is not None
        answers[name] = Timing(answer=(amounts[0], amounts[-1] - amounts[0]))
    return answers


def test_the_long_quote_moves_the_price_a_thousand_ticks() -> None:
    key, amount = quotes()["v3_quote_1000_ticks"]
    state = STATES[key]
    assert isinstance(state, V3State)
    done = quote(state, True, amount)

    assert 1_000 <= state.tick - done.tick < 1_100
    assert done.ticks_crossed >= 16


def test_every_cycle_earns(ours: dict[str, Timing]) -> None:
    assert all(ours[name].answer[1] > 10**17 for name in ("v2_v2", "v2_v3", "v3_v3"))


def test_another_quote_of_the_peer_is_noticed(ours: dict[str, Timing]) -> None:
    check(ours, ours)
    for name in quotes():
        other = {**ours, name: Timing(answer=(ours[name].answer[0] + 1,))}
        with pytest.raises(AssertionError, match=name):
            check(ours, other)


def test_a_size_of_the_peer_that_earns_more_is_noticed(ours: dict[str, Timing]) -> None:
    size, profit = ours["v2_v3"].answer
    with pytest.raises(AssertionError, match="v2_v3"):
        check(ours, {**ours, "v2_v3": Timing(answer=(size, profit + 10**12))})


def test_the_peer_is_told_of_the_same_pools_in_words_that_json_keeps() -> None:
    question = json.loads(json.dumps(asked()))
    state = STATES["pool_low"]
    assert isinstance(state, V3State)
    told = question["pools"]["pool_low"]

    assert {int(tick): int(net) for tick, net in told["ticks"].items()} == state.ticks
    assert int(told["sqrt_price_x96"]) == state.sqrt_price_x96
    assert set(question["pools"]) == set(STATES)


def test_the_cycles_of_a_block_are_all_different_and_start_and_end_in_one_token() -> None:
    routes = cycles(market(200), ROUTES)

    assert len({tuple(leg.pool.key for leg in route.legs) for route in routes}) == len(routes) == ROUTES
    assert {len(route.legs) for route in routes} == {2, 3}
    assert {route.settlement for route in routes} == {WETH}
