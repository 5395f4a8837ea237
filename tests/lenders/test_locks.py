"""Which lenders and venues cannot be had at once: the table, pair by pair."""

from __future__ import annotations

from itertools import product

import pytest

from executor.domain.errors import PlanError
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import OWN_MEANS, POOL_LOANS, Funding, Leg, Route, SecondLoan, SizedRoute
from executor.lenders.locks import clash, clashes, is_free, lender_lock, require_no_clash
from tests.support.market import USDC, WETH, address

LENDERS = [funding for funding in Funding if funding not in OWN_MEANS]
ALONE = {Funding.BALANCER_V2, Funding.UNISWAP_V4, Funding.ERC3156, *POOL_LOANS}
"""Lenders that do not lend while they lend."""


def pool(kind: VenueKind, number: int) -> Pool:
    token0, token1 = sorted((WETH, USDC), key=lambda token: int(token.address, 16))
    return Pool("somewhere", kind, address(number), token0, token1, 3_000)


def route(first: VenueKind, second: VenueKind = VenueKind.UNISWAP_V2) -> Route:
    return Route((Leg(pool(first, 1), WETH), Leg(pool(second, 2), USDC)))


def sized(
    funding: Funding,
    legs: Route,
    lender: Pool | None = None,
    second: SecondLoan | None = None,
) -> SizedRoute:
    return SizedRoute(legs, (100, 50, 200), funding, 0, lender, second)


@pytest.mark.parametrize(("outer", "inner"), product(LENDERS, LENDERS))
def test_lenders_clash_only_where_one_is_asked_twice_that_lends_once(outer: Funding, inner: Funding) -> None:
    lender = pool(VenueKind.UNISWAP_V3, 9)
    both = clash(lender_lock(outer, lender), lender_lock(inner, lender))
    same_pool = outer in POOL_LOANS and inner in POOL_LOANS
    assert both == (same_pool or (outer is inner and outer in ALONE))


@pytest.mark.parametrize("lender", LENDERS)
@pytest.mark.parametrize("venue", list(VenueKind))
def test_a_lender_and_a_leg_clash_only_at_the_balancer_v2_vault(lender: Funding, venue: VenueKind) -> None:
    elsewhere = pool(VenueKind.UNISWAP_V3, 9) if lender in POOL_LOANS else None
    found = list(clashes(sized(lender, route(venue), elsewhere)))
    assert bool(found) == (lender is Funding.BALANCER_V2 and venue is VenueKind.BALANCER_V2)


@pytest.mark.parametrize(
    ("funding", "venue"),
    [
        (Funding.UNISWAP_V3_FLASH, VenueKind.UNISWAP_V3),
        (Funding.UNISWAP_V2_FLASH, VenueKind.UNISWAP_V2),
        (Funding.UNISWAP_V2_FLASH, VenueKind.SOLIDLY),
    ],
)
def test_a_pool_that_lends_cannot_be_a_leg_too(funding: Funding, venue: VenueKind) -> None:
    legs = route(venue)
    with pytest.raises(PlanError) as refused:
        require_no_clash(sized(funding, legs, legs.legs[0].pool))
    assert refused.value.facts["lender"] == f"the {funding} loan of pool {address(1)}"
    assert refused.value.facts["other"] == f"leg 0 on {venue} pool {address(1)}"


def test_a_clash_names_both_sides_and_the_lock() -> None:
    with pytest.raises(PlanError, match="balancer_v2 loan and leg 0 on balancer_v2 pool"):
        require_no_clash(sized(Funding.BALANCER_V2, route(VenueKind.BALANCER_V2)))


def test_a_second_lender_clashes_with_legs_as_the_first_does() -> None:
    second = SecondLoan(Funding.BALANCER_V2, 40)
    with pytest.raises(PlanError, match="balancer_v2 loan and leg 1"):
        require_no_clash(
            sized(Funding.AAVE_V3, route(VenueKind.UNISWAP_V2, VenueKind.BALANCER_V2), second=second)
        )


def test_own_means_lock_nothing() -> None:
    for funding in OWN_MEANS:
        assert not list(clashes(sized(funding, route(VenueKind.BALANCER_V2))))


def test_a_lender_can_be_asked_whether_the_route_leaves_it_free() -> None:
    legs = route(VenueKind.BALANCER_V2).legs
    assert not is_free(Funding.BALANCER_V2, legs)
    assert is_free(Funding.UNISWAP_V4, legs)
    assert not is_free(Funding.UNISWAP_V2_FLASH, legs, legs[1].pool)
