"""Three ways to the same bytes: the fast encoder, the table that it is made of, and the published page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.errors import PlanError
from executor.plan.encoding import encode_plan
from executor.plan.format import Opcode
from executor.plan.header import DecodedPlan, Header
from executor.plan.shaped import Shaped
from executor.plan.steps import LAYOUTS, STEPS, Step
from tests.plan.strategies import findable, plans, quotes, steps, steps_of
from tests.support.page_encoder import page_encoded


@given(plans)
def test_a_plan_is_written_as_the_page_says(plan: DecodedPlan) -> None:
    assert encode_plan(plan) == page_encoded(plan)


@pytest.mark.parametrize("opcode", list(Opcode), ids=lambda opcode: opcode.name)
@settings(max_examples=30)
@given(data=st.data())
def test_a_step_of_every_opcode_is_written_as_the_table_and_the_page_say(
    opcode: Opcode, data: st.DataObject
) -> None:
    """Twice by one encoder: the first time it has no shape, the second time it has."""
    shaped = Shaped(LAYOUTS[opcode])
    for step in (data.draw(steps_of(opcode, steps(1))) for _ in range(2)):
        assert shaped(step) == shaped(step) == LAYOUTS[opcode].encode(step)
        plan = DecodedPlan(Header(0, 0, 0), findable((step, data.draw(quotes))))
        assert encode_plan(plan) == page_encoded(plan)


@pytest.mark.parametrize("opcode", list(Opcode), ids=lambda opcode: opcode.name)
@settings(max_examples=20)
@given(data=st.data())
def test_what_the_table_refuses_is_refused_in_the_same_words(opcode: Opcode, data: st.DataObject) -> None:
    """Any attribute spoilt, after the shape of the good step is known."""
    layout = LAYOUTS[opcode]
    good = data.draw(steps_of(opcode, st.just(())))
    shaped = Shaped(layout)
    assert shaped(good) == layout.encode(good)
    if not layout.attributes:
        return
    name = data.draw(st.sampled_from(layout.attributes))
    values = {attribute: getattr(good, attribute) for attribute in layout.attributes}
    if layout.directed:
        values[layout.direction] = getattr(good, layout.direction)
    values[name] = data.draw(st.sampled_from((None, -1, 1 << 256, "0x12", "no address", 7)))
    bad = STEPS[opcode].build(layout, values)
    assert _outcome(shaped, bad) == _outcome(layout.encode, bad)


def _outcome(encode: object, step: Step) -> object:
    try:
        return encode(step)  # type: ignore[operator]
    except PlanError as error:
        return str(error)
    except (TypeError, ValueError, AttributeError) as error:
        return type(error)
