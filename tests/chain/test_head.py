"""The head of the chain, and the exact base fee of the next block."""

from dataclasses import replace

import pytest

from devnet import Node
from executor.chain.head import head, parse_head
from executor.chain.rpc import Rpc
from executor.domain.errors import NodeError
from executor.domain.fee_rules import BaseFeeKind, BaseFeeRule
from tests.support.misbehaving_node import MisbehavingNode, result

OP_STACK = BaseFeeRule(BaseFeeKind.HEADER, 250, 6)
BURNER = "0x00000000000000000000000000000000000000D4"
BURNS_ALL_ITS_GAS = bytes.fromhex("5b5f56")


def header(**changes: object) -> dict[str, object]:
    """A header with the fields that are read."""
    return {
        "number": "0x64",
        "hash": "0x" + "aa" * 32,
        "parentHash": "0x" + "bb" * 32,
        "timestamp": "0x65000000",
        "baseFeePerGas": hex(10_000_000),
        "gasLimit": hex(30_000_000),
        "gasUsed": hex(10_000_000),
        "extraData": "0x",
        **changes,
    }


async def test_the_next_base_fee_is_the_one_that_the_next_block_has(empty: Node, empty_rpc: Rpc) -> None:
    """Blocks above, at and below the target of 10 million gas, empty ones too."""
    empty.set_code(BURNER, BURNS_ALL_ITS_GAS)
    sender = empty.accounts[0].address
    empty.mine()
    for gas in (16_000_000, 16_777_000, 10_000_000, 9_999_999, 21_100, 5_000_000, 0, 0, 12_345_678):
        before = await head(empty_rpc)
        if gas:
            empty.wait_for(empty.submit(sender, BURNER, gas=gas))
        else:
            empty.mine()
        after = await head(empty_rpc)
        assert after.parent_hash == before.hash
        assert after.base_fee == before.next_base_fee


async def test_a_block_can_be_named_by_number(empty: Node, empty_rpc: Rpc) -> None:
    empty.mine()
    newest = await head(empty_rpc)
    assert (await head(empty_rpc, newest.number - 1)).hash == newest.parent_hash


async def test_a_block_that_the_node_does_not_have_is_an_error(empty_rpc: Rpc) -> None:
    with pytest.raises(NodeError, match="block 99999999 is unknown"):
        await head(empty_rpc, 99_999_999)


@pytest.mark.parametrize(
    "key", ["number", "hash", "parentHash", "timestamp", "baseFeePerGas", "gasLimit", "gasUsed"]
)
@pytest.mark.parametrize("value", [None, 7, "text", "0x", {}])
async def test_a_wrong_field_of_a_header_is_named(key: str, value: object) -> None:
    async with MisbehavingNode(result(header(**{key: value}))) as node, Rpc(node.url()) as rpc:
        with pytest.raises(NodeError, match=rf"block\.{key}"):
            await head(rpc)


def test_an_op_stack_block_says_itself_how_its_base_fee_moves() -> None:
    """Holocene: denominator 10 and elasticity 2 in extraData: 10,000,000 - 10,000,000 * (5/15) / 10."""
    extra = "0x00" + (10).to_bytes(4, "big").hex() + (2).to_bytes(4, "big").hex()
    assert parse_head(header(extraData=extra), rule=OP_STACK).next_base_fee == 9_666_667


def test_an_op_stack_block_with_zeros_follows_canyon() -> None:
    """Denominator 250, elasticity 6: 10,000,000 + 10,000,000 * (5/5) / 250."""
    assert parse_head(header(extraData="0x" + "00" * 9), rule=OP_STACK).next_base_fee == 10_040_000


def test_a_jovian_block_counts_its_data_as_gas_and_keeps_a_least_base_fee() -> None:
    parameters = (10).to_bytes(4, "big").hex() + (2).to_bytes(4, "big").hex()
    busy = header(extraData="0x01" + parameters + (0).to_bytes(8, "big").hex(), blobGasUsed=hex(30_000_000))
    assert parse_head(busy, rule=OP_STACK).next_base_fee == 11_000_000
    floored = header(extraData="0x01" + parameters + (9_900_000).to_bytes(8, "big").hex(), blobGasUsed="0x0")
    assert parse_head(floored, rule=OP_STACK).next_base_fee == 9_900_000


def test_an_l1_builders_words_in_extra_data_mean_nothing() -> None:
    told = "0x" + b"\0\0\0\0\x0a\0\0\0\x02".hex()
    assert parse_head(header(extraData=told)).next_base_fee == parse_head(header()).next_base_fee


@pytest.mark.parametrize("kind", [BaseFeeKind.FIXED, BaseFeeKind.TOLD])
def test_a_base_fee_that_no_header_foretells_is_taken_to_stay(kind: BaseFeeKind) -> None:
    for used in (0, 30_000_000):
        told = parse_head(header(gasUsed=hex(used)), rule=BaseFeeRule(kind, 8, 2))
        assert told.next_base_fee == 10_000_000


def test_a_head_carries_the_terms_that_its_header_states() -> None:
    extra = "0x00" + (10).to_bytes(4, "big").hex() + (2).to_bytes(4, "big").hex()
    assert parse_head(header(extraData=extra), rule=OP_STACK).rule == replace(
        OP_STACK, denominator=10, elasticity=2
    )
    assert parse_head(header(extraData="0x" + "00" * 9), rule=OP_STACK).rule == OP_STACK
