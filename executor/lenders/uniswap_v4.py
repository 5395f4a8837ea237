"""Uniswap V4: whoever unlocks the PoolManager may take any of its money for as long as the lock is open, for
nothing.

Source: v4-core 1.0.2, `PoolManager.unlock`, `take`, `settle`. What can be taken is the whole balance of a
currency, not that of one pool. Nobody can pause it.
"""

from executor.domain.abi import decoded, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms
from executor.domain.route import Funding
from executor.lenders.free import free_terms

GAS_OVERHEAD = 23_400
"""Gas over own money of a trade funded by the PoolManager, measured."""


def read_terms(address: Address, token: Address) -> Reading[LenderTerms]:
    """Read the terms of the PoolManager at `address` for `token`. Never raises: a lender that does not answer
    comes back with a `problem`.
    """
    controller, balance = yield (
        eth_call(address, "protocolFeeController()"),
        eth_call(token, "balanceOf(address)", address),
    )
    problem = "does not answer as a V4 PoolManager" if decoded(controller, "address") is None else ""
    return free_terms(Funding.UNISWAP_V4, address, token, balance, problem)
