"""Reverts of pools of DODO V2, all of them texts; the arithmetic ones are those of its SafeMath."""

from executor.plan.reverts.kinds import Meaning, Reason, Reasons

_SHORT = "the pool holds less than it wrote down, or cannot take so much"
_BEYOND = "the amount is beyond what the pool's maths take"
_LOCKED = "the pool is being traded with or lends in the same moment"
_CLOSED = "the pool is closed, or does not let the receiver trade"
_ORACLE = "the pool's oracle has no valid price now"

REASONS = Reasons(
    "dodo_v2",
    texts={
        "TARGET_IS_ZERO": Reason(
            "TargetIsZero",
            Meaning.NO_LIQUIDITY,
            "the pool is empty, or cannot give as much as it is paid for",
        ),
        "SUB_ERROR": Reason("Underflow", Meaning.NO_LIQUIDITY, _SHORT),
        "ADD_ERROR": Reason("SumOverflow", Meaning.NO_LIQUIDITY, _BEYOND),
        "MUL_ERROR": Reason("ProductOverflow", Meaning.NO_LIQUIDITY, _BEYOND),
        "DIVIDING_ERROR": Reason("DivisionByZero", Meaning.NO_LIQUIDITY, "the pool is empty"),
        "OVERFLOW": Reason("ReserveOverflow", Meaning.NO_LIQUIDITY, "the pool cannot hold as much"),
        "REENTRANT": Reason("PoolLocked", Meaning.LOCK_CLASH, _LOCKED),
        "ReentrancyGuard: reentrant call": Reason("PoolLocked", Meaning.LOCK_CLASH, _LOCKED),
        "TRADER_SELL_NOT_ALLOWED": Reason("SellingClosed", Meaning.PAUSED, _CLOSED),
        "TRADER_BUY_NOT_ALLOWED": Reason("BuyingClosed", Meaning.PAUSED, _CLOSED),
        "GAS_PRICE_EXCEED": Reason(
            "GasPriceExceeded", Meaning.CONFIGURATION, "the pool takes no transaction of so high a gas price"
        ),
        "ORACLE_PRICE_INVALID": Reason("OraclePriceInvalid", Meaning.PAUSED, _ORACLE),
        "ORACLE_PRICE_STALE": Reason("OraclePriceStale", Meaning.PAUSED, _ORACLE),
    },
)
