"""The maths of StableSwap pools against the independent model of them: model-checked, to the unit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.errors import MathsError
from executor.domain.pool_details import CurveShape
from executor.venues import curve_pools, curve_stable
from executor.venues.curve_pools import StableState, State
from executor.venues.curve_stable import FEE_UNIT, RATE_UNIT, ROUNDINGS, KeptRate, Ramp
from tests.support.curve_states import direction, pool_of
from tests.support.curvesim import models

MANY = settings(max_examples=400)
SOME = settings(max_examples=100)
SHAPES = (
    CurveShape.STABLE,
    CurveShape.STABLE_ONCE,
    CurveShape.STABLE_CLASSIC,
    CurveShape.STABLE_FIRST,
    CurveShape.STABLE_LENT,
)
A_UNIT = 100


@st.composite
def states(draw: st.DrawFn, *shapes: CurveShape) -> StableState:
    """Pools of two to four coins from ten dollars of each to billions, up to a thousand to one apart, of 2
    to 18 decimals, with rates up to twice what the decimals say.
    """
    n = draw(st.integers(2, 4))
    decimals = draw(st.lists(st.sampled_from((2, 6, 8, 18)), min_size=n, max_size=n))
    worth = 10 ** draw(st.integers(22, 28))
    shares = draw(st.lists(st.integers(1, 1000), min_size=n, max_size=n))
    rates = tuple(10 ** (36 - places) * draw(st.integers(500, 2000)) // 1000 for places in decimals)
    return StableState(
        pool_of(tuple(decimals)),
        draw(st.sampled_from(shapes or SHAPES)),
        tuple(worth * share // 1000 * RATE_UNIT // rate for share, rate in zip(shares, rates, strict=True)),
        rates,
        draw(st.integers(1, 20_000)) * A_UNIT,
        draw(st.integers(0, 10**8)),
        draw(st.integers(0, FEE_UNIT)),
        draw(st.sampled_from((0, 0, 2 * 10**10, 5 * 10**10, 20 * 10**10))),
    )


class Model:
    """`curvesim`'s pool in the state, with the roundings of the pool's generation."""

    def __init__(self, state: StableState) -> None:
        rounding = curve_stable.ROUNDINGS[state.shape]
        self.keeps = rounding.keeps

        class Generation(models().StableSwap):  # type: ignore[misc]
            def get_D(self, xp: list[int], A: int) -> int:  # noqa: N802, N803
                if not (rounding.divides_once or rounding.adds):
                    return int(super().get_D(xp, A))
                return invariant(xp, A * self.n, rounding.divides_once)

        self.pool: Any = Generation(
            A=state.amplification // A_UNIT,
            D=list(state.balances),
            n=len(state.balances),
            rates=list(state.rates),
            fee=state.fee,
            fee_mul=state.offpeg or None,
            admin_fee=state.admin_fee,
        )

    def exchange(self, i: int, j: int, dx: int) -> int:
        return int(self.pool.exchange(i, j, dx)[0])


def invariant(xp: list[int], ann: int, once: bool) -> int:
    """D as the model finds it, but for the one rounding that it does not have."""
    n, total = len(xp), sum(xp)
    d, previous = total, 0
    while abs(d - previous) > 1:
        product = d
        for x in xp:
            product = product * d // (x if once else x * n + 1)
        product //= n**n if once else 1
        previous, d = d, (ann * total + product * n) * d // ((ann - 1) * d + (n + 1) * product)
    return d


@st.composite
def walks(draw: st.DrawFn, *shapes: CurveShape) -> tuple[StableState, list[tuple[int, int, int]]]:
    """A state and some trades in a row: coin in, coin out, and billionths of the balance of the coin in."""
    state = draw(states(*shapes))
    pairs = st.permutations(range(len(state.balances))).map(lambda order: (order[0], order[1]))
    parts = st.one_of(st.integers(1, 10**4), st.integers(1, 10**9), st.integers(1, 2 * 10**9))
    chosen = draw(st.lists(st.tuples(pairs, parts), min_size=4, max_size=8))
    return state, [(i, j, part) for (i, j), part in chosen]


def settles(state: StableState) -> bool:
    """False where D goes to and fro between two numbers: there the model would search for ever."""
    rounding = replace(ROUNDINGS[state.shape], stops=False)
    try:
        curve_stable.invariant(curve_stable.scaled(state), state.amplification, rounding)
    except ArithmeticError:
        return False
    return True


def stable(state: State) -> StableState:
    """The state, which is a StableSwap pool's."""
    assert isinstance(state, StableState)
    return state


