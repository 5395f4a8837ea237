"""The maths of crypto pools of two coins against the independent model of them, to the unit: model-checked.
Pools of three coins stand against mainnet's bytecode, in the tests of recorded state.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.errors import MathsError
from executor.domain.pool_details import CurveShape
from executor.venues import curve_crypto, curve_cubic, curve_pools
from executor.venues.curve_pools import CryptoState
from tests.support.curve_states import direction, pool_of
from tests.support.curvesim import models

MANY = settings(max_examples=300)
SOME = settings(max_examples=100)
WAD = 10**18
NEVER = 10**30
SHAPES = {
    2: (CurveShape.CRYPTO_TWO, CurveShape.CRYPTO_TWO_NG),
    3: (CurveShape.CRYPTO_THREE, CurveShape.CRYPTO_THREE_NG),
}
LEAST_NG_A, MOST_NG_GAMMA = 4_000, 2 * 10**15


@st.composite
def states(draw: st.DrawFn, n: int, shape: CurveShape) -> CryptoState:
    """Pools of a thousand dollars to billions, up to twenty to one apart, of any price and decimals."""
    decimals = tuple(draw(st.lists(st.sampled_from((6, 8, 18)), min_size=n, max_size=n)))
    worth = 10 ** draw(st.integers(22, 28))
    shares = draw(st.lists(st.integers(50, 1000), min_size=n, max_size=n))
    scale = tuple(draw(st.lists(st.integers(10**15, 10**23), min_size=n - 1, max_size=n - 1)))
    held = tuple(
        worth * share // 1000 * WAD // price // 10 ** (18 - places)
        for share, price, places in zip(shares, (WAD, *scale), decimals, strict=True)
    )
    assume(min(held) > 10**4)
    mid, out = sorted(draw(st.tuples(st.integers(10**5, 10**8), st.integers(10**5, 10**8))))
    state = CryptoState(
        pool_of(decimals, shape),
        shape,
        held,
        tuple(10 ** (18 - places) for places in decimals),
        scale,
        0,
        draw(st.integers(n**n * 1_000, n**n * 1_000_000)),
        draw(st.integers(10**11, MOST_NG_GAMMA)),
        mid,
        out,
        draw(st.integers(10**12, 10**17)),
    )
    return solved(state)


def solved(state: CryptoState) -> CryptoState:
    """The state with the D of its balances."""
    try:
        d = curve_crypto.invariant(
            state.amplification, state.gamma, curve_crypto.scaled(state, state.balances)
        )
    except ArithmeticError:
        assume(False)
    return replace(state, d=d)


walks = st.lists(
    st.tuples(st.booleans(), st.one_of(st.integers(10**3, 10**6), st.integers(10**6, 4 * 10**8))),
    min_size=3,
    max_size=6,
)


def model_of(state: CryptoState) -> Any:
    return models().CryptoSwap(
        A=state.amplification,
        gamma=state.gamma,
        n=len(state.balances),
        precisions=list(state.precisions),
        mid_fee=state.mid_fee,
        out_fee=state.out_fee,
        fee_gamma=state.fee_gamma,
        allowed_extra_profit=NEVER,
        adjustment_step=NEVER,
        ma_half_time=600,
        price_scale=list(state.price_scale),
        balances=list(state.balances),
    )


@MANY
@given(states(2, CurveShape.CRYPTO_TWO), walks)
def test_trades_in_a_row_and_what_they_leave_are_the_models(
    state: CryptoState, walk: list[tuple[bool, int]]
) -> None:
    # The model's price scale stands still.
    state = replace(state, repegs=False)
    model = model_of(state)
    assert state.d == model.D
    for zero_for_one, part in walk:
        i, j = (0, 1) if zero_for_one else (1, 0)
        dx = state.balances[i] * part // 10**9
        assume(dx > 10**5)
        try:
            given_out = curve_pools.amount_out(state, zero_for_one, dx)
            following = curve_pools.after(state, zero_for_one, dx)
        except MathsError:
            assume(False)
        assume(given_out > 10**5)
        assert model.exchange(i, j, dx)[0] == given_out
        assert isinstance(following, CryptoState)
        assert (model.balances, model.D) == (list(following.balances), following.d)
        state = following


@SOME
@pytest.mark.parametrize("n", [2, 3])
@given(st.data())
def test_the_root_of_the_cubic_is_what_newtons_method_finds(n: int, data: st.DataObject) -> None:
    newton, cubic = SHAPES[n]
    state = data.draw(states(n, newton))
    x = curve_crypto.scaled(state, state.balances)
    for j in range(n):
        try:
            expected = curve_crypto.balance_for(state, x, j)
            found = curve_crypto.balance_for(replace(state, shape=cubic), x, j)
        except ArithmeticError:
            continue
        assert abs(found - expected) <= max(expected, state.d) // 10**11 + 10


@SOME
@pytest.mark.parametrize("n", [2, 3])
@given(st.data())
def test_the_price_is_what_a_small_trade_gives(n: int, data: st.DataObject) -> None:
    state = data.draw(states(n, data.draw(st.sampled_from(SHAPES[n]))))
    i, j = data.draw(st.permutations(range(n)))[:2]
    state, zero_for_one = direction(state, i, j)
    dx = state.balances[i] // 10**5
    assume(dx > 10**6)
    try:
        given_out = curve_pools.amount_out(state, zero_for_one, dx)
    except MathsError:
        assume(False)
    assume(given_out > 10**6)
    price = Fraction(*curve_pools.marginal(state, zero_for_one))

    # Over a hundred-thousandth of the balance the curve falls by about a thousandth where gamma is least.
    assert abs(Fraction(given_out, dx) / price - 1) < Fraction(1, 100)


@SOME
@pytest.mark.parametrize("n", [2, 3])
@given(st.data())
def test_one_unit_less_than_what_is_asked_for_gives_less(n: int, data: st.DataObject) -> None:
    state = data.draw(states(n, data.draw(st.sampled_from(SHAPES[n]))))
    i, j = data.draw(st.permutations(range(n)))[:2]
    state, zero_for_one = direction(state, i, j)
    wanted = max(1, state.balances[j] // data.draw(st.integers(5, 10**6)))
    try:
        needed = curve_pools.amount_in(state, zero_for_one, wanted)
    except MathsError:
        assume(False)

    assert curve_pools.amount_out(state, zero_for_one, needed) >= wanted
    try:
        less = curve_pools.amount_out(state, zero_for_one, needed - 1)
    except MathsError:
        less = 0
    assert less < wanted


def balanced(shape: CurveShape = CurveShape.CRYPTO_TWO) -> CryptoState:
    """A million and a million dollars, at terms like mainnet's."""
    return solved(
        CryptoState(
            pool_of((18, 18), shape),
            shape,
            (10**24, 10**24),
            (1, 1),
            (WAD,),
            0,
            400_000,
            145 * 10**12,
            26 * 10**6,
            45 * 10**6,
            23 * 10**13,
        )
    )


