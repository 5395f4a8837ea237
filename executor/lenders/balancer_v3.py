"""Balancer V3: whoever unlocks the Vault may have its money sent while the lock is open, for nothing.

Source: v3-vault, `Vault.unlock`, `sendTo`, `settle`. What can be sent is the Vault's own record of its
reserves, in which donated tokens do not count. Its pause stops swaps, not this.
"""

from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms
from executor.domain.route import Funding
from executor.lenders.free import free_terms

GAS_OVERHEAD = 25_800
"""Gas over own money of a trade funded by the Vault, measured."""


def read_terms(address: Address, token: Address) -> Reading[LenderTerms]:
    """Read the terms of the Vault at `address` for `token`. Never raises: a lender that does not answer comes
    back with a `problem`.
    """
    unlocked, reserves = yield (
        eth_call(address, "isUnlocked()"),
        eth_call(address, "getReservesOf(address)", token),
    )
    problem = "does not answer as a Balancer V3 Vault" if decoded_int(unlocked, "bool") is None else ""
    return free_terms(Funding.BALANCER_V3, address, token, reserves, problem)
