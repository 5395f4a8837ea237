"""Spark: a market of the Aave V3 shape, with its own Pool."""

from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms
from executor.domain.route import Funding
from executor.lenders import aave_v3

GAS_OVERHEAD = aave_v3.GAS_OVERHEAD
"""Gas over own money of a trade funded by the Pool, measured."""


def read_terms(address: Address, token: Address) -> Reading[LenderTerms]:
    """Read the terms of the Pool at `address` for `token`. Never raises: a lender that does not answer comes
    back with a `problem`.
    """
    return (yield from aave_v3.read_terms(address, token, Funding.SPARK))
