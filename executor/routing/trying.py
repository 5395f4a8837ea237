"""The best of a few inputs that are tried with exact amounts."""

from collections.abc import Callable, Iterable

Amounts = tuple[int, ...]
Forward = Callable[[int], Amounts | None]
"""The amounts along a route for an input; None where it cannot be traded."""
Backward = Callable[[int, int], int | None]
"""The least input for which an amount arrives at a place of the route: place, amount."""

SCAN = 256
"""So many amounts are tried one by one."""


class Tries:
    """What was tried, and the best of it: most `worth`, of equals the smallest input. All amounts in the
    smallest units; `worth` in the settlement token's.
    """

    def __init__(
        self, forward: Forward, backward: Backward, worth: Callable[[Amounts], int], cap: int
    ) -> None:
        self._forward, self._backward, self._worth, self._cap = forward, backward, worth, cap
        self.amounts: Amounts = ()
        self.most = 0

    def input(self, amount_in: int) -> Amounts | None:
        """Try one input; its amounts."""
        if not 0 < amount_in <= self._cap:
            return None
        amounts = self._forward(amount_in)
        if amounts is not None:
            worth = self._worth(amounts)
            if not self.amounts or (worth, -amount_in) > (self.most, -self.amounts[0]):
                self.amounts, self.most = amounts, worth
        return amounts

    def arriving(self, place: int, wanted: Iterable[int]) -> None:
        """Try the least inputs for which the wanted amounts arrive at a place."""
        for amount in wanted:
            amount_in = self._backward(place, amount) if place else amount
            if amount_in is not None:
                self.input(amount_in)

    def around(self, amount_in: int, neighbours_below: int) -> None:
        """Try an input, then the least one for its scarcest amount, and that amount's upper neighbour where
        it has less than so many units.
        """
        amounts = self.input(amount_in)
        if amounts is None:
            return
        place = scarcest(amounts)
        if amounts[place] < neighbours_below:
            self.arriving(place, range(amounts[place], amounts[place] + 2))
        elif place:
            self.arriving(place, (amounts[place],))

    def between(self, low: int, high: int) -> bool:
        """Try all inputs of a range, or the least ones for each amount on the way, if those are few; whether
        they were.
        """
        first, last = self._forward(low), self._forward(high)
        if first is None or last is None:
            first, last = (low,), (high,)
        counts = [most - least for least, most in zip(first, last, strict=True)]
        place = counts.index(min(counts))
        if counts[place] >= SCAN:
            return False
        self.arriving(place, range(first[place], last[place] + 1))
        return True


def scarcest(amounts: Amounts) -> int:
    """The place of the amount with the fewest units."""
    return amounts.index(min(amounts))
