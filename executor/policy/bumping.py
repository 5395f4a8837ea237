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
    """Fees that replace `last`, not below those of the `market`; None where that would pass the `ceiling`.

    `ceiling` is the most that may be offered for one unit of gas, in wei. None means: keep the last attempt,
    send it again; it must not be replaced by less.
    """
    priority = max(_eighth_more(last.max_priority_fee_per_gas), market.max_priority_fee_per_gas)
    if rung is Rung.EFFECTIVE_PRICE:
        paid = market.base_fee + last.max_priority_fee_per_gas
        priority = max(priority, last.max_priority_fee_per_gas + max(-(-paid // 10), 1))
    highest = max(
        _eighth_more(last.max_fee_per_gas), market.max_fee_per_gas, market.base_fee + priority, priority
    )
    if highest > ceiling:
        return None
    return Fees(highest, priority, market.base_fee)


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
