"""Reverts of Morpho Blue's flash loan."""

from executor.plan.reverts.kinds import Meaning, Reason, Reasons

_DRY = Reason("TokenTransferFailed", Meaning.LENDER_DRY, "Morpho does not hold as much, or the token refused")
_UNPAID = Reason("LoanNotRepaid", Meaning.TOKEN_REFUSED, "Morpho could not pull the loan back")

REASONS = Reasons(
    "morpho_blue",
    texts={
        "zero assets": Reason("NothingAsked", Meaning.CONFIGURATION, "Morpho lends no amount of zero"),
        "transfer reverted": _DRY,
        "transfer returned false": _DRY,
        "transferFrom reverted": _UNPAID,
        "transferFrom returned false": _UNPAID,
        "no code": Reason("NoToken", Meaning.CONFIGURATION, "an address given as a token is none"),
    },
)
