"""Pools of the Uniswap V2 shape: constant product, fee taken from what goes in.

Formulas: Uniswap V2 `UniswapV2Library.getAmountOut` and the invariant check in `UniswapV2Pair.swap`. With the
fee in millionths the result is the same integer as with 997/1000 (fee 3000) or with a fee in basis points,
since both sides of the division grow alike.
"""

from typing import NoReturn

from executor.domain.abi import decoded, decoded_address, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.market import V2State
from executor.domain.pool import FEE_UNIT, Pool, PoolIdentity, VenueKind
from executor.domain.token import Token
from executor.venues.curve import Curve, Stretch
from executor.venues.pairing import ordered
from executor.venues.uniswap_v2_events import FOLLOWABLE, TOPICS, emitters, follow
from executor.venues.uniswap_v2_lens import lens_request, lens_state

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "after",
    "amount_in",
    "amount_out",
    "belongs",
    "emitters",
    "extend",
    "find",
    "follow",
    "gas",
    "identify",
    "lens_request",
    "lens_state",
    "local_curve",
    "marginal",
    "read",
    "stretch",
]

MAX_RESERVE = 2**112 - 1
"""A pair stores its reserves in uint112 and refuses to hold more."""

LEG_GAS = 51_300
"""Gas of one swap with the transfer of its input, fitted to random routes through the router on the local
chain; a bare loop over two pairs takes 53,800 a leg, with the transaction's data and the last transfer.
"""


def amount_out(state: V2State, zero_for_one: bool, amount_in: int) -> int:
    """What the pair gives for `amount_in`; both in the smallest units of their tokens.

    0 means that the pair gives nothing for so little (and would refuse the swap). Raises MathsError if the
    pool is empty, if `amount_in` is not positive, or if the pair could not store what it would hold.
    """
    if zero_for_one:
        reserve_in, reserve_out = state.reserve0, state.reserve1
    else:
        reserve_in, reserve_out = state.reserve1, state.reserve0
    if not (reserve_out > 0 < reserve_in and 0 < amount_in <= MAX_RESERVE - reserve_in):
        _refuse_input(state, zero_for_one, amount_in)
    kept = amount_in * (FEE_UNIT - state.pool.fee)
    return kept * reserve_out // (reserve_in * FEE_UNIT + kept)


