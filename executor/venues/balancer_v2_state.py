"""What a pool of Balancer V2's Vault holds, as its maths need it."""

from dataclasses import dataclass, field

from executor.domain.pool import Pool
from executor.domain.pool_details import BalancerV2Details
from executor.venues.balancer_curves import BalancerCurve, Live
from executor.venues.balancer_maths import ONE


@dataclass(frozen=True, slots=True)
class BalancerV2State:
    """A pool with the pair that is traded.

    `balances` are the Vault's, in smallest units and in its order, without the pool's own token; `places`
    those of token0 and token1 among them. `scaling` makes live balances of them (parts of 1e18, rates
    included). `managed` is how much of token0 and token1 an asset manager holds elsewhere. `swap_fee` is in
    parts of 1e18. `steady`: neither a rate nor the amplification moves with time. `later_scaling` holds from
    the next swap on, where that is known to differ.
    """

    pool: Pool
    curve: BalancerCurve
    balances: tuple[int, ...]
    scaling: tuple[int, ...]
    swap_fee: int
    places: tuple[int, int]
    managed: tuple[int, int] = (0, 0)
    paused: bool = False
    steady: bool = True
    later_scaling: tuple[int, ...] | None = None
    _live: tuple[Live, int] | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def lists_itself(self) -> bool:
        """True if the pool's own token is among the Vault's balances."""
        own = self.pool.details
        return isinstance(own, BalancerV2Details) and self.pool.address in own.tokens

    def live(self) -> tuple[Live, int]:
        """Live balances in 18 decimals and the curve's constant. Raises MathsError if there is none."""
        if self._live is None:
            scaled = tuple(
                balance * factor // ONE for balance, factor in zip(self.balances, self.scaling, strict=True)
            )
            object.__setattr__(self, "_live", (scaled, self.curve.constant(scaled)))
        assert self._live is not None
        return self._live
