"""Whether a sized route is still worth sending: every course has its reasons."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.market import V2State
from executor.domain.route import Funding, SizedRoute
from executor.policy.fees import Fees
from executor.policy.profit import Profit, profit_of
from executor.policy.revalidate import Bounds, Course, Reread, Revalidation, revalidate
from executor.routing.premium import no_premium
from executor.routing.sizing import best_size, forward
from tests.support.market import states_of, two_legs, v2_pool, v2_state

ETHER = 10**18
CHEAP, DEAR = v2_pool(100), v2_pool(101)
ROUTE = two_legs(CHEAP, DEAR)
GAS = 150_000
FEES = Fees(3 * 10**9, 10**9, 10**9)
DEEP = 1_000 * ETHER


def market(dearer: int = 0) -> dict[str, V2State]:
    """Two pairs of 1,000 ether; the second pays `dearer` thousandths more for a dollar than the first."""
    usdc = 3_000_000 * 10**6
    first = v2_state(DEEP, usdc, CHEAP)
    second = v2_state(DEEP * (1_000 + dearer) // 1_000, usdc, DEAR)
    return dict(states_of(first, second))  # type: ignore[arg-type]


def sized_at(states: dict[str, V2State]) -> SizedRoute:
    """The route at its best size."""
    amounts = best_size(ROUTE, states)
    assert amounts is not None
    return SizedRoute(ROUTE, amounts, Funding.INVENTORY)


SEEN = market(dearer=30)
SIZED = sized_at(SEEN)
BEFORE = profit_of(SIZED, gas=GAS, fees=FEES, rate=Fraction(1))
LENIENT = Bounds(minimum_profit=BEFORE.gross * 95 // 100)


def again(
    states: dict[str, V2State] | None,
    *,
    fees: Fees = FEES,
    bounds: Bounds = LENIENT,
    before: Profit = BEFORE,
    available: int | None = None,
) -> Revalidation:
    """The judgement of the sized route on a market that was read again."""
    return revalidate(SIZED, before, Reread(states, fees, no_premium, available), bounds)


def codes(found: Revalidation) -> list[str]:
    """The reasons by their codes."""
    return [reason.code for reason in found.reasons]


def test_nothing_has_changed_so_it_proceeds() -> None:
    found = again(market(dearer=30))

    assert (found.course, found.reasons) == (Course.PROCEED, ())
    assert found.profit == BEFORE


def test_when_only_fees_moved_it_is_repriced_without_the_pools() -> None:
    dearer = Fees(5 * 10**9, 2 * 10**9, 2 * 10**9)
    found = again(None, fees=dearer)

    assert found.course is Course.PROCEED
    assert found.profit is not None and BEFORE.net is not None
    assert found.profit.net == BEFORE.net - GAS * 2 * 10**9
    assert found.profit.gross == BEFORE.gross


def test_gas_that_eats_the_profit_declines() -> None:
    dear = Fees(10**15, 0, 10**14)
    found = again(None, fees=dear)

    assert found.course is Course.DECLINE
    assert codes(found) == ["net_profit_gone"]
    assert found.reasons[0].facts["gas_cost_settlement"] == GAS * 10**14


def test_a_gap_that_has_closed_declines() -> None:
    found = again(market())

    assert found.course is Course.DECLINE
    assert set(codes(found)) == {"profit_gone", "net_profit_gone"}


def test_a_gap_that_has_narrowed_is_resized() -> None:
    """The same size would earn less than the call demands, a smaller one still earns."""
    found = again(market(dearer=20))

    assert found.course is Course.RESIZE
    assert codes(found) == ["profit_gone"]
    assert found.profit is not None
    assert 0 < found.profit.amount_in < SIZED.amount_in


def test_a_gap_that_has_widened_is_resized_for_more() -> None:
    found = again(market(dearer=60))

    assert found.course is Course.RESIZE
    assert codes(found) == ["better_size"]
    assert found.profit is not None
    assert found.profit.amount_in > SIZED.amount_in


def test_a_little_more_is_not_worth_another_simulation() -> None:
    slightly = dict(market(dearer=30))
    slightly[DEAR.key] = v2_state(
        slightly[DEAR.key].reserve0 + ETHER // 10, slightly[DEAR.key].reserve1, DEAR
    )

    assert again(slightly).course is Course.PROCEED


def test_money_that_is_gone_shrinks_the_trade_or_ends_it() -> None:
    smaller = again(market(dearer=30), available=SIZED.amount_in // 2)
    nothing = again(market(dearer=30), available=0)

    assert (smaller.course, codes(smaller)) == (Course.RESIZE, ["funding_gone"])
    assert smaller.profit is not None and smaller.profit.amount_in <= SIZED.amount_in // 2
    assert (nothing.course, codes(nothing)) == (Course.DECLINE, ["funding_gone"])


def test_a_pool_that_is_empty_ends_it() -> None:
    empty = dict(market(dearer=30))
    empty[DEAR.key] = v2_state(0, 0, DEAR)
    found = again(empty)

    assert (found.course, codes(found), found.profit) == (Course.DECLINE, ["trade_gone"], None)


def test_without_a_price_of_gas_nothing_goes_out() -> None:
    found = again(None, before=replace(BEFORE, rate=None))

    assert (found.course, codes(found)) == (Course.DECLINE, ["price_unavailable"])


@pytest.mark.parametrize("share", [1, 50, 100])
def test_the_premium_is_asked_anew_at_the_new_size(share: int) -> None:
    """Sizing and judging use the lender's own fee at each size."""

    def premium(amount: int) -> int:
        return amount * share // 10_000

    found = revalidate(SIZED, BEFORE, Reread(market(dearer=60), FEES, premium), Bounds(1))

    assert found.profit is not None
    assert found.profit.premium == premium(found.profit.amount_in)


@given(st.integers(0, 100), st.integers(0, 10**11), st.integers(0, 2 * 10**18))
def test_what_proceeds_meets_its_bounds_and_what_is_declined_has_no_size_that_would(
    dearer: int, base_fee: int, wanted: int
) -> None:
    states, fees = market(dearer), Fees(2 * base_fee, 0, base_fee)
    found = again(states, fees=fees, bounds=Bounds(LENIENT.minimum_profit, wanted))
    profit = found.profit
    wanted = max(wanted, 1)

    assert bool(found.reasons) is (found.course is not Course.PROCEED)
    if found.course is Course.PROCEED:
        assert profit is not None and profit.net is not None
        assert profit.gross == forward(ROUTE, states, SIZED.amount_in)[-1] - SIZED.amount_in
        assert profit.gross >= LENIENT.minimum_profit
        assert profit.net >= wanted
        return
    best = best_size(ROUTE, states)
    best_net = best[-1] - best[0] - GAS * base_fee if best else 0
    assert (best_net >= wanted) is (found.course is Course.RESIZE)
