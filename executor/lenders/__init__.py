"""Floor 1: what flash lenders ask and have. No I/O.

`LENDERS` is the one table: a new lender is one module that has the names of `Lender`, and one line here.
"""

from collections.abc import Mapping
from typing import Protocol

from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.pool import Pool
from executor.domain.route import Funding
from executor.lenders import (
    aave_v3,
    balancer_v2,
    balancer_v3,
    erc3156,
    morpho_blue,
    spark,
    uniswap_v2_flash,
    uniswap_v3_flash,
    uniswap_v4,
)

__all__ = ["LENDERS", "Lender", "gas_overhead", "premium", "read_pool_terms", "read_terms"]


class Lender(Protocol):
    """What a lender's module offers."""

    GAS_OVERHEAD: int

    def read_terms(self, address: Address, token: Address) -> Reading[LenderTerms]:
        """Read premium, availability and switches for one token."""


LENDERS: Mapping[Funding, Lender] = {
    Funding.AAVE_V3: aave_v3,
    Funding.SPARK: spark,
    Funding.BALANCER_V2: balancer_v2,
    Funding.BALANCER_V3: balancer_v3,
    Funding.MORPHO_BLUE: morpho_blue,
    Funding.ERC3156: erc3156,
    Funding.UNISWAP_V4: uniswap_v4,
}
"""The lenders that stand at one address. Pools lend too: `read_pool_terms` reads theirs."""
POOL_OVERHEADS: Mapping[Funding, int] = {
    Funding.UNISWAP_V3_FLASH: uniswap_v3_flash.GAS_OVERHEAD,
    Funding.UNISWAP_V2_FLASH: uniswap_v2_flash.GAS_OVERHEAD,
}


def premium(amount: int, terms: LenderTerms) -> int:
    """What the lender asks on top of `amount`, to the smallest unit, in its own rounding.

    Aave: `PercentageMath.percentMul` (half up) or `percentMulCeil`; Balancer: `FixedPoint.mulUp`; a V3 pool:
    `FullMath.mulDivRoundingUp`.
    """
    product = amount * terms.rate
    if terms.rounding is Rounding.HALF_UP:
        return (product + terms.rate_unit // 2) // terms.rate_unit
    return -(-product // terms.rate_unit)


def read_terms(funding: Funding, address: Address, token: Address) -> Reading[LenderTerms]:
    """Read the terms of the lender at `address` for `token`; KeyError for no lender."""
    return LENDERS[funding].read_terms(address, token)


def read_pool_terms(funding: Funding, pool: Pool, token: Address) -> Reading[LenderTerms]:
    """Read the terms of a pool that lends for a fee that never changes, for `token`; KeyError for a funding
    that is no pool's.
    """
    if funding is Funding.UNISWAP_V2_FLASH:
        return uniswap_v2_flash.read_terms(pool, token)
    if funding is Funding.UNISWAP_V3_FLASH:
        return uniswap_v3_flash.read_terms(pool, token)
    raise KeyError(funding)


def gas_overhead(funding: Funding) -> int:
    """Gas that a loan adds over own money, measured on a leg of the V2 and one of the V3 shape; 0 where there
    is no lender.
    """
    lender = LENDERS.get(funding)
    return lender.GAS_OVERHEAD if lender else POOL_OVERHEADS.get(funding, 0)
