"""Sizes leave a little of what a peg stability module has: others buy there, and an earlier leg may give
more.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.domain.route import Leg, Route
from executor.routing.margins import less_margin, within
from executor.routing.sizing import best_size, forward
from executor.routing.split import best_split
from executor.venues import amount_in, amount_out
from executor.venues.maker_psm import MakerPSMState
from executor.venues.maker_psm_state import HALTED
from tests.routing.test_market_makers import maker
from tests.routing.test_spent import CHEAP, DAI_TO_USDC, DEAR, DOLLARS, MODULE
from tests.support.market import USDC, WETH, v2_state
from tests.support.side_by_side import free

EMPTYING = replace(MODULE, gems=10**9)
PAYING = v2_state(10**21, 28 * 10**11, DEAR.pool)
BOUGHT, SOLD = Leg(CHEAP.pool, WETH), Leg(PAYING.pool, USDC)
MAKER = maker("6", 1_000)


def states_of(*states: PoolState) -> dict[str, PoolState]:
    """By their pools' keys."""
    return {state.pool.key: state for state in states}


@pytest.mark.parametrize("last", [PAYING, MAKER], ids=["piece by piece", "by search"])
def test_a_trade_that_would_empty_a_module_still_fits_when_an_earlier_leg_gives_more(last: PoolState) -> None:
    """Somebody sold DAI for the ether that the first leg sells, or bought some of the gem."""
    # Dollars are dear at the maker as they are at the pair: both would buy all that the module has.
    cheap = v2_state(10**21, 3 * 10**24, CHEAP.pool)
    states = states_of(EMPTYING, cheap, last)
    route = Route((BOUGHT, DAI_TO_USDC[0], Leg(last.pool, USDC)))
    best = best_size(route, states)
    assert best is not None
    assert 98 * EMPTYING.gems // 100 < best[2] <= 99 * EMPTYING.gems // 100
    more = v2_state(cheap.reserve0, cheap.reserve1 * 1_004 // 1_000, cheap.pool)
    fewer = replace(EMPTYING, gems=EMPTYING.gems * 995 // 1_000)
    for moved in (more, fewer):
        assert forward(route, {**states, moved.pool.key: moved}, best[0])[-1] > best[0]
    # What is really there can be asked for all the same.
    buying = DAI_TO_USDC[0].zero_for_one
    assert amount_out(EMPTYING, buying, amount_in(EMPTYING, buying, EMPTYING.gems)) == EMPTYING.gems


def test_a_module_beside_another_pool_is_not_emptied_either() -> None:
    states = states_of(EMPTYING, CHEAP, PAYING, DOLLARS)
    found = best_split(([BOUGHT], DAI_TO_USDC, [SOLD]), states, gas_cost=free)
    assert found is not None
    module = next(part for part in found.route.stages[1] if part.leg.pool is EMPTYING.pool)
    assert module.amount_out <= 99 * EMPTYING.gems // 100


@pytest.mark.parametrize("amount", [0, 1, 99, 10**26 + 1])
def test_at_least_a_hundredth_and_a_unit_of_what_is_there_are_left(amount: int) -> None:
    left = amount - less_margin(amount)
    assert 0 <= 100 * left - amount < 100
    assert left or not amount


def test_an_allowance_has_a_margin_unless_it_has_no_end() -> None:
    for allowed, usable in ((HALTED, HALTED), (1_000, 990)):
        state = within(replace(MODULE, allowed=allowed))
        assert isinstance(state, MakerPSMState)
        assert (state.allowed, state.cash, state.gems) == (usable, 99 * 10**24, 99 * 10**12)
    assert within(CHEAP) is CHEAP


def test_a_module_with_next_to_nothing_is_no_way() -> None:
    states = states_of(replace(MODULE, gems=1), CHEAP, PAYING)
    assert best_size(Route((BOUGHT, DAI_TO_USDC[0], SOLD)), states) is None
    with pytest.raises(MathsError, match="nothing"):
        forward(Route((BOUGHT, DAI_TO_USDC[0], SOLD)), states, 1)
