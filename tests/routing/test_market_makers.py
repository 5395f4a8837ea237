"""DODO's market makers among other pools: the best size, across their targets too, and side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.address import to_address
from executor.domain.errors import MathsError
from executor.domain.market import PoolState
from executor.domain.route import Leg, Route
from executor.plan import encode_several
from executor.routing.paths import best_path
from executor.routing.searched_shortfall import searched_shortfall
from executor.routing.sides import Side
from executor.routing.sizing import best_size, forward
from executor.routing.ways import divided
from executor.venues.dodo_v2 import DodoV2State
from executor.venues.dodo_v2_maths import ONE
from tests.support.dodo_pools import Placed, Standing, Terms
from tests.support.market import USDC, WETH, v2_pool, v2_state
from tests.support.side_by_side import RICH, free

PRICE = 2_500 * 10**6
ETHER = 10**18
PAIR = v2_state(2_000 * ETHER, 2_000 * PRICE, v2_pool(300))


def maker(digit: str, permille: int, *, short: bool = False, keeps_targets: bool = True) -> DodoV2State:
    """A pool whose price is so many thousandths of the pair's; short of its base by a fiftieth of it."""
    placed = Placed(to_address("0x" + digit * 40), WETH.address, USDC.address, keeps_targets)
    rate, base = PRICE * permille // 1_000, 1_000 * ETHER
    dollars = base * rate // ONE
    standing = Standing(rate, ONE // 10, base, dollars, base, dollars, 0)
    if short or not keeps_targets:
        sold = base // 50
        bought = sold * rate * 103 // 100 // ONE
        kept = dollars if keeps_targets else 0
        standing = replace(standing, base=base - sold, quote=kept + bought, quote_target=kept, r=1)
    state = placed.state(Terms(standing, lp_fee=3 * 10**14))
    return replace(state, pool=replace(placed.pool, token0=WETH, token1=USDC))


def there_and_back(state: DodoV2State) -> Route:
    """Ether to the maker, its dollars to the pair."""
    return Route((Leg(state.pool, WETH), Leg(PAIR.pool, USDC)))


@pytest.mark.parametrize(
    "state",
    [
        maker("4", 1_012),
        maker("4", 1_030),
        maker("4", 1_012, short=True),
        maker("4", 1_002, short=True),
        maker("4", 1_012, keeps_targets=False),
    ],
    ids=["at its targets", "a wide gap", "across its targets", "up to near its targets", "a machine"],
)
def test_no_other_size_earns_more(state: DodoV2State) -> None:
    route = there_and_back(state)
    states: dict[str, PoolState] = {each.pool.key: each for each in (state, PAIR)}
    best = best_size(route, states, cap=RICH)
    assert best is not None
    earned = best[-1] - best[0]
    assert earned > 0
    most = 2 * max(best[0], ETHER)
    for part in range(1, 400):
        amount = most * part // 400
        try:
            assert forward(route, states, amount)[-1] - amount <= earned + 10**6
        except MathsError:
            # More than a machine has.
            assert not state.details.keeps_targets
    # How far rounding may be from the curve nobody has derived: so nothing is said.
    assert searched_shortfall(route, states, best) is None


@pytest.mark.parametrize("permille", [960, 990, 1_000])
@pytest.mark.parametrize("waiting", [10**9, 5 * ETHER])
def test_what_waits_at_a_maker_is_taken_along_though_its_price_earns_nothing(
    permille: int, waiting: int
) -> None:
    """The best cycle is proven to be so: no amount is traded above the ceiling that a search prunes by."""
    state = replace(maker("4", permille), base_waiting=waiting)
    states: dict[str, PoolState] = {each.pool.key: each for each in (state, PAIR)}
    route = there_and_back(state)
    best = best_size(route, states)
    assert best is not None
    assert best[-1] - best[0] >= forward(route, states, 1_000)[-1] - 1_000 > 0
    found = best_path([state.pool, PAIR.pool], states, WETH, gas_cost=free)
    assert found.best is not None and found.optimal
    back = best_size(Route((Leg(PAIR.pool, WETH), Leg(state.pool, USDC))), states)
    assert found.best.net == max(each[-1] - each[0] for each in (best, back) if each is not None)


def test_a_first_unit_that_takes_what_a_pool_has_too_much_of_is_traded() -> None:
    """With the least slope of all the target that the pool works out is what it holds: rounding leaves no
    more, and the pool pays out its surplus for any amount.
    """
    state = replace(maker("4", 960, short=True), k=1).adjusted()
    assert state.base == state.base_target and state.quote > state.quote_target
    best = best_size(there_and_back(state), {each.pool.key: each for each in (state, PAIR)})
    assert best is not None and best[-1] > best[0] + ETHER


@given(st.integers(1, 10**26), st.integers(0, 10**22), st.booleans(), st.integers(950, 1_050))
def test_no_amount_is_traded_above_the_ceiling(
    amount: int, waiting: int, base_in: bool, permille: int
) -> None:
    most = amount if base_in else amount // 10**12 + 1
    state = maker("4", permille, short=True)
    for there in (0, waiting, 1):
        held = replace(state, base_waiting=there) if base_in else replace(state, quote_waiting=there)
        side = Side(held, (state.pool.token0 is WETH) is base_in)
        num, den = side.ceiling
        assert side.hop.out(most) * den <= num * most


def test_makers_stand_side_by_side() -> None:
    makers = [maker("4", 1_012), maker("5", 1_013)]
    states: dict[str, PoolState] = {PAIR.pool.key: PAIR, **{each.pool.key: each for each in makers}}
    routes = [there_and_back(each) for each in makers]
    way = divided(routes, states, gas_cost=free, most=RICH)
    assert way is not None
    assert [len(stage) for stage in way.route.stages] == [2, 1]
    alone = max(
        found[-1] - found[0] for route in routes if (found := best_size(route, states, cap=RICH)) is not None
    )
    assert way.net > alone
    assert encode_several(way.route, settlement_index=0, minimum_profit=1, deadline=1)
