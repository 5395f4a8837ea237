"""The block that everything is read at, and the exact base fee of the one after it."""

from dataclasses import dataclass

from executor.chain.quantities import answer_error, hash_text, hex_data, member, quantity
from executor.chain.rpc import Rpc
from executor.domain.fee_rules import ETHEREUM_BASE_FEE, BaseFeeKind, BaseFeeRule
from executor.domain.market import BlockHead
from executor.policy.fees import next_base_fee

_HOLOCENE_LENGTH = 9
_JOVIAN_LENGTH = 17


async def head(rpc: Rpc, block: int | str = "latest", *, rule: BaseFeeRule = ETHEREUM_BASE_FEE) -> BlockHead:
    """The header of `block`. Raises NodeError, also when the node does not have that block."""
    answer = await rpc.call("eth_getBlockByNumber", hex(block) if isinstance(block, int) else block, False)
    if answer is None:
        raise answer_error(f"block {block}", "is unknown to the node")
    return parse_head(answer, rule=rule)


def parse_head(answer: object, *, rule: BaseFeeRule = ETHEREUM_BASE_FEE) -> BlockHead:
    """A BlockHead from the answer to eth_getBlockByNumber. Raises NodeError naming the field.

    Where the next base fee does not follow from the header it is taken to be the same.
    """

    def number(key: str) -> int:
        return quantity(member(answer, key, "block"), f"block.{key}")

    base_fee, gas_used, gas_limit = number("baseFeePerGas"), number("gasUsed"), number("gasLimit")
    stated = _stated(answer, rule) if rule.kind is BaseFeeKind.HEADER else _Stated(rule)
    if gas_limit < stated.rule.elasticity:
        raise answer_error("block.gasLimit", "leaves no room for gas")
    following = base_fee
    if rule.kind in (BaseFeeKind.GAS, BaseFeeKind.HEADER):
        following = next_base_fee(base_fee, max(gas_used, stated.counted_gas), gas_limit, stated.rule)
    return BlockHead(
        number=number("number"),
        hash=hash_text(member(answer, "hash", "block"), "block.hash"),
        parent_hash=hash_text(member(answer, "parentHash", "block"), "block.parentHash"),
        timestamp=number("timestamp"),
        base_fee=base_fee,
        gas_limit=gas_limit,
        next_base_fee=max(following, stated.least),
        rule=stated.rule,
    )


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a header states of its base fee. `counted_gas` is what the block counts as used at least, `least`
    the lowest base fee in wei.
    """

    rule: BaseFeeRule
    least: int = 0
    counted_gas: int = 0


def _stated(answer: object, rule: BaseFeeRule) -> _Stated:
    """The terms of an OP stack header, from its extraData: version, denominator and elasticity (Holocene),
    then the least base fee (Jovian, which also counts the data footprint in `blobGasUsed` as gas). Zeros
    stand for the chain's own `rule`. A local chain without such extraData follows Ethereum.
    """
    extra = hex_data(member(answer, "extraData", "block"), "block.extraData")
    if len(extra) not in (_HOLOCENE_LENGTH, _JOVIAN_LENGTH):
        return _Stated(ETHEREUM_BASE_FEE)
    footprint = 0
    if len(extra) == _JOVIAN_LENGTH:
        footprint = quantity(member(answer, "blobGasUsed", "block"), "block.blobGasUsed")
    denominator = int.from_bytes(extra[1:5], "big") or rule.denominator
    elasticity = int.from_bytes(extra[5:9], "big") or rule.elasticity
    return _Stated(
        BaseFeeRule(rule.kind, denominator, elasticity), int.from_bytes(extra[9:], "big"), footprint
    )
