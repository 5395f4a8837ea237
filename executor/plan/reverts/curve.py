"""Reverts of Curve pools. Many of their checks give no reason at all."""

from executor.plan.reverts.kinds import Meaning, Reason, Reasons

_LESS = Reason("OutputBelowMinimum", Meaning.MOVED_PRICE, "the pool gives less than allowed")
_SIZE = Reason("UnsafeBalance", Meaning.NO_LIQUIDITY, "the trade is too large for the pool's holdings")

REASONS = Reasons(
    "curve",
    texts={
        "Exchange resulted in fewer coins than expected": _LESS,
        "Slippage": _LESS,
        "unsafe balance": _SIZE,
        "unsafe D": _SIZE,
        "no invariant": _SIZE,
        "no balance": _SIZE,
        "no mean": _SIZE,
    },
)
