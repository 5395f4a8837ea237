"""Balancer V2: `Vault.flashLoan`. The fee is a fraction of 1e18, zero unless governance switches it on,
rounded up.

Sources: balancer-v2-monorepo `FlashLoans.sol`, `FixedPoint.mulUp`. The Vault's pause ended months after its
deployment and no longer counts then, although its flag may still be stored.
"""

from executor.domain.abi import decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.route import Funding

ONE = 10**18

GAS_OVERHEAD = 33_600
"""Gas over own money of a trade funded by the Vault, measured."""


def read_terms(address: Address, token: Address) -> Reading[LenderTerms]:
    """Read the terms of the Vault at `address` for `token`. Never raises: a lender that does not answer comes
    back with a `problem`.
    """
    answers = yield (
        eth_call(address, "getProtocolFeesCollector()"),
        eth_call(token, "balanceOf(address)", address),
        eth_call(address, "getPausedState()"),
    )
    collector, available = decoded_address(answers[0]), decoded_int(answers[1])
    if collector is None:
        return _terms(address, token, problem="does not answer as a Balancer V2 Vault")
    (answer,) = yield (eth_call(collector, "getFlashLoanFeePercentage()"),)
    rate = decoded_int(answer)
    if rate is None:
        return _terms(address, token, problem="does not tell its flash loan fee")
    if decoded_int(answers[2], "bool"):
        return _terms(address, token, problem="is paused")
    return _terms(address, token, rate, available or 0, "" if available else "has none of the token")


def _terms(
    address: Address, token: Address, rate: int = 0, available: int = 0, problem: str = ""
) -> LenderTerms:
    return LenderTerms(Funding.BALANCER_V2, address, token, rate, ONE, Rounding.UP, available, problem)
