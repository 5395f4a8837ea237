"""Fees of a type 2 transaction, and its gas limit, in whole wei and gas.

What differs from chain to chain and fork to fork comes in as rules. Sources: EIP-1559 (base fee), EIP-7623
(floor of calldata), EIP-7825 (gas of one transaction).
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from executor.domain.errors import ConfigError, GasLimitError
from executor.domain.fee_rules import ETHEREUM_BASE_FEE, OSAKA, BaseFeeKind, BaseFeeRule, GasRules
from executor.domain.market import BlockHead

BASIS_POINTS = 10_000

RPC_FEE_CAP = 10**18
"""Wei that one transaction may cost at most by the default of most clients (`--rpc.txfeecap 1`)."""


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei per gas. `base_fee` is the one expected for the next block."""

    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    base_fee: int

    @property
    def effective_price(self) -> int:
        """What the next block would charge: base fee and priority fee, at most the maximum."""
        return min(self.max_fee_per_gas, self.base_fee + self.max_priority_fee_per_gas)


def next_base_fee(base_fee: int, gas_used: int, gas_limit: int, rule: BaseFeeRule = ETHEREUM_BASE_FEE) -> int:
    """The base fee after a block that used `gas_used` of `gas_limit`, in wei per gas, where it follows from
    the gas.
    """
    target = gas_limit // rule.elasticity
    if gas_used == target:
        return base_fee
    change = base_fee * abs(gas_used - target) // target // rule.denominator
    return base_fee + max(change, 1) if gas_used > target else base_fee - change


def max_base_fee(base_fee: int, blocks: int, gas_limit: int, rule: BaseFeeRule = ETHEREUM_BASE_FEE) -> int:
    """A bound that the base fee cannot exceed `blocks` blocks on: on Ethereum an eighth more for each full
    block, rounded up.

    A little is added for blocks whose limit is no multiple of the elasticity: they may hold a little more gas
    than that many times their target. The target is taken for half of what it is, as the limit may have
    shrunk by then.
    """
    if rule.kind is BaseFeeKind.FIXED:
        return base_fee
    target = max(gas_limit // (2 * rule.elasticity), 1)
    above = (rule.elasticity - 1) * (target + 1)
    for _ in range(blocks):
        base_fee += max(-(-base_fee * above // (rule.denominator * target)), 1)
    return base_fee


def choose_fees(
    head: BlockHead,
    *,
    priority_fee: int,
    blocks: int = 3,
    ceiling: int | None = None,
) -> Fees:
    """Fees with which the transaction can still be included `blocks` blocks after `head`; `priority_fee` in
    wei per gas.

    `ceiling` is the most that the user offers for a unit of gas; it shortens the time, then the priority fee.
    Where the next base fee alone is above it, the fees wait for better times: `decide` declines them.
    """
    highest = max_base_fee(head.next_base_fee, max(blocks - 1, 0), head.gas_limit, head.rule) + priority_fee
    if ceiling is not None and highest > ceiling:
        highest, priority_fee = ceiling, min(priority_fee, max(ceiling - head.next_base_fee, 0))
    return Fees(highest, priority_fee, head.next_base_fee)


def within_fee_cap(fees: Fees, gas_limit: int, cap: int = RPC_FEE_CAP) -> Fees | None:
    """The fees with the maximum lowered so far that nodes take the transaction: they refuse one that may cost
    more than `cap` wei in all.

    None where not even the next block's price fits.
    """
    most = cap // gas_limit
    if fees.max_fee_per_gas <= most:
        return fees
    if fees.effective_price > most:
        return None
    return replace(fees, max_fee_per_gas=most)


def multiplier_bps(multiplier: Decimal) -> int:
    """The factor on gas estimates as whole basis points: 1.2 is 12,000.

    Raises ConfigError where it is below 1 or finer than a basis point.
    """
    scaled = multiplier * BASIS_POINTS
    if not scaled.is_finite() or scaled != int(scaled) or scaled < BASIS_POINTS:
        raise ConfigError(
            "gas_limit_multiplier",
            f"{multiplier} is not a factor",
            fix="give 1 or more, with at most four places",
        )
    return int(scaled)


def calldata_floor(calldata: bytes, rules: GasRules = OSAKA) -> int:
    """The least gas that a transaction with this calldata is charged, however little it does."""
    zeros = calldata.count(0)
    return (
        rules.transaction
        + rules.floor_per_zero_byte * zeros
        + rules.floor_per_other_byte * (len(calldata) - zeros)
    )


def gas_limit(
    estimate: int, multiplier_bps: int, *, block_gas_limit: int, calldata: bytes, rules: GasRules = OSAKA
) -> int:
    """The gas limit to sign: the estimate with its margin, at least the floor of the calldata, at most what
    one transaction may have.

    `multiplier_bps` in basis points. A limit below the floor would be accepted by some nodes and silently
    dropped later. Raises GasLimitError where the estimate itself is above what the chain allows.
    """
    most = min(rules.most_per_transaction, block_gas_limit)
    needed = max(estimate, calldata_floor(calldata, rules))
    if needed > most:
        raise GasLimitError(
            f"the call needs {needed} gas, one transaction may have {most}.",
            fix="use fewer legs or split the trade",
            needed=needed,
            allowed=most,
        )
    return min(max(-(-estimate * multiplier_bps // BASIS_POINTS), needed), most)
