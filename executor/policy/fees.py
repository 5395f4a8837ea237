"""Fees of a type 2 transaction, and its gas limit, in whole wei and gas.

Sources: EIP-1559 (base fee), EIP-7623 (floor of calldata), EIP-7825 (gas of one transaction).
"""

from dataclasses import dataclass
from decimal import Decimal

from executor.domain.errors import ConfigError, GasLimitError
from executor.domain.market import BlockHead

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class GasRules:
    """What a fork of the chain charges and allows: gas of any transaction, floor per byte of calldata, gas of
    one transaction.
    """

    transaction: int
    floor_per_zero_byte: int
    floor_per_other_byte: int
    most_per_transaction: int


OSAKA = GasRules(
    transaction=21_000, floor_per_zero_byte=10, floor_per_other_byte=40, most_per_transaction=2**24
)


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


def next_base_fee(
    base_fee: int, gas_used: int, gas_limit: int, *, denominator: int = 8, elasticity: int = 2
) -> int:
    """The base fee after a block that used `gas_used` of `gas_limit`, in wei per gas.

    `denominator` and `elasticity` as on Ethereum; other chains have their own.
    """
    target = gas_limit // elasticity
    if gas_used == target:
        return base_fee
    change = base_fee * abs(gas_used - target) // target // denominator
    return base_fee + max(change, 1) if gas_used > target else base_fee - change


def max_base_fee(base_fee: int, blocks: int, gas_limit: int) -> int:
    """A bound that the base fee cannot exceed `blocks` blocks on, on Ethereum: an eighth more for each full
    block, rounded up.

    A little is added for blocks whose limit is odd: they may hold one unit of gas more than twice their
    target. The target is taken for half of what it is, as the limit may have shrunk by then.
    """
    target = max(gas_limit // 4, 1)
    for _ in range(blocks):
        base_fee += max(-(-base_fee * (target + 1) // (8 * target)), 1)
    return base_fee


def choose_fees(head: BlockHead, *, priority_fee: int, blocks: int = 3) -> Fees:
    """Fees with which the transaction can still be included `blocks` blocks after `head`; `priority_fee` in
    wei per gas.
    """
    highest = max_base_fee(head.next_base_fee, max(blocks - 1, 0), head.gas_limit)
    return Fees(highest + priority_fee, priority_fee, head.next_base_fee)


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
