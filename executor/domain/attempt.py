"""One signed transaction, durable before its bytes leave."""

from dataclasses import dataclass

from executor.domain.address import Address


@dataclass(frozen=True, slots=True)
class Attempt:
    """`raw` is the signed envelope, `hash` its transaction hash. Fees in wei per gas."""

    opportunity_id: str
    chain_id: int
    sender: Address
    nonce: int
    hash: str
    raw: bytes
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    gas_limit: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the chain says of a transaction. `gas_cost` is gasUsed x effectiveGasPrice (+ L1 fee on an L2), in
    wei; the parts of it that are no gas: `l1_fee` for the data on the parent chain (on Arbitrum its share of
    the gas), `operator_fee` of an OP stack chain.
    """

    transaction_hash: str
    block_number: int
    block_hash: str
    success: bool
    gas_used: int
    effective_gas_price: int
    gas_cost: int
    logs: tuple[dict[str, object], ...] = ()
    l1_fee: int = 0
    operator_fee: int = 0
