"""The proactive market maker (PMM) of DODO V2, as whole numbers of 256 bits.

Source: `PMMPricing`, `DODOMath` and `DecimalMath` of DODO's contracts. With V0 the target of a side, V what
it holds and i the price, a side off its target has the price i (1 - k + k V0^2 / V^2). What goes in brings
the pool back to its targets first, where it is short of that token, and away from them afterwards.

Numbers are fixed point with 18 decimals. Each function raises ArithmeticError where the contract reverts:
nothing fits more than a word, and nothing falls below zero.
"""

from dataclasses import dataclass
from enum import IntEnum
from math import isqrt

ONE = 10**18
ONE_SQUARED = ONE**2
WORD = 2**256


class RState(IntEnum):
    """Which token the pool is short of, as the pool numbers it: none, its base, its quote."""

    ONE = 0
    ABOVE_ONE = 1
    BELOW_ONE = 2


@dataclass(frozen=True, slots=True)
class Side:
    """The pool as seen by what goes in. `rate`: units of the output for one whole unit of the input, times
    10^18; `k` the slope. `toward` is True where the input is what the pool is short of, False where it has
    too much of it, None where it is at its targets. `strict`: a product that does not fit a word is never
    worked out by dividing first.
    """

    rate: int
    k: int
    held_in: int
    held_out: int
    target_in: int
    target_out: int
    toward: bool | None
    strict: bool = False

    @property
    def back_in(self) -> int:
        """What brings the pool back to its targets."""
        return _above_zero(self.target_in - self.held_in)

    @property
    def back_out(self) -> int:
        """What it gives for that, rounding left to the pool."""
        return _above_zero(self.held_out - self.target_out)

    def sold(self, amount: int) -> tuple[int, bool | None]:
        """What comes out for `amount` before fees, and `toward` afterwards."""
        if not self.toward:
            held = self.target_out if self.toward is None else self.held_out
            return self.away(held, amount), False
        back_in, back_out = self.back_in, self.back_out
        if amount < back_in:
            end = word(self.held_in + amount)
            return min(integral(self.target_in, end, self.held_in, self.rate, self.k), back_out), True
        if amount == back_in:
            return back_out, None
        return word(back_out + self.away(self.target_out, amount - back_in)), False

    def away(self, held: int, amount: int) -> int:
        """What comes out of a side that holds `held` for `amount` that leads away from the targets."""
        return traded(self.target_out, held, amount, self.rate, self.k, self.strict)

    def slope(self, amount: int) -> tuple[int, int]:
        """What the next unit behind `amount` gives before fees, as numerator and denominator."""
        if self.toward and amount < self.back_in:
            target, held = self.target_in, self.held_in + amount
            return self.rate * _premium(self.k, target, held), ONE * ONE * held**2
        if self.toward:
            held = self.target_out - self.away(self.target_out, amount - self.back_in)
        else:
            held = self.target_out if self.toward is None else self.held_out
            held -= self.away(held, amount)
        if held <= 0:
            raise ArithmeticError("nothing is left")
        return self.rate * held**2, _premium(self.k, self.target_out, held)

    def paying(self, wanted: int) -> int:
        """About what must go in for `wanted` to come out before fees, by the same curve in real numbers."""
        if self.toward and wanted <= self.back_out:
            return min(self._climb(wanted), self.back_in)
        if self.toward:
            return self.back_in + self._descent(self.target_out, wanted - self.back_out)
        return self._descent(self.target_out if self.toward is None else self.held_out, wanted)

    def _climb(self, wanted: int) -> int:
        """The root of (1 - k) x^2 + ((1 - k) V + k V0^2 / V - f) x = f V, f being `wanted` at the rate."""
        held, fair = self.held_in, wanted * ONE // self.rate + 1
        square = ONE - self.k
        linear = square * held + self.k * self.target_in**2 // held - fair * ONE
        constant = fair * held * ONE
        return 2 * constant // max(linear + isqrt(linear**2 + 4 * square * constant), 1)

    def _descent(self, held: int, wanted: int) -> int:
        """The integral of the price over what comes out."""
        left = held - wanted
        if left <= 0:
            raise ArithmeticError("it never gives as much")
        curved = (ONE - self.k) * held * left + self.k * self.target_out**2
        return wanted * curved // (held * left * self.rate)


def integral(target: int, end: int, start: int, rate: int, k: int) -> int:
    """What a side gives for filling it from `start` to `end`, below its target: the mean price times that."""
    if target <= 0:
        raise ArithmeticError("the target is zero")
    fair = word(rate * (end - start))
    if k == 0:
        return fair // ONE
    squared = word(word(target * target) // end * ONE) // start
    factor = word(ONE - k + word(k * squared) // ONE)
    return word(factor * fair) // ONE_SQUARED


def traded(target: int, held: int, amount: int, rate: int, k: int, strict: bool) -> int:
    """What a side that holds `held` gives for `amount`: the quadratic equation of the integral's mean price,
    rounded as the pool rounds it; 0 where rounding leaves nothing.
    """
    if target <= 0:
        raise ArithmeticError("the target is zero")
    if amount == 0:
        return 0
    fair = word(rate * amount)
    if k == 0:
        return min(fair // ONE, held)
    if k == ONE:
        return _hyperbolic(target, held, amount, rate, strict)
    less = word(word(word(k * target) // held * target) + fair)
    more = word((ONE - k) * held)
    linear = abs(more - less) // ONE
    constant = word(4 * (ONE - k) * word(word(k * target) // ONE * target)) // ONE
    root = isqrt(word(word(linear * linear) + constant))
    numerator = word((root + linear if more >= less else root - linear) * ONE)
    return max(held + numerator // (-2 * (ONE - k)), 0)


def _hyperbolic(target: int, held: int, amount: int, rate: int, strict: bool) -> int:
    """The same where k is one: a constant product of the target."""
    fair = rate * amount
    if fair == 0:
        share = 0
    elif strict or fair * held < WORD:
        share = word(fair * held) // word(target * target)
    else:
        share = word(word(amount * held) // target * rate) // target
    return word(held * share) // word(share + ONE)


def target_of(held: int, surplus: int, rate: int, k: int, strict: bool) -> int:
    """The target of a side that holds `held`, while the other one holds `surplus` more than its own."""
    if held == 0 and not (strict and k == 0):
        return 0
    if k == 0:
        return word(held + word(rate * surplus) // ONE)
    steep = word(4 * k * rate)
    if steep == 0:
        root = ONE
    elif strict or steep * surplus < WORD:
        root = isqrt(word(word(steep * surplus) // held + ONE_SQUARED))
    else:
        root = isqrt(word(word(steep // held * surplus) + ONE_SQUARED))
    premium = word(word((root - ONE) * ONE) // (2 * k) + ONE)
    return word(held * premium) // ONE


def reciprocal(rate: int) -> int:
    """The price the other way round."""
    return ONE_SQUARED // rate


def word(value: int) -> int:
    """The number, where it fits a word of the EVM."""
    if not 0 <= value < WORD:
        raise ArithmeticError("beyond a word")
    return value


def _above_zero(value: int) -> int:
    if value < 0:
        raise ArithmeticError("below zero")
    return value


def _premium(k: int, target: int, held: int) -> int:
    """1 - k + k V0^2 / V^2, times 10^18 and V^2."""
    return (ONE - k) * held**2 + k * target**2