def test_after_a_trade_the_price_is_known_and_the_next_trade_is_not() -> None:
    state = balanced()
    following = curve_pools.after(state, True, 10**22)

    assert Fraction(*curve_pools.marginal(following, True)) < Fraction(*curve_pools.marginal(state, True))
    for refused in (
        lambda: curve_pools.amount_out(following, True, 10**20),
        lambda: curve_pools.amount_in(following, True, 10**20),
        lambda: curve_pools.after(following, True, 10**20),
    ):
        with pytest.raises(MathsError, match="only the chain knows") as error:
            refused()
        assert "read the pool again" in error.value.fix


@pytest.mark.parametrize("shape", SHAPES[2])
def test_what_the_pool_does_not_reckon_with_is_refused(shape: CurveShape) -> None:
    state = balanced(shape)
    for amount, problem in ((0, "positive"), (10**30, "outside what the pool")):
        with pytest.raises(MathsError, match=problem) as refused:
            curve_pools.amount_out(state, True, amount)
        assert refused.value.facts["balances"] == [10**24, 10**24]
    with pytest.raises(MathsError):
        curve_pools.amount_in(state, True, 10**24)


def test_an_older_pool_refuses_so_little_that_its_search_does_not_see_it() -> None:
    with pytest.raises(MathsError, match="less than a unit"):
        curve_pools.amount_out(balanced(), True, 1)


def test_the_cube_root_of_a_cube_is_its_side() -> None:
    for side in (1, 2, 3, 7, 10**3, 10**6, 10**9, 10**15, 10**18):
        root = curve_cubic.cube_root(side**3 * WAD)
        assert abs(Fraction(root, side * WAD) - 1) < Fraction(1, 10**12)
