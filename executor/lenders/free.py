"""What lenders share that take no fee: terms are what they have."""

from executor.domain.abi import decoded_int
from executor.domain.address import Address
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.route import Funding


def free_terms(
    funding: Funding, address: Address, token: Address, available: bytes | None, problem: str = ""
) -> LenderTerms:
    """The terms of a lender without a fee; `available` is what the chain answered, one uint256 in the token's
    smallest unit. `problem` says why it does not lend, if it is known.
    """
    most = 0 if problem else decoded_int(available) or 0
    if not problem and not most:
        problem = "has none of the token"
    return LenderTerms(funding, address, token, 0, 1, Rounding.UP, most, problem)
