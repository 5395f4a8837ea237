"""What wraps the chain's own coin: one unit of one for one of the other, without a limit and without a fee.

Source: WETH9, whose `deposit` and `withdraw` move exactly what they are told. A pool of this kind has the
zero address, which stands for the coin, as token0.
"""

from dataclasses import dataclass
from typing import NoReturn

from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.log import Log
from executor.domain.pool import Pool, PoolIdentity
from executor.domain.token import Token
from executor.venues.curve import Curve, Stretch

FOLLOWABLE = True
TOPICS: frozenset[bytes] = frozenset()

WRAP_GAS = 12_000
UNWRAP_GAS = 8_500
"""Gas of a leg that wraps or unwraps, fitted to random routes through the router on the local chain."""


@dataclass(frozen=True, slots=True)
class WrappedNativeState:
    """Nothing to know but which pool it is."""

    pool: Pool


def amount_out(state: WrappedNativeState, zero_for_one: bool, amount_in: int) -> int:
    """The same amount. Raises MathsError if it is not positive."""
    if amount_in <= 0:
        _refuse(state, "takes a positive amount only", amount=amount_in)
    return amount_in


def amount_in(state: WrappedNativeState, zero_for_one: bool, amount_out: int) -> int:
    """The same amount. Raises MathsError if it is not positive."""
    if amount_out <= 0:
        _refuse(state, "gives a positive amount only", amount=amount_out)
    return amount_out


def after(state: WrappedNativeState, zero_for_one: bool, amount_in: int) -> WrappedNativeState:
    """Nothing changes. Raises as `amount_out` does."""
    amount_out(state, zero_for_one, amount_in)
    return state


def marginal(state: WrappedNativeState, zero_for_one: bool) -> tuple[int, int]:
    """One for one."""
    return 1, 1


def stretch(state: WrappedNativeState, zero_for_one: bool, index: int) -> Stretch:
    """The straight line without an end. Raises MathsError beyond it."""
    if index:
        _refuse(state, "has one stretch only", index=index)
    return Stretch(0, None, 1, 0, 0, 1)


def local_curve(state: WrappedNativeState, zero_for_one: bool) -> Curve:
    """The straight line, in real numbers."""
    return Curve(k=1, m=1, n=0)


def gas(state: WrappedNativeState, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of wrapping (the coin is token0) or unwrapping as a leg."""
    return WRAP_GAS if zero_for_one else UNWRAP_GAS


def read(pool: Pool) -> Reading[WrappedNativeState]:
    """Nothing is read."""
    yield from ()
    return WrappedNativeState(pool)


def extend(state: WrappedNativeState, toward_low: bool) -> Reading[WrappedNativeState]:
    """Nothing more is read."""
    yield from ()
    return state


def find(dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
    """No exchange wraps coins. Raises PoolNotFoundError."""
    yield from ()
    raise PoolNotFoundError(
        f"{dex.name} does not wrap {token_a.symbol} or {token_b.symbol}.",
        fix="name the wrapped token as the pool",
        dex=dex.name,
    )


def identify(address: Address) -> Reading[PoolIdentity]:
    """A wrapper is known from the chain data, not from what it says. Raises PoolNotFoundError."""
    yield from ()
    raise PoolNotFoundError(
        f"{address} cannot say of itself that it wraps the chain's own coin.",
        fix="name the wrapped token of the chain data as the pool",
        pool=address,
    )


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """No factory makes wrappers."""
    yield from ()
    return False


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """There is nothing to ask."""
    return b""


def lens_state(pool: Pool, answer: bytes) -> WrappedNativeState:
    """The state, which no answer changes."""
    return WrappedNativeState(pool)


def emitters(pool: Pool) -> tuple[Address, ...]:
    """No log changes the price."""
    return ()


def follow(state: WrappedNativeState, log: Log) -> WrappedNativeState:
    """Nothing changes."""
    return state


def _refuse(state: WrappedNativeState, problem: str, **facts: object) -> NoReturn:
    raise MathsError(f"{state.pool.address} {problem}.", fix="correct the amount", **facts)
