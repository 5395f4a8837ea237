"""Receipts, and the profit that their logs show."""

from collections.abc import Mapping, Sequence
from typing import cast

from eth_utils.crypto import keccak

from executor.chain.quantities import answer_error, hash_text, hex_data, member, quantity
from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.plan.batch import BatchEntry, PlanOutcome, decode_outcome

TRANSFER_TOPIC = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
DEPOSIT_TOPIC = "0x" + keccak(text="Deposit(address,uint256)").hex()
WITHDRAWAL_TOPIC = "0x" + keccak(text="Withdrawal(address,uint256)").hex()
_ISTHMUS_UNIT = 1_000_000
_JOVIAN_FACTOR = 100


async def receipt(rpc: Rpc, transaction_hash: str) -> Receipt | None:
    """The receipt of a transaction, or None while the node has none. None never means that it failed. Raises
    NodeError.
    """
    answer = await rpc.call("eth_getTransactionReceipt", transaction_hash)
    return None if answer is None else parse_receipt(answer, transaction_hash)


def parse_receipt(answer: object, transaction_hash: str) -> Receipt:
    """A Receipt from a node's answer, which must be about `transaction_hash`. Raises NodeError naming the
    field.
    """

    def number(key: str) -> int:
        return quantity(member(answer, key, "receipt"), f"receipt.{key}")

    told = hash_text(member(answer, "transactionHash", "receipt"), "receipt.transactionHash")
    if told != transaction_hash.lower():
        raise answer_error("receipt.transactionHash", "is of another transaction")
    status = number("status")
    if status not in (0, 1):
        raise answer_error("receipt.status", "is neither 0 nor 1")
    logs = member(answer, "logs", "receipt")
    if not isinstance(logs, list) or not all(isinstance(log, dict) for log in logs):
        raise answer_error("receipt.logs", "is not a list of objects")
    gas_used, price = number("gasUsed"), number("effectiveGasPrice")
    fields = cast(Mapping[str, object], answer)
    data_fee, operator_fee = _optional(fields, "l1Fee"), _operator_fee(fields, gas_used)
    return Receipt(
        transaction_hash=told,
        block_number=number("blockNumber"),
        block_hash=hash_text(member(answer, "blockHash", "receipt"), "receipt.blockHash"),
        success=status == 1,
        gas_used=gas_used,
        effective_gas_price=price,
        gas_cost=gas_used * price + data_fee + operator_fee,
        logs=tuple(logs),
        l1_fee=data_fee + _optional(fields, "gasUsedForL1") * price,
        operator_fee=operator_fee,
    )


def settlement_delta(
    receipt: Receipt, token: Address, router: Address, *, wrapped_native: Address | None = None
) -> int:
    """What `router` gained in `token` by the transaction, from its ERC-20 Transfer logs, in the token's
    smallest unit; for the `wrapped_native` token also from what WETH9 logs instead when it wraps and unwraps.

    Right for tokens that log every balance change; a caller that must be sure compares with the balances.
    Raises NodeError.
    """
    delta = 0
    for index, log in enumerate(receipt.logs):
        field, topics = f"receipt.logs[{index}]", log.get("topics")
        if str(log.get("address")).lower() != token.lower() or not isinstance(topics, list):
            continue
        sides = _sides(topics, field, wraps=token == wrapped_native)
        if sides is not None:
            amount = int.from_bytes(hex_data(log.get("data"), f"{field}.data", 32), "big")
            delta += amount * ((sides[1] == router.lower()) - (sides[0] == router.lower()))
    return delta


def _sides(topics: list[object], field: str, *, wraps: bool) -> tuple[str, str] | None:
    """Who gave and who got, empty for nobody; None for a log that moves no balance."""
    name = hash_text(topics[0], f"{field}.topics[0]") if topics else ""
    if name == TRANSFER_TOPIC and len(topics) == 3:
        return _party(topics[1], field), _party(topics[2], field)
    if wraps and name == DEPOSIT_TOPIC and len(topics) == 2:
        return "", _party(topics[1], field)
    if wraps and name == WITHDRAWAL_TOPIC and len(topics) == 2:
        return _party(topics[1], field), ""
    return None


def batch_outcomes(
    receipt: Receipt, router: Address, entries: Sequence[BatchEntry] = ()
) -> tuple[PlanOutcome, ...]:
    """What became of each plan of a batch, from the events of `router`, in order; with the batch's `entries`,
    the hop that a plan failed at. Raises NodeError.
    """
    found = []
    for index, log in enumerate(receipt.logs):
        field, topics = f"receipt.logs[{index}]", log.get("topics")
        if str(log.get("address")).lower() != router.lower() or not isinstance(topics, list):
            continue
        words = [hex_data(topic, f"{field}.topics", 32) for topic in topics]
        outcome = decode_outcome(words, hex_data(log.get("data"), f"{field}.data"), entries)
        if outcome is not None:
            found.append(outcome)
    return tuple(found)


def _party(topic: object, field: str) -> str:
    return "0x" + hex_data(topic, f"{field}.topics", 32)[12:].hex()


def _operator_fee(answer: Mapping[str, object], gas_used: int) -> int:
    """What an OP stack chain's operator takes besides gas, in wei: the Isthmus rule, or Jovian's where the
    receipt carries Jovian's scalar.
    """
    scaled = gas_used * _optional(answer, "operatorFeeScalar")
    jovian = answer.get("daFootprintGasScalar") is not None
    share = scaled * _JOVIAN_FACTOR if jovian else scaled // _ISTHMUS_UNIT
    return share + _optional(answer, "operatorFeeConstant")


def _optional(answer: Mapping[str, object], key: str) -> int:
    return 0 if answer.get(key) is None else quantity(answer[key], f"receipt.{key}")
