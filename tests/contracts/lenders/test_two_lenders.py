"""Two lenders at once: each pair that its locks allow runs at the real bytecode, each other is undone."""

from __future__ import annotations

import pytest

from devnet.node import ETHER
from executor.plan.steps import Step, Track, V4Unlock
from tests.contracts.lenders.loans import PULLING, SOURCES
from tests.contracts.venues.hops import allowance, gift, held, plan, token
from tests.support.routers import Desk, Reverted

OUTER, INNER = 20 * ETHER, 7 * ETHER
GIFT = ETHER
LOCKED = {
    "balancer_v2": "the Vault's lock against coming in again",
    "uniswap_v4": "the PoolManager is unlocked already",
    "uniswap_v3": "the pool's lock",
    "pancake_v3": "the pool's lock",
    "algebra": "the pool's lock",
    "uniswap_v2": "the pair's lock",
    "pancake_v1": "the pair's lock",
}
"""The lenders that lend but once at a time, and what keeps them from it."""


@pytest.mark.parametrize("outer", SOURCES)
def test_every_other_lender_lends_inside_a_loan_to_the_wei(desk: Desk, outer: str) -> None:
    """And the same one once more, where it has no lock against that."""
    first, weth = SOURCES[outer], token(desk, "WETH")
    present = gift(desk, weth, GIFT)
    for name, second in SOURCES.items():
        if name == outer and name in LOCKED:
            continue
        profit = GIFT - first.fee(OUTER) - second.fee(INNER)
        inside = second.loan(desk, "WETH", INNER, present)
        assert desk.simulate(plan(first.loan(desk, "WETH", OUTER, inside), minimum=profit)) == profit, name


@pytest.mark.parametrize("outer", PULLING)
def test_two_lenders_that_pull_leave_no_allowance(desk: Desk, outer: str) -> None:
    first, weth = SOURCES[outer], token(desk, "WETH")
    present = gift(desk, weth, len(PULLING) * GIFT)
    inside = [SOURCES[name].loan(desk, "WETH", INNER) for name in PULLING]
    desk.execute(plan(first.loan(desk, "WETH", OUTER, present, *inside)))
    for name in PULLING:
        assert allowance(desk, weth, SOURCES[name].address(desk)) == 0
    fees = first.fee(OUTER) + sum(SOURCES[name].fee(INNER) for name in PULLING)
    assert held(desk, weth) == len(PULLING) * GIFT - fees


@pytest.mark.parametrize("name", LOCKED)
def test_a_lender_that_is_locked_lends_no_second_time(desk: Desk, name: str) -> None:
    source, weth = SOURCES[name], token(desk, "WETH")
    inside = source.loan(desk, "WETH", INNER, gift(desk, weth, GIFT))
    with pytest.raises(Reverted):
        desk.simulate(plan(source.loan(desk, "WETH", OUTER, inside)))
    assert held(desk, weth) == 0


def test_one_after_the_other_every_lender_lends_twice(desk: Desk) -> None:
    weth = token(desk, "WETH")
    steps = [
        source.loan(desk, "WETH", OUTER, gift(desk, weth, GIFT))
        for source in SOURCES.values()
        for _ in range(2)
    ]
    fees = 2 * sum(source.fee(OUTER) for source in SOURCES.values())
    assert desk.simulate(plan(*steps)) == 2 * len(SOURCES) * GIFT - fees


def test_a_loan_of_two_tokens_from_two_lenders(desk: Desk) -> None:
    weth, usdc, dollars = token(desk, "WETH"), token(desk, "USDC"), 40_000 * 10**6
    inner = SOURCES["morpho_blue"].loan(desk, "USDC", dollars, gift(desk, usdc, 5), tracked=True)
    loan = SOURCES["balancer_v3"].loan(desk, "WETH", OUTER, Track(usdc, (inner,)), gift(desk, weth, GIFT))
    desk.execute(plan(loan, minimum=GIFT))
    assert (held(desk, weth), held(desk, usdc)) == (GIFT, 5)


def test_all_lenders_at_once(desk: Desk) -> None:
    """One inside the other, twelve deep."""
    weth = token(desk, "WETH")
    step: Step = gift(desk, weth, GIFT)
    for source in SOURCES.values():
        step = source.loan(desk, "WETH", INNER, step)
    profit = GIFT - sum(source.fee(INNER) for source in SOURCES.values())
    assert desk.simulate(plan(step, minimum=profit)) == profit


def test_uniswap_v4_lends_not_while_it_is_unlocked_for_swaps(desk: Desk) -> None:
    loan = SOURCES["uniswap_v4"].loan(desk, "WETH", INNER)
    with pytest.raises(Reverted):
        desk.simulate(plan(V4Unlock((loan,))))
