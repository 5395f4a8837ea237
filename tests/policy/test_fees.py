"""Fees and gas limits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.errors import ConfigError, GasLimitError
from executor.domain.market import BlockHead
from executor.policy.fees import (
    Fees,
    calldata_floor,
    choose_fees,
    gas_limit,
    max_base_fee,
    multiplier_bps,
    next_base_fee,
)

GWEI = 10**9
BLOCK = 30_000_000
fees = st.integers(0, 10**14)


# The cases of EIP-1559's reference tests: a full, an empty and a half-full block.
@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (BLOCK // 2, 100 * GWEI),
        (BLOCK, 112_500_000_000),
        (0, 87_500_000_000),
        (BLOCK // 2 + 1, 100 * GWEI + 833),
        (BLOCK // 2 - 1, 100 * GWEI - 833),
    ],
)
def test_the_next_base_fee_follows_how_full_the_block_was(used: int, expected: int) -> None:
    assert next_base_fee(100 * GWEI, used, BLOCK) == expected


def test_a_full_block_raises_even_the_smallest_base_fee() -> None:
    assert next_base_fee(1, BLOCK, BLOCK) == 2
    assert next_base_fee(0, BLOCK, BLOCK) == 1


def test_a_mainnet_header_is_followed_by_the_base_fee_of_the_next() -> None:
    # Blocks 12965000 and 12965001: the first ones under EIP-1559.
    assert next_base_fee(1_000_000_000, 30_025_257, 30_029_122) == 1_124_967_822


@given(fees, st.lists(st.tuples(st.integers(0, 100), st.integers(-1, 1)), max_size=8))
def test_no_sequence_of_blocks_gets_past_the_bound(base_fee: int, blocks: list[tuple[int, int]]) -> None:
    bound = max_base_fee(base_fee, len(blocks), BLOCK)
    limit = BLOCK
    for fullness, drift in blocks:
        limit += drift * (limit // 1_024 - 1)
        base_fee = next_base_fee(base_fee, limit * fullness // 100, limit)

    assert base_fee <= bound


@given(st.integers(1, 10**14), st.integers(1, 10))
def test_the_bound_is_an_eighth_a_block_and_hardly_more(base_fee: int, blocks: int) -> None:
    bound = max_base_fee(base_fee, blocks, BLOCK)

    assert bound * 8**blocks >= base_fee * 9**blocks
    assert bound * 8**blocks * 10**6 <= (base_fee + 20) * 9**blocks * (10**6 + 1)


def test_fees_last_for_the_blocks_that_were_asked_for() -> None:
    head = BlockHead(1, "0x", "0x", 0, 100 * GWEI, 110 * GWEI, BLOCK)

    assert choose_fees(head, priority_fee=2 * GWEI, blocks=1) == Fees(112 * GWEI, 2 * GWEI, 110 * GWEI)
    assert choose_fees(head, priority_fee=0, blocks=3).max_fee_per_gas == max_base_fee(110 * GWEI, 2, BLOCK)


def test_the_price_that_is_paid_is_base_fee_and_tip_up_to_the_maximum() -> None:
    assert Fees(max_fee_per_gas=100, max_priority_fee_per_gas=5, base_fee=90).effective_price == 95
    assert Fees(max_fee_per_gas=100, max_priority_fee_per_gas=5, base_fee=98).effective_price == 100


@pytest.mark.parametrize(
    ("multiplier", "bps"), [("1", 10_000), ("1.2", 12_000), ("1.0001", 10_001), ("3", 30_000)]
)
def test_a_multiplier_becomes_whole_basis_points(multiplier: str, bps: int) -> None:
    assert multiplier_bps(Decimal(multiplier)) == bps


@pytest.mark.parametrize("multiplier", ["0.9999", "1.00001", "NaN", "Infinity", "-1", "0"])
def test_a_multiplier_that_is_none_is_refused_by_name(multiplier: str) -> None:
    with pytest.raises(ConfigError) as caught:
        multiplier_bps(Decimal(multiplier))

    assert caught.value.field == "gas_limit_multiplier"


# EIP-7623: 1,000 bytes that are not zero cost at least 61,000 gas, zeros 31,000; measured on a node.
@pytest.mark.parametrize(
    ("calldata", "floor"),
    [(b"", 21_000), (b"\xff" * 1_000, 61_000), (bytes(1_000), 31_000), (b"\0\x01", 21_050)],
)
def test_calldata_has_a_floor(calldata: bytes, floor: int) -> None:
    assert calldata_floor(calldata) == floor


def test_the_limit_is_the_estimate_with_its_margin_rounded_up() -> None:
    assert gas_limit(100_001, 12_000, block_gas_limit=BLOCK, calldata=b"") == 120_002


def test_the_limit_covers_the_floor_of_the_calldata() -> None:
    assert gas_limit(25_000, 12_000, block_gas_limit=BLOCK, calldata=b"\xff" * 1_000) == 61_000


@pytest.mark.parametrize(("block", "expected"), [(60_000_000, 2**24), (16_000_000, 16_000_000)])
def test_the_limit_stays_under_what_a_transaction_and_a_block_may_have(block: int, expected: int) -> None:
    assert gas_limit(15_000_000, 12_000, block_gas_limit=block, calldata=b"") == expected


def test_a_call_that_needs_more_than_is_allowed_is_refused() -> None:
    with pytest.raises(GasLimitError) as caught:
        gas_limit(2**24 + 1, 12_000, block_gas_limit=60_000_000, calldata=b"")

    assert caught.value.facts == {"needed": 2**24 + 1, "allowed": 2**24}


@given(st.integers(21_000, 2**24), st.integers(10_000, 30_000), st.binary(max_size=500))
def test_the_limit_is_never_below_the_estimate_nor_the_floor(
    estimate: int, bps: int, calldata: bytes
) -> None:
    limit = gas_limit(estimate, bps, block_gas_limit=60_000_000, calldata=calldata)

    assert limit >= estimate
    assert limit >= calldata_floor(calldata)
    assert limit <= 2**24
