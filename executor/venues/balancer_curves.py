"""The two curves of Balancer's pools, weighted and stable, as values: what a state of either Vault holds.

Balances and amounts are in 18 decimals, rates included ("live"); tokens are named by their place.
"""

from dataclasses import dataclass

from executor.domain.errors import MathsError
from executor.venues.balancer_maths import weighted_in, weighted_out
from executor.venues.balancer_stable_maths import first_invariant, invariant, slope, stable_in, stable_out

Live = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WeightedCurve:
    """`weights` add up to 1e18. `shortcuts`: powers of 1, 2 and 4 are multiplied out. `extra` is added to the
    balance of what goes in; below `least` (empty: no such limit) no balance may fall.
    """

    weights: tuple[int, ...]
    shortcuts: bool = True
    extra: int = 0
    least: tuple[int, ...] = ()

    def constant(self, live: Live) -> int:
        """Weighted swaps need no invariant. Raises MathsError if the pool is empty of a token."""
        if min(live) <= 0:
            raise MathsError("the pool is empty of one token.", fix="use another pool", balances=list(live))
        return 0

    def out(self, live: Live, constant: int, i: int, j: int, amount: int) -> int:
        """What comes out of token `j` for `amount` of token `i`. Raises MathsError as `weighted_out` does."""
        weights = self.weights
        given = weighted_out(live[i] + self.extra, weights[i], live[j], weights[j], amount, self.shortcuts)
        self._require_least(live, i, j, given)
        return given

    def needed(self, live: Live, constant: int, i: int, j: int, amount: int) -> int:
        """What must go in of token `i` for `amount` of token `j`. Raises MathsError as `weighted_in` does."""
        weights = self.weights
        asked = weighted_in(live[i] + self.extra, weights[i], live[j], weights[j], amount, self.shortcuts)
        self._require_least(live, i, j, amount)
        return asked

    def slope(self, live: Live, constant: int, i: int, j: int) -> tuple[int, int]:
        """What the next unit of `i` gives of `j`, without fee: numerator and denominator."""
        return live[j] * self.weights[i], (live[i] + self.extra) * self.weights[j]

    def _require_least(self, live: Live, i: int, j: int, out: int) -> None:
        if self.least and (live[i] + self.extra < self.least[i] or live[j] - out < self.least[j]):
            raise MathsError(
                "the pool would hold less of a token than it must.",
                fix="trade less, or use another pool",
                balances=list(live),
                least=list(self.least),
            )


@dataclass(frozen=True, slots=True)
class StableCurve:
    """`amplification` in thousandths. `first`: the invariant as the first pools find it; `coarse`: the
    precision of all pools of the V2 Vault; `most_ratio`: the largest balance must stay below so many times
    the smallest (0: no such limit).
    """

    amplification: int
    first: bool = False
    coarse: bool = False
    most_ratio: int = 0

    def constant(self, live: Live) -> int:
        """The invariant. Raises MathsError if there is none."""
        return (first_invariant if self.first else invariant)(self.amplification, live)

    def out(self, live: Live, constant: int, i: int, j: int, amount: int) -> int:
        """What comes out of token `j` for `amount` of token `i`; negative where that is too little."""
        given = stable_out(self.amplification, live, constant, i, j, amount, self.coarse)
        self._require_balanced(live, i, j, amount, given)
        return given

    def needed(self, live: Live, constant: int, i: int, j: int, amount: int) -> int:
        """What must go in of token `i` for `amount` of token `j`. Raises MathsError as `stable_in` does."""
        asked = stable_in(self.amplification, live, constant, i, j, amount, self.coarse)
        self._require_balanced(live, i, j, asked, amount)
        return asked

    def slope(self, live: Live, constant: int, i: int, j: int) -> tuple[int, int]:
        """What the next unit of `i` gives of `j`, without fee: numerator and denominator."""
        return slope(self.amplification, live, constant, i, j)

    def _require_balanced(self, live: Live, i: int, j: int, given: int, taken: int) -> None:
        if not self.most_ratio:
            return
        # As the pool has it: what the two held before counts too.
        most, least = max(*live, live[i] + given), min(*live, live[j] - taken)
        if least <= 0 or most // least >= self.most_ratio:
            raise MathsError(
                "the stable pool would be too far out of balance.",
                fix="trade less, or use another pool",
                balances=list(live),
                most_ratio=self.most_ratio,
            )


BalancerCurve = WeightedCurve | StableCurve
