"""Curve pools whose fee moves as they are traded, for the maths alone: random ones of the shapes in use."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from executor.domain.pool_details import CurveShape
from executor.venues import curve_crypto
from executor.venues.curve_crypto import WAD, CryptoState
from executor.venues.curve_pools import StableState
from tests.support.curve_states import pool_of

TERMS = (
    (400_000, 145 * 10**12, 26 * 10**6, 45 * 10**6, 23 * 10**13),
    (20_000_000, 10**13, 10**6, 45 * 10**6, 10**16),
    (4_000_000, 2 * 10**14, 5 * 10**6, 5 * 10**6, 10**15),
    (1_707_629, 11_809_167_828_997, 3 * 10**6, 30 * 10**6, 5 * 10**14),
)
"""A n^n, gamma, the fee in balance and far from it, and the fee's own gamma."""


COINS = {
    CurveShape.CRYPTO_TWO: 2,
    CurveShape.CRYPTO_TWO_NG: 2,
    CurveShape.CRYPTO_THREE: 3,
    CurveShape.CRYPTO_THREE_NG: 3,
}


def settled(state: CryptoState) -> CryptoState:
    """The state with its own D. Raises ArithmeticError where the pool's search fails."""
    scaled = curve_crypto.scaled(state, state.balances)
    return replace(state, d=curve_crypto.invariant(state.amplification, state.gamma, scaled))


def crypto(
    balances: tuple[int, ...],
    decimals: tuple[int, ...],
    prices: tuple[int, ...],
    terms: tuple[int, int, int, int, int],
    shape: CurveShape | None = None,
) -> CryptoState:
    """A crypto pool of these balances in smallest units, its price scale times 1e18."""
    chosen = shape or (CurveShape.CRYPTO_TWO if len(balances) == 2 else CurveShape.CRYPTO_THREE)
    precisions = tuple(10 ** (18 - each) for each in decimals)
    state = CryptoState(
        pool_of(decimals, chosen), chosen, balances, precisions, prices, 0, *terms[:2], *terms[2:]
    )
    return settled(state)


def off_peg(balances: tuple[int, ...], decimals: tuple[int, ...], times: int, a: int = 500_00) -> StableState:
    """A StableSwap pool whose fee of 0.04 % is asked up to so many times off the peg."""
    shape, rates = CurveShape.STABLE, tuple(10 ** (36 - each) for each in decimals)
    return StableState(pool_of(decimals, shape), shape, balances, rates, a, 4_000_000, 0, times * 10**10)


@st.composite
def crypto_pools(draw: st.DrawFn, shape: CurveShape | None = None) -> CryptoState:
    """Crypto pools of two or three coins of any worth, up to 60 percent off balance."""
    chosen = draw(st.sampled_from(list(COINS))) if shape is None else shape
    count = COINS[chosen]
    decimals = draw(st.sampled_from([(18, 18, 18), (18, 6, 8), (6, 18, 18)]))[:count]
    prices = tuple(WAD * draw(st.integers(1, 10**6)) // 10**3 for _ in range(count - 1))
    whole = draw(st.integers(10**2, 10**7))
    balances = tuple(
        whole * draw(st.integers(60, 160)) // 10 * 10**digits * WAD // price // 10 + 10**4
        for digits, price in zip(decimals, (WAD, *prices), strict=True)
    )
    return crypto(balances, decimals, prices, draw(st.sampled_from(TERMS)), chosen)


@st.composite
def off_peg_pools(draw: st.DrawFn) -> StableState:
    """StableSwap pools whose fee rises off the peg, up to one to ten in balance."""
    wholes = st.integers(10**4, 10**7)
    balances = (draw(wholes) * 10**18, draw(wholes) * 10**6)
    ratio = balances[0] // balances[1]
    if not 10**11 <= ratio <= 10**13:
        balances = (balances[1] * 10**12, balances[1])
    return off_peg(balances, (18, 6), draw(st.integers(2, 20)), draw(st.sampled_from([100_00, 2000_00])))


def moving_pools() -> st.SearchStrategy[CryptoState | StableState]:
    """Any of them."""
    return st.one_of(crypto_pools(), off_peg_pools())
