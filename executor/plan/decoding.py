"""Bytes to plans: the mirror of the router's reader. Anything the router would refuse as malformed is a
PlanError here.
"""

from typing import cast

from executor.domain.errors import PlanError
from executor.plan import format as f
from executor.plan.bytewise import Reader
from executor.plan.format import Opcode
from executor.plan.header import DecodedPlan, read_header
from executor.plan.layout import named, unknown
from executor.plan.steps import LAYOUTS, STEPS, Step


def decode_plan(calldata: bytes) -> DecodedPlan:
    """The plan in `calldata` (with selector). Raises PlanError where the router would call it malformed."""
    if calldata[:4] != f.SELECTOR:
        raise PlanError(
            f"The calldata starts with 0x{calldata[:4].hex()}, not with the selector of execute().",
            fix=f"give calldata that starts with 0x{f.SELECTOR.hex()}",
        )
    reader = Reader(calldata, 4, len(calldata), decode_step)
    header = read_header(reader)
    return DecodedPlan(header, cast(tuple[Step, ...], reader.steps()))


def decode_step(reader: Reader) -> Step:
    """The step at which `reader` stands, with its continuation. Raises PlanError."""
    byte = reader.uint(1)
    layout = named(LAYOUTS, byte)
    if layout is None:
        raise unknown(byte, 0)
    step = STEPS[Opcode(layout.number)].build(layout, layout.decode(reader, byte))
    if step.contradiction():
        raise PlanError(step.contradiction(), fix="check where these bytes come from", opcode=byte)
    return step
