"""The block that everything is read at, and the exact base fee of the one after it."""

from dataclasses import dataclass

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
    """A BlockHead from the answer to eth_getBlockByNumber. Raises NodeError naming the field.

    Arbitrum's base fee follows the load of seconds, not what one block used: the next is taken to be
    the same.
    """

    def number(key: str) -> int:
        return quantity(member(answer, key, "block"), f"block.{key}")

    base_fee, gas_used, gas_limit = number("baseFeePerGas"), number("gasUsed"), number("gasLimit")
    rule = _op_stack_rule(answer) if l2 is L2Kind.OP_STACK else _BaseFeeRule()
    if gas_limit < rule.elasticity:
        raise answer_error("block.gasLimit", "leaves no room for gas")
    following = next_base_fee(
        base_fee,
        max(gas_used, rule.counted_gas),
        gas_limit,
        denominator=rule.denominator,
        elasticity=rule.elasticity,
    )
    if l2 is L2Kind.ARBITRUM:
        following = base_fee
    return BlockHead(
        number=number("number"),
        hash=hash_text(member(answer, "hash", "block"), "block.hash"),
        parent_hash=hash_text(member(answer, "parentHash", "block"), "block.parentHash"),
        timestamp=number("timestamp"),
        base_fee=base_fee,
        gas_limit=gas_limit,
        next_base_fee=max(following, rule.least),
    )


@dataclass(frozen=True, slots=True)
class _BaseFeeRule:
    """How the base fee moves after a block: Ethereum's rule unless said otherwise. `counted_gas` is what the
    block counts as used at least, `least` the lowest base fee in wei.
    """

    denominator: int = 8
    elasticity: int = 2
    least: int = 0
    counted_gas: int = 0


def _op_stack_rule(answer: object) -> _BaseFeeRule:
    """The OP stack's rule, from the header's extraData: version, denominator and elasticity (Holocene), then
    the least base fee (Jovian, which also counts the data footprint in `blobGasUsed` as gas). A local chain
    without such extraData follows Ethereum.
    """
    extra = hex_data(member(answer, "extraData", "block"), "block.extraData")
    if len(extra) not in (_HOLOCENE_LENGTH, _JOVIAN_LENGTH):
        return _BaseFeeRule()
    footprint = 0
    if len(extra) == _JOVIAN_LENGTH:
        footprint = quantity(member(answer, "blobGasUsed", "block"), "block.blobGasUsed")
    return _BaseFeeRule(
        denominator=int.from_bytes(extra[1:5], "big") or _CANYON_DENOMINATOR,
        elasticity=int.from_bytes(extra[5:9], "big") or _CANYON_ELASTICITY,
        least=int.from_bytes(extra[9:], "big"),
        counted_gas=footprint,
    )
