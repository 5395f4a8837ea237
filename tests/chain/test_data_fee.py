"""What data cost on an OP stack chain: reckoned from L1Block, and checked against the chain's own oracle.

Both are the real predeploys, of the Fjord upgrade.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest
from coincurve import PrivateKey
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from devnet import BASE, Node
from executor.chain.blocks import Block, block_param
from executor.chain.data_fee import (
    GAS_PRICE_ORACLE,
    L1_BLOCK,
    SAMPLE,
    SAMPLE_GAS,
    TOLERANCE_BPS,
    DataTerms,
    oracle_fee,
    parse_terms,
    terms_calls,
)
from executor.chain.head import head
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.errors import NodeError
from executor.domain.fee_rules import DataFee
from executor.policy.data_fee import OpFeeParameters, OpFork, data_fee, operator_fee, signed_like
from executor.wallet.signer import LocalSigner, TransactionFields, unsigned_envelope

FJORD_FLAG = "0x0"
WORD = "0x{:064x}".format


@pytest.fixture
async def rpc(base: Node) -> AsyncIterator[Rpc]:
    """The local Base chain."""
    async with Rpc(base.url) as connection:
        yield connection


async def read_data_terms(rpc: Rpc, kind: DataFee, block: Block, *, is_local: bool) -> DataTerms:
    """The terms at `block`."""
    return parse_terms(await rpc.batch(terms_calls(block_param(rpc, block))), kind, is_local=is_local)


def close(ours: int, theirs: int) -> bool:
    return abs(ours - theirs) * 10_000 <= TOLERANCE_BPS * max(ours, theirs)


def calldata(size: int, seed: int) -> bytes:
    """As plans are: some words full, some mostly zeros."""
    dice = random.Random(seed)
    words = (dice.randbytes(20).rjust(dice.choice((20, 32)), b"\0") for _ in range(size // 20))
    return b"".join(words)[:size]


def fields(data: bytes, nonce: int = 77) -> TransactionFields:
    return TransactionFields(
        chain_id=8453,
        nonce=nonce,
        to=L1_BLOCK,
        data=data,
        value=0,
        gas_limit=654_321,
        max_fee_per_gas=23_456_789,
        max_priority_fee_per_gas=1_234_567,
    )


async def test_l1_block_tells_the_terms(rpc: Rpc, base: Node) -> None:
    terms = await read_data_terms(rpc, DataFee.JOVIAN, await head(rpc), is_local=True)
    assert terms.parameters == OpFeeParameters(OpFork.JOVIAN, 2 * 10**9, 10**9, 2_269, 1_055_762)
    told = {
        name: int(base.call(L1_BLOCK, bytes.fromhex(selector)).hex(), 16)
        for name, selector in {
            "l1_base_fee": "5cf24969",
            "blob_base_fee": "f8206140",
            "base_fee_scalar": "c5985918",
            "blob_base_fee_scalar": "68d5dca6",
        }.items()
    }
    assert told == {name: getattr(terms.parameters, name) for name in told}


async def test_a_real_chain_is_held_against_its_oracle(rpc: Rpc) -> None:
    newest = await head(rpc)
    assert await read_data_terms(rpc, DataFee.FJORD, newest, is_local=False) == await read_data_terms(
        rpc, DataFee.FJORD, newest, is_local=True
    )


@pytest.mark.parametrize("size", [0, 40, 300, 700, 1_500, 5_000])
async def test_the_oracle_says_what_we_reckon(rpc: Rpc, size: int) -> None:
    newest = await head(rpc)
    terms = await read_data_terms(rpc, DataFee.FJORD, newest, is_local=True)
    envelope = unsigned_envelope(fields(calldata(size, size)))
    ours = data_fee(signed_like(envelope), terms.parameters)
    assert close(ours, await oracle_fee(rpc, envelope, 10**6, newest))
    assert terms.oracle_agrees
    assert terms.sample_fee == data_fee(signed_like(SAMPLE), terms.parameters) > 0


async def test_before_fjord_bytes_were_counted_not_squeezed(rpc: Rpc, base: Node) -> None:
    flags = int(base.rpc("eth_getStorageAt", GAS_PRICE_ORACLE, FJORD_FLAG, "latest"), 16)
    base.rpc("anvil_setStorageAt", GAS_PRICE_ORACLE, FJORD_FLAG, WORD(flags & 0xFF))
    newest = await head(rpc)
    ecotone = await read_data_terms(rpc, DataFee.ECOTONE, newest, is_local=True)
    assert ecotone.oracle_agrees
    for size in (0, 300, 1_500):
        envelope = unsigned_envelope(fields(calldata(size, size)))
        ours = data_fee(signed_like(envelope), ecotone.parameters)
        assert close(ours, await oracle_fee(rpc, envelope, 10**6, newest))
    # Whoever takes the chain for a later one than it is hears of it.
    assert not (await read_data_terms(rpc, DataFee.FJORD, newest, is_local=True)).oracle_agrees


async def test_an_oracle_that_says_otherwise_is_noticed(rpc: Rpc, base: Node) -> None:
    """A stand-in that answers every question with 7."""
    base.set_code(GAS_PRICE_ORACLE, bytes.fromhex("60075f5260205ff3"))
    newest = await head(rpc)
    assert not (await read_data_terms(rpc, DataFee.JOVIAN, newest, is_local=False)).oracle_agrees
    assert await oracle_fee(rpc, b"\x02" * 300, 10**6, newest) == 14


async def test_the_operators_fee_is_part_of_what_is_compared(rpc: Rpc, base: Node) -> None:
    """The oracle of Fjord knows none, so that the terms of a later one stand out."""
    base.rpc("anvil_setStorageAt", L1_BLOCK, "0x8", WORD((5 << 64) + 10**15))
    newest = await head(rpc)
    terms = await read_data_terms(rpc, DataFee.JOVIAN, newest, is_local=True)
    assert (terms.parameters.operator_fee_scalar, terms.parameters.operator_fee_constant) == (5, 10**15)
    assert operator_fee(SAMPLE_GAS, terms.parameters) == SAMPLE_GAS * 500 + 10**15
    assert not terms.oracle_agrees
    assert (await read_data_terms(rpc, DataFee.FJORD, newest, is_local=True)).oracle_agrees


async def test_a_local_chain_without_the_predeploys_charges_nothing_for_data(base: Node, rpc: Rpc) -> None:
    base.set_code(GAS_PRICE_ORACLE, b"")
    base.rpc("anvil_setStorageAt", L1_BLOCK, "0x1", WORD(0))
    base.rpc("anvil_setStorageAt", L1_BLOCK, "0x7", WORD(0))
    newest = await head(rpc)
    terms = await read_data_terms(rpc, DataFee.JOVIAN, newest, is_local=True)
    assert (terms.sample_fee, terms.oracle_agrees) == (0, True)
    with pytest.raises(NodeError, match="gas price oracle"):
        await read_data_terms(rpc, DataFee.JOVIAN, newest, is_local=False)
    with pytest.raises(NodeError, match="gas price oracle"):
        await oracle_fee(rpc, b"x", 1, newest)


def test_what_cannot_be_read_is_an_error() -> None:
    refused = NodeRefusedError("eth_getStorageAt", -32000, "no state", None)
    with pytest.raises(NodeRefusedError):
        parse_terms([refused] * 6, DataFee.JOVIAN, is_local=True)
    with pytest.raises(NodeError, match="eth_getStorageAt"):
        parse_terms(["0x01"] * 6, DataFee.JOVIAN, is_local=True)


ISTHMUS = OpFeeParameters(OpFork.ISTHMUS, 2 * 10**9, 10**9, 2_269, 1_055_762, 10, 10**9)


@given(st.integers(0, 2_000), st.integers(0, 10**9), st.integers(0, 2**16))
def test_what_is_charged_for_the_signed_bytes_is_what_was_reckoned_before(
    size: int, seed: int, nonce: int
) -> None:
    """Real signatures; a few bytes more or less."""
    key = PrivateKey(random.Random(seed).randbytes(32))
    own = fields(calldata(size, seed), nonce)
    signed = LocalSigner(Account.from_key(key.secret)).sign(own).raw
    expected = data_fee(signed_like(unsigned_envelope(own)), ISTHMUS)
    charged = data_fee(signed, ISTHMUS)
    assert abs(expected - charged) * 100 <= 4 * charged


def test_the_books_name_the_same_predeploys() -> None:
    assert BASE.contracts["gas_price_oracle"] == GAS_PRICE_ORACLE
    assert BASE.contracts["l1_block"] == L1_BLOCK
