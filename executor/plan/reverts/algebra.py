"""Reverts of Algebra Integral pools."""

from executor.plan.reverts.kinds import ErrorType, Meaning, Reasons, plain

REASONS = Reasons(
    "algebra",
    errors=(
        *plain(Meaning.LOCK_CLASH, "the pool was entered again while it waited", "locked"),
        *plain(
            Meaning.TOKEN_TAX,
            "less arrived at the pool than it asked for",
            "insufficientInputAmount",
            "flashInsufficientPaid0",
            "flashInsufficientPaid1",
        ),
        *plain(
            Meaning.NO_LIQUIDITY,
            "the pool was asked for nothing, or for more than it can count",
            "zeroAmountRequired",
            "invalidAmountRequired",
        ),
        *plain(Meaning.MOVED_PRICE, "the price is past the plan's limit already", "invalidLimitSqrtPrice"),
        *plain(Meaning.TOKEN_REFUSED, "the token refused the pool's transfer", "transferFailed"),
        *plain(Meaning.CONFIGURATION, "the pool has no price yet", "notInitialized"),
        *plain(Meaning.NO_LIQUIDITY, "the pool cannot make a trade of this size", "arithmeticError"),
        *plain(
            Meaning.CONFIGURATION,
            "the pool's plugin did not answer as it must",
            "pluginIsNotConnected",
            "incorrectPluginFee",
        ),
        ErrorType(
            "invalidHookResponse",
            (("bytes4", "selector"),),
            Meaning.CONFIGURATION,
            "the pool's plugin did not answer as it must",
        ),
    ),
)
