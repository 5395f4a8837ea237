"""The least input for an output, where a venue has no formula for it: a search on its exact output."""

from collections.abc import Callable

MOST_DOUBLINGS = 256
MOST_STEPS = 8


class TooLittleError(ArithmeticError):
    """So little goes in that the pool would revert; more might do."""


def least_input(gives: Callable[[int], int], wanted: int, guess: int) -> int:
    """An input that gives at least `wanted` while one unit less gives less; all in smallest units.

    That is the least of all wherever `gives` never falls. It comes closer from `guess` by the price there,
    searches outwards, then halves.
    Raises ArithmeticError where no input gives that much.
    """

    def enough(amount: int) -> bool:
        try:
            return amount > 0 and gives(amount) >= wanted
        except TooLittleError:
            return False

    low, high = _bracket(enough, _closer(gives, wanted, max(1, guess)))
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


def _closer(gives: Callable[[int], int], wanted: int, guess: int) -> int:
    """An input that gives about as much as is wanted, if one is found in a few steps."""
    for _ in range(MOST_STEPS):
        try:
            given = gives(guess)
        except ArithmeticError:
            return guess
        following = guess * wanted // given if given > 0 else guess
        if abs(following - guess) <= 1:
            return guess
        guess = max(1, following)
    return guess


def _bracket(enough: Callable[[int], bool], guess: int) -> tuple[int, int]:
    """An input that is too little, and one above that is enough."""
    step = 1
    if enough(guess):
        high = guess
        while enough(high - step):
            high -= step
            step *= 2
        return max(0, high - step), high
    low = guess
    for _ in range(MOST_DOUBLINGS):
        if enough(low + step):
            return low, low + step
        low += step
        step *= 2
    raise ArithmeticError("no input gives so much")
