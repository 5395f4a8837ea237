"""What a pool of Balancer V3's Vault holds, as its maths need it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from executor.domain.pool import Pool
from executor.venues.balancer_curves import BalancerCurve, Live
from executor.venues.balancer_maths import ONE, mul_up


class Loaded(NamedTuple):
    """A pool as the Vault loads it for a swap: balances less the yield fees due, the same live (18 decimals,
    rates included, rounded down), and the curve's constant.
    """

    balances: tuple[int, ...]
    live: Live
    constant: int


@dataclass(frozen=True, slots=True)
class BalancerV3State:
    """A pool with the pair that is traded.

    `balances` are the Vault's, in smallest units and in its order; `places` those of token0 and token1 among
    them. `factors` are powers of ten to 18 decimals, `rates` in parts of 1e18. `last_live` is what the Vault
    stored of the live balances of tokens that pay yield fees, 0 of all others. Fees are in parts of 1e18:
    `swap_fee` of what goes in, `aggregate_swap_fee` of that fee, `aggregate_yield_fee` of what rates added.
    `least_trade` is in 18 decimals. `steady`: neither a rate nor the amplification moves with time.
    """

    pool: Pool
    curve: BalancerCurve
    balances: tuple[int, ...]
    factors: tuple[int, ...]
    rates: tuple[int, ...]
    last_live: tuple[int, ...]
    swap_fee: int
    aggregate_swap_fee: int
    aggregate_yield_fee: int
    places: tuple[int, int]
    pays_yield: tuple[bool, ...]
    least_trade: int = 10**6
    recovery: bool = False
    paused: bool = False
    steady: bool = True
    _loaded: Loaded | None = field(default=None, init=False, compare=False, repr=False)

    def loaded(self) -> Loaded:
        """The pool as a swap finds it. Raises MathsError if it has no invariant."""
        if self._loaded is None:
            balances = tuple(balance - self._yield_due(place) for place, balance in enumerate(self.balances))
            live = tuple(self.to_live(place, balance) for place, balance in enumerate(balances))
            object.__setattr__(self, "_loaded", Loaded(balances, live, self.curve.constant(live)))
        assert self._loaded is not None
        return self._loaded

    def to_live(self, place: int, amount: int) -> int:
        """An amount in 18 decimals with its rate, rounded down."""
        return amount * self.factors[place] * self.rates[place] // ONE

    def _yield_due(self, place: int) -> int:
        """The protocol's part of what the token's rate added since the Vault last stored its balance."""
        if not self.pays_yield[place] or not self.aggregate_yield_fee or self.recovery:
            return 0
        gained = self.to_live(place, self.balances[place]) - self.last_live[place]
        if gained <= 0:
            return 0
        return mul_up(gained, self.aggregate_yield_fee) * ONE // (self.factors[place] * self.rates[place])
