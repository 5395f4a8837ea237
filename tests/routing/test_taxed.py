"""Routes through tokens that keep a part of each transfer: what arrives at each pool counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.address import to_address
from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import Leg, Route
from executor.domain.token import Token, TransferFee
from executor.routing.candidates import routes
from executor.routing.paths import best_path
from executor.routing.sizing import best_size, forward
from executor.routing.taxed import curve_into, given_for, taken, transfers_into
from executor.venues import amount_out
from executor.venues.pairing import ordered
from executor.venues.transfer_tax import arrives
from tests.support.market import USDC, WETH, states_of, token, v2_pool, v2_state, v3_pool
from tests.support.recorded import recorded_folder

TAXED = replace(token(3, "TAX"), transfer_fee=TransferFee(500))
EVEN = ((10**21, 10**24), (10**21, 10**24))
Market = Mapping[str, PoolState]
STEEP = replace(TAXED, transfer_fee=TransferFee(137, rounded_up=True))


def two_pairs(taxed: Token, first: tuple[int, int], second: tuple[int, int]) -> tuple[Route, Market]:
    """WETH for the taxed token in one pair and back in another."""
    pools = (v2_pool(100, WETH, taxed), v2_pool(101, WETH, taxed))
    route = Route((Leg(pools[0], WETH), Leg(pools[1], taxed, taxed=True)))
    return route, states_of(v2_state(*first, pools[0]), v2_state(*second, pools[1]))


def test_a_pair_that_is_paid_straight_costs_one_transfer_and_any_other_leg_two() -> None:
    last = v3_pool(102, USDC, TAXED)
    legs = (
        Leg(v2_pool(100, WETH, TAXED), WETH),
        Leg(last, TAXED, taxed=True),
        Leg(v2_pool(103, WETH, USDC), USDC),
    )
    route = Route(legs)
    assert [transfers_into(route, index) for index in range(3)] == [1, 2, 1]
    assert taken(route, 1, 10**6) == arrives(TAXED, 10**6, 2)
    assert taken(route, 2, 10**6) == given_for(route, 2, 10**6) == 10**6


@given(st.integers(10**6, 10**18), st.sampled_from([TAXED, STEEP]))
def test_what_arrives_at_each_pool_is_what_is_traded(amount: int, taxed: Token) -> None:
    route, states = two_pairs(taxed, *EVEN)

    start, bought, back = forward(route, states, amount)

    first, second = route.legs
    assert start == amount
    assert bought == amount_out(states[first.pool.key], True, amount)
    assert back == amount_out(states[second.pool.key], False, arrives(taxed, bought))


@pytest.mark.parametrize("taxed", [TAXED, STEEP])
@pytest.mark.parametrize("scale", [1, 7])
def test_the_best_size_is_within_a_unit_a_pool_of_the_best_of_all(taxed: Token, scale: int) -> None:
    route, states = two_pairs(taxed, (9_000 * scale, 26_000), (21_000 * scale, 9_100))

    def profit(amount: int) -> int:
        try:
            return forward(route, states, amount)[-1] - amount
        except MathsError:
            return 0

    best = max(range(1, 30_000), key=profit)
    found = best_size(route, states)
    assert found is not None
    assert found == forward(route, states, found[0])
    # The search steps over units that rounding swallows: one in each pool.
    assert 0 <= profit(best) - profit(found[0]) <= 2
    assert profit(best) > 1_000


def test_a_gap_that_the_fee_swallows_is_not_traded() -> None:
    gap = ((10**21, 103 * 10**22), (10**21, 10**24))
    route, states = two_pairs(TAXED, *gap)
    assert best_size(route, states) is None
    plain, plain_states = two_pairs(replace(TAXED, transfer_fee=None), *gap)
    assert best_size(Route(tuple(replace(leg, taxed=False) for leg in plain.legs)), plain_states) is not None


def test_a_token_whose_fee_is_not_known_is_refused_with_what_to_do() -> None:
    route, states = two_pairs(replace(TAXED, transfer_fee=None), *EVEN)
    with pytest.raises(MathsError) as refused:
        forward(route, states, 10**18)
    assert "transfer_fee" in refused.value.fix
    assert refused.value.facts["token"] == TAXED.address


def test_routes_between_two_pools_know_the_taxed_leg() -> None:
    pools = (v2_pool(100, WETH, TAXED), v2_pool(101, WETH, TAXED))
    for route in routes(WETH, TAXED, pools, pools):
        assert [leg.taxed for leg in route.legs] == [False, True]
        share = curve_into(route, 1)
        assert Fraction(share.k, share.m) == Fraction(95, 100)


def test_a_recorded_arbitrage_through_such_a_token_gives_what_it_gave() -> None:
    case = json.loads((recorded_folder() / "cases" / "atomic-arbitrage-19426586-2.json").read_text())
    legs = case["expected"]["legs"][:2]
    taxed = Token(1, to_address(legs[1]["tokenIn"]), "TAX", 18, TransferFee(500))
    tokens = [Token(1, to_address(legs[0]["tokenIn"]), "IN", 9), taxed]
    after = Token(1, to_address(legs[1]["tokenOut"]), "WETH", 18)
    states, made = [], []
    for leg, (sold, gets) in zip(legs, pairwise([*tokens, after]), strict=True):
        facts = case["pools"][leg["pool"]]
        token0, token1 = ordered(sold, gets)
        pool = Pool("recorded", VenueKind.UNISWAP_V2, to_address(leg["pool"]), token0, token1, 3_000)
        states.append(v2_state(int(facts["reserve0"]), int(facts["reserve1"]), pool))
        made.append(Leg(pool, sold, taxed=sold is taxed))
    # Closed by a pool that is not traded here: only the two pairs were recorded as they stood.
    made.append(Leg(v3_pool(999, *ordered(tokens[0], after)), after))
    route = Route(tuple(made))

    bought = amount_out(states[0], route.legs[0].zero_for_one, int(legs[0]["amountIn"]))
    arrived = taken(route, 1, int(legs[0]["amountOut"]))

    # The searcher took a little less of the first pair than it would have given.
    assert int(legs[0]["amountOut"]) <= bought
    assert arrived == int(legs[1]["amountIn"])
    assert amount_out(states[1], route.legs[1].zero_for_one, arrived) >= int(legs[1]["amountOut"])


def test_the_best_path_counts_what_such_a_token_keeps() -> None:
    """The wide gap lies behind the taxed token, and is smaller than its fee."""
    taxed_pools = (v2_pool(100, WETH, TAXED), v2_pool(101, WETH, TAXED))
    plain_pools = (v2_pool(102, WETH, USDC), v2_pool(103, WETH, USDC))
    states = states_of(
        v2_state(10**21, 103 * 10**22, taxed_pools[0]),
        v2_state(10**21, 10**24, taxed_pools[1]),
        v2_state(10**21, 102 * 10**10, plain_pools[0]),
        v2_state(10**21, 10**12, plain_pools[1]),
    )
    found = best_path((*taxed_pools, *plain_pools), states, WETH, gas_cost=lambda gas: gas)
    assert found.best is not None and found.optimal
    assert {leg.pool for leg in found.best.route.legs} == set(plain_pools)
