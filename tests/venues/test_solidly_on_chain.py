"""Aerodrome's own bytecode with any reserves, decimals and fees: the maths say what it does, to the wei."""

from __future__ import annotations

from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import Node
from executor.domain.errors import MathsError
from executor.venues import solidly
from executor.venues.solidly import SolidlyState
from tests.support.solidly_pools import any_pools, sizes, trade, usual_pools

many = settings(
    max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def require_same(node: Node, state: SolidlyState, zero_for_one: bool, amount: int) -> None:
    """The pool does what the maths say: gives, gives nothing, or refuses."""
    happened = trade(node, state, zero_for_one, amount)
    try:
        given = solidly.amount_out(state, zero_for_one, amount)
    except MathsError:
        assert happened.given is None
        return
    assert happened.quote == given
    if given == 0:
        assert happened.given is None
        return
    assert happened.given == given
    changed = solidly.after(state, zero_for_one, amount)
    assert happened.reserves == (changed.reserve0, changed.reserve1)


@many
@given(state=usual_pools(), data=st.data())
def test_pools_of_usual_shape_give_what_the_maths_say(
    base_full_node: Node, state: SolidlyState, data: st.DataObject
) -> None:
    for first, bits in product((True, False), (-12, -5, -1, 3)):
        reserve = state.reserve0 if first else state.reserve1
        amount = data.draw(sizes(max(1, reserve.bit_length() + bits)))
        require_same(base_full_node, state, first, amount)


@many
@given(state=any_pools(), amounts=st.tuples(*[sizes(120)] * 4))
def test_pools_of_any_shape_give_what_the_maths_say(
    base_full_node: Node, state: SolidlyState, amounts: tuple[int, ...]
) -> None:
    for position, amount in enumerate(amounts):
        require_same(base_full_node, state, position % 2 == 0, amount)
