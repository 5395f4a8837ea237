"""Pools of the Solidly shape (Aerodrome, Velodrome), volatile and stable, which quote for themselves.

Sources: Velodrome's `IPool`: `getAmountOut` takes the pool's fee off and applies its curve to the reserves of
its last trade; `swap` then accepts exactly that output.
"""

from dataclasses import dataclass

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool_details import SolidlyDetails
from executor.venues.quoting import one_quote

FEE_BASIS = 10_000
"""Factories of this shape tell fees in basis points."""


@dataclass(frozen=True, slots=True)
class SolidlyState:
    """Reserves in the tokens' smallest units; `fee_bps` in basis points, None where no factory tells it."""

    reserve0: int
    reserve1: int
    fee_bps: int | None


def details(pool: Address) -> Reading[SolidlyDetails]:
    """What kind of pool it is. Raises PoolNotFoundError if it does not answer as one of this shape."""
    (answer,) = yield (eth_call(pool, "stable()"),)
    stable = decoded(answer, "bool")
    if stable is None:
        raise _no_pool(pool)
    return SolidlyDetails(bool(stable[0]))


def quote(pool: Address, token_in: Address, amount_in: int) -> Reading[int]:
    """What the pool gives for `amount_in` of `token_in`, both in smallest units. Raises MathsError if it
    refuses.
    """
    call = eth_call(pool, "getAmountOut(uint256,address)", amount_in, token_in)
    return (yield from one_quote(call, pool, amount_in))


def read_state(pool: Address) -> Reading[SolidlyState]:
    """Reserves and fee. Raises PoolNotFoundError if it does not answer as a pool of this shape."""
    answers = yield tuple(eth_call(pool, f"{name}()") for name in ("getReserves", "factory", "stable"))
    reserves, factory = decoded(answers[0], "uint256", "uint256"), decoded_address(answers[1])
    stable = decoded(answers[2], "bool")
    if reserves is None or stable is None:
        raise _no_pool(pool)
    fee = None
    if factory is not None:
        (answer,) = yield (eth_call(factory, "getFee(address,bool)", pool, stable[0]),)
        fee = decoded_int(answer)
    reserve0, reserve1 = reserves
    assert isinstance(reserve0, int) and isinstance(reserve1, int)
    return SolidlyState(reserve0, reserve1, fee)


def _no_pool(pool: Address) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{pool} does not answer as a pool of the Solidly shape.",
        fix="check the pool's address and kind",
        pool=pool,
    )
