"""Reverts of pairs of the Uniswap V2 shape. Forks change the word before the colon."""

from executor.plan.reverts.kinds import Meaning, Reason, Reasons

REASONS = Reasons(
    "uniswap_v2",
    prefixed=True,
    texts={
        "K": Reason(
            "InvariantBroken",
            Meaning.MOVED_PRICE,
            "the pair got too little for what it was asked to give: a moved price, or a tax on transfers",
        ),
        "INSUFFICIENT_INPUT_AMOUNT": Reason(
            "NothingPaid", Meaning.TOKEN_TAX, "nothing arrived at the pair: a tax took it all, or nobody paid"
        ),
        "INSUFFICIENT_OUTPUT_AMOUNT": Reason(
            "NothingAsked", Meaning.NO_LIQUIDITY, "the pair was asked for nothing: the input is too small"
        ),
        "INSUFFICIENT_LIQUIDITY": Reason(
            "TooMuchAsked", Meaning.NO_LIQUIDITY, "the pair does not hold as much as was asked of it"
        ),
        "INVALID_TO": Reason("InvalidReceiver", Meaning.CONFIGURATION, "a pair cannot send to its own token"),
        "LOCKED": Reason("PairLocked", Meaning.LOCK_CLASH, "the pair was entered again while it was lending"),
        "TRANSFER_FAILED": Reason(
            "TokenTransferFailed", Meaning.TOKEN_REFUSED, "the token refused the pair's transfer"
        ),
        "OVERFLOW": Reason("ReservesOverflow", Meaning.NO_LIQUIDITY, "the pair cannot hold so much"),
    },
)
