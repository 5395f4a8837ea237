"""Pools of the Uniswap V3 shape: `flash` lends what the pool holds for its fee, and locks the pool meanwhile.

Source: v3-core 1.0.1, `UniswapV3Pool.flash`, whose fee is the pool's tier, rounded up. PancakeSwap and
Slipstream are as Uniswap.
"""

from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.pool import FEE_UNIT, Pool
from executor.domain.route import Funding

GAS_OVERHEAD = 52_000
"""Gas over own money of a trade funded by a pool with a fee, measured."""


def read_terms(pool: Pool, token: Address) -> Reading[LenderTerms]:
    """Read the terms of the pool for `token`; its own fee is what it asks. Never raises: a pool that does not
    answer or does not hold the token comes back with a `problem`.
    """
    answers = yield (
        eth_call(pool.address, "liquidity()"),
        eth_call(token, "balanceOf(address)", pool.address),
    )
    liquidity, available = (decoded_int(answer) for answer in answers)
    if liquidity is None:
        return _terms(pool.address, token, problem="does not answer as a V3 pool")
    if token not in (pool.token0.address, pool.token1.address):
        return _terms(pool.address, token, problem="does not hold the token")
    if not liquidity or not available:
        return _terms(pool.address, token, problem="has nothing to lend")
    return _terms(pool.address, token, pool.fee, available)


def _terms(
    pool: Address, token: Address, rate: int = 0, available: int = 0, problem: str = ""
) -> LenderTerms:
    return LenderTerms(Funding.UNISWAP_V3_FLASH, pool, token, rate, FEE_UNIT, Rounding.UP, available, problem)
