"""The byte format of plans: one definition, read and written alike on both sides."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.errors import PlanError
from executor.plan import decode, explain
from executor.plan.encoding import encode_plan
from executor.plan.format import SELECTOR, Opcode
from executor.plan.generate import solidity
from executor.plan.steps import DecodedPlan, Header, Loan, V2Swap
from tests.plan.strategies import plans, v2_swaps

PROJECT = Path(__file__).resolve().parents[2]


def test_the_solidity_constants_are_those_of_the_python_definition() -> None:
    assert (PROJECT / "contracts/base/PlanFormat.sol").read_text() == solidity()


@given(plans)
def test_decoding_an_encoded_plan_gives_the_plan_back(plan: DecodedPlan) -> None:
    assert decode(encode_plan(plan)) == plan


@given(plans)
def test_every_plan_can_be_explained_in_words(plan: DecodedPlan) -> None:
    lines = explain(encode_plan(plan))
    assert any(str(plan.header.minimum_profit) in line for line in lines)


@settings(max_examples=500)
@given(st.binary(max_size=400))
def test_random_bytes_never_crash_the_decoder(data: bytes) -> None:
    try:
        plan = decode(SELECTOR + data)
    except PlanError:
        return
    assert decode(encode_plan(plan)) == plan


@given(plans, st.data())
def test_a_plan_that_is_cut_off_is_refused_or_ends_between_two_steps(
    plan: DecodedPlan, data: st.DataObject
) -> None:
    whole = encode_plan(plan)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        shorter = decode(cut)
    except PlanError:
        return
    assert shorter.header == plan.header
    assert len(shorter.steps) < len(plan.steps)
    assert shorter.steps == plan.steps[: len(shorter.steps)]


def test_calldata_of_another_function_is_refused_with_the_selector_it_should_have() -> None:
    with pytest.raises(PlanError, match="selector of execute"):
        decode(b"\x12\x34\x56\x78" + b"\x00" * 40)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        (Header(5, 0, 0), "settlement_index"),
        (Header(0, 1 << 32, 0), "deadline"),
        (Header(0, 0, 1 << 96), "minimum_profit"),
        (Header(0, 0, -1), "minimum_profit"),
        (Header(0, 0, 0, 1 << 32), "max_block"),
    ],
)
def test_a_header_field_that_does_not_fit_is_refused_by_name(header: Header, field: str) -> None:
    with pytest.raises(PlanError) as refused:
        encode_plan(DecodedPlan(header, ()))
    assert refused.value.facts["field"] == field


@given(v2_swaps())
def test_an_amount_that_does_not_fit_is_refused_and_never_cut_off(step: V2Swap) -> None:
    with pytest.raises(PlanError, match="does not fit"):
        encode_plan(DecodedPlan(Header(0, 0, 0), (replace(step, amount_in=1 << 128),)))


def test_a_continuation_longer_than_its_length_field_is_refused(example_swap: V2Swap) -> None:
    loan = Loan(Opcode.AAVE_V3_LOAN, 1, 1, (example_swap,) * 2000)
    with pytest.raises(PlanError, match="continuation length"):
        encode_plan(DecodedPlan(Header(0, 0, 0), (loan,)))