@MANY
@given(walks(CurveShape.STABLE, CurveShape.STABLE_ONCE, CurveShape.STABLE_CLASSIC))
def test_exchanges_in_a_row_and_the_balances_after_each_are_the_models(
    walk: tuple[StableState, list[tuple[int, int, int]]],
) -> None:
    state, trades = walk
    assume(settles(state))
    model = Model(state)
    for i, j, part in trades:
        dx = max(1, state.balances[i] * part // 10**9)
        assume(settles(state))
        expected = model.exchange(i, j, dx)
        state, zero_for_one = direction(state, i, j)
        if expected < 0 or min(model.pool.balances) <= 0:
            break

        assert curve_pools.amount_out(state, zero_for_one, dx) == expected
        state = stable(curve_pools.after(state, zero_for_one, dx))
        assert list(state.balances) == model.pool.balances


@MANY
@given(walks())
def test_no_less_input_gives_the_same_where_the_fee_is_flat(
    walk: tuple[StableState, list[tuple[int, int, int]]],
) -> None:
    state, trades = walk
    assume(settles(state))
    state = replace(state, offpeg=0)
    for i, j, part in trades:
        state, zero_for_one = direction(state, i, j)
        wanted = max(1, state.balances[j] * part // (3 * 10**9))
        try:
            needed = curve_pools.amount_in(state, zero_for_one, wanted)
        except MathsError:
            continue
        assert curve_pools.amount_out(state, zero_for_one, needed) >= wanted
        for less in (1, 2, 3, 1000, needed // 10**6, needed // 1000):
            if 0 < less < needed:
                assert gives(state, zero_for_one, needed - less) < wanted


def gives(state: StableState, zero_for_one: bool, amount: int) -> int:
    """What comes out, nothing where the pool would revert."""
    try:
        return curve_pools.amount_out(state, zero_for_one, amount)
    except MathsError:
        return 0


@SOME
@given(walks())
def test_the_price_is_what_a_small_trade_gives(walk: tuple[StableState, list[tuple[int, int, int]]]) -> None:
    state, trades = walk
    assume(settles(state))
    for i, j, _ in trades:
        state, zero_for_one = direction(state, i, j)
        price = Fraction(*curve_pools.marginal(state, zero_for_one))
        dx = state.balances[i] // 10**6
        given_out = gives(state, zero_for_one, dx)
        if min(dx, given_out) <= 10**6:
            continue

        # The curve falls by no more than this over a millionth of a balance; the rest is rounding.
        assert abs(Fraction(given_out, dx) / price - 1) < Fraction(1, 10**3)


def test_the_least_input_is_the_least_of_all_of_a_small_pool() -> None:
    state = StableState(
        pool_of((18, 18)), CurveShape.STABLE, (5_000, 9_000), (RATE_UNIT, RATE_UNIT), 200, 10**7, 0
    )
    for zero_for_one in (True, False):
        given_out = [0] + [gives(state, zero_for_one, amount) for amount in range(1, 3_000)]
        for wanted in range(1, max(given_out) + 1):
            least = next(amount for amount, out in enumerate(given_out) if out >= wanted)
            assert curve_pools.amount_in(state, zero_for_one, wanted) == least


def test_a_pool_that_would_revert_is_refused_with_what_it_holds() -> None:
    state = StableState(
        pool_of((18, 18)), CurveShape.STABLE, (10**24, 10**23), (RATE_UNIT, RATE_UNIT), 200, 10**6, 0
    )
    for amount, problem in ((0, "positive"), (2**250, "more than a word")):
        with pytest.raises(MathsError, match=problem) as refused:
            curve_pools.amount_out(state, True, amount)
        assert refused.value.facts["balances"] == [10**24, 10**23]
    with pytest.raises(MathsError, match="does not hold so much"):
        curve_pools.amount_in(state, True, 10**24)


def test_where_the_admins_fee_is_not_known_the_pool_is_read_again_after_a_trade() -> None:
    state = StableState(
        pool_of((18, 18)), CurveShape.STABLE, (10**24, 10**24), (RATE_UNIT, RATE_UNIT), 20_000, 10**6
    )
    following = curve_pools.after(state, True, 10**20)

    assert Fraction(*curve_pools.marginal(following, True)) < Fraction(*curve_pools.marginal(state, True))
    with pytest.raises(MathsError, match="only the chain knows") as refused:
        curve_pools.amount_out(following, True, 10**20)
    assert "read the pool again" in refused.value.fix


def test_a_ramp_moves_a_by_the_second_and_ends() -> None:
    state = StableState(
        pool_of((18, 18)), CurveShape.STABLE, (10**24, 10**24), (RATE_UNIT, RATE_UNIT), 20_000, 10**6, 0
    )
    for before, after in ((20_000, 40_001), (40_001, 20_000)):
        ramping = replace(state, ramp=Ramp(before, after, 1_000, 2_000, 100))
        seconds = [stable(curve_pools.at(ramping, second)) for second in (1_000, 1_333, 2_000, 3_000)]
        moved = 20_001 * 333 // 1_000
        middle = before + moved if after > before else before - moved

        assert [each.amplification for each in seconds] == [before, middle, after, after]


def test_a_kept_virtual_price_holds_for_ten_minutes() -> None:
    kept = KeptRate(kept=10**18, fresh=10**18 + 7, since=1_000)
    state = StableState(
        pool_of((18, 18)), CurveShape.STABLE, (10**24, 10**24), (10**18, 10**18), 20_000, 10**6, 0
    )
    state = replace(state, kept_rate=kept)

    rates = [stable(curve_pools.at(state, second)).rates[-1] for second in (1_600, 1_601)]
    assert rates == [10**18, 10**18 + 7]
