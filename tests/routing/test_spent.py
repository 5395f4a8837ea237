"""What pools really spend of a divided trade: a peg stability module leaves what buys no whole unit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.domain.market import PoolState
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import MakerPSMDetails
from executor.domain.route import Leg
from executor.domain.split import Part, SplitRoute
from executor.routing.spent import spent
from executor.routing.split import best_split
from executor.venues import amount_in, amount_out
from executor.venues.maker_psm import MakerPSMState
from tests.support.market import DAI, USDC, WETH, address, v2_pool, v2_state
from tests.support.side_by_side import free

ETHER = 10**18
DETAILS = MakerPSMDetails(USDC.address, DAI.address, 12, address(92), address(91), DAI.address)
MODULE = MakerPSMState(
    Pool("unnamed", VenueKind.MAKER_PSM, address(91), USDC, DAI, 0, details=DETAILS),
    tin=10**14,
    tout=3 * 10**14 + 1,
    cash=10**26,
    gems=10**14,
)
DOLLARS = v2_state(10**13, 10**25, v2_pool(101, USDC, DAI, 300))
CHEAP = v2_state(10**21, 3 * 10**24, v2_pool(102, WETH, DAI))
DEAR = v2_state(10**21, 31 * 10**11, v2_pool(103))
STATES: dict[str, PoolState] = {state.pool.key: state for state in (MODULE, DOLLARS, CHEAP, DEAR)}
DAI_TO_USDC = [Leg(MODULE.pool, DAI), Leg(DOLLARS.pool, DAI)]


def quoted(leg: Leg, amount: int) -> Part:
    """A part of that size at what its pool quotes."""
    return Part(leg, amount, amount_out(STATES[leg.pool.key], leg.zero_for_one, amount))


def test_no_small_change_goes_into_a_module_in_front() -> None:
    """DAI into dollars, dollars into ether, and back: the best size is one that is really spent."""
    backwards = ([Leg(DEAR.pool, USDC)], [Leg(CHEAP.pool, WETH)])
    dear = {**STATES, DEAR.pool.key: v2_state(10**21, 28 * 10**11, DEAR.pool)}
    found = best_split((DAI_TO_USDC, *backwards), dear, gas_cost=free)
    assert found is not None
    module = next(part for part in found.route.stages[0] if part.leg.pool is MODULE.pool)
    assert module.amount_in == amount_in(MODULE, module.leg.zero_for_one, module.amount_out)
    assert found.net == found.route.gross_profit
    assert spent(found.route, dear) == found.route


@pytest.mark.parametrize("change", [0, 1, 10**11])
@pytest.mark.parametrize("first", [True, False], ids=["before the other", "behind the other"])
def test_the_last_part_of_a_later_stage_takes_what_a_module_leaves(change: int, first: bool) -> None:
    bought = quoted(Leg(CHEAP.pool, WETH), 10 * ETHER)
    exact = amount_in(MODULE, DAI_TO_USDC[0].zero_for_one, 10**10)
    module = quoted(DAI_TO_USDC[0], exact + change)
    other = quoted(DAI_TO_USDC[1], bought.amount_out - module.amount_in)
    middle = (module, other) if first else (other, module)
    sold = quoted(Leg(DEAR.pool, USDC), module.amount_out + other.amount_out)
    planned = SplitRoute(((bought,), middle, (sold,)))
    found = spent(planned, STATES)
    assert found is not None
    if not first:
        assert found == planned
        return
    took = found.stages[1]
    assert [part.amount_in for part in took] == [exact, other.amount_in + change]
    assert took[1] == quoted(DAI_TO_USDC[1], other.amount_in + change)
    assert found.stages[2] == (quoted(sold.leg, sum(part.amount_out for part in took)),)
    assert found.gross_profit >= planned.gross_profit


def test_a_part_with_room_for_the_rest_is_put_last() -> None:
    """Of two parts the last is full: the module comes behind it and keeps its own change."""
    bought = quoted(Leg(CHEAP.pool, WETH), 10 * ETHER)
    module = quoted(DAI_TO_USDC[0], 10**22 + 5)
    other = quoted(DAI_TO_USDC[1], bought.amount_out - module.amount_in)
    sold = quoted(Leg(DEAR.pool, USDC), module.amount_out + other.amount_out)
    planned = SplitRoute(((bought,), (module, other), (sold,)))
    full = v2_state(DOLLARS.reserve0, 2**112 - 1, DOLLARS.pool)
    found = spent(planned, {**STATES, DOLLARS.pool.key: full})
    assert found == SplitRoute(((bought,), (other, module), (sold,)))


def test_modules_at_their_limits_side_by_side_are_no_trade_unless_one_takes_the_others_change() -> None:
    """A plan would give the last of them what the other leaves, and it would revert."""
    gems = 10**9
    first, second = (emptied(digit, gems) for digit in (93, 94))
    states = {**STATES, first.pool.key: first, second.pool.key: second}
    legs = [Leg(state.pool, DAI) for state in (first, second)]
    most = amount_in(first, legs[0].zero_for_one, gems)
    bought = quoted(Leg(CHEAP.pool, WETH), 10 * ETHER)
    for left, room in ((9 * 10**11, False), (10**11, True)):
        parts = tuple(Part(leg, most + left, gems) for leg in legs)
        cheap = Part(bought.leg, bought.amount_in, 2 * (most + left))
        sold = quoted(Leg(DEAR.pool, USDC), 2 * gems)
        found = spent(SplitRoute(((cheap,), parts, (sold,))), states)
        assert (found is not None) is room


def emptied(digit: int, gems: int) -> MakerPSMState:
    """Another module, with little of its gem."""
    details = replace(DETAILS, till=address(digit))
    pool = replace(MODULE.pool, address=address(digit), details=details)
    return replace(MODULE, pool=pool, gems=gems)


def test_a_trade_without_a_module_is_as_it_was() -> None:
    bought = quoted(Leg(CHEAP.pool, WETH), 10 * ETHER)
    other = quoted(DAI_TO_USDC[1], bought.amount_out)
    sold = quoted(Leg(DEAR.pool, USDC), other.amount_out)
    planned = SplitRoute(((bought,), (other,), (replace(sold),)))
    assert spent(planned, STATES) is planned
