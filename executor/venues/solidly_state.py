"""A pool of the Solidly shape as it was read."""

from dataclasses import dataclass

from executor.domain.pool import Pool
from executor.venues import solidly_maths as maths
from executor.venues.solidly_maths import Side


@dataclass(frozen=True, slots=True)
class SolidlyState:
    """Reserves in the tokens' smallest units; `whole0` and `whole1` are one whole of each token in those.

    `fee_bps` is in basis points; `paused`: the factory lets nobody swap; `exact` is False where the
    pool's own quotes were not the ones of these maths.
    """

    pool: Pool
    reserve0: int
    reserve1: int
    stable: bool
    whole0: int
    whole1: int
    fee_bps: int
    paused: bool = False
    exact: bool = True

    def sides(self, zero_for_one: bool) -> tuple[Side, Side]:
        """The side of what goes in, then of what comes out."""
        side0, side1 = Side(self.reserve0, self.whole0), Side(self.reserve1, self.whole1)
        return (side0, side1) if zero_for_one else (side1, side0)

    def rounds(self, zero_for_one: bool, amount_in: int) -> int:
        """How often a stable pool corrects its guess in a quote. Raises as `quoted` does."""
        net = maths.net_of_fee(amount_in, self.fee_bps)
        return maths.stable_out(net, *self.sides(zero_for_one), zero_for_one)[1]

    def quoted(self, zero_for_one: bool, amount_in: int) -> int:
        """What the pool's `getAmountOut` answers. Raises ArithmeticError where it reverts."""
        side_in, side_out = self.sides(zero_for_one)
        net = maths.net_of_fee(amount_in, self.fee_bps)
        if self.stable:
            return maths.stable_out(net, side_in, side_out, zero_for_one)[0]
        return maths.volatile_out(net, side_in, side_out)
