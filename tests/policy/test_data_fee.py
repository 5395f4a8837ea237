"""The data fee of OP stack chains is the one that op-geth charges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.policy.data_fee import (
    DataCost,
    OpFeeParameters,
    OpFork,
    data_cost,
    data_fee,
    operator_fee,
    signed_like,
)
from executor.policy.fastlz import compressed_length

CONTRACT_CALL = bytes.fromhex(
    "02f901550a758302df1483be21b88304743f94f80e51afb613d764fa61751affd3313c190a86bb870151bd62fd12adb8"
    "e41ef24f3f000000000000000000000000000000000000000000000000000000000000006e000000000000000000000000"
    "af88d065e77c8cc2239327c5edb3a432268e5831000000000000000000000000000000000000000000000000000000000003"
    "c1e5000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000a000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000148c89ed219d02f1a5be012c689b4f5b731827bebe000000000000000000000000c001a033fd89cb"
    "37c31b2cba46b6466e040c61fc9b2a3675a7f5f493ebd5ad77c497f8a07cdf65680e238392693019b4092f610222e71b7cec"
    "06449cb922b93b6a12744e"
)
"""A transaction of OP Mainnet, 0x8eb9dd4e...16b594, that op-geth's own test carries."""


def parameters(fork: OpFork, **more: int) -> OpFeeParameters:
    """The settings of op-geth's rollup cost tests."""
    return OpFeeParameters(
        fork,
        l1_base_fee=10**9,
        blob_base_fee=10**7,
        base_fee_scalar=2,
        blob_base_fee_scalar=3,
        **more,
    )


@pytest.mark.parametrize(
    ("data", "length"),
    [(b"", 0), (b"\x01" * 1_000, 21), (bytes(1_000), 21), (CONTRACT_CALL, 202)],
    ids=["nothing", "ones", "zeros", "a call"],
)
def test_bytes_are_squeezed_as_far_as_op_geth_squeezes_them(data: bytes, length: int) -> None:
    assert compressed_length(data) == length


@given(st.binary(max_size=64))
def test_nothing_is_squeezed_to_more_than_a_byte_for_every_32_above_itself(data: bytes) -> None:
    assert compressed_length(data) <= len(data) + -(-len(data) // 32)


def test_ecotone_counts_bytes() -> None:
    assert data_fee(b"\x01" * 30, parameters(OpFork.ECOTONE)) == 960_900
    assert data_fee(bytes(120), parameters(OpFork.ECOTONE)) == 960_900


def test_fjord_charges_a_small_transaction_for_a_hundred_bytes() -> None:
    assert data_fee(b"\x01" * 30, parameters(OpFork.FJORD)) == 3_203_000


def test_fjord_charges_a_call_by_the_regression() -> None:
    size = -42_585_600 + 836_500 * 202
    assert data_fee(CONTRACT_CALL, parameters(OpFork.FJORD)) == size * (32 * 10**9 + 3 * 10**7) // 10**12


@pytest.mark.parametrize("fork", [OpFork.ECOTONE, OpFork.FJORD])
def test_there_was_no_operator_fee_before_isthmus(fork: OpFork) -> None:
    more = {"operator_fee_scalar": 7, "operator_fee_constant": 9}
    assert operator_fee(1_000_000, parameters(fork, **more)) == 0


def test_isthmus_takes_millionths_of_the_gas_and_jovian_a_hundred_times_the_scalar() -> None:
    more = {"operator_fee_scalar": 1_439_103_868, "operator_fee_constant": 1_256_417_826_609_331_460}
    isthmus, jovian = parameters(OpFork.ISTHMUS, **more), parameters(OpFork.JOVIAN, **more)
    assert operator_fee(1_618, isthmus) == 1_256_417_826_611_659_930
    assert operator_fee(1_618, jovian) == 1_256_650_673_615_173_860


def test_the_operator_holds_back_for_the_limit_and_charges_for_what_is_used() -> None:
    jovian = parameters(OpFork.JOVIAN, operator_fee_scalar=7, operator_fee_constant=9)
    data = data_fee(signed_like(b"call"), jovian)
    cost = data_cost(b"call", gas_used=1_000, gas_limit=1_200, parameters=jovian)
    assert cost == DataCost(data + 700_009, data + 840_009)
    assert cost.at_least(data + 800_000) == DataCost(data + 800_000, data + 840_009)
