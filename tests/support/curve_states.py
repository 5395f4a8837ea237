"""Curve pools and states that no chain holds, for the maths alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from executor.domain.address import to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import CurveDetails, CurveShape
from executor.domain.token import Token
from executor.venues.curve_pools import CryptoState, StableState

State = TypeVar("State", StableState, CryptoState)
POOL = to_address(f"0x{0xC0C0:040x}")


def pool_of(decimals: tuple[int, ...], shape: CurveShape = CurveShape.STABLE) -> Pool:
    """A pool of coins with these decimals, of which the first two are traded."""
    coins = tuple(to_address(f"0x{0x1000 + k:040x}") for k in range(len(decimals)))
    details = CurveDetails(coins, shape.startswith("crypto"), shape, decimals)
    first, second = (Token(1, coins[k], f"COIN{k}", decimals[k]) for k in range(2))
    return Pool("curve", VenueKind.CURVE, POOL, first, second, 0, details=details)


def direction(state: State, i: int, j: int) -> tuple[State, bool]:
    """The state as one of the pair of coins i and j, and the direction from i to j."""
    details = state.pool.details
    assert isinstance(details, CurveDetails)
    low, high = sorted((i, j))
    pair = [Token(1, details.coins[k], f"COIN{k}", details.decimals[k]) for k in (low, high)]
    pool = replace(state.pool, token0=pair[0], token1=pair[1])
    return replace(state, pool=pool), i < j
