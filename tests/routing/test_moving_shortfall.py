"""What a size through a pool whose fee moves may miss is bounded piece by piece, and the bound holds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.market import PoolState
from executor.domain.pool_details import CurveShape
from executor.domain.route import Leg, Route
from executor.domain.token import TransferFee
from executor.routing.searched_shortfall import searched_shortfall
from executor.routing.sizing import MAX_AMOUNT, best_size, forward
from executor.venues import marginal
from executor.venues.curve_crypto import WAD, CryptoState
from executor.venues.curve_pools import StableState
from tests.support.all_sizes import cycle_beside_a_pair, earned
from tests.support.market import states_of, token, v2_pool, v2_state
from tests.support.moving_pools import TERMS, crypto, moving_pools, off_peg

SOME = settings(max_examples=15, deadline=None)
Market = Mapping[str, PoolState]
MILLION = 10**24
FEE_PLACE = 10**10
"""Fees are whole numbers of this part of an amount."""


def beside_a_pair(
    state: CryptoState | StableState, gap: Fraction, depth: Fraction, *, turned: bool
) -> tuple[Route, Market]:
    """A cycle over the pool and a pair of the same tokens in which the second costs so much less; the pair
    stands first if `turned`.
    """
    given_out, taken = marginal(state, True)
    reserve = int(state.balances[0] * depth)
    other = int(reserve * Fraction(given_out, taken) * (1 / gap if not turned else gap))
    return cycle_beside_a_pair(state, (reserve, other), turned)


def require_bounded(route: Route, states: Market, chance: random.Random, cap: int = MAX_AMOUNT) -> int | None:
    """Whether no input, far or near, earns more than the bound says; the bound."""
    best = best_size(route, states, cap=cap)
    if best is None:
        return None
    bound = searched_shortfall(route, states, best, cap=cap)
    most = best[-1] - best[0]
    for _ in range(25):
        other = best[0] + int(best[0] * chance.choice((-1, 1)) * 10 ** chance.uniform(-12, 0.3))
        if bound is not None and 0 < other <= cap:
            assert earned(route, states, other) <= most + bound
    return bound


@SOME
@given(
    moving_pools(),
    st.integers(101, 140),
    st.fractions(Fraction(1, 10), 10, max_denominator=100),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_no_input_earns_more_than_the_bound_allows(
    state: CryptoState | StableState, gap: int, depth: Fraction, turned: bool, chance: random.Random
) -> None:
    require_bounded(*beside_a_pair(state, Fraction(gap, 100), depth, turned=turned), chance)


POOLS: dict[str, CryptoState | StableState] = {
    **{
        f"crypto {number}": crypto((MILLION, MILLION * 9 // 10), (18, 18), (WAD,), terms)
        for number, terms in enumerate(TERMS)
    },
    "three coins": crypto((10**13, 10**10, 10**24), (6, 8, 18), (10**5 * WAD, 10 * WAD), TERMS[3]),
    "a cubic of two": crypto(
        (MILLION, MILLION * 9 // 10), (18, 18), (WAD,), TERMS[0], CurveShape.CRYPTO_TWO_NG
    ),
    "a cubic of three": crypto(
        (10**13, 10**10, 10**24), (6, 8, 18), (10**5 * WAD, 10 * WAD), TERMS[3], CurveShape.CRYPTO_THREE_NG
    ),
    "off peg 2": off_peg((MILLION, MILLION * 3 // 4), (18, 18), 2),
    "off peg 10": off_peg((MILLION * 2 // 3, MILLION), (18, 18), 10, 2000_00),
}


@pytest.mark.parametrize(("name", "turned"), [(name, bool(at % 2)) for at, name in enumerate(POOLS)])
def test_the_bound_is_a_few_of_the_last_places_of_the_fee(name: str, turned: bool) -> None:
    """With every step of the fee what comes out falls back by that much: so much may be missed indeed."""
    route, states = beside_a_pair(POOLS[name], Fraction(103, 100), Fraction(2), turned=turned)
    best = best_size(route, states)
    assert best is not None
    bound = require_bounded(route, states, random.Random(7))

    assert bound is not None
    units = 40 * (1 + best[-1] // best[1])
    assert bound <= 6 * best[0] // FEE_PLACE + units
    assert bound < (best[-1] - best[0]) // 10**6 + units


def test_a_size_that_is_far_from_the_best_has_a_bound_that_says_so() -> None:
    route, states = beside_a_pair(POOLS["crypto 0"], Fraction(103, 100), Fraction(2), turned=False)
    best = best_size(route, states)
    assert best is not None
    missed = forward(route, states, best[0] * 9 // 10)
    bound = searched_shortfall(route, states, missed)
    missing = earned(route, states, best[0]) - earned(route, states, missed[0])

    assert bound is not None
    assert missing <= bound <= missing * 11 // 10


@pytest.mark.parametrize("part", [0.3, 0.8, 0.999999])
def test_under_a_cap_the_bound_is_as_small(part: float) -> None:
    route, states = beside_a_pair(POOLS["crypto 1"], Fraction(102, 100), Fraction(1), turned=True)
    free = best_size(route, states)
    assert free is not None
    cap = int(free[0] * part)
    bound = require_bounded(route, states, random.Random(3), cap)

    assert bound is not None
    assert bound <= 8 * cap // FEE_PLACE + 1_000


def test_through_a_token_that_keeps_a_part_the_bound_is_as_small() -> None:
    state = POOLS["crypto 0"]
    taxed = replace(state.pool.token1, transfer_fee=TransferFee(30))
    state = replace(state, pool=replace(state.pool, token1=taxed))
    route, states = beside_a_pair(state, Fraction(104, 100), Fraction(2), turned=False)
    route = Route((route.legs[0], replace(route.legs[1], taxed=True)))
    best = best_size(route, states)
    bound = require_bounded(route, states, random.Random(5))

    assert best is not None and bound is not None
    assert bound <= 8 * best[0] // FEE_PLACE


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["three coins", "off peg 10"])
def test_on_a_longer_way_with_a_lender_to_be_paid_the_bound_holds(name: str, first: int) -> None:
    """Wherever the pool stands on the way."""
    state, middle = POOLS[name], token(7, "MID")
    start, through = state.pool.token0, state.pool.token1
    given_out, unit = marginal(state, True)
    reserve = state.balances[0]
    onward = v2_state(MILLION, reserve * given_out // unit, v2_pool(900, middle, through, 500))
    back = v2_state(MILLION, reserve * 108 // 100, v2_pool(901, middle, start, 500))
    legs = [Leg(state.pool, start), Leg(onward.pool, through), Leg(back.pool, middle)]
    route, states = Route((*legs[first:], *legs[:first])), states_of(state, onward, back)

    def premium(amount: int) -> int:
        return -(-amount * 5 // 10_000)

    best = best_size(route, states, premium=premium)
    assert best is not None
    bound = searched_shortfall(route, states, best, premium=premium)
    assert bound is not None
    assert bound <= 8 * best[0] // FEE_PLACE + 60 * sum(1 + best[0] // amount for amount in best)
    most, chance = best[-1] - best[0] - premium(best[0]) + bound, random.Random(first)
    for _ in range(25):
        other = best[0] + int(best[0] * chance.choice((-1, 1)) * 10 ** chance.uniform(-12, -0.1))
        assert earned(route, states, other) - premium(other) <= most


@pytest.mark.parametrize("part", [90, 99])
@pytest.mark.parametrize(("name", "turned"), [("crypto 0", True), ("crypto 1", False), ("off peg 10", True)])
def test_a_second_lender_that_is_dearer_from_some_input_on_is_in_the_bound(
    name: str, turned: bool, part: int
) -> None:
    """Inputs that the first one can lend alone may earn more than their premium's chord lets expect."""
    route, states = beside_a_pair(POOLS[name], Fraction(102, 100), Fraction(2), turned=turned)
    free = best_size(route, states)
    assert free is not None
    has = free[0] * part // 100

    def premium(amount: int) -> int:
        return -(-max(amount - has, 0) * 9 // 10_000)

    bound = searched_shortfall(route, states, free, premium=premium)
    assert bound is not None
    most = free[-1] - free[0] - premium(free[0]) + bound
    others = (free[0] * share // 1_000 for share in range(10 * part - 30, 1_000, 13))
    assert all(earned(route, states, other) - premium(other) <= most for other in (has, *others))


def test_with_a_second_lender_the_bound_at_the_best_size_is_as_small() -> None:
    route, states = beside_a_pair(POOLS["crypto 0"], Fraction(102, 100), Fraction(2), turned=False)
    dear, units = best_size(route, states, premium=lambda amount: -(-amount * 9 // 10_000)), 1_000
    assert dear is not None
    has = dear[0] * 9 // 10

    def premium(amount: int) -> int:
        return -(-max(amount - has, 0) * 9 // 10_000)

    bound = searched_shortfall(route, states, dear, premium=premium)
    assert bound is not None
    assert bound <= 8 * dear[0] // FEE_PLACE + units
