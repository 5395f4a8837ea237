"""Morpho Blue: `flashLoan` lends the whole balance of a token, collateral included, for nothing.

Source: morpho-blue 1.0.0, `Morpho.flashLoan`. Nobody can pause it.
"""

from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms
from executor.domain.route import Funding
from executor.lenders.free import free_terms

GAS_OVERHEAD = 27_000
"""Gas over own money of a trade funded by Morpho, its exact allowance included, measured."""


def read_terms(address: Address, token: Address) -> Reading[LenderTerms]:
    """Read the terms of Morpho at `address` for `token`. Never raises: a lender that does not answer comes
    back with a `problem`.
    """
    known, balance = yield (
        eth_call(address, "isIrmEnabled(address)", ZERO_ADDRESS),
        eth_call(token, "balanceOf(address)", address),
    )
    problem = "does not answer as Morpho Blue" if decoded_int(known, "bool") is None else ""
    return free_terms(Funding.MORPHO_BLUE, address, token, balance, problem)
