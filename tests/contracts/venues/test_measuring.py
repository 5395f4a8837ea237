"""Amounts that are measured: the whole balance of a token, or what it gained within its scope."""

from __future__ import annotations

import pytest

from devnet.node import ETHER
from executor.plan.format import Measure as MeasureKind
from executor.plan.steps import Measure, UnwrapNative, WrapNative
from tests.contracts.venues.hops import (
    NATIVE,
    execute,
    gift,
    hand,
    held,
    pay_last,
    place,
    quirks,
    token,
    tracking,
)
from tests.support.routers import Desk, Reverted


def test_the_whole_balance_is_what_the_router_holds(desk: Desk) -> None:
    usdc = token(desk, "USDC")
    hand(desk, usdc, desk.router, 700)
    sink = pay_last(desk, usdc)
    steps = (Measure(MeasureKind.BALANCE, usdc), sink, gift(desk, usdc, 700))
    execute(desk, tracking(usdc, *steps))
    assert held(desk, usdc, sink.pool) == 700


def test_the_surplus_is_what_came_since_the_scope_began(desk: Desk) -> None:
    usdc = token(desk, "USDC")
    hand(desk, usdc, desk.router, 700)
    sink = pay_last(desk, usdc)
    steps = (gift(desk, usdc, 40), gift(desk, usdc, 2), Measure(MeasureKind.SURPLUS, usdc), sink)
    execute(desk, tracking(usdc, *steps))
    assert held(desk, usdc, sink.pool) == 42
    assert held(desk, usdc) == 700


def test_a_scope_that_lost_so_far_has_no_surplus(desk: Desk) -> None:
    usdc = token(desk, "USDC")
    hand(desk, usdc, desk.router, 700)
    first, second = pay_last(desk, usdc), pay_last(desk, usdc)
    steps = (
        Measure(MeasureKind.BALANCE, usdc),
        first,
        Measure(MeasureKind.SURPLUS, usdc),
        second,
        gift(desk, usdc, 700),
    )
    execute(desk, tracking(usdc, *steps))
    assert held(desk, usdc, first.pool) == 700
    assert held(desk, usdc, second.pool) == 0


def test_the_chains_own_coin_is_measured_like_a_token(desk: Desk) -> None:
    desk.node.set_balance(desk.router, ETHER)
    weth, before = token(desk, "WETH"), held(desk, token(desk, "WETH"))
    steps = (UnwrapNative(3), gift(desk, NATIVE, 39), Measure(MeasureKind.SURPLUS, NATIVE), WrapNative())
    execute(desk, tracking(NATIVE, *steps))
    assert held(desk, weth) == before + 39
    assert held(desk, NATIVE) == ETHER


def test_a_token_without_a_scope_has_no_surplus(desk: Desk) -> None:
    with pytest.raises(Reverted) as refused:
        execute(desk, Measure(MeasureKind.SURPLUS, token(desk, "USDC")))
    assert refused.value.reason.name == "TokenNotTracked"


def test_a_token_that_was_transferred_at_a_cost_is_paid_on_as_it_arrived(desk: Desk) -> None:
    taxed = place(desk, "QuirkyToken", "(uint8)", 18)
    quirks(desk, taxed, fee_bps=100)
    sink = pay_last(desk, taxed)
    steps = (gift(desk, taxed, 10_000), Measure(MeasureKind.SURPLUS, taxed), sink)
    execute(desk, tracking(taxed, *steps))
    assert held(desk, taxed, sink.pool) == 9_801
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(taxed, gift(desk, taxed, 10_000), sink))
    assert refused.value.reason.name == "TokenCallFailed"
