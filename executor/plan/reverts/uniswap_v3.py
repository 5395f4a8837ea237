"""Reverts of pools of the Uniswap V3 shape (also PancakeSwap V3 and Slipstream): short texts."""

from executor.plan.reverts.kinds import Meaning, Reason, Reasons

_NOT_REPAID = Reason("FlashNotRepaid", Meaning.TOKEN_TAX, "the pool got back less than loan and fee")

REASONS = Reasons(
    "uniswap_v3",
    texts={
        "LOK": Reason("PoolLocked", Meaning.LOCK_CLASH, "the pool was entered again while it waited"),
        "AS": Reason("NothingAsked", Meaning.NO_LIQUIDITY, "the pool was asked for nothing"),
        "SPL": Reason("PriceLimitPassed", Meaning.MOVED_PRICE, "the price is past the plan's limit already"),
        "IIA": Reason(
            "InputMissing",
            Meaning.TOKEN_TAX,
            "less arrived at the pool than it asked for: a tax on transfers",
        ),
        "L": Reason("NoLiquidityInRange", Meaning.NO_LIQUIDITY, "the pool has no liquidity at its price"),
        "F0": _NOT_REPAID,
        "F1": _NOT_REPAID,
        "TF": Reason("TokenTransferFailed", Meaning.TOKEN_REFUSED, "the token refused the pool's transfer"),
    },
)
