"""On a piece of its curve a pool gives what a straight line gives, within bounds that hold."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.routing.moving_fees import moving_fee
from executor.routing.spread import spread
from executor.venues import amount_out, curve_crypto
from executor.venues.curve_crypto import WAD, CryptoState
from executor.venues.curve_pools import StableState
from executor.venues.solidly_state import SolidlyState
from tests.support.market import Position, v2_state, v3_state
from tests.support.moving_pools import TERMS, crypto, crypto_pools, moving_pools, off_peg
from tests.support.solidly_pools import usual_pools

MANY = settings(max_examples=80, deadline=None)
DIGITS = 110
parts, widths = st.floats(-6, -0.3), st.floats(-9, 0)


def require_near_its_line(state: PoolState, zero_for_one: bool, low: int, high: int, step: int) -> None:
    """Whether every input of the piece, `step` apart, gives what the spread says."""
    try:
        found = spread(state, zero_for_one, low, high)
    except MathsError:
        return
    assert found is not None
    rise = found.last - found.first
    for amount in {*range(low, high, step), high}:
        line = found.first + Fraction(rise * (amount - low), high - low)
        assert -found.below <= amount_out(state, zero_for_one, amount) - line <= found.above


def held(state: PoolState, zero_for_one: bool) -> int:
    assert isinstance(state, CryptoState | StableState)
    return state.balances[not zero_for_one]


@MANY
@given(moving_pools(), st.booleans(), parts, widths)
def test_a_pool_whose_fee_moves_is_as_near_a_line_as_its_spread_says(
    state: CryptoState | StableState, zero_for_one: bool, part: float, width: float
) -> None:
    low = max(int(held(state, zero_for_one) * 10**part), 10**4)
    high = low + 2 + int(low * 10**width)

    require_near_its_line(state, zero_for_one, low, high, max((high - low) // 23, 1))


@pytest.mark.parametrize(("terms", "zero_for_one"), [(TERMS[0], True), (TERMS[1], False), (TERMS[3], True)])
def test_every_input_into_a_pool_of_few_units_is_as_near_a_line_as_its_spread_says(
    terms: tuple[int, int, int, int, int], zero_for_one: bool
) -> None:
    """Across the balance, where the fee turns from falling to rising."""
    whole = 50_000
    states: list[PoolState] = [
        crypto((whole, whole * 11 // 10), (0, 0), (WAD,), terms),
        off_peg((whole, whole * 5 // 4), (0, 0), 9, 2000_00),
    ]
    for state in states:
        for low, high, step in ((40, 1_000, 3), (900, 6_000, 13), (3_000, 3_080, 1)):
            require_near_its_line(state, zero_for_one, low, high, step)


@settings(max_examples=30, deadline=None)
@given(usual_pools(), st.booleans(), st.integers(10**4, 10**7), st.integers(2, 10**6))
def test_a_pool_of_solidly_is_as_near_a_line_as_its_spread_says(
    state: SolidlyState, zero_for_one: bool, low: int, width: int
) -> None:
    require_near_its_line(state, zero_for_one, low, low + width, max(width // 23, 1))


def test_a_pair_and_a_pool_with_ticks_are_as_near_a_line_as_their_spread_says() -> None:
    near = [Position(-600, 600, 10**7), Position(-120, 120, 10**7)]
    for state in (v2_state(10**5, 10**6), v3_state(1 << 96, near)):
        for low, high in ((50, 2_000), (10**5, 10**5 + 3_000), (10**5, 10**6)):
            require_near_its_line(state, True, low, high, max((high - low) // 4_000, 1))


def test_a_piece_of_half_the_length_is_four_times_as_near_its_line() -> None:
    state = crypto((10**24, 10**24), (18, 18), (WAD,), TERMS[0])
    whole, half = (spread(state, True, 10**22, 10**22 + width) for width in (10**19, 10**19 // 2))
    assert whole is not None and half is not None

    assert (whole.above - whole.noise) > 3 * (half.above - half.noise) > 0


@pytest.mark.parametrize("width", [4 * 10**15, 10**16])
def test_where_the_last_place_of_the_fee_decides_the_spread_is_hardly_wider_than_it(width: int) -> None:
    state = crypto((10**24, 10**24), (18, 18), (WAD,), TERMS[0])
    low = 10**22
    found = spread(state, True, low, low + width)
    assert found is not None
    require_near_its_line(state, True, low, low + width, width // 150)
    gives = [amount_out(state, True, low + width * part // 150) for part in range(151)]
    over = [
        gave - (found.first + (found.last - found.first) * part // 150) for part, gave in enumerate(gives)
    ]

    assert max(over) - min(over) > (found.above + found.below) // 4


@MANY
@given(crypto_pools(), st.booleans(), st.floats(-6, 0.5))
def test_the_balance_is_as_near_the_root_of_the_invariant_as_is_said(
    state: CryptoState, zero_for_one: bool, part: float
) -> None:
    pool = moving_fee(state, zero_for_one)
    assert pool is not None
    try:
        trade = pool.trade(int(held(state, zero_for_one) * 10**part) + 10)
    except MathsError:
        return
    errors = pool.errors(trade, trade)
    assert errors is not None
    most = pool.most_error()
    assert most is not None and errors.gross <= most
    others = list(curve_crypto.scaled(state, state.balances))[2:]
    with localcontext(prec=DIGITS):
        assert _sum_less_curve(state, [trade.x, trade.y - errors.y, *others]) < 0
        assert _sum_less_curve(state, [trade.x, trade.y + errors.y, *others]) > 0


def _sum_less_curve(state: CryptoState, balances: list[int]) -> Decimal:
    """The sum of the balances less what the invariant asks of it for their product: K D^(n-1) sum + prod =
    K D^n + (D/n)^n, divided by K D^(n-1). It rises with each balance.
    """
    d, gamma, n = Decimal(state.d), Decimal(state.gamma) / WAD, len(balances)
    k0 = Decimal(prod(balances) * n**n) / d**n
    k_times = Decimal(state.amplification) / 10_000 * k0 * gamma**2 / (gamma + 1 - k0) ** 2
    return Decimal(sum(balances)) - d - d * (1 - k0) / k_times


@MANY
@given(moving_pools(), st.booleans(), st.floats(-6, -0.3))
def test_the_fee_of_the_model_is_the_pools_but_for_its_last_place(
    state: CryptoState | StableState, zero_for_one: bool, part: float
) -> None:
    pool = moving_fee(state, zero_for_one)
    assert pool is not None
    amount = int(held(state, zero_for_one) * 10**part)
    try:
        trade = pool.trade(amount)
    except MathsError:
        return
    errors = pool.errors(trade, trade)
    assert errors is not None
    fee = Fraction(pool.fee(pool.closeness(trade.x, trade.y)) + 1, 10**36)
    charged = trade.gross - trade.out
    off = 2 * errors.gross + 2 + trade.gross * (Fraction(1, 10**10) + Fraction(errors.fee, 10**36))
    assert abs(charged - fee * trade.gross) <= off
    assert fee >= Fraction(pool.least, 10**10)
