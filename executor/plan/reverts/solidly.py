"""Reverts of pairs of the Solidly shape: custom errors of Aerodrome and Velodrome V2, texts of the first
Velodrome and its forks.
"""

from executor.plan.reverts.kinds import Meaning, Reason, Reasons, plain

_K = "the pair got too little for what it was asked to give: a moved price, or a tax on transfers"
_INPUT = "nothing arrived at the pair"
_OUTPUT = "the pair was asked for nothing: the input is too small"
_LIQUIDITY = "the pair does not hold as much as was asked of it"

REASONS = Reasons(
    "solidly",
    errors=(
        *plain(Meaning.MOVED_PRICE, _K, "K"),
        *plain(Meaning.TOKEN_TAX, _INPUT, "InsufficientInputAmount"),
        *plain(Meaning.NO_LIQUIDITY, _OUTPUT, "InsufficientOutputAmount"),
        *plain(Meaning.NO_LIQUIDITY, _LIQUIDITY, "InsufficientLiquidity"),
        *plain(Meaning.CONFIGURATION, "a pair cannot send to its own token", "InvalidTo"),
        *plain(Meaning.PAUSED, "the factory has paused its pairs", "IsPaused"),
    ),
    texts={
        "K": Reason("InvariantBroken", Meaning.MOVED_PRICE, _K),
        "IIA": Reason("NothingPaid", Meaning.TOKEN_TAX, _INPUT),
        "IOA": Reason("NothingAsked", Meaning.NO_LIQUIDITY, _OUTPUT),
        "IL": Reason("TooMuchAsked", Meaning.NO_LIQUIDITY, _LIQUIDITY),
        "IT": Reason("InvalidReceiver", Meaning.CONFIGURATION, "a pair cannot send to its own token"),
    },
)
