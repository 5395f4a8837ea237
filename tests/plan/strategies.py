"""Random plans: every step, guard, flag and width, nested to depth three."""

from dataclasses import fields, replace
from typing import Any

from hypothesis import strategies as st

from executor.domain.address import Address, to_address
from executor.plan.format import Guard as GuardKind
from executor.plan.format import Opcode, Recipient
from executor.plan.guards import GUARDS, Guard
from executor.plan.header import DecodedPlan, Header, Tip
from executor.plan.layout import Bits, Field, Flags, Layout, Values
from executor.plan.steps import LAYOUTS, STEPS, Step, V2Quote

NESTING = frozenset(
    opcode
    for opcode, layout in LAYOUTS.items()
    if any(isinstance(part, Field) and part.kind == "steps" for part in layout.parts)
)


def uints(width: int) -> st.SearchStrategy[int]:
    return st.integers(min_value=0, max_value=(1 << (8 * width)) - 1)


def hexes(width: int) -> st.SearchStrategy[str]:
    return st.binary(min_size=width, max_size=width).map(lambda raw: "0x" + raw.hex())


addresses: st.SearchStrategy[Address] = (hexes(20) | st.just("0x" + "00" * 20)).map(to_address)
Inside = st.SearchStrategy[tuple[Step, ...]]


def _bits(draw: st.DrawFn, bits: Bits, values: Values) -> None:
    if bits.choices is None or bits.of:
        values[bits.name] = draw(st.booleans())
        return
    values[bits.name] = bits.always or draw(
        st.sampled_from([choice for choice in bits.choices if choice not in bits.never])
    )


def _field(draw: st.DrawFn, field: Field, inside: Inside) -> object:
    if field.kind == "steps":
        return draw(inside)
    if field.kind == "address":
        return draw(addresses)
    return draw(uints(field.width) if field.kind == "uint" else hexes(field.width))


@st.composite
def values_of(draw: st.DrawFn, layout: Layout, inside: Inside) -> Values:
    """What a reader of that layout may find: each flag at random, each field that the flags then ask for."""
    values: Values = {layout.direction: draw(st.booleans())}
    for part in layout.parts:
        if isinstance(part, Flags):
            for bits in part.bits:
                _bits(draw, bits, values)
        else:
            values[part.name] = _field(draw, part, inside) if part.there(values) else part.default
    return {name: values[name] for name in (*layout.attributes, *((layout.direction,) * layout.directed))}


@st.composite
def steps_of(draw: st.DrawFn, opcode: Opcode, inside: Inside) -> Step:
    """A step with that opcode."""
    layout = LAYOUTS[opcode]
    drawn = values_of(layout, inside).map(lambda values: STEPS[opcode].build(layout, values))
    return draw(drawn.filter(lambda step: not step.contradiction()))


@st.composite
def guards_of(draw: st.DrawFn, kind: GuardKind) -> Guard:
    """A guard of that kind."""
    return GUARDS[kind](**draw(values_of(GUARDS[kind].LAYOUT, st.just(()))))


guards: st.SearchStrategy[Guard] = st.sampled_from(GuardKind).flatmap(guards_of)
tips = st.builds(Tip, share_bps=uints(2), fixed=uints(12), receiver=st.none() | addresses)
headers = st.builds(
    Header,
    settlement_index=st.integers(0, 4),
    deadline=uints(4),
    minimum_profit=uints(12),
    guards=st.lists(guards, max_size=3).map(tuple),
    tip=st.none() | tips,
)
quotes = st.builds(
    V2Quote, pool=addresses, zero_for_one=st.booleans(), fee_bps=uints(1), amount_in=st.none() | uints(16)
)


def any_step(inside: Inside, opcodes: st.SearchStrategy[Opcode]) -> st.SearchStrategy[Step]:
    """A step of any of the opcodes."""
    return opcodes.flatmap(lambda opcode: steps_of(opcode, inside))


def steps(depth: int = 3) -> Inside:
    """Any steps, the last one a pool step, so that a hop that sends to the next pool always has one."""
    if depth == 0:
        flat = any_step(st.just(()), st.sampled_from(sorted(set(Opcode) - NESTING)))
        return _ended(st.lists(flat, max_size=1))
    return _ended(st.lists(any_step(steps(depth - 1), st.sampled_from(Opcode)), max_size=2))


def _ended(lists: st.SearchStrategy[list[Step]]) -> Inside:
    return st.just(()) | st.tuples(lists, quotes).map(lambda parts: (*parts[0], parts[1]))


def findable(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, of which none sends to a next pool that the router would not find."""
    found: list[Any] = []
    for place, step in enumerate(steps, start=1):
        changed: Any = step
        if step.inside:
            changed = replace(changed, continuation=findable(step.inside))
        following = (*step.inside, *steps[place:])[:1]
        sends_on = getattr(step, "recipient", None) is Recipient.NEXT_POOL
        if sends_on and not (following and following[0].layout.shows_pool):
            changed = replace(changed, recipient=Recipient.ROUTER)
        found.append(changed)
    return tuple(found)


plans: st.SearchStrategy[DecodedPlan] = st.builds(DecodedPlan, header=headers, steps=steps().map(findable))


def attribute_names(step: object) -> list[str]:
    """The attributes of a step or guard."""
    described: Any = step
    return [field.name for field in fields(described)]
