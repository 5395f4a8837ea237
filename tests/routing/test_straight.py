"""A pool of one price beside a pool whose price falls: a peg stability module and a pair."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.domain.route import Leg
from executor.routing.hops import hop
from executor.routing.split import best_split
from executor.routing.straight import FAR, StraightHop
from executor.venues import amount_out
from executor.venues.curve import Stretch
from tests.routing.test_spent import CHEAP, DAI_TO_USDC, DEAR, DOLLARS, MODULE, STATES
from tests.support.market import USDC, WETH, v2_state
from tests.support.side_by_side import free

MODULE_LEG, PAIR_LEG = DAI_TO_USDC
BACK = ([Leg(DEAR.pool, USDC)], [Leg(CHEAP.pool, WETH)])
NEARLY = 10**-9
"""Of the profit: as much as the line is bent, and more than rounding."""


def market(tout: int, dollars: int, better: int) -> dict[str, PoolState]:
    """Ether is cheap in dollars; the pair gives `better` hundred-thousandths more than one for one."""
    pair = v2_state(dollars, dollars * 10**12 * 10**5 // (10**5 + better), DOLLARS.pool)
    module, dear = replace(MODULE, tout=tout), v2_state(10**21, 28 * 10**11, DEAR.pool)
    return {**STATES, module.pool.key: module, pair.pool.key: pair, dear.pool.key: dear}


@given(
    tout=st.sampled_from([0, 10**14, 3 * 10**14 + 1, 10**15]),
    dollars=st.integers(10**11, 10**14),
    better=st.integers(-300, 400),
)
def test_both_together_earn_as_much_as_either_alone(tout: int, dollars: int, better: int) -> None:
    states = market(tout, dollars, better)
    alone = [best_split(([leg], *BACK), states, gas_cost=free) for leg in DAI_TO_USDC]
    both = best_split((DAI_TO_USDC, *BACK), states, gas_cost=free)
    assert both is not None
    assert both.net >= max(found.net for found in alone if found is not None) * (1 - NEARLY)


@pytest.mark.parametrize("better", [150, 250, 400])
def test_a_pair_that_gives_more_at_first_takes_what_it_gives_more_for(better: int) -> None:
    states = market(3 * 10**14 + 1, 10**12, better)
    alone = [best_split(([leg], *BACK), states, gas_cost=free) for leg in DAI_TO_USDC]
    both = best_split((DAI_TO_USDC, *BACK), states, gas_cost=free)
    assert both is not None
    assert both.net > max(found.net for found in alone if found is not None)
    parts = {part.leg.pool.key: part for part in both.route.stages[0]}
    module, pair = parts[MODULE.pool.key], parts[DOLLARS.pool.key]
    given = module.amount_out + pair.amount_out
    for moved in (-(10**19), -(10**17), 10**17, 10**19):
        sizes = ((MODULE_LEG, module.amount_in - moved), (PAIR_LEG, pair.amount_in + moved))
        other = sum(amount_out(states[leg.pool.key], leg.zero_for_one, size) for leg, size in sizes)
        assert other <= given + 1


def test_a_line_is_hardly_bent_and_ends_where_the_pool_does() -> None:
    own = hop(MODULE, MODULE_LEG.zero_for_one)
    line = own.stretch(0)
    assert line is not None and line.end is not None and line.c == 0
    bent = StraightHop(own, line)
    piece = bent.stretch(0)
    assert piece is not None and piece.end == line.end
    told = [(piece.a * x + piece.b) / (piece.c * x + piece.d) for x in (line.end // 2, line.end)]
    real = [line.a * x / line.d for x in (line.end // 2, line.end)]
    for got, wanted in zip(told, real, strict=True):
        assert wanted * (1 - NEARLY) < got <= wanted
    assert all(low < high for low, high in pairwise(told))
    assert (bent.stretch_of(line.end), bent.out(10**18), bent.least_in(10**6)) == (
        0,
        own.out(10**18),
        own.least_in(10**6),
    )
    with pytest.raises(MathsError):
        bent.stretch(1)


def test_a_line_without_an_end_is_cut_off_far_out() -> None:
    piece = StraightHop(hop(MODULE, True), Stretch(0, None, 1, 0, 0, 1)).stretch(0)
    assert piece is not None and piece.end == FAR
