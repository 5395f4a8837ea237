"""The byte format of plans: one definition, read and written alike on both sides."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.address import to_address
from executor.domain.errors import PlanError
from executor.plan import decode, explain
from executor.plan.documentation import plan_format
from executor.plan.encoding import encode_plan
from executor.plan.format import ADDRESS_BYTES, HEADER_BYTES, POOL_STEP_BYTES, SELECTOR, Opcode, Recipient
from executor.plan.format import Guard as GuardKind
from executor.plan.generate import extension_solidity, solidity
from executor.plan.guards import GUARDS, Guard, MaxBlock, ParentHash
from executor.plan.header import DecodedPlan, Header, Tip
from executor.plan.layout import Flags
from executor.plan.steps import LAYOUTS, STEPS, Loan, Step, Track, V2Swap, V3Swap
from tests.plan.strategies import (
    any_step,
    attribute_names,
    findable,
    guards_of,
    plans,
    steps,
    steps_of,
)

PROJECT = Path(__file__).resolve().parents[2]


def test_the_solidity_constants_are_those_of_the_python_definition() -> None:
    assert (PROJECT / "contracts/base/PlanFormat.sol").read_text() == solidity()
    assert (PROJECT / "contracts/base/ExtensionFormat.sol").read_text() == extension_solidity()


def test_the_page_on_the_plan_format_is_made_of_the_same_definition() -> None:
    page = plan_format()
    assert (PROJECT / "docs/plan-format.md").read_text() == page
    for layout in (*LAYOUTS.values(), *(guard.LAYOUT for guard in GUARDS.values())):
        chapter = page.partition(f"### 0x{layout.number:02x} {layout.number.name}")[2].partition("###")[0]
        for part in layout.parts:
            names = [bits.meaning for bits in part.bits] if isinstance(part, Flags) else [f"`{part.name}`"]
            assert all(name in chapter for name in names), layout.number.name


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
    try:
        again = encode_plan(plan)
    except PlanError as refused:
        # Such a plan the router reads, but sends what it gets to no pool.
        assert refused.facts["field"] == "recipient"
        return
    assert decode(again) == plan


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
        (Header(0, 0, 0, (MaxBlock(1 << 32),)), "block"),
        (Header(0, 0, 0, tip=Tip(share_bps=1 << 16)), "tip.share_bps"),
        (Header(0, 0, 0, tip=Tip(fixed=1 << 96)), "tip.fixed"),
    ],
)
def test_a_header_field_that_does_not_fit_is_refused_by_name(header: Header, field: str) -> None:
    with pytest.raises(PlanError) as refused:
        encode_plan(DecodedPlan(header, ()))
    assert refused.value.facts["field"] == field


@given(steps_of(Opcode.UNISWAP_V2_SWAP, st.just(())))
def test_an_amount_that_does_not_fit_is_refused_and_never_cut_off(step: V2Swap) -> None:
    with pytest.raises(PlanError, match="does not fit"):
        encode_plan(DecodedPlan(Header(0, 0, 0), findable((replace(step, amount_in=1 << 128),))))


def test_every_opcode_has_a_step_and_every_guard_its_reader() -> None:
    assert set(STEPS) == set(Opcode)
    assert set(GUARDS) == set(GuardKind)
    assert all(LAYOUTS[opcode].number is opcode for opcode in Opcode)


@pytest.mark.parametrize("opcode", list(Opcode), ids=lambda opcode: opcode.name)
@settings(max_examples=30)
@given(data=st.data())
def test_a_step_of_every_opcode_comes_back_with_all_its_fields(opcode: Opcode, data: st.DataObject) -> None:
    ending = data.draw(steps_of(Opcode.UNISWAP_V2_QUOTE, st.just(())))
    step, _ = findable((data.draw(steps_of(opcode, steps(0))), ending))
    plan = DecodedPlan(Header(0, 0, 0), (step, ending))
    assert decode(encode_plan(plan)).steps[0] == step
    # A lender without markets has no variant among its fields.
    layout = LAYOUTS[opcode]
    written = {*layout.attributes, *[layout.direction] * layout.directed}
    assert written == set(attribute_names(step)) - {"opcode"} - ({"variant"} - written)


@pytest.mark.parametrize("kind", list(GuardKind), ids=lambda kind: kind.name)
@settings(max_examples=30)
@given(data=st.data())
def test_a_guard_of_every_kind_comes_back_with_all_its_fields(kind: GuardKind, data: st.DataObject) -> None:
    guard: Guard = data.draw(guards_of(kind))
    plan = DecodedPlan(Header(0, 0, 0, (guard, guard)), ())
    assert decode(encode_plan(plan)) == plan
    assert set(GUARDS[kind].LAYOUT.attributes) == set(attribute_names(guard))


@pytest.mark.parametrize("opcode", list(Opcode), ids=lambda opcode: opcode.name)
@settings(max_examples=30)
@given(data=st.data())
def test_flags_that_a_step_does_not_have_are_refused(opcode: Opcode, data: st.DataObject) -> None:
    (step,) = findable((data.draw(steps_of(opcode, st.just(()))),))
    layout = LAYOUTS[opcode]
    first = layout.parts[0]
    if not isinstance(first, Flags) or first.known == 0xFF:
        return
    raw = bytearray(encode_plan(DecodedPlan(Header(0, 0, 0), (step,))))
    place = 4 + HEADER_BYTES + 1
    raw[place] |= data.draw(st.integers(1, 255).filter(lambda bits: bits & ~first.known & 0xFF))
    with pytest.raises(PlanError):
        decode(bytes(raw))


def test_a_step_nested_deeper_than_the_router_could_run_is_refused() -> None:
    step = Track(to_address("0x" + "ab" * 20), ())
    for _ in range(100):
        step = Track(step.token, (step,))
    with pytest.raises(PlanError, match="nests more"):
        decode(encode_plan(DecodedPlan(Header(0, 0, 0), (step,))))


def test_a_hash_that_is_none_is_refused_by_name() -> None:
    for text in ("0x12", "no hash at all", "0x" + "zz" * 32):
        with pytest.raises(PlanError) as refused:
            encode_plan(DecodedPlan(Header(0, 0, 0, (ParentHash(text),)), ()))
        assert refused.value.facts["field"] == "hash"


def test_a_continuation_longer_than_its_length_field_is_refused(example_swap: V2Swap) -> None:
    loan = Loan(Opcode.AAVE_V3_LOAN, 1, 1, (example_swap,) * 2000)
    with pytest.raises(PlanError, match="continuation length"):
        encode_plan(DecodedPlan(Header(0, 0, 0), (loan,)))


SENDING = sorted(opcode for opcode, layout in LAYOUTS.items() if "recipient" in layout.attributes)
flat_steps = any_step(st.just(()), st.sampled_from(Opcode))


def read_as_pool(step: Step) -> bytes:
    """What the router takes for the pool of a step that follows."""
    return step.encode()[POOL_STEP_BYTES - ADDRESS_BYTES : POOL_STEP_BYTES]


@given(st.sampled_from(SENDING).flatmap(lambda number: steps_of(Opcode(number), st.just(()))), flat_steps)
def test_a_hop_sends_to_the_next_pool_only_where_the_router_will_find_that_one(hop: Step, then: Step) -> None:
    sending: Any = hop
    sending = replace(sending, recipient=Recipient.NEXT_POOL, to=None)
    (following,) = findable((then,))
    chains: list[tuple[Step, ...]] = [(sending, following)]
    if isinstance(sending, V3Swap):
        # The router reads on behind the length of the continuation.
        chains.append((replace(sending, continuation=(following,)),))
    for chain in chains:
        plan = DecodedPlan(Header(0, 0, 0), chain)
        try:
            encode_plan(plan)
        except PlanError as refused:
            assert refused.facts["field"] == "recipient"
            assert not following.layout.shows_pool
        else:
            assert following.layout.shows_pool
            named: Any = following
            assert read_as_pool(following) == bytes.fromhex(named.pool[2:])


def test_a_hop_for_the_next_pool_is_refused_where_nothing_follows(example_swap: V2Swap) -> None:
    last = replace(example_swap, recipient=Recipient.NEXT_POOL)
    for chain in ((last,), (Track(example_swap.pool, (last,)), example_swap)):
        with pytest.raises(PlanError, match="none follows"):
            encode_plan(DecodedPlan(Header(0, 0, 0), chain))
    encode_plan(DecodedPlan(Header(0, 0, 0), (last, example_swap)))


def test_the_page_names_the_steps_that_a_next_pool_is_found_in() -> None:
    chapter = plan_format().partition("**the next pool**")[2].partition("## Header")[0]
    named = set(re.findall(r"0x[0-9a-f]{2}", chapter))
    shown = {f"0x{opcode:02x}" for opcode, layout in LAYOUTS.items() if layout.shows_pool}
    assert named == shown
    assert "0x6c" not in shown
