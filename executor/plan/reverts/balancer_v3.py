"""Reverts of the Balancer V3 Vault and the maths of its pools."""

from executor.plan.reverts.kinds import ErrorType, Meaning, Reasons, plain

_POOL = (("address", "pool"),)
_LIMIT = (("uint256", "amount"), ("uint256", "limit"))

REASONS = Reasons(
    "balancer_v3",
    errors=(
        *plain(
            Meaning.TOKEN_TAX,
            "something is owed still when the lock ends: a tax on transfers, or a plan that does not add up",
            "BalanceNotSettled",
        ),
        *plain(Meaning.CONFIGURATION, "the step stands outside of an unlock", "VaultIsNotUnlocked"),
        *plain(
            Meaning.LOCK_CLASH, "the Vault was entered again in the middle", "ReentrancyGuardReentrantCall"
        ),
        *plain(Meaning.PAUSED, "the Vault is paused", "VaultPaused"),
        *plain(Meaning.NO_LIQUIDITY, "the trade is too small", "AmountGivenZero", "TradeAmountTooSmall"),
        *plain(
            Meaning.NO_LIQUIDITY,
            "the trade is too large for the pool's holdings",
            "MaxInRatio",
            "MaxOutRatio",
            "MaxImbalanceRatioExceeded",
            "StableInvariantDidNotConverge",
            "StableComputeBalanceDidNotConverge",
        ),
        *plain(Meaning.CONFIGURATION, "a token cannot be swapped for itself", "CannotSwapSameToken"),
        *plain(
            Meaning.CONFIGURATION,
            "the pool's hook refused",
            "BeforeSwapHookFailed",
            "AfterSwapHookFailed",
            "DynamicSwapFeeHookFailed",
        ),
        ErrorType("PoolNotRegistered", _POOL, Meaning.CONFIGURATION, "no such pool"),
        ErrorType("PoolNotInitialized", _POOL, Meaning.CONFIGURATION, "the pool has no liquidity yet"),
        ErrorType("PoolPaused", _POOL, Meaning.PAUSED, "the pool is paused"),
        ErrorType(
            "TokenNotRegistered",
            (("address", "token"),),
            Meaning.CONFIGURATION,
            "the pool does not hold the token",
        ),
        ErrorType("SwapLimit", _LIMIT, Meaning.MOVED_PRICE, "the pool gives less than allowed"),
        ErrorType("HookAdjustedSwapLimit", _LIMIT, Meaning.MOVED_PRICE, "the pool gives less than allowed"),
    ),
)
