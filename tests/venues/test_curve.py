"""The first guess at sizes."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from executor.domain.market import V2State
from executor.venues import Curve, local_curve
from executor.venues.uniswap_v2 import amount_out
from tests.support.market import v2_states

factors = st.integers(1, 10**40)
curves = st.builds(Curve, factors, factors, factors)


def value(curve: Curve, x: int | Fraction) -> Fraction:
    return Fraction(curve.k * x) / (curve.m + curve.n * x)


@given(curves, curves, st.integers(1, 10**30))
def test_a_composed_curve_is_one_after_the_other(first: Curve, second: Curve, x: int) -> None:
    assert value(first.then(second), x) == value(second, value(first, x))


@given(curves, st.integers(1, 10**20))
def test_no_input_earns_more_than_the_optimum_and_its_neighbour(curve: Curve, other: int) -> None:
    assume(curve.gains)
    best = max(value(curve, x) - x for x in (curve.optimum, curve.optimum + 1))

    assert value(curve, other) - other <= best


@given(curves, st.integers(1, 10**20))
def test_a_curve_that_does_not_gain_loses_at_every_size(curve: Curve, x: int) -> None:
    assume(not curve.gains)

    assert value(curve, x) < x
    assert curve.optimum == 0


@given(v2_states(), v2_states(), st.integers(1, 10**24))
def test_two_pairs_in_a_row_give_no_more_than_their_curve(one: V2State, two: V2State, x: int) -> None:
    middle = amount_out(one, True, x)
    assume(middle > 0)
    curve, following = local_curve(one, True), local_curve(two, False)
    assert curve is not None
    assert following is not None

    assert amount_out(two, False, middle) <= value(curve.then(following), x)
