"""A pool of DODO V2 as it was read."""

from dataclasses import dataclass, replace

from executor.domain.pool import Pool
from executor.domain.pool_details import DodoV2Details
from executor.venues.dodo_v2_maths import ONE, RState, Side, reciprocal, target_of

MOST_HELD = 2**112 - 1
"""The most of a token that a pool writes down."""


@dataclass(frozen=True, slots=True)
class DodoV2State:
    """What the pool wrote down of its base and quote, and its targets for them, in smallest units.

    `rate` is the guide price: units of the quote for one of the base, times 10^18; `k` the slope, `lp_fee`
    and `mt_fee` what is kept of the output, all with 18 decimals. `base_waiting` and `quote_waiting` stand at
    the pool above what it wrote down: they go in with the next sale. `refused` says why these maths are not
    to be believed for the pool; it is empty where they are.
    """

    pool: Pool
    rate: int
    k: int
    base: int
    quote: int
    base_target: int
    quote_target: int
    r: RState
    lp_fee: int
    mt_fee: int
    base_waiting: int = 0
    quote_waiting: int = 0
    refused: str = ""

    @property
    def details(self) -> DodoV2Details:
        """Which token is the base, and whether the pool keeps its targets."""
        details = self.pool.details
        assert isinstance(details, DodoV2Details)
        return details

    def sells_base(self, zero_for_one: bool) -> bool:
        """True if the base goes in, False if the quote does."""
        return (self.pool.token0 if zero_for_one else self.pool.token1).address == self.details.base

    def waiting(self, base_in: bool) -> int:
        """What goes in with the next sale of that token."""
        return self.base_waiting if base_in else self.quote_waiting

    def side(self, base_in: bool) -> Side:
        """The pool as seen by what goes in."""
        if base_in:
            held, targets, rate = (self.base, self.quote), (self.base_target, self.quote_target), self.rate
        else:
            held, targets = (self.quote, self.base), (self.quote_target, self.base_target)
            rate = reciprocal(self.rate)
        toward = None if self.r is RState.ONE else (self.r is RState.ABOVE_ONE) is base_in
        return Side(rate, self.k, *held, *targets, toward, self.details.strict)

    def parted(self, raw: int) -> tuple[int, int]:
        """What of the output the trader gets, and what the maintainer. Raises ArithmeticError if nothing of
        it is left for the trader.
        """
        maintainers = raw * self.mt_fee // ONE
        traders = raw - raw * self.lp_fee // ONE - maintainers
        if traders < 0:
            raise ArithmeticError("the fees take more than all")
        return traders, maintainers

    def sold(self, base_in: bool, amount: int) -> tuple[int, int, RState]:
        """What the pool's own query answers for `amount`, whatever is waiting: the trader's part, the
        maintainer's, and the state after it. Raises ArithmeticError where it reverts.
        """
        raw, toward = self.side(base_in).sold(amount)
        traders, maintainers = self.parted(raw)
        if toward is None:
            return traders, maintainers, RState.ONE
        return traders, maintainers, RState.ABOVE_ONE if toward is base_in else RState.BELOW_ONE

    def adjusted(self) -> "DodoV2State":
        """The same with the target of what the pool is short of worked out anew, as it does whenever it is
        asked. Raises ArithmeticError where it would revert.
        """
        if self.r is RState.BELOW_ONE:
            surplus = self.base - self.base_target
            return replace(self, quote_target=self._target(self.quote, surplus, self.rate))
        if self.r is RState.ABOVE_ONE:
            surplus = self.quote - self.quote_target
            return replace(self, base_target=self._target(self.base, surplus, reciprocal(self.rate)))
        return self

    def _target(self, held: int, surplus: int, rate: int) -> int:
        if surplus < 0:
            raise ArithmeticError("below zero")
        return target_of(held, surplus, rate, self.k, self.details.strict)
