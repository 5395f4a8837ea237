"""How a chain charges for transactions, as data: its base fee, its gas, its fee for data, and when a block is
there for good.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self


class BaseFeeKind(StrEnum):
    """What the next block's base fee follows from.

    Gas: from the gas that the block used, exactly. Header: likewise, by the terms that the block's own
    extraData states (OP stack). Fixed: it never moves. Told: only a node can tell it.
    """

    GAS = "gas"
    HEADER = "header"
    FIXED = "fixed"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class BaseFeeRule:
    """A block at its limit raises the base fee by (elasticity - 1) / denominator, one at a part `elasticity`
    of its limit leaves it, an empty one lowers it by 1 / denominator.

    Where the kind is `told`, that is the most that one block can raise it by.
    """

    kind: BaseFeeKind
    denominator: int
    elasticity: int


class DataFee(StrEnum):
    """How the chain charges for putting data on its parent chain: not at all, by one of the OP stack's
    upgrades, or as gas (Arbitrum).
    """

    NONE = "none"
    ECOTONE = "ecotone"
    FJORD = "fjord"
    ISTHMUS = "isthmus"
    JOVIAN = "jovian"
    ARBITRUM = "arbitrum"

    @property
    def is_op_stack(self) -> bool:
        """True where the predeploys of the OP stack tell its terms."""
        return self not in (DataFee.NONE, DataFee.ARBITRUM)


@dataclass(frozen=True, slots=True)
class GasRules:
    """What a fork of the chain charges and allows: gas of any transaction, floor per byte of calldata, gas of
    one transaction.
    """

    transaction: int
    floor_per_zero_byte: int
    floor_per_other_byte: int
    most_per_transaction: int


@dataclass(frozen=True, slots=True)
class FeeRules:
    """All of it. `least_priority_fee` in wei per gas: less is not taken into the pool or not mined.
    `finality_blocks`: blocks, the transaction's own included, after which it stays.
    """

    base_fee: BaseFeeRule
    gas: GasRules
    data: DataFee
    least_priority_fee: int
    finality_blocks: int

    def on_local_node(self) -> Self:
        """The rules of a development node that bears this chain's id: Ethereum's, whatever the chain's own.
        The data fee stays, for those that carry the chain's predeploys.
        """
        return replace(self, base_fee=ETHEREUM_BASE_FEE, gas=OSAKA, least_priority_fee=0)


ETHEREUM_BASE_FEE = BaseFeeRule(BaseFeeKind.GAS, denominator=8, elasticity=2)
OSAKA = GasRules(
    transaction=21_000, floor_per_zero_byte=10, floor_per_other_byte=40, most_per_transaction=2**24
)
