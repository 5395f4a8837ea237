"""Batches: many plans in one transaction, each reported by an event of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from executor.domain.abi import CODEC, selector
from executor.domain.errors import PlanError
from executor.plan.reverts import DecodedError, decode_revert
from executor.plan.simulated import EXECUTE

_EXECUTE_BATCH = selector("executeBatch((uint64,bytes)[],bool)")
_EXECUTED = keccak(b"PlanExecuted(uint256,uint256)")
_FAILED = keccak(b"PlanFailed(uint256,bytes)")
_MOST_GAS = 2**64 - 1


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One plan of a batch: the calldata of `execute`, and the gas that it may use."""

    calldata: bytes
    gas_limit: int


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """What became of the plan at `index` of a batch.

    `profit` is in the smallest unit of the plan's settlement token, None where the plan failed; `reason` says
    why it failed, as far as the router reports it (1024 bytes), and is named Empty where it ran out of gas.
    """

    index: int
    profit: int | None
    reason: DecodedError | None = None


def encode_batch(entries: Sequence[BatchEntry], *, all_or_nothing: bool = False) -> bytes:
    """The calldata of `executeBatch`. Raises PlanError naming the entry that is no plan or has no gas.

    The router refuses to start a plan that cannot get all its gas, so an `eth_estimateGas` of this calldata
    gives every plan what it may use.
    """
    if not entries:
        raise PlanError("a batch without plans does nothing", fix="give at least one plan")
    for index, entry in enumerate(entries):
        if entry.calldata[:4] != EXECUTE:
            raise PlanError(
                f"entry {index} is no call of the router's execute()", fix="give the calldata of a plan"
            )
        if not 0 < entry.gas_limit <= _MOST_GAS:
            raise PlanError(
                f"entry {index} has a gas limit of {entry.gas_limit}",
                fix="give what its simulation needs, with a margin",
            )
    rows = [(entry.gas_limit, entry.calldata) for entry in entries]
    return _EXECUTE_BATCH + CODEC.encode(["(uint64,bytes)[]", "bool"], [rows, all_or_nothing])


def decode_outcome(
    topics: Sequence[bytes], data: bytes, entries: Sequence[BatchEntry] = ()
) -> PlanOutcome | None:
    """What a log of the router says of one plan of a batch; None for any other log.

    With the `entries` of the batch, the hop that a plan failed at is found.
    """
    if len(topics) != 2 or topics[0] not in (_EXECUTED, _FAILED):
        return None
    index = int.from_bytes(topics[1], "big")
    try:
        if topics[0] == _EXECUTED:
            return PlanOutcome(index, CODEC.decode(["uint256"], data)[0])
        (reason,) = CODEC.decode(["bytes"], data)
    except (DecodingError, OverflowError):
        return None
    return PlanOutcome(index, None, decode_revert(reason, _calldata(entries, index)))


def decode_batch_revert(data: bytes, entries: Sequence[BatchEntry]) -> DecodedError:
    """Why a batch was refused or undone as a whole; `plan_index` says by which plan, if by one."""
    index = decode_revert(data).plan_index
    return decode_revert(data, None if index is None else _calldata(entries, index))


def _calldata(entries: Sequence[BatchEntry], index: int) -> bytes | None:
    return entries[index].calldata if index < len(entries) else None
