"""Reverts of lenders of the ERC-3156 shape: the reference's, Maker's flash module's, OpenZeppelin's."""

from executor.plan.reverts.kinds import ErrorType, Meaning, Reason, Reasons

_TOKEN = Reason("TokenNotLent", Meaning.CONFIGURATION, "the lender does not lend the token")
_DRY = Reason("LoanTooLarge", Meaning.LENDER_DRY, "the lender cannot lend as much")
_ANSWER = Reason("AnswerRefused", Meaning.CONFIGURATION, "the lender did not get the answer that it wants")

REASONS = Reasons(
    "erc3156",
    errors=(
        ErrorType("ERC3156UnsupportedToken", (("address", "token"),), Meaning.CONFIGURATION, _TOKEN.words),
        ErrorType("ERC3156ExceededMaxLoan", (("uint256", "maxLoan"),), Meaning.LENDER_DRY, _DRY.words),
        ErrorType("ERC3156InvalidReceiver", (("address", "receiver"),), Meaning.CONFIGURATION, _ANSWER.words),
    ),
    texts={
        "FlashLender: Unsupported currency": _TOKEN,
        "FlashLender: Transfer failed": _DRY,
        "FlashLender: Callback failed": _ANSWER,
        "FlashLender: Repay failed": Reason(
            "LoanNotRepaid", Meaning.TOKEN_REFUSED, "the lender could not pull the loan back"
        ),
        "DssFlash/token-unsupported": _TOKEN,
        "DssFlash/ceiling-exceeded": _DRY,
        "DssFlash/callback-failed": _ANSWER,
        "DssFlash/vat-not-live": Reason("LenderStopped", Meaning.PAUSED, "the lender has been shut down"),
    },
)
