"""What to do when something went wrong: one table, no guesses.

Every entry answers three questions: may the trade be tried again, with what changed, and is its nonce still
taken. An answer that nobody knows never frees a nonce and never tries again by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """What went wrong: before the send, in the answer to it, or in the receipt."""

    SLIPPAGE = "slippage"
    NO_LIQUIDITY = "no_liquidity"
    LENDER_DRY = "lender_dry"
    STALE = "stale"
    GAS_SPIKE = "gas_spike"
    ALREADY_KNOWN = "already_known"
    NONCE_USED = "nonce_used"
    NONCE_GAP = "nonce_gap"
    UNDERPRICED_REPLACEMENT = "underpriced_replacement"
    TIP_BELOW_MINIMUM = "tip_below_minimum"
    FEE_BELOW_BASE_FEE = "fee_below_base_fee"
    FEE_ABOVE_CAP = "fee_above_cap"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    INTRINSIC_GAS = "intrinsic_gas"
    GAS_LIMIT_TOO_HIGH = "gas_limit_too_high"
    POOL_FULL = "pool_full"
    BLOCK_GONE = "block_gone"
    NODE_SILENT = "node_silent"
    COUNT_DOUBTED = "count_doubted"
    TOKEN_REFUSED = "token_refused"
    PAUSED = "paused"
    CONFIGURATION = "configuration"
    ATTACK = "attack"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What happens next.

    Resize: read the market again and size anew. Shrink: the same with half the cap, or split. Other funding:
    the next means in order. Reprice: choose fees anew. Bump: the same nonce with higher fees. Watch: count as
    sent and look for the receipt. Find nonce: look who took the nonce, then start again on the next one. Fill
    gap: send what is missing below. Fix gas: estimate anew. Wait: the same again a little later.
    Abandon: end it with its reason. Stop: end it, open the breaker and tell the user.
    """

    RESIZE = "resize"
    SHRINK = "shrink"
    OTHER_FUNDING = "other_funding"
    REPRICE = "reprice"
    BUMP = "bump"
    WATCH = "watch"
    FIND_NONCE = "find_nonce"
    FILL_GAP = "fill_gap"
    FIX_GAS = "fix_gas"
    WAIT = "wait"
    ABANDON = "abandon"
    STOP = "stop"


RETRIES: Mapping[Failure, Action] = {
    Failure.SLIPPAGE: Action.RESIZE,
    Failure.STALE: Action.RESIZE,
    Failure.NO_LIQUIDITY: Action.SHRINK,
    Failure.LENDER_DRY: Action.OTHER_FUNDING,
    Failure.GAS_SPIKE: Action.REPRICE,
    Failure.ALREADY_KNOWN: Action.WATCH,
    Failure.NONCE_USED: Action.FIND_NONCE,
    Failure.NONCE_GAP: Action.FILL_GAP,
    Failure.UNDERPRICED_REPLACEMENT: Action.BUMP,
    Failure.TIP_BELOW_MINIMUM: Action.REPRICE,
    Failure.FEE_BELOW_BASE_FEE: Action.REPRICE,
    Failure.FEE_ABOVE_CAP: Action.ABANDON,
    Failure.INSUFFICIENT_FUNDS: Action.STOP,
    Failure.INTRINSIC_GAS: Action.FIX_GAS,
    Failure.GAS_LIMIT_TOO_HIGH: Action.SHRINK,
    Failure.POOL_FULL: Action.WAIT,
    Failure.BLOCK_GONE: Action.WAIT,
    Failure.NODE_SILENT: Action.WATCH,
    Failure.COUNT_DOUBTED: Action.WAIT,
    Failure.TOKEN_REFUSED: Action.ABANDON,
    Failure.PAUSED: Action.STOP,
    Failure.CONFIGURATION: Action.STOP,
    Failure.ATTACK: Action.STOP,
    Failure.UNKNOWN: Action.STOP,
}

FREES_NONCE = frozenset(
    {
        Failure.TIP_BELOW_MINIMUM,
        Failure.FEE_BELOW_BASE_FEE,
        Failure.FEE_ABOVE_CAP,
        Failure.INSUFFICIENT_FUNDS,
        Failure.INTRINSIC_GAS,
        Failure.GAS_LIMIT_TOO_HIGH,
    }
)
"""Answers to a first send that say for sure that the node did not take it. After any earlier attempt on the
same nonce not even these free it.
"""

FOLLOWS_WHAT_IS_OUT = frozenset({Action.WATCH, Action.FIND_NONCE, Action.FILL_GAP, Action.BUMP})
"""Actions that go on with what may be out already: bounds on retries never end these in silence."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often, how long (seconds) and for how much gas money (wei) one opportunity may be tried."""

    tries: int
    seconds: int
    gas_money: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What the tries so far have taken."""

    tries: int
    seconds: int
    gas_money: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The action, and where a bound ended the tries its name: "tries", "seconds" or "gas_money"."""

    action: Action
    ended_by: str | None = None


def next_action(failure: Failure, spent: Spent, bounds: Bounds) -> Answer:
    """What to do about `failure`. A bound that is reached turns a new try into ABANDON; what may be out
    already is followed to its end all the same.
    """
    action = RETRIES[failure]
    if action in FOLLOWS_WHAT_IS_OUT or action in (Action.ABANDON, Action.STOP):
        return Answer(action)
    for name in ("tries", "seconds", "gas_money"):
        if getattr(spent, name) >= getattr(bounds, name):
            return Answer(Action.ABANDON, name)
    return Answer(action)
