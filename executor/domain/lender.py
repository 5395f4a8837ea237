"""What was read of a flash lender for one token at one block."""

from dataclasses import dataclass
from enum import StrEnum

from executor.domain.address import Address
from executor.domain.route import Funding


class Rounding(StrEnum):
    """How a lender rounds its premium to the token's smallest unit."""

    HALF_UP = "half_up"
    UP = "up"


@dataclass(frozen=True, slots=True)
class LenderTerms:
    """The premium is `rate / rate_unit` of the amount, in the lender's own unit and rounding, so that it
    comes out to the wei.

    `available` is what one loan may take, in the token's smallest unit. `problem` says why the lender does
    not lend, and is empty when it does.
    """

    funding: Funding
    address: Address
    token: Address
    rate: int
    rate_unit: int
    rounding: Rounding
    available: int
    problem: str = ""

    @property
    def enabled(self) -> bool:
        """True if the lender lends the token now."""
        return not self.problem
