"""The terms on which an OP stack chain charges for data: read where the chain itself reads them, and checked
against what its oracle says of a sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.chain.blocks import Block
from executor.chain.quantities import hex_data, to_data, to_quantity
from executor.chain.reading import read
from executor.chain.rpc import Call, NodeRefusedError, Rpc, results
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.errors import NodeError
from executor.domain.fee_rules import DataFee
from executor.policy.data_fee import OpFeeParameters, OpFork, data_fee, operator_fee, signed_like

GAS_PRICE_ORACLE = Address("0x420000000000000000000000000000000000000F")
"""OP stack predeploy GasPriceOracle."""

L1_BLOCK = Address("0x4200000000000000000000000000000000000015")
"""OP stack predeploy L1Block, which keeps what the parent chain charges."""

_BASE_FEE, _SCALARS, _BLOB_BASE_FEE, _OPERATOR = 1, 3, 7, 8
"""Slots of L1Block, as op-geth reads them (`core/types/rollup_cost.go`)."""

SAMPLE = bytes.fromhex("02f9010c8221058203e8830f42408402faf080830493e094") + bytes(range(256)) + bytes(96)
"""Bytes like an unsigned transaction, of which some are squeezed and some are not."""

SAMPLE_GAS = 400_000
TOLERANCE_BPS = 500
"""How far our reckoning and the oracle's may be apart: it is asked about unsigned bytes, and takes a
signature for 68 bytes that cannot be squeezed.
"""


@dataclass(frozen=True, slots=True)
class DataTerms:
    """What data cost from a block on. `oracle_agrees`: the chain's oracle says the same of the sample, so
    that it needs not be asked about each transaction. `sample_fee`: what the sample costs, in wei.
    """

    parameters: OpFeeParameters
    oracle_agrees: bool
    sample_fee: int


def terms_calls(param: object) -> list[Call]:
    """What to ask a node for the terms at the block that `param` names."""
    asked = (
        eth_call(GAS_PRICE_ORACLE, "getL1Fee(bytes)", SAMPLE),
        eth_call(GAS_PRICE_ORACLE, "getOperatorFee(uint256)", SAMPLE_GAS),
    )
    slots = (_BASE_FEE, _SCALARS, _BLOB_BASE_FEE, _OPERATOR)
    return [
        *(("eth_getStorageAt", (L1_BLOCK, to_quantity(slot), param)) for slot in slots),
        *(("eth_call", ({"to": call.to, "data": to_data(call.data)}, param)) for call in asked),
    ]


def parse_terms(answers: Sequence[object], kind: DataFee, *, is_local: bool) -> DataTerms:
    """The terms from the answers to `terms_calls`, on a chain of that `kind`.

    A local node without the predeploys charges nothing. Raises NodeError when a real chain does not tell.
    """
    base_fee, scalars, blob_base_fee, operator = (
        hex_data(answer, "eth_getStorageAt", 32) for answer in results(answers[:4])
    )
    parameters = OpFeeParameters(
        fork=OpFork[kind.name],
        l1_base_fee=int.from_bytes(base_fee, "big"),
        blob_base_fee=int.from_bytes(blob_base_fee, "big"),
        base_fee_scalar=int.from_bytes(scalars[16:20], "big"),
        blob_base_fee_scalar=int.from_bytes(scalars[20:24], "big"),
        operator_fee_scalar=int.from_bytes(operator[20:24], "big"),
        operator_fee_constant=int.from_bytes(operator[24:], "big"),
    )
    ours = data_fee(signed_like(SAMPLE), parameters) + operator_fee(SAMPLE_GAS, parameters)
    theirs = _answered(answers[4])
    if not is_local and (theirs is None or parameters.l1_base_fee == 0):
        raise no_oracle()
    agrees = theirs is None or _close(ours, theirs + (_answered(answers[5]) or 0))
    return DataTerms(parameters, agrees, ours)


def read_oracle_fee(unsigned_transaction: bytes, gas_limit: int) -> Reading[int | None]:
    """`getL1Fee` of the unsigned envelope plus `getOperatorFee` of the gas limit (where the chain has one),
    in wei; None where there is no oracle.
    """
    l1_answer, operator_answer = yield (
        eth_call(GAS_PRICE_ORACLE, "getL1Fee(bytes)", unsigned_transaction),
        eth_call(GAS_PRICE_ORACLE, "getOperatorFee(uint256)", gas_limit),
    )
    l1_fee = decoded_int(l1_answer)
    return None if l1_fee is None else l1_fee + (decoded_int(operator_answer) or 0)


async def oracle_fee(rpc: Rpc, unsigned_transaction: bytes, gas_limit: int, block: Block = "latest") -> int:
    """What the chain's own oracle says that a transaction costs beside its gas, in wei. Raises NodeError
    where there is none.
    """
    fee = await read(rpc, read_oracle_fee(unsigned_transaction, gas_limit), block)
    if fee is None:
        raise no_oracle()
    return fee


def no_oracle() -> NodeError:
    """The node serves an OP stack chain, and does not tell what its data cost."""
    return NodeError(
        "The chain's gas price oracle does not answer.",
        fix="check rpc_url: is this an OP stack chain?",
        oracle=GAS_PRICE_ORACLE,
    )


def _answered(answer: object) -> int | None:
    """One number of an eth_call; None where it reverted or nothing stands there."""
    if isinstance(answer, NodeRefusedError):
        return None
    return decoded_int(hex_data(answer, "eth_call"))


def _close(ours: int, theirs: int) -> bool:
    return abs(ours - theirs) * 10_000 <= TOLERANCE_BPS * max(ours, theirs)