def amount_in(state: V2State, zero_for_one: bool, amount_out: int) -> int:
    """The smallest amount for which the pair gives at least `amount_out`.

    `UniswapV2Library.getAmountIn` asks for one unit more where the division leaves no rest. Raises MathsError
    if the pool holds no more than `amount_out`, or could not store what it would hold.
    """
    reserve_in, reserve_out = _reserves(state, zero_for_one)
    if not 0 < amount_out < reserve_out:
        _refuse(state, "gives a positive amount below its reserve only", amount_out=amount_out)
    kept = (reserve_out - amount_out) * (FEE_UNIT - state.pool.fee)
    needed = -(-reserve_in * FEE_UNIT * amount_out // kept)
    if reserve_in + needed > MAX_RESERVE:
        _refuse(state, "cannot hold so much of the token that goes in", amount_in=needed)
    return needed


def local_curve(state: V2State, zero_for_one: bool) -> Curve:
    """The whole curve of the pair, in real numbers. Raises MathsError if the pool is empty."""
    reserve_in, reserve_out = _reserves(state, zero_for_one)
    kept = FEE_UNIT - state.pool.fee
    return Curve(k=kept * reserve_out, m=FEE_UNIT * reserve_in, n=kept)


def after(state: V2State, zero_for_one: bool, amount_in: int) -> V2State:
    """The pair after a swap of `amount_in`. Raises as `amount_out` does."""
    given = amount_out(state, zero_for_one, amount_in)
    if zero_for_one:
        return V2State(state.pool, state.reserve0 + amount_in, state.reserve1 - given)
    return V2State(state.pool, state.reserve0 - given, state.reserve1 + amount_in)


def marginal(state: V2State, zero_for_one: bool) -> tuple[int, int]:
    """What the very next unit gives, fee included, as numerator and denominator in smallest units."""
    reserve_in, reserve_out = _reserves(state, zero_for_one)
    return reserve_out * (FEE_UNIT - state.pool.fee), reserve_in * FEE_UNIT


def stretch(state: V2State, zero_for_one: bool, index: int) -> Stretch:
    """The whole curve, which is one piece. Raises MathsError beyond it, or if the pool is empty."""
    if index:
        _refuse(state, "has one stretch only", index=index)
    reserve_in, reserve_out = _reserves(state, zero_for_one)
    kept = FEE_UNIT - state.pool.fee
    return Stretch(0, MAX_RESERVE - reserve_in, kept * reserve_out, 0, kept, FEE_UNIT * reserve_in)


def gas(state: V2State, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one swap as a leg: the same for every amount."""
    return LEG_GAS


def read(pool: Pool) -> Reading[V2State]:
    """Read the reserves. Raises PoolNotFoundError if no pair answers."""
    answers = yield (eth_call(pool.address, "getReserves()"),)
    reserves = decoded(answers[0], "uint112", "uint112")
    if reserves is None:
        raise PoolNotFoundError(
            f"{pool.address} on {pool.dex} does not tell its reserves.",
            fix="check the pool's address and kind",
            pool=pool.address,
        )
    reserve0, reserve1 = reserves
    assert isinstance(reserve0, int) and isinstance(reserve1, int)
    return V2State(pool, reserve0, reserve1)


def extend(state: V2State, toward_low: bool) -> Reading[V2State]:
    """Nothing lies beyond the reserves: the state as it is."""
    yield from ()
    return state


def find(dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
    """The factory's pair of the two tokens. Raises PoolNotFoundError if it has none."""
    token0, token1 = ordered(token_a, token_b)
    answers = yield (eth_call(dex.factory, "getPair(address,address)", token0.address, token1.address),)
    address = decoded_address(answers[0])
    if address is None:
        raise PoolNotFoundError(
            f"{dex.name} has no pool of {token0.symbol} and {token1.symbol}.",
            fix="name another exchange, or the pools themselves",
            dex=dex.name,
            factory=dex.factory,
        )
    return (Pool(dex.name, VenueKind.UNISWAP_V2, address, token0, token1, dex.fee),)


def identify(address: Address) -> Reading[PoolIdentity]:
    """What the code at `address` says of itself. Raises PoolNotFoundError if it does not answer as a pair."""
    names = ("token0", "token1", "factory", "getReserves")
    answers = yield tuple(eth_call(address, f"{name}()") for name in names)
    token0, token1, factory = (decoded_address(answer) for answer in answers[:3])
    if token0 is None or token1 is None or decoded(answers[3], "uint112", "uint112") is None:
        raise PoolNotFoundError(
            f"{address} does not answer as a pool of the Uniswap V2 shape.",
            fix="check the pool's address and kind",
            pool=address,
        )
    return PoolIdentity(address, token0, token1, factory)


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """True if the factory of `dex` names this very address as its pair of these tokens."""
    pair = eth_call(dex.factory, "getPair(address,address)", identity.token0, identity.token1)
    answers = yield (pair,)
    return decoded_address(answers[0]) == identity.address


def _reserves(state: V2State, zero_for_one: bool) -> tuple[int, int]:
    """Reserve of what goes in, then of what comes out."""
    if state.reserve0 <= 0 or state.reserve1 <= 0:
        _refuse(state, "is empty")
    return (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)


def _refuse_input(state: V2State, zero_for_one: bool, amount_in: int) -> NoReturn:
    """Say what is wrong with an input: apart, so that quotes need not look for it."""
    _reserves(state, zero_for_one)
    if amount_in <= 0:
        _refuse(state, "takes a positive amount only", amount_in=amount_in)
    _refuse(state, "cannot hold so much of the token that goes in", amount_in=amount_in)


def _refuse(state: V2State, problem: str, **facts: object) -> NoReturn:
    raise MathsError(
        f"pool {state.pool.address} on {state.pool.dex} {problem}.",
        fix="trade less, or use another pool",
        pool=state.pool.address,
        reserve0=state.reserve0,
        reserve1=state.reserve1,
        **facts,
    )
