"""Batches: what cannot be one is refused by the entry, and no log makes the decoder fail."""

import pytest
from eth_abi.abi import decode, encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.errors import PlanError
from executor.plan.batch import BatchEntry, decode_outcome, encode_batch
from executor.plan.simulated import EXECUTE, decode_simulated, simulation_of

EXECUTED = keccak(b"PlanExecuted(uint256,uint256)")
FAILED = keccak(b"PlanFailed(uint256,bytes)")
SIMULATED = keccak(b"Simulated(uint256,uint256,(uint256,uint256,uint256)[])")[:4]


@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(1, 2**64 - 1)), min_size=1), st.booleans())
def test_every_entry_is_in_the_call_as_it_was_given(rows: list[tuple[bytes, int]], whole: bool) -> None:
    entries = [BatchEntry(EXECUTE + plan, gas) for plan, gas in rows]
    called = decode(["(uint64,bytes)[]", "bool"], encode_batch(entries, all_or_nothing=whole)[4:])
    assert called == (tuple((entry.gas_limit, entry.calldata) for entry in entries), whole)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([], "a batch without plans"),
        ([BatchEntry(EXECUTE, 1), BatchEntry(b"", 1)], "entry 1 is no call"),
        ([BatchEntry(EXECUTE, 0)], "entry 0 has a gas limit of 0"),
        ([BatchEntry(EXECUTE, 2**64)], "entry 0 has a gas limit of 18446744073709551616"),
    ],
)
def test_what_is_no_batch_is_refused_by_its_entry(entries: list[BatchEntry], problem: str) -> None:
    with pytest.raises(PlanError, match=problem) as refused:
        encode_batch(entries)
    assert refused.value.fix


@given(
    st.sampled_from([EXECUTED, FAILED, bytes(32)]), st.lists(st.binary(max_size=40), max_size=3), st.binary()
)
def test_no_log_makes_the_decoder_fail(topic: bytes, rest: list[bytes], data: bytes) -> None:
    decode_outcome([topic, *rest], data)


def test_a_failure_names_its_plan_and_reason() -> None:
    reason = keccak(b"AlreadyRunning()")[:4]
    outcome = decode_outcome([FAILED, (7).to_bytes(32, "big")], encode(["bytes"], [reason]))
    assert outcome is not None
    assert outcome.reason is not None
    assert (outcome.index, outcome.profit, outcome.reason.name) == (7, None, "AlreadyRunning")


@given(st.binary(max_size=400))
def test_no_bytes_make_the_decoder_of_simulations_fail(data: bytes) -> None:
    assert decode_simulated(data) is None
    decode_simulated(SIMULATED + data)


def test_only_a_plan_can_be_simulated() -> None:
    assert simulation_of(EXECUTE + b"plan")[4:] == b"plan"
    with pytest.raises(PlanError, match="no call of the router's execute"):
        simulation_of(b"\x00\x00\x00\x00plan")
