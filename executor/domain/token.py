"""A token of one chain."""

from dataclasses import dataclass, field
from decimal import Decimal

from executor.domain.address import Address

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class TransferFee:
    """What a token keeps of each transfer: `bps` of the amount, in basis points (0 to 9,999), rounded to a
    smallest unit, up or down. The receiver gets the rest.
    """

    bps: int
    rounded_up: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An ERC-20 token. `decimals` is 0 to 36; amounts everywhere are ints in its smallest unit.
    `transfer_fee` is None where all that is sent arrives. `transfer_gas` is what the token costs more than a
    plain one on a route that moves it, as far as that is known; each transfer costs three tenths of it more.
    """

    chain_id: int
    address: Address
    symbol: str
    decimals: int
    transfer_fee: TransferFee | None = None
    transfer_gas: int = field(default=0, compare=False)

    def shown(self, amount: int) -> Decimal:
        """`amount` (smallest unit) in whole tokens; for people only, never fed back into arithmetic."""
        return Decimal(amount).scaleb(-self.decimals)
