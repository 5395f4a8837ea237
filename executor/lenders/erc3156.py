"""ERC-3156, the shape of Maker's flash module: `flashLoan` lends up to `maxFlashLoan` for `flashFee`.

Source: EIP-3156. A lender may work its fee out as it likes; one that is no fixed share of the amount is not
used. It is read off a large amount and rounded up, so that it comes out at most one unit above what is asked.
"""

from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.route import Funding

PROBE = 10**18
"""The amount whose fee is asked, in the token's smallest unit."""

GAS_OVERHEAD = 30_700
"""Gas over own money of a trade funded by the EIP's reference lender, exact allowance included, measured."""


def read_terms(address: Address, token: Address) -> Reading[LenderTerms]:
    """Read the terms of the lender at `address` for `token`. Never raises: a lender that does not answer
    comes back with a `problem`.
    """
    answers = yield (
        eth_call(address, "maxFlashLoan(address)", token),
        eth_call(address, "flashFee(address,uint256)", token, PROBE),
        eth_call(address, "flashFee(address,uint256)", token, 3 * PROBE),
    )
    most, fee, of_three = (decoded_int(answer) for answer in answers)
    if most is None:
        return _terms(address, token, problem="does not answer as an ERC-3156 lender")
    if not most:
        return _terms(address, token, problem="has none of the token")
    if fee is None or of_three is None:
        return _terms(address, token, problem="does not tell its fee")
    if of_three != 3 * fee:
        return _terms(address, token, problem="takes a fee that is no fixed share")
    return _terms(address, token, fee, most)


def _terms(
    address: Address, token: Address, rate: int = 0, available: int = 0, problem: str = ""
) -> LenderTerms:
    return LenderTerms(Funding.ERC3156, address, token, rate, PROBE, Rounding.UP, available, problem)
