"""A peg stability module of Maker as it was read."""

from dataclasses import dataclass

from executor.domain.pool import Pool
from executor.domain.pool_details import MakerPSMDetails

WAD = 10**18
"""What a fee counts as the whole."""

HALTED = 2**256 - 1
"""The fee of a direction that is closed; an allowance without an end has the same number."""

MOST_MOVED = 2**128
"""More than any module has: beyond, its own products would not fit a word."""


@dataclass(frozen=True, slots=True)
class MakerPSMState:
    """`tin` is the fee for selling the gem, `tout` for buying it, in parts of WAD.

    The till holds `cash`, the pocket `gems`, of which the till may take `allowed`; smallest units.
    """

    pool: Pool
    tin: int
    tout: int
    cash: int
    gems: int
    allowed: int = HALTED

    @property
    def details(self) -> MakerPSMDetails:
        """Which tokens it trades, and where they are."""
        details = self.pool.details
        assert isinstance(details, MakerPSMDetails)
        return details

    def buys(self, zero_for_one: bool) -> bool:
        """True if the gem comes out, False if it goes in."""
        token_out = self.pool.token1 if zero_for_one else self.pool.token0
        return token_out.address == self.details.gem

    def fee(self, zero_for_one: bool) -> int:
        """The fee of that direction in parts of WAD, or HALTED."""
        return self.tout if self.buys(zero_for_one) else self.tin

    def price(self, zero_for_one: bool) -> tuple[int, int]:
        """What comes out for what goes in, both in smallest units and scaled alike."""
        unit = self.details.unit
        return (WAD, unit * (WAD + self.tout)) if self.buys(zero_for_one) else (unit * (WAD - self.tin), WAD)

    def held(self, zero_for_one: bool) -> int:
        """The most that can come out now."""
        return (
            min(self.gems, self.allowed, MOST_MOVED)
            if self.buys(zero_for_one)
            else min(self.cash, MOST_MOVED)
        )
