"""The block that everything is read at, and the exact base fee of the one after it."""

from collections.abc import Mapping

from executor.chain.quantities import answer_error, hash_text, hex_data, member, quantity
from executor.chain.rpc import Rpc
from executor.domain.chain import L2Kind
from executor.domain.market import BlockHead
from executor.policy.fees import next_base_fee

_HOLOCENE_LENGTH = 9
_JOVIAN_LENGTH = 17
_CANYON_DENOMINATOR = 250
_CANYON_ELASTICITY = 6


async def head(rpc: Rpc, block: int | str = "latest", *, l2: L2Kind = L2Kind.NONE) -> BlockHead:
    """The header of `block`. Raises NodeError, also when the node does not have that block."""
    answer = await rpc.call("eth_getBlockByNumber", hex(block) if isinstance(block, int) else block, False)
    if answer is None:
        raise answer_error(f"block {block}", "is unknown to the node")
    return parse_head(answer, l2=l2)


def parse_head(answer: object, *, l2: L2Kind = L2Kind.NONE) -> BlockHead:
    """A BlockHead from the answer to eth_getBlockByNumber. Raises NodeError naming the field."""

    def number(key: str) -> int:
        return quantity(member(answer, key, "block"), f"block.{key}")

    return BlockHead(
        number=number("number"),
        hash=hash_text(member(answer, "hash", "block"), "block.hash"),
        parent_hash=hash_text(member(answer, "parentHash", "block"), "block.parentHash"),
        timestamp=number("timestamp"),
        base_fee=number("baseFeePerGas"),
        gas_limit=number("gasLimit"),
        next_base_fee=_next_base_fee(
            answer, number("baseFeePerGas"), number("gasUsed"), number("gasLimit"), l2
        ),
    )


def _next_base_fee(answer: object, base_fee: int, gas_used: int, gas_limit: int, l2: L2Kind) -> int:
    extra = (
        hex_data(member(answer, "extraData", "block"), "block.extraData") if l2 is L2Kind.OP_STACK else b""
    )
    if len(extra) not in (_HOLOCENE_LENGTH, _JOVIAN_LENGTH):
        return next_base_fee(base_fee, gas_used, gas_limit)
    return _op_stack_next_base_fee(answer, extra, base_fee, gas_used, gas_limit)


def _op_stack_next_base_fee(
    answer: object, extra: bytes, base_fee: int, gas_used: int, gas_limit: int
) -> int:
    """The OP stack's rule: the header's extraData holds version, denominator and elasticity (Holocene), then
    the least base fee (Jovian, which also counts the data footprint in `blobGasUsed` as gas).
    """
    denominator = int.from_bytes(extra[1:5], "big") or _CANYON_DENOMINATOR
    elasticity = int.from_bytes(extra[5:9], "big") or _CANYON_ELASTICITY
    least = int.from_bytes(extra[9:17], "big")
    if len(extra) == _JOVIAN_LENGTH and isinstance(answer, Mapping) and answer.get("blobGasUsed") is not None:
        gas_used = max(gas_used, quantity(answer["blobGasUsed"], "block.blobGasUsed"))
    return max(
        next_base_fee(base_fee, gas_used, gas_limit, denominator=denominator, elasticity=elasticity), least
    )
