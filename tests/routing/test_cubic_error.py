"""How far a balance that is the root of a cubic may be off is told by following each cut-off division."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.pool_details import CurveShape
from executor.routing.cubic_error import cubic_error
from executor.routing.near import CUBIC_UNITS, Near, UncertainError
from executor.venues import curve_crypto, curve_cubic
from executor.venues.curve_crypto import WAD, CryptoState
from tests.support.moving_pools import crypto_pools

MANY = settings(max_examples=100, deadline=None)
DIGITS = 110
CUBIC = st.sampled_from([CurveShape.CRYPTO_TWO_NG, CurveShape.CRYPTO_THREE_NG])


@st.composite
def nears(draw: st.DrawFn, least: int = -(10**30)) -> tuple[Near, int, Fraction]:
    """Bounds, and a whole and an exact number that they allow."""
    exact = Fraction(draw(st.integers(least, 10**30)), draw(st.integers(1, 10**6)))
    off = draw(st.integers(0, 10**6))
    whole = int(exact) + draw(st.integers(-off, off))
    off += 1
    low, high = (draw(st.integers(0, 10**9)) for _ in range(2))
    return Near(min(whole, int(exact)) - low - 1, max(whole, int(exact)) + high + 1, off), whole, exact


def cut_off(x: int, y: int) -> int:
    return x // y if (x >= 0) == (y > 0) else -(-x // y)


@MANY
@given(nears(), nears())
def test_bounds_hold_for_sums_products_and_quotients(
    first: tuple[Near, int, Fraction], second: tuple[Near, int, Fraction]
) -> None:
    (x, whole_x, exact_x), (y, whole_y, exact_y) = first, second
    results = [
        (x + y, whole_x + whole_y, exact_x + exact_y),
        (x - y, whole_x - whole_y, exact_x - exact_y),
        (x * y, whole_x * whole_y, exact_x * exact_y),
        (x.square(), whole_x**2, exact_x**2),
    ]
    if not y.low <= 0 <= y.high:
        results.append((x.over(y), cut_off(whole_x, whole_y), exact_x / exact_y))
    for near, whole, exact in results:
        assert near.low <= whole <= near.high
        assert near.low <= exact <= near.high
        assert abs(whole - exact) <= near.off


@settings(max_examples=40, deadline=None)
@given(nears(10**17))
def test_bounds_hold_for_roots(number: tuple[Near, int, Fraction]) -> None:
    near, whole, exact = number
    root = near.cubic_root()
    with localcontext(prec=DIGITS):
        real = Decimal(exact.numerator) / exact.denominator
        found = curve_cubic.cube_root(whole)
        assert root.low <= found <= root.high
        assert abs(found - (real * 10**36) ** (Decimal(1) / 3)) <= root.off
        assert (
            abs(Decimal(whole).sqrt().to_integral_value(rounding="ROUND_FLOOR") - real.sqrt())
            <= near.root().off
        )


@MANY
@given(st.integers(1, 2**254))
def test_the_contracts_cube_root_is_within_its_units_of_the_root(radicand: int) -> None:
    found = curve_cubic.cube_root(radicand)
    with localcontext(prec=DIGITS):
        real = (Decimal(radicand) * 10**36) ** (Decimal(1) / 3)
        scale = 10**12 if radicand >= curve_cubic.SMALL_RADICAND * WAD else 10**6
        assert abs(found - real) <= CUBIC_UNITS * (scale if radicand >= curve_cubic.SMALL_RADICAND else 1)


def test_nothing_is_said_where_a_divisor_may_be_zero_or_a_word_too_small() -> None:
    steps: list[Callable[[], Near]] = [
        lambda: Near(1, 2).over(Near(-1, 1)),
        lambda: Near(0, 2).root(),
        lambda: Near(-1, 2).cubic_root(),
        lambda: Near(2**128, 2**128) * Near(2**127, 2**127),
    ]
    for uncertain in steps:
        with pytest.raises(UncertainError):
            uncertain()


def root_of(state: CryptoState, others: list[int], near: int) -> Decimal:
    """The real balance beside `others`, by halving around one that is near."""
    d, gamma, n = Decimal(state.d), Decimal(state.gamma) / WAD, len(others) + 1
    share = Decimal(prod(others) * n**n) / d**n
    low, high = Decimal(near) * 9 / 10, Decimal(near) * 11 / 10
    while high - low > Decimal("0.01"):
        y = (low + high) / 2
        k0 = share * y
        k_times = Decimal(state.amplification) / 10_000 * k0 * gamma**2 / (gamma + 1 - k0) ** 2
        rises = sum(others) + y - d - d * (1 - k0) / k_times
        low, high = (y, high) if rises < 0 else (low, y)
    return low


@settings(max_examples=40, deadline=None)
@given(
    CUBIC.flatmap(crypto_pools),
    st.floats(-4, 0.3),
    st.floats(-6, -0.3),
    st.lists(st.floats(0, 1), max_size=3),
)
def test_every_balance_of_a_range_is_as_near_its_root_as_is_said(
    state: CryptoState, part: float, width: float, where: list[float]
) -> None:
    x, *rest = curve_crypto.scaled(state, state.balances)
    low = x + int(x * 10**part)
    high = low + int(low * 10**width)
    standing = [(value, value) for value in rest[:-1]]
    enough = state.d // 10**15
    found = cubic_error(state.amplification, state.gamma, state.d, [(low, high), *standing], enough)
    assert found is not None
    assert found[0] <= enough and not found[1]
    with localcontext(prec=DIGITS):
        for share in (0, *where, 1):
            others = [low + int((high - low) * share), *rest[:-1]]
            try:
                y = curve_crypto.balance_for(state, [*others, 0], len(others))
            except ArithmeticError:
                continue
            assert abs(root_of(state, others, y) - y) <= found[0] + 1
