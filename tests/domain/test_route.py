"""Routes close, and sized routes add up."""

from __future__ import annotations

from decimal import Decimal

import pytest

from executor.domain.route import Funding, Leg, Route, SizedRoute
from tests.support.market import DAI, USDC, WETH, two_legs, v2_pool, v3_pool

PAIR, POOL = v2_pool(100), v3_pool(200)


def test_a_leg_knows_what_comes_out_and_its_direction() -> None:
    assert Leg(PAIR, WETH).token_out == USDC
    assert Leg(PAIR, WETH).zero_for_one
    assert Leg(PAIR, USDC).token_out == WETH
    assert not Leg(PAIR, USDC).zero_for_one


def test_a_pool_refuses_a_token_that_it_does_not_hold() -> None:
    with pytest.raises(ValueError, match="does not hold DAI"):
        PAIR.other(DAI)


def test_a_route_settles_in_what_its_first_leg_takes() -> None:
    assert two_legs(PAIR, POOL).settlement == WETH
    assert two_legs(PAIR, POOL, USDC).settlement == USDC


@pytest.mark.parametrize(
    "legs",
    [
        (),
        (Leg(PAIR, WETH),),
        (Leg(PAIR, WETH), Leg(POOL, WETH)),
        (Leg(PAIR, WETH), Leg(v2_pool(101, USDC, DAI), USDC)),
        (Leg(PAIR, WETH), Leg(PAIR, USDC)),
    ],
    ids=["no leg", "open", "broken", "ends elsewhere", "same pool twice"],
)
def test_a_walk_that_does_not_close_over_different_pools_is_no_route(legs: tuple[Leg, ...]) -> None:
    with pytest.raises(ValueError, match=r"route|takes"):
        Route(legs)


def test_the_profit_of_a_sized_route_is_after_its_premium() -> None:
    sized = SizedRoute(two_legs(PAIR, POOL), (100, 5_000, 130), Funding.AAVE_V3, premium=7)

    assert sized.amount_in == 100
    assert sized.gross_profit == 23


@pytest.mark.parametrize(
    ("amounts", "premium"), [((100, 50), 0), ((100, 0, 130), 0), ((100, 50, -1), 0), ((100, 50, 130), -1)]
)
def test_a_sized_route_needs_an_amount_at_every_place(amounts: tuple[int, ...], premium: int) -> None:
    with pytest.raises(ValueError, match="one positive amount"):
        SizedRoute(two_legs(PAIR, POOL), amounts, Funding.INVENTORY, premium)


def test_an_amount_is_shown_in_whole_tokens() -> None:
    assert USDC.shown(1_500_000) == Decimal("1.5")
    assert WETH.shown(-1) == Decimal("-1E-18")
