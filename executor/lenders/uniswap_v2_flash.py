"""Pairs of the Uniswap V2 shape: a flash swap paid back in the same token.

Source: v2-core 1.0.1, `UniswapV2Pair.swap`: what comes back, less the fee, must be what was taken. A pair
does not tell its fee, so that the pool must be known; the router pays back just the plan's cap.
"""

from executor.domain.abi import decoded, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.pool import FEE_UNIT, Pool
from executor.domain.route import Funding

GAS_OVERHEAD = 61_500
"""Gas over own money of a trade funded by a pair, measured."""


def read_terms(pool: Pool, token: Address) -> Reading[LenderTerms]:
    """Read the terms of the pair for `token`. The fee is of what is paid back: `fee / (1 - fee)` of what was
    lent, rounded up. Never raises: a pair that does not answer or does not hold the token comes back with a
    `problem`.
    """
    (answer,) = yield (eth_call(pool.address, "getReserves()"),)
    reserves = decoded(answer, "uint112", "uint112", "uint32")
    if reserves is None:
        return _terms(pool, token, problem="does not answer as a V2 pair")
    if token not in (pool.token0.address, pool.token1.address):
        return _terms(pool, token, problem="does not hold the token")
    reserve = reserves[0] if token == pool.token0.address else reserves[1]
    assert isinstance(reserve, int)
    # A pair gives anything less than its reserve.
    available = max(0, reserve - 1)
    return _terms(pool, token, available, "" if available else "has nothing to lend")


def _terms(pool: Pool, token: Address, available: int = 0, problem: str = "") -> LenderTerms:
    return LenderTerms(
        Funding.UNISWAP_V2_FLASH,
        pool.address,
        token,
        pool.fee,
        FEE_UNIT - pool.fee,
        Rounding.UP,
        available,
        problem,
    )
