"""Cycles of pairs: the closed form in whole numbers against brute force and against its own bound."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.lender import LenderTerms, Rounding
from executor.domain.route import Funding, Leg, Route
from executor.routing.constant_product import COARSE, Edge, backward, edge, forward, solve_row, solve_two
from executor.routing.moebius import root
from executor.routing.premium import LoanPremium, no_premium, repaid
from executor.routing.shortfall import shortfall
from executor.routing.sizing import best_size
from tests.support.market import DAI, USDC, WETH, address, states_of, two_legs, v2_pool, v2_state

UNBOUNDED = 2**112 - 1
fees = st.sampled_from([(997, 1_000), (9_975, 10_000), (1, 1)])
wei = st.integers(10**15, 10**27)
six_decimals = st.integers(10**6, 10**15)


@st.composite
def cycles_with_a_gap(draw: st.DrawFn, reserves: Sequence[st.SearchStrategy[int]]) -> list[Edge]:
    """Pairs around a cycle, one reserve of each token's size; the last pair is off the others' price by up to
    a third.
    """
    tokens = [draw(reserve) for reserve in reserves]
    edges = []
    for index, token in enumerate(tokens[:-1]):
        scale = draw(st.integers(1, 50))
        edges.append(edge(token * scale, tokens[index + 1] * scale, *draw(fees)))
    scale, gap = draw(st.integers(1, 50)), draw(st.integers(70, 140))
    return [*edges, edge(tokens[-1] * scale, tokens[0] * scale * gap // 100 + 1, *draw(fees))]


def earned(amounts: Sequence[int]) -> int:
    return amounts[-1] - amounts[0]


def most_by_amount_of_the_middle(edges: Sequence[Edge], highest: int) -> int:
    """The most that any input earns: each amount of the middle token is tried with its least input."""
    most = 0
    for amount in range(1, highest + 1):
        size = backward(edges[:1], amount)
        amounts = forward(edges, size) if size is not None else None
        most = max(most, earned(amounts) if amounts else 0)
    return most


@settings(max_examples=60)
@given(st.data())
def test_with_a_coarse_token_in_the_middle_no_neighbour_earns_more(data: st.DataObject) -> None:
    first, second = v2_pool(100), v2_pool(101)
    coarse, fine = st.integers(20, 60), st.integers(10**15, 10**18)
    edges = data.draw(cycles_with_a_gap((fine, coarse)))
    states = states_of(v2_state(edges[0][0], edges[0][1], first), v2_state(edges[1][1], edges[1][0], second))
    edges = [edge(edges[0][0], edges[0][1], 997, 1_000), edge(edges[1][0], edges[1][1], 997, 1_000)]
    best = best_size(two_legs(first, second), states)

    most = most_by_amount_of_the_middle(edges, edges[0][1] - 1)
    assert (earned(best) if best else 0) == most


@settings(max_examples=40)
@given(st.integers(10**3, 10**5), st.integers(10**3, 10**5), st.integers(5, 60), st.integers(0, 30))
def test_on_middling_pairs_nothing_earns_more_than_the_bound_allows(
    token0: int, token1: int, gap: int, rate: int
) -> None:
    first, second = v2_pool(100), v2_pool(101)
    terms = LenderTerms(Funding.AAVE_V3, address(9), WETH.address, rate, 10_000, Rounding.HALF_UP, UNBOUNDED)
    premium = LoanPremium(terms)
    states = states_of(v2_state(token0, token1, first), v2_state(token0 * (100 + gap) // 100, token1, second))
    edges = [edge(token0, token1, 997, 1_000), edge(token1, token0 * (100 + gap) // 100, 997, 1_000)]
    best = best_size(two_legs(first, second), states, premium=premium)

    most = 0
    for size in range(1, token0, max(1, token0 // 20_000)):
        amounts = forward(edges, size)
        if amounts is not None:
            most = max(most, earned(amounts) - premium(size))
    assert (most > 0) <= (best is not None)
    if best is not None:
        assert most <= earned(best) - premium(best[0]) + shortfall(best)


@given(st.data(), st.sampled_from([(wei, wei), (wei, six_decimals), (six_decimals, wei)]))
def test_two_large_pairs_are_solved_within_the_bound(
    data: st.DataObject, kinds: tuple[st.SearchStrategy[int], ...]
) -> None:
    first, second = data.draw(cycles_with_a_gap(kinds))
    amounts = solve_two(first, second, 1, 1, UNBOUNDED)
    assume(amounts)
    assert amounts

    assert amounts == forward((first, second), amounts[0])
    assert backward((first,), amounts[1]) == amounts[0]
    for shift in (*range(0, 60, 7), 33):
        for size in (amounts[0] + (1 << shift), amounts[0] - (1 << shift)):
            other = forward((first, second), size)
            assert other is None or earned(other) <= earned(amounts) + shortfall(amounts)


@given(st.data(), st.integers(3, 6), st.integers(0, 300))
def test_longer_rows_are_solved_within_the_bound(data: st.DataObject, length: int, rate: int) -> None:
    kinds = data.draw(st.lists(st.sampled_from([wei, six_decimals]), min_size=length, max_size=length))
    edges = data.draw(cycles_with_a_gap(kinds))
    num, den = 10_000 + rate, 10_000
    amounts = solve_row(edges, num, den, UNBOUNDED)
    assume(amounts)
    assert amounts

    def after_premium(tried: Sequence[int]) -> int:
        return earned(tried) - -(-tried[0] * rate // den)

    assert amounts == forward(edges, amounts[0])
    for shift in (*range(0, 60, 7), 33):
        for size in (amounts[0] + (1 << shift), amounts[0] - (1 << shift)):
            other = forward(edges, size)
            assert other is None or after_premium(other) <= after_premium(amounts) + shortfall(amounts)


@given(st.data())
def test_the_two_closed_forms_agree(data: st.DataObject) -> None:
    edges = data.draw(cycles_with_a_gap((wei, wei)))
    two = solve_two(edges[0], edges[1], 1, 1, UNBOUNDED)
    row = solve_row(edges, 1, 1, UNBOUNDED)
    assume(two and row)

    assert two == row


@given(st.data(), st.integers(1, 99))
def test_under_a_cap_the_cap_is_best(data: st.DataObject, percent: int) -> None:
    first, second = data.draw(cycles_with_a_gap((wei, wei)))
    free = solve_two(first, second, 1, 1, UNBOUNDED)
    assume(free and free[0] > 1_000 * COARSE)
    assert free
    cap = free[0] * percent // 100
    capped = solve_two(first, second, 1, 1, cap)
    assume(capped)
    at_cap = forward((first, second), cap)

    assert capped and at_cap
    assert capped[0] <= cap
    assert earned(at_cap) <= earned(capped) <= earned(free)


@given(st.integers(0, 2**600))
def test_the_root_is_never_too_small_and_exact_in_62_bits(square: int) -> None:
    exact = isqrt(square)

    assert exact <= root(square) <= exact + 1 + (exact >> 62)


@given(st.data())
def test_the_least_input_gives_the_amount_and_one_unit_less_does_not(data: st.DataObject) -> None:
    edges = data.draw(cycles_with_a_gap((wei, six_decimals, wei)))
    amounts = forward(edges, data.draw(st.integers(10**12, 10**15)))
    assume(amounts and amounts[-1] > 0)
    assert amounts
    size = backward(edges, amounts[-1])

    assert size is not None and size <= amounts[0]
    again, less = forward(edges, size), forward(edges, size - 1)
    assert again is not None and again[-1] == amounts[-1]
    assert less is None or less[-1] < amounts[-1]


def test_a_premium_of_a_lender_is_solved_for_with_its_own_rate() -> None:
    terms = LenderTerms(Funding.AAVE_V3, address(9), WETH.address, 5, 10_000, Rounding.UP, UNBOUNDED)

    assert repaid(LoanPremium(terms)) == (10_005, 10_000)
    assert repaid(no_premium) == (1, 1)
    assert repaid(lambda amount: amount // 7) is None


def test_a_premium_without_a_rate_is_searched_for_to_the_same_size() -> None:
    first, second, third = v2_pool(100), v2_pool(101, USDC, DAI), v2_pool(102, WETH, DAI)
    route = Route((Leg(first, WETH), Leg(second, USDC), Leg(third, DAI)))
    states = states_of(
        v2_state(10**21, 3 * 10**12, first),
        v2_state(10**13, 10**25, second),
        v2_state(102 * 10**19, 3 * 10**24, third),
    )
    terms = LenderTerms(Funding.AAVE_V3, address(9), WETH.address, 5, 10_000, Rounding.UP, UNBOUNDED)
    premium = LoanPremium(terms)
    solved = best_size(route, states, premium=premium)
    searched = best_size(route, states, premium=premium.__call__)

    assert solved is not None and searched is not None
    assert earned(searched) - premium(searched[0]) <= earned(solved) - premium(solved[0]) + shortfall(solved)
    assert abs(solved[0] - searched[0]) < 10**13
