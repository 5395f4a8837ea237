"""What a lender asks, by amount, in a form that sizes can be solved with."""

from collections.abc import Callable
from dataclasses import dataclass

from executor.domain.lender import LenderTerms
from executor.lenders import premium as lender_premium

PremiumOf = Callable[[int], int]
"""The premium for an input, both in the settlement token's smallest unit; never falls as the input grows."""


def no_premium(amount: int) -> int:
    """The premium of money that costs nothing."""
    return 0


@dataclass(frozen=True, slots=True)
class LoanPremium:
    """A lender's premium by amount, to the smallest unit in its own rounding. Its rate is `num / den - 1`."""

    terms: LenderTerms

    def __call__(self, amount: int) -> int:
        """The premium for a loan of `amount`."""
        return lender_premium(amount, self.terms)


def repaid(premium: PremiumOf) -> tuple[int, int] | None:
    """What must come back for each unit that went in, as numerator and denominator in whole numbers; None
    where no fixed rate is known.
    """
    if premium is no_premium:
        return 1, 1
    if isinstance(premium, LoanPremium):
        return premium.terms.rate_unit + premium.terms.rate, premium.terms.rate_unit
    return None
