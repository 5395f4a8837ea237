"""Balancer's powers and curves against decimals with many digits, and the search for the least input."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from math import isqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from executor.domain.errors import MathsError
from executor.venues.balancer_maths import (
    MAX_EXPONENT,
    ONE,
    power,
    power_down,
    power_up,
    weighted_in,
    weighted_invariant,
    weighted_out,
)
from executor.venues.balancer_stable_maths import (
    balance_for,
    first_invariant,
    invariant,
    slope,
    stable_in,
    stable_out,
)
from executor.venues.searching import least_input

bases = st.integers(10**14, 10**24)
exponents = st.integers(10**15, 20 * ONE)
amplifications = st.integers(1_000, 5_000_000)
live = st.lists(st.integers(10**21, 10**25), min_size=2, max_size=5)
weights = st.integers(ONE // 10, 9 * ONE // 10)


def true_power(x: int, y: int) -> Decimal:
    """x^y of 18 decimals, with sixty digits."""
    with localcontext() as context:
        context.prec = 60
        return (Decimal(x) / ONE) ** (Decimal(y) / ONE) * ONE


@given(bases, exponents)
def test_a_power_is_within_its_error_and_its_roundings_on_their_sides(x: int, y: int) -> None:
    exact = true_power(x, y)
    assume(1000 < exact < Decimal(MAX_EXPONENT) ** 2)
    raw = power(x, y)
    assert abs(raw - exact) <= exact / 10**14 + 1
    for shortcuts in (True, False):
        assert power_up(x, y, shortcuts) >= exact
    assert power_down(x, y) <= exact


@pytest.mark.parametrize("y", [1, 2, 4])
def test_whole_powers_are_multiplied_out_but_by_the_first_pools(y: int) -> None:
    x = 999_999_999_999_999_937
    exact = true_power(x, y * ONE)
    assert 0 <= power_up(x, y * ONE, True) - exact < 4
    assert power_up(x, y * ONE, False) - exact > 5_000


def test_a_power_out_of_bounds_is_refused() -> None:
    with pytest.raises(MathsError, match="bounds"):
        power(10**30, 10 * ONE)
    with pytest.raises(MathsError, match="bounds"):
        power(1, 2 * ONE)
    assert power(5 * ONE, 0) == ONE


@given(st.integers(10**20, 10**27), weights, st.integers(10**20, 10**27), st.integers(1, 300))
def test_what_a_weighted_pool_gives_costs_no_less_the_other_way(
    balance_in: int, weight: int, balance_out: int, thousandths: int
) -> None:
    pair = (balance_in, weight, balance_out, ONE - weight)
    amount = balance_in * thousandths // 1_000
    given_out = weighted_out(*pair, amount)
    assume(0 < given_out <= balance_out * 3 // 10)

    assert weighted_in(*pair, given_out) >= amount * (10**9 - 1) // 10**9 - 1
    with pytest.raises(MathsError, match="30 %"):
        weighted_out(*pair, balance_in * 301 // 1_000)
    with pytest.raises(MathsError, match="30 %"):
        weighted_in(*pair, balance_out * 301 // 1_000)


@given(st.integers(10**18, 10**30), st.integers(10**18, 10**30))
def test_the_invariant_of_equal_weights_is_the_root_of_the_product(x: int, y: int) -> None:
    found = weighted_invariant((ONE // 2, ONE // 2), (x, y))
    exact = isqrt(x * y)
    assert exact * (10**13 - 1) // 10**13 - 10**4 <= found <= exact


def found_invariant(amplification: int, balances: list[int]) -> int:
    """The invariant, where there is one: for some balances the search goes on between two values, and so it
    does on chain.
    """
    try:
        return invariant(amplification, balances)
    except MathsError:
        assume(False)
        raise


@given(amplifications, live)
def test_the_two_invariants_agree_to_some_units(amplification: int, balances: list[int]) -> None:
    found = found_invariant(amplification, balances)
    assert found <= sum(balances)
    try:
        first = first_invariant(amplification, balances)
    except MathsError:
        return
    assert abs(first - found) <= 10 + found // 10**15


@given(amplifications, live, st.integers(1, 900), st.data())
def test_a_stable_trade_and_its_way_back_meet(
    amplification: int, balances: list[int], thousandths: int, data: st.DataObject
) -> None:
    i, j = data.draw(st.permutations(range(len(balances))))[:2]
    d = found_invariant(amplification, balances)
    amount = balances[i] * thousandths // 1_000
    out = stable_out(amplification, balances, d, i, j, amount)
    assume(out > 10**6)
    assert out < balances[j]

    asked = stable_in(amplification, balances, d, i, j, out)
    assert abs(asked - amount) <= 10**6 + amount // 10**9
    assert abs(balance_for(amplification, balances, d, j) - balances[j]) <= 10 + balances[j] // 10**9


@given(amplifications, live)
def test_the_slope_is_what_a_small_trade_gets(amplification: int, balances: list[int]) -> None:
    d = found_invariant(amplification, balances)
    above, below = slope(amplification, balances, d, 0, 1)
    amount = balances[0] // 10**6
    ideal = amount * above // below
    assume(ideal > 10**12)
    given_out = stable_out(amplification, balances, d, 0, 1, amount)
    assert abs(ideal - given_out) <= ideal // 500


def test_a_stable_pool_gives_no_more_than_it_has() -> None:
    with pytest.raises(MathsError, match="does not hold"):
        stable_in(200_000, (10**20, 10**20), 2 * 10**20, 0, 1, 10**20)


def stairs(step: int, rise: int, limit: int) -> Callable[[int], int]:
    """An output that rises by `rise` every `step`, of a pool that takes at most `limit`."""

    def output(amount: int) -> int:
        if amount > limit:
            raise MathsError("too much.", fix="trade less")
        return amount // step * rise

    return output


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(1, 10**12), st.integers(1, 10**22))
def test_the_least_input_is_found_from_any_guess(step: int, rise: int, wanted: int, guess: int) -> None:
    answer = -(-wanted // rise) * step
    output = stairs(step, rise, 2 * max(answer, guess))
    assert least_input(output, guess, wanted) == answer


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(0, 10**6))
def test_an_input_just_before_the_limit_is_found(step: int, wanted: int, beyond: int) -> None:
    answer = wanted * step
    found = least_input(stairs(step, 1, answer + beyond), max(1, answer - 1 - beyond), wanted)
    assert found == answer


def test_what_no_amount_gives_is_refused() -> None:
    with pytest.raises(MathsError, match="too much"):
        least_input(stairs(1, 1, 1_000), 500, 1_001)
