"""Reverts of the Uniswap V4 PoolManager."""

from executor.plan.reverts.kinds import ErrorType, Meaning, Reasons, plain

WRAPPED_ERROR = ErrorType(
    "WrappedError",
    (("address", "target"), ("bytes4", "selector"), ("bytes", "reason"), ("bytes", "details")),
    Meaning.UNKNOWN,
    "a token or hook that the PoolManager called refused",
)

REASONS = Reasons(
    "uniswap_v4",
    errors=(
        WRAPPED_ERROR,
        *plain(
            Meaning.TOKEN_TAX,
            "something is owed still when the lock ends: a tax on transfers, or a plan that does not add up",
            "CurrencyNotSettled",
        ),
        *plain(Meaning.LOCK_CLASH, "the PoolManager is unlocked already", "AlreadyUnlocked"),
        *plain(Meaning.CONFIGURATION, "the step stands outside of an unlock", "ManagerLocked"),
        *plain(Meaning.CONFIGURATION, "no such pool", "PoolNotInitialized"),
        *plain(Meaning.NO_LIQUIDITY, "the pool was asked for nothing", "SwapAmountCannotBeZero"),
        *plain(Meaning.CONFIGURATION, "the chain's own coin was sent for a token", "NonzeroNativeValue"),
        *plain(
            Meaning.TOKEN_REFUSED,
            "the PoolManager could not pay: it holds too little, or the token refused",
            "ERC20TransferFailed",
            "NativeTransferFailed",
        ),
        *plain(
            Meaning.CONFIGURATION,
            "the pool's hook did not do as it must",
            "HookCallFailed",
            "InvalidHookResponse",
            "HookDeltaExceedsSwapAmount",
        ),
        *plain(
            Meaning.NO_LIQUIDITY,
            "the pool cannot make a trade of this size",
            "NotEnoughLiquidity",
            "SafeCastOverflow",
            "PriceOverflow",
            "InvalidPriceOrLiquidity",
        ),
        ErrorType(
            "PriceLimitAlreadyExceeded",
            (("uint160", "price"), ("uint160", "limit")),
            Meaning.NO_LIQUIDITY,
            "the pool is at the end of its prices",
        ),
        ErrorType(
            "PriceLimitOutOfBounds",
            (("uint160", "limit"),),
            Meaning.CONFIGURATION,
            "no price can reach the limit",
        ),
    ),
)
