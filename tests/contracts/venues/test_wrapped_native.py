"""The chain's own coin and its wrapped form: one for one, and only what the router may pay."""

from __future__ import annotations

import pytest

from devnet.node import ETHER
from executor.plan.steps import UnwrapNative, WrapNative
from tests.contracts.venues.hops import NATIVE, execute, gift, held, token, tracking
from tests.support.routers import ZERO, Desk, Reverted


def test_tracked_coin_is_wrapped(desk: Desk) -> None:
    before = held(desk, token(desk, "WETH"))
    execute(desk, tracking(NATIVE, gift(desk, NATIVE, 3 * ETHER), WrapNative(3 * ETHER)))
    assert held(desk, token(desk, "WETH")) - before == 3 * ETHER
    assert held(desk, NATIVE) == 0


def test_wrapped_coin_is_unwrapped_and_wrapped_again_for_what_the_last_step_gave(desk: Desk) -> None:
    before = held(desk, token(desk, "WETH"))
    execute(desk, tracking(NATIVE, UnwrapNative(2 * ETHER), WrapNative()))
    assert held(desk, token(desk, "WETH")) == before
    assert held(desk, NATIVE) == 0


def test_unwrapping_takes_what_the_last_step_gave(desk: Desk) -> None:
    execute(desk, tracking(NATIVE, UnwrapNative(ETHER), WrapNative(), UnwrapNative(), WrapNative()))
    assert held(desk, NATIVE) == 0


def test_wrapped_coin_is_unwrapped_where_it_is_tracked(desk: Desk) -> None:
    weth = token(desk, "WETH")
    steps = tracking(weth, UnwrapNative(ETHER), gift(desk, weth, ETHER))
    execute(desk, steps, settlement="USDC")
    assert held(desk, NATIVE) == ETHER


def test_coin_that_is_not_tracked_cannot_be_wrapped(desk: Desk) -> None:
    desk.node.set_balance(desk.router, ETHER)
    with pytest.raises(Reverted) as refused:
        execute(desk, WrapNative(ETHER))
    assert refused.value.reason.name == "TokenNotTracked"
    assert refused.value.reason.args == {"token": ZERO}


def test_wrapped_coin_that_is_not_tracked_cannot_be_unwrapped(desk: Desk) -> None:
    with pytest.raises(Reverted) as refused:
        execute(desk, UnwrapNative(ETHER), settlement="USDC")
    assert refused.value.reason.name == "TokenNotTracked"


def test_standing_coin_cannot_be_wrapped_away(desk: Desk) -> None:
    desk.node.set_balance(desk.router, ETHER)
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(NATIVE, WrapNative(ETHER)))
    assert refused.value.reason.name == "TrackedTokenFell"


def test_more_than_there_is_cannot_be_unwrapped(desk: Desk) -> None:
    with pytest.raises(Reverted) as refused:
        execute(desk, UnwrapNative(held(desk, token(desk, "WETH")) + 1))
    assert refused.value.reason.through == (token(desk, "WETH"),)
