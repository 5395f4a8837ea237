"""A token of one chain."""

from dataclasses import dataclass
from decimal import Decimal

from executor.domain.address import Address


@dataclass(frozen=True, slots=True)
class Token:
    """An ERC-20 token. `decimals` is 0 to 36; amounts everywhere are ints in its smallest unit."""

    chain_id: int
    address: Address
    symbol: str
    decimals: int

    def shown(self, amount: int) -> Decimal:
        """`amount` (smallest unit) in whole tokens; for people only, never fed back into arithmetic."""
        return Decimal(amount).scaleb(-self.decimals)
