"""Fees of a replacement: enough for every client's pool, never above what the trade can bear.

Sources: geth `core/txpool/legacypool/list.go` (both fees at least a tenth above the old), reth and nethermind
(the same, rounded up), besu (the effective price a tenth above the old). An eighth, rounded up, satisfies all
but besu, whose rule needs a second rung where the base fee is most of the price.
"""

from enum import IntEnum

from executor.policy.fees import RPC_FEE_CAP, Fees


class Rung(IntEnum):
    """How far to climb: what nearly all pools ask, and what besu asks."""

    COMMON = 1
    EFFECTIVE_PRICE = 2


def bumped(last: Fees, market: Fees, *, ceiling: int, rung: Rung = Rung.COMMON) -> Fees | None:
    """Fees that replace `last`: what the `market` asks, or the `ceiling` where that is less; None where the
    ceiling is too low for any replacement.

    `ceiling` is the most that may be offered for one unit of gas, in wei. None means: keep the last attempt,
    send it again; it must not be replaced by less.
    """
    least_priority = _eighth_more(last.max_priority_fee_per_gas)
    least = _eighth_more(last.max_fee_per_gas)
    if rung is Rung.EFFECTIVE_PRICE:
        paid = market.base_fee + last.max_priority_fee_per_gas
        least_priority = max(least_priority, last.max_priority_fee_per_gas + max(-(-paid // 10), 1))
        least = max(least, market.base_fee + least_priority)
    least = max(least, least_priority)
    if least > ceiling:
        return None
    priority = max(least_priority, market.max_priority_fee_per_gas)
    highest = min(max(least, market.max_fee_per_gas, market.base_fee + priority), ceiling)
    return Fees(highest, min(priority, highest), market.base_fee)


def replaces(new: Fees, last: Fees) -> bool:
    """Whether the common pool takes `new` in place of `last`."""
    return new.max_fee_per_gas >= _eighth_more(
        last.max_fee_per_gas
    ) and new.max_priority_fee_per_gas >= _eighth_more(last.max_priority_fee_per_gas)


def is_near(one: Fees, other: Fees) -> bool:
    """Whether neither offers an eighth more for gas than the other, nor as a tip."""
    pairs = (
        (one.max_fee_per_gas, other.max_fee_per_gas),
        (one.max_priority_fee_per_gas, other.max_priority_fee_per_gas),
    )
    return all(max(pair) < _eighth_more(min(pair)) for pair in pairs)


def fee_ceiling(*, cap: int | None, gas_limit: int, bearable: int) -> int:
    """The most to offer for one unit of gas, in wei.

    `cap` is the user's own bound (None: none), `bearable` the wei that the trade may spend on gas and still
    be worth it, `gas_limit` what is signed. The cap on a transaction's whole fee that nodes have by default
    holds as well.
    """
    bounds = [max(bearable, 0) // gas_limit, RPC_FEE_CAP // gas_limit]
    return min(bounds if cap is None else [*bounds, cap])


def _eighth_more(fee: int) -> int:
    return fee + max(-(-fee // 8), 1)
