"""Fees and gas limits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.errors import ConfigError, GasLimitError
from executor.domain.fee_rules import OSAKA, BaseFeeKind, BaseFeeRule, GasRules
from executor.domain.market import BlockHead
from executor.policy.fees import (
    Fees,
    calldata_floor,
    choose_fees,
    gas_limit,
    max_base_fee,
    multiplier_bps,
    next_base_fee,
    within_fee_cap,
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


CANYON = BaseFeeRule(BaseFeeKind.HEADER, denominator=250, elasticity=6)
BHILAI = BaseFeeRule(BaseFeeKind.GAS, denominator=64, elasticity=2)
HOLOCENE = BaseFeeRule(BaseFeeKind.HEADER, denominator=50, elasticity=10)


@pytest.mark.parametrize(
    ("rule", "full", "empty"),
    [(CANYON, 102_000_000_000, 99_600_000_000), (BHILAI, 101_562_500_000, 98_437_500_000)],
)
def test_other_chains_move_by_their_own_terms(rule: BaseFeeRule, full: int, empty: int) -> None:
    assert next_base_fee(100 * GWEI, BLOCK, BLOCK, rule) == full
    assert next_base_fee(100 * GWEI, 0, BLOCK, rule) == empty


@given(
    fees,
    st.lists(st.tuples(st.integers(0, 100), st.integers(-1, 1)), max_size=8),
    st.sampled_from([CANYON, BHILAI, HOLOCENE]),
)
def test_no_sequence_of_blocks_gets_past_the_bound_of_another_chain(
    base_fee: int, blocks: list[tuple[int, int]], rule: BaseFeeRule
) -> None:
    bound = max_base_fee(base_fee, len(blocks), BLOCK, rule)
    limit = BLOCK
    for fullness, drift in blocks:
        limit += drift * (limit // 1_024 - 1)
        base_fee = next_base_fee(base_fee, limit * fullness // 100, limit, rule)

    assert base_fee <= bound


def test_a_fixed_base_fee_needs_no_margin() -> None:
    assert max_base_fee(0, 10, BLOCK, BaseFeeRule(BaseFeeKind.FIXED, 8, 2)) == 0


@given(st.integers(1, 10**14), st.integers(1, 10))
def test_the_bound_is_an_eighth_a_block_and_hardly_more(base_fee: int, blocks: int) -> None:
    bound = max_base_fee(base_fee, blocks, BLOCK)

    assert bound * 8**blocks >= base_fee * 9**blocks
    assert bound * 8**blocks * 10**6 <= (base_fee + 20) * 9**blocks * (10**6 + 1)


def test_fees_last_for_the_blocks_that_were_asked_for() -> None:
    head = BlockHead(1, "0x", "0x", 0, 100 * GWEI, 110 * GWEI, BLOCK)

    assert choose_fees(head, priority_fee=2 * GWEI, blocks=1) == Fees(112 * GWEI, 2 * GWEI, 110 * GWEI)
    assert choose_fees(head, priority_fee=0, blocks=3).max_fee_per_gas == max_base_fee(110 * GWEI, 2, BLOCK)


@given(fees, fees, fees, st.integers(1, 10))
def test_the_users_ceiling_is_never_passed(next_fee: int, tip: int, ceiling: int, blocks: int) -> None:
    head = BlockHead(1, "0x", "0x", 0, next_fee, next_fee, BLOCK)
    free = choose_fees(head, priority_fee=tip, blocks=blocks)
    chosen = choose_fees(head, priority_fee=tip, blocks=blocks, ceiling=ceiling)

    assert chosen.max_fee_per_gas == min(free.max_fee_per_gas, ceiling)
    assert 0 <= chosen.max_priority_fee_per_gas <= min(tip, chosen.max_fee_per_gas)
    assert chosen.max_priority_fee_per_gas == tip or chosen.effective_price == ceiling


@given(fees, fees, st.integers(0, 10**15), st.integers(21_000, 32_000_000), st.integers(10**15, 10**19))
def test_no_transaction_may_cost_more_than_nodes_take(
    base_fee: int, tip: int, margin: int, limit: int, cap: int
) -> None:
    asked = Fees(base_fee + tip + margin, tip, base_fee)
    lowered = within_fee_cap(asked, limit, cap)

    if lowered is None:
        assert asked.effective_price * limit > cap
    else:
        assert lowered.max_fee_per_gas * limit <= cap
        assert lowered.max_priority_fee_per_gas == tip <= lowered.max_fee_per_gas
        assert lowered.effective_price == asked.effective_price


def test_fees_that_nodes_take_are_left_alone() -> None:
    asked = Fees(100 * GWEI, GWEI, 50 * GWEI)
    assert within_fee_cap(asked, 10_000_000) is asked
    assert within_fee_cap(asked, 15_000_000) == Fees(10**18 // 15_000_000, GWEI, 50 * GWEI)
    assert within_fee_cap(asked, 20_000_000) is None


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


AMSTERDAM = GasRules(
    transaction=21_000, floor_per_zero_byte=64, floor_per_other_byte=64, most_per_transaction=2**24
)
ARBITRUM = GasRules(
    transaction=21_000, floor_per_zero_byte=4, floor_per_other_byte=16, most_per_transaction=32_000_000
)


@given(
    st.integers(21_000, 40_000_000),
    st.integers(10_000, 30_000),
    st.binary(max_size=500),
    st.integers(10**6, 10**8),
    st.sampled_from([OSAKA, AMSTERDAM, ARBITRUM]),
)
def test_the_limit_keeps_every_bound_of_its_chain(
    estimate: int, bps: int, calldata: bytes, block: int, rules: GasRules
) -> None:
    most = min(block, rules.most_per_transaction)
    needed = max(estimate, calldata_floor(calldata, rules))
    if needed > most:
        with pytest.raises(GasLimitError):
            gas_limit(estimate, bps, block_gas_limit=block, calldata=calldata, rules=rules)
        return
    limit = gas_limit(estimate, bps, block_gas_limit=block, calldata=calldata, rules=rules)

    assert needed <= limit <= most
    assert limit == most or limit * 10_000 >= estimate * bps


@pytest.mark.parametrize(("rules", "floor"), [(OSAKA, 61_000), (AMSTERDAM, 85_000), (ARBITRUM, 37_000)])
def test_the_floor_of_calldata_is_the_forks_own(rules: GasRules, floor: int) -> None:
    assert calldata_floor(b"\xff" * 1_000, rules) == floor
