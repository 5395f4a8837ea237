"""A vault of ERC-4626 as it was read."""

from dataclasses import dataclass

from executor.domain.pool import Pool
from executor.domain.pool_details import ERC4626Details


@dataclass(frozen=True, slots=True)
class ERC4626State:
    """`shares` of the vault are worth `assets` (both in smallest units), for any amount, rounded down.

    `pooled`: both are what the vault holds, and grow and shrink with it; else they are a rate. The vault
    takes up to `most_deposited` of its asset now, and there are `supply` shares. `exact` is False where the
    vault's previews are not this rule: it takes a fee, or rounds in a way of its own.
    """

    pool: Pool
    shares: int
    assets: int
    pooled: bool
    most_deposited: int
    supply: int
    exact: bool = True

    def deposits(self, zero_for_one: bool) -> bool:
        """True if the asset goes in, False if shares do."""
        details = self.pool.details
        assert isinstance(details, ERC4626Details)
        token_in = self.pool.token0 if zero_for_one else self.pool.token1
        return token_in.address == details.asset
