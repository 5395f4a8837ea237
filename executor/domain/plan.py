"""The bytes for the router, with what they promise."""

from dataclasses import dataclass

from executor.domain.address import Address
from executor.domain.split import Sized


@dataclass(frozen=True, slots=True)
class Plan:
    """One router call. `calldata` is selector + packed plan; `minimum_profit` is in the settlement token's
    smallest unit; `rebate` is what its tip pays to a wallet of ours, in wei.
    """

    chain_id: int
    router: Address
    sized: Sized
    calldata: bytes
    minimum_profit: int
    deadline: int
    rebate: int = 0
