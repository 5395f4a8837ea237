"""What a searched size may miss is bounded by quotes on either side of it, and the bound holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, localcontext

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import BalancerV2Details, CurveDetails, CurveShape
from executor.domain.route import Route
from executor.routing.searched_shortfall import searched_shortfall
from executor.routing.sizing import MAX_AMOUNT, best_size, forward
from executor.routing.slack import slack
from executor.venues import amount_out, curve_stable
from executor.venues.balancer_curves import StableCurve, WeightedCurve
from executor.venues.balancer_v2_state import BalancerV2State
from executor.venues.curve_pools import StableState
from executor.venues.solidly_maths import FEE_BASIS, Side, normalised, product
from executor.venues.solidly_state import SolidlyState
from tests.support.all_sizes import cycle_beside_a_pair, earned
from tests.support.curve_states import pool_of
from tests.support.market import DAI, WETH, address
from tests.support.solidly_pools import pool_state, sizes, usual_pools

MANY = settings(max_examples=150, deadline=None)
DIGITS = 120
ONE = 10**18
FEW_UNITS = 40

Market = Mapping[str, PoolState]


def stable(balances: tuple[int, int], offpeg: int = 0) -> StableState:
    """A StableSwap pool of a coin of 18 decimals and one of 6, with balances in whole coins."""
    amounts, shape = (balances[0] * ONE, balances[1] * 10**6), CurveShape.STABLE
    return StableState(pool_of((18, 6), shape), shape, amounts, (ONE, 10**30), 200_00, 4_000_000, 0, offpeg)


def weighted(balances: tuple[int, int], shares: tuple[int, int]) -> BalancerV2State:
    """A weighted pool of WETH and DAI, with balances in smallest units and weights in percent."""
    weights = tuple(share * ONE // 100 for share in shares)
    return of_balancer(WeightedCurve(weights), balances)


def of_balancer(curve: WeightedCurve | StableCurve, balances: tuple[int, int]) -> BalancerV2State:
    details = BalancerV2Details(address(800), "0x" + "00" * 32, (WETH.address, DAI.address))
    pool = Pool("balancer_v2", VenueKind.BALANCER_V2, address(801), WETH, DAI, 0, details=details)
    return BalancerV2State(pool, curve, balances, (ONE, ONE), 3 * 10**15, (0, 1))


def require_bounded(
    route: Route, states: Market, shift: float, near: int, *, cap: int = MAX_AMOUNT
) -> int | None:
    """Whether no other size earns more than the bound says, far away and near by; the bound."""
    best = best_size(route, states, cap=cap)
    if best is None:
        return None
    bound = searched_shortfall(route, states, best, cap=cap)
    if bound is not None:
        limit = bound + best[-1] - best[0]
        for other in (int(best[0] * shift), best[0] + near, best[0] - near, best[0] + 1, best[0] - 1):
            if 0 < other <= cap:
                assert earned(route, states, other) <= limit
    return bound


wholes = st.tuples(st.integers(10**4, 10**8), st.integers(10**4, 10**8))
shifts = st.floats(0.001, 3, allow_nan=False)
offsets = st.integers(1, 10**15)


@MANY
@given(wholes, wholes, st.booleans(), shifts, offsets)
def test_nothing_earns_more_beside_a_stable_pool_than_the_bound_allows(
    balances: tuple[int, int], reserves: tuple[int, int], turned: bool, shift: float, near: int
) -> None:
    route, states = cycle_beside_a_pair(stable(balances), (reserves[0] * ONE, reserves[1] * 10**6), turned)

    require_bounded(route, states, shift, near)


large = st.integers(10**19, 10**26)


@MANY
@given(large, large, large, large, st.integers(5, 95), st.booleans(), shifts, offsets)
def test_nothing_earns_more_beside_a_weighted_pool_than_the_bound_allows(
    a: int, b: int, c: int, d: int, share: int, turned: bool, shift: float, near: int
) -> None:
    route, states = cycle_beside_a_pair(weighted((a, b), (share, 100 - share)), (c, d), turned)

    require_bounded(route, states, shift, near)


@MANY
@given(large, large, large, large, st.booleans(), shifts, offsets)
def test_nothing_earns_more_beside_balancers_stable_pool_than_the_bound_allows(
    a: int, b: int, c: int, d: int, turned: bool, shift: float, near: int
) -> None:
    assume(max(a, b) < 100 * min(a, b))
    route, states = cycle_beside_a_pair(of_balancer(StableCurve(200_000), (a, b)), (c, d), turned)

    require_bounded(route, states, shift, near)


@MANY
@given(wholes, wholes, st.floats(0.01, 0.99), shifts, offsets)
def test_nothing_earns_more_under_a_cap_than_the_bound_allows(
    balances: tuple[int, int], reserves: tuple[int, int], part: float, shift: float, near: int
) -> None:
    route, states = cycle_beside_a_pair(stable(balances), (reserves[0] * ONE, reserves[1] * 10**6), True)
    free = best_size(route, states)
    if free is not None:
        require_bounded(route, states, shift, near, cap=max(1, int(free[0] * part)))


@MANY
@given(wholes, wholes, st.booleans(), st.booleans(), shifts, offsets)
def test_nothing_earns_more_beside_a_pool_of_solidly_than_the_bound_allows(
    balances: tuple[int, int], reserves: tuple[int, int], stable: bool, turned: bool, shift: float, near: int
) -> None:
    state = pool_state(balances[0] * ONE, balances[1] * 10**6, stable, (18, 6))
    route, states = cycle_beside_a_pair(state, (reserves[0] * ONE, reserves[1] * 10**6), turned)

    require_bounded(route, states, shift, near)


def test_the_bound_beside_a_stable_pool_of_solidly_is_a_few_units_of_the_coarsest_token() -> None:
    state = pool_state(9_000_000 * ONE, 11_000_000 * 10**6, True, (18, 6))
    route, states = cycle_beside_a_pair(state, (10_200_000 * ONE, 10_000_000 * 10**6), False)
    bound = require_bounded(route, states, 1.5, 10**12)

    assert bound is not None
    assert bound <= FEW_UNITS * 10**12


def gap(offpeg: int = 0, *, turned: bool = False) -> tuple[Route, Market]:
    """A stable pool and a pair that are two percent apart."""
    more, less = 10_200_000, 10_000_000
    reserves = (less * ONE, more * 10**6) if turned else (more * ONE, less * 10**6)
    return cycle_beside_a_pair(stable((9_000_000, 11_000_000), offpeg), reserves, turned)


@pytest.mark.parametrize("turned", [False, True])
def test_the_bound_is_a_few_units_of_the_coarsest_token(turned: bool) -> None:
    bound = require_bounded(*gap(turned=turned), 1.5, 10**12)

    assert bound is not None
    assert bound <= FEW_UNITS * 10**12, "a unit of six decimals is 10**12 of eighteen"


@pytest.mark.parametrize("turned", [False, True])
def test_half_the_best_size_as_the_most_has_a_bound_of_a_few_units_too(turned: bool) -> None:
    route, states = gap(turned=turned)
    best = best_size(route, states)
    assert best is not None
    bound = require_bounded(route, states, 0.5, 10**12, cap=best[0] // 2)

    assert bound is not None
    assert bound <= FEW_UNITS * 10**12


def test_a_size_that_is_far_from_the_best_has_a_bound_that_says_so() -> None:
    route, states = gap()
    best = best_size(route, states)
    assert best is not None
    missed = forward(route, states, best[0] * 9 // 10)
    bound = searched_shortfall(route, states, missed)

    assert bound is None or bound >= earned(route, states, best[0]) - earned(route, states, missed[0])


@MANY
@given(wholes, st.integers(1, 10**25), st.booleans())
def test_a_stable_pools_units_are_within_its_slack_of_the_real_curve(
    balances: tuple[int, int], scaled: int, zero_for_one: bool
) -> None:
    state = stable(balances)
    amount = scaled if zero_for_one else -(-scaled // 10**12)
    assume(amount <= state.balances[not zero_for_one] * 10)
    found = slack(state, zero_for_one, amount)
    assert found is not None

    given_out = amount_out(state, zero_for_one, amount)
    assert abs(given_out - _real_stable(state, zero_for_one, amount)) <= found[1]


def _real_stable(state: StableState, zero_for_one: bool, amount: int) -> Decimal:
    """The output by the pool's invariant, of which a balance is one root of a quadratic equation."""
    details = state.pool.details
    assert isinstance(details, CurveDetails)
    i, j = (0, 1) if zero_for_one else (1, 0)
    xp = curve_stable.scaled(state)
    whole = curve_stable.invariant(xp, state.amplification, curve_stable.ROUNDINGS[state.shape])
    with localcontext(prec=DIGITS):
        d, ann = Decimal(whole), Decimal(state.amplification) * 2 / 100
        x = Decimal(xp[i] + amount * state.rates[i] // ONE)
        linear = x + d / ann - d
        constant = d**3 / (4 * x * ann)
        y = (-linear + (linear * linear + 4 * constant).sqrt()) / 2
        kept = 1 - Decimal(state.fee) / 10**10
        return (xp[j] - y) * kept * ONE / state.rates[j]


@MANY
@given(usual_pools(), sizes(90), st.booleans())
def test_a_stable_solidly_pools_units_are_within_its_slack_of_the_real_curve(
    state: SolidlyState, amount: int, zero_for_one: bool
) -> None:
    state = replace(state, stable=True)
    side_in, side_out = state.sides(zero_for_one)
    found = slack(state, zero_for_one, amount)
    try:
        given_out = amount_out(state, zero_for_one, amount)
    except MathsError:
        assume(False)
    assert found is not None

    with localcontext(prec=DIGITS):
        kept = Decimal(amount) * (FEE_BASIS - state.fee_bps) / FEE_BASIS
        least, most = (_real_solidly(side_in, side_out, kept + more) for more in (-found[0], found[0]))
        assert least - found[1] <= given_out <= most


def _real_solidly(side_in: Side, side_out: Side, net: Decimal) -> Decimal:
    """The output by the stable curve, whose root is found by Newton's steps from above."""
    held_in, held_out = normalised(side_in), normalised(side_out)
    k = Decimal(product(held_in, held_out)) * ONE**3
    x, y = held_in + net * ONE / side_in.whole, Decimal(held_out)
    for _ in range(200):
        y -= (x * y * (x * x + y * y) - k) / (x * (x * x + 3 * y * y))
    return (held_out - y) * side_out.whole / ONE


@MANY
@given(large, large, st.integers(5, 95), st.floats(1e-9, 0.29), st.booleans())
def test_a_weighted_pools_units_are_within_its_slack_of_the_real_curve(
    a: int, b: int, share: int, part: float, zero_for_one: bool
) -> None:
    state = weighted((a, b), (share, 100 - share))
    i, j = (0, 1) if zero_for_one else (1, 0)
    amount = max(1, int(state.balances[i] * part))
    found = slack(state, zero_for_one, amount)
    assert found is not None

    given_out = amount_out(state, zero_for_one, amount)
    with localcontext(prec=DIGITS):
        fee = -(-amount * state.swap_fee // ONE)
        held = Decimal(state.balances[i])
        assert isinstance(state.curve, WeightedCurve)
        exponent = Decimal(state.curve.weights[i] * ONE // state.curve.weights[j]) / ONE
        real = state.balances[j] * (1 - (held / (held + amount - fee)) ** exponent)
        assert abs(given_out - real) <= found[1]
