"""Whose money starts the route."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial

import pytest

from executor.domain.errors import OpportunityError
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import CurveDetails
from executor.domain.route import OWN_MEANS, Funding, PayerName, Route
from executor.lenders import aave_v3, balancer_v2
from executor.routing.funding import (
    V2_CHAIN_GAS,
    can_chain,
    choose_funding,
    funding_cap,
    lender_of,
    premium_of,
    usable,
)
from tests.support.market import USDC, WETH, address, two_legs, v2_pool, v3_pool

PAIRS_ONLY = two_legs(v2_pool(100), v2_pool(101))
WITH_V3 = two_legs(v2_pool(100), v3_pool(200))
NEEDED = 10**18
AAVE = LenderTerms(Funding.AAVE_V3, address(1), WETH.address, 5, 10_000, Rounding.UP, 10**21)
BALANCER = LenderTerms(Funding.BALANCER_V2, address(2), WETH.address, 0, 10**18, Rounding.UP, 10**21)


def gwei(gas: int) -> int:
    return gas * 10**9


def order(route: object, inventory: int, terms: list[LenderTerms]) -> list[Funding]:
    assert route in (PAIRS_ONLY, WITH_V3)
    chosen = PAIRS_ONLY if route == PAIRS_ONLY else WITH_V3
    return [
        choice.funding
        for choice in choose_funding(chosen, NEEDED, inventory=inventory, terms=terms, gas_cost=gwei)
    ]


def test_a_route_of_pairs_is_paid_out_of_the_inventory_that_covers_it() -> None:
    assert order(PAIRS_ONLY, NEEDED, []) == [Funding.INVENTORY, Funding.CALLBACK_CHAIN]


def test_a_route_with_a_v3_leg_pays_itself_and_leaves_the_inventory_free() -> None:
    assert order(WITH_V3, NEEDED, []) == [Funding.CALLBACK_CHAIN, Funding.INVENTORY]


def test_an_inventory_one_wei_short_is_no_choice() -> None:
    assert order(PAIRS_ONLY, NEEDED - 1, []) == [Funding.CALLBACK_CHAIN]


def test_loans_come_last_and_the_cheapest_first() -> None:
    assert order(WITH_V3, 0, [AAVE, BALANCER]) == [
        Funding.CALLBACK_CHAIN,
        Funding.BALANCER_V2,
        Funding.AAVE_V3,
    ]


def test_a_loan_is_judged_by_premium_and_gas_together() -> None:
    dear = LenderTerms(Funding.BALANCER_V2, address(2), WETH.address, 10**16, 10**18, Rounding.UP, 10**21)

    assert order(WITH_V3, 0, [AAVE, dear])[1:] == [Funding.AAVE_V3, Funding.BALANCER_V2]


def test_a_lender_that_a_leg_locks_is_no_choice_even_when_asked_for() -> None:
    legs = WITH_V3.legs
    vault_pool = replace(legs[1].pool, kind=VenueKind.BALANCER_V2)
    over_the_vault = Route((legs[0], replace(legs[1], pool=vault_pool)))
    choices = choose_funding(over_the_vault, NEEDED, inventory=0, terms=[AAVE, BALANCER], gas_cost=gwei)
    assert Funding.AAVE_V3 in [choice.funding for choice in choices]
    assert Funding.BALANCER_V2 not in [choice.funding for choice in choices]
    with pytest.raises(OpportunityError, match="locked by the route's own legs"):
        choose_funding(
            over_the_vault,
            NEEDED,
            inventory=0,
            terms=[BALANCER],
            gas_cost=gwei,
            requested=Funding.BALANCER_V2,
        )


def test_a_lender_with_too_little_or_switched_off_is_no_choice() -> None:
    short = LenderTerms(Funding.AAVE_V3, address(1), WETH.address, 5, 10_000, Rounding.UP, NEEDED - 1)
    off = LenderTerms(
        Funding.BALANCER_V2, address(2), WETH.address, 0, 10**18, Rounding.UP, 10**21, "is paused"
    )

    assert order(WITH_V3, 0, [short, off]) == [Funding.CALLBACK_CHAIN]


def test_each_choice_says_what_it_costs() -> None:
    choices = choose_funding(PAIRS_ONLY, NEEDED, inventory=0, terms=[AAVE, BALANCER], gas_cost=gwei)

    assert {choice.funding: (choice.premium, choice.gas) for choice in choices} == {
        Funding.CALLBACK_CHAIN: (0, V2_CHAIN_GAS),
        Funding.BALANCER_V2: (0, balancer_v2.GAS_OVERHEAD),
        Funding.AAVE_V3: (NEEDED * 5 // 10_000, aave_v3.GAS_OVERHEAD),
    }


@pytest.mark.parametrize("requested", [*sorted(OWN_MEANS), Funding.AAVE_V3, Funding.BALANCER_V2])
def test_a_funding_that_was_asked_for_is_the_only_choice(requested: Funding) -> None:
    choices = choose_funding(
        WITH_V3, NEEDED, inventory=NEEDED, terms=[AAVE, BALANCER], gas_cost=gwei, requested=requested
    )

    assert [choice.funding for choice in choices] == [requested]


@pytest.mark.parametrize(
    ("requested", "terms", "problem"),
    [
        (Funding.INVENTORY, [], "the router holds 5 of WETH"),
        (Funding.AAVE_V3, [], "no lender known"),
        (Funding.AAVE_V3, [BALANCER], "no lender known"),
        (
            Funding.AAVE_V3,
            [LenderTerms(Funding.AAVE_V3, address(1), WETH.address, 5, 10_000, Rounding.UP, 7)],
            "can lend 7",
        ),
        (
            Funding.AAVE_V3,
            [LenderTerms(Funding.AAVE_V3, address(1), WETH.address, 5, 10_000, Rounding.UP, 0, "is paused")],
            "is paused",
        ),
    ],
)
def test_a_funding_that_cannot_be_had_is_refused_with_the_reason(
    requested: Funding, terms: list[LenderTerms], problem: str
) -> None:
    with pytest.raises(OpportunityError, match=problem) as caught:
        choose_funding(WITH_V3, NEEDED, inventory=5, terms=terms, gas_cost=gwei, requested=requested)

    assert caught.value.field == "funding"
    assert caught.value.fix


def test_what_was_asked_for_bounds_the_size() -> None:
    assert funding_cap(Funding.INVENTORY, 7, [AAVE]) == 7
    assert funding_cap(Funding.AAVE_V3, 7, [AAVE, BALANCER]) == AAVE.available * 99 // 100
    assert funding_cap(Funding.AAVE_V3, 7, [BALANCER]) == 0
    assert funding_cap(Funding.CALLBACK_CHAIN, 7, [AAVE]) is None
    assert funding_cap(None, 7, [AAVE]) is None


def test_the_premium_for_sizing_is_the_lenders() -> None:
    assert premium_of(Funding.AAVE_V3, [BALANCER, AAVE])(NEEDED) == NEEDED * 5 // 10_000
    assert premium_of(Funding.INVENTORY, [BALANCER, AAVE])(NEEDED) == 0
    assert premium_of(None, [AAVE])(NEEDED) == 0


MORPHO = LenderTerms(Funding.MORPHO_BLUE, address(4), WETH.address, 0, 1, Rounding.UP, NEEDED)
CURVE_ONLY = two_legs(
    replace(v2_pool(100), kind=VenueKind.CURVE, details=CurveDetails((WETH.address, USDC.address), False)),
    replace(v2_pool(101), kind=VenueKind.CURVE, details=CurveDetails((WETH.address, USDC.address), False)),
)


def test_a_lender_is_never_asked_for_the_last_of_its_money() -> None:
    assert usable(MORPHO) == NEEDED * 99 // 100
    assert usable(replace(MORPHO, problem="is paused")) == 0
    assert order(WITH_V3, 0, [MORPHO]) == [Funding.CALLBACK_CHAIN]


def test_where_no_lender_has_enough_two_lend_together_the_cheapest_way_round() -> None:
    short_aave = replace(AAVE, available=NEEDED)
    choices = choose_funding(WITH_V3, NEEDED, inventory=0, terms=[short_aave, MORPHO], gas_cost=gwei)[1:]

    assert [(choice.funding, choice.second.funding if choice.second else None) for choice in choices] == [
        (Funding.MORPHO_BLUE, Funding.AAVE_V3),
        (Funding.AAVE_V3, Funding.MORPHO_BLUE),
    ]
    best = choices[0]
    assert best.second is not None
    assert best.second.amount == NEEDED - usable(MORPHO)
    assert best.second.premium == premium_of(Funding.AAVE_V3, [short_aave])(best.second.amount)
    assert best.sized(WITH_V3, (NEEDED, 5, NEEDED + 1)).first_loan == usable(MORPHO)


def test_two_lenders_behind_one_lock_do_not_lend_together() -> None:
    maker = LenderTerms(Funding.ERC3156, address(5), WETH.address, 0, 1, Rounding.UP, NEEDED)
    other = replace(maker, address=address(6))

    assert order(WITH_V3, 0, [maker, other]) == [Funding.CALLBACK_CHAIN]


def test_a_pool_lends_only_where_it_is_known_and_not_on_the_route() -> None:
    pool = v3_pool(300)
    terms = LenderTerms(Funding.UNISWAP_V3_FLASH, pool.address, WETH.address, 500, 10**6, Rounding.UP, 10**21)
    known = choose_funding(
        WITH_V3, NEEDED, inventory=0, terms=[terms], gas_cost=gwei, pools={pool.address: pool}
    )
    on_route = replace(terms, address=WITH_V3.legs[1].pool.address)
    locked = choose_funding(
        WITH_V3,
        NEEDED,
        inventory=0,
        terms=[on_route],
        gas_cost=gwei,
        pools={on_route.address: WITH_V3.legs[1].pool},
    )

    assert [choice.lender_pool for choice in known] == [None, pool]
    assert order(WITH_V3, 0, [terms]) == [Funding.CALLBACK_CHAIN]
    assert [choice.funding for choice in locked] == [Funding.CALLBACK_CHAIN]


def test_a_route_of_which_no_leg_gives_first_cannot_pay_itself() -> None:
    assert not can_chain(CURVE_ONLY)
    assert [
        choice.funding
        for choice in choose_funding(CURVE_ONLY, NEEDED, inventory=0, terms=[AAVE], gas_cost=gwei)
    ] == [Funding.AAVE_V3]
    with pytest.raises(OpportunityError, match="nobody has the"):
        choose_funding(CURVE_ONLY, NEEDED, inventory=NEEDED - 1, terms=[], gas_cost=gwei)
    with pytest.raises(OpportunityError, match="no leg of the route gives"):
        choose_funding(
            CURVE_ONLY, NEEDED, inventory=0, terms=[], gas_cost=gwei, requested=Funding.CALLBACK_CHAIN
        )


@pytest.mark.parametrize("refused", [Funding.CALLBACK_CHAIN, Funding.INVENTORY, Funding.BALANCER_V2])
def test_means_that_have_failed_are_no_choice_any_more(refused: Funding) -> None:
    def chosen(*without: PayerName) -> list[Funding]:
        found = choose_funding(
            WITH_V3, NEEDED, inventory=NEEDED, terms=[AAVE, BALANCER], gas_cost=gwei, refused=without
        )
        return [choice.funding for choice in found]

    assert chosen(PayerName(refused)) == [funding for funding in chosen() if funding is not refused]


def test_where_all_means_have_failed_the_error_names_them() -> None:
    failed = [PayerName(Funding.CALLBACK_CHAIN), PayerName(Funding.AAVE_V3)]
    with pytest.raises(OpportunityError, match="nobody has") as caught:
        choose_funding(WITH_V3, NEEDED, inventory=0, terms=[AAVE], gas_cost=gwei, refused=failed)
    assert caught.value.facts["refused"] == ["aave_v3", "callback_chain"]


def test_means_that_were_asked_for_and_have_failed_are_refused_by_name() -> None:
    with pytest.raises(OpportunityError, match="callback_chain has failed already"):
        choose_funding(
            WITH_V3,
            NEEDED,
            inventory=NEEDED,
            terms=[],
            gas_cost=gwei,
            requested=Funding.CALLBACK_CHAIN,
            refused=[PayerName(Funding.CALLBACK_CHAIN)],
        )


def of_pool(pool: Pool, available: int = 10**21, problem: str = "") -> LenderTerms:
    return LenderTerms(
        Funding.UNISWAP_V3_FLASH, pool.address, WETH.address, pool.fee, 10**6, Rounding.UP, available, problem
    )


def asked_of_pools(
    *terms: LenderTerms, route: Route, pools: list[Pool], refused: Collection[PayerName] = ()
) -> list[Pool | None]:
    """Who lends where pools are asked to."""
    choices = choose_funding(
        route,
        NEEDED,
        inventory=0,
        terms=terms,
        gas_cost=gwei,
        requested=Funding.UNISWAP_V3_FLASH,
        pools={pool.address: pool for pool in pools},
        refused=refused,
    )
    assert {choice.funding for choice in choices} == {Funding.UNISWAP_V3_FLASH}
    return [choice.lender_pool for choice in choices]


def test_of_the_pools_that_are_asked_for_the_cheapest_that_can_lends_and_others_stand_ready() -> None:
    dear, cheap, short, off = (
        v3_pool(300, fee=3_000),
        v3_pool(301, fee=500),
        v3_pool(302, fee=100),
        v3_pool(303, fee=100),
    )
    on_route = next(leg.pool for leg in WITH_V3.legs if leg.pool.kind is VenueKind.UNISWAP_V3)
    pools = [dear, cheap, short, off, on_route]
    terms = [of_pool(dear), of_pool(cheap), of_pool(short, NEEDED - 1), of_pool(off, problem="is off")]

    assert asked_of_pools(*terms, of_pool(on_route), route=WITH_V3, pools=pools) == [cheap, dear]


def test_where_no_pool_can_lend_each_says_why() -> None:
    short, off = v3_pool(302, fee=100), v3_pool(303, fee=100)
    on_route = next(leg.pool for leg in WITH_V3.legs if leg.pool.kind is VenueKind.UNISWAP_V3)
    terms = [of_pool(short, 7), of_pool(off, problem="has nothing to lend"), of_pool(on_route)]
    with pytest.raises(OpportunityError) as caught:
        asked_of_pools(*terms, route=WITH_V3, pools=[short, off, on_route])

    for told in (
        f"of {short.address} can lend 7 of WETH",
        f"of {off.address} has nothing to lend",
        f"of {on_route.address} is locked by the route's own legs",
    ):
        assert told in caught.value.message
    assert caught.value.field == "funding"


def test_a_pools_premium_is_its_own_and_the_cheapest_ones_where_none_is_named() -> None:
    dear, cheap, off = v3_pool(300, fee=3_000), v3_pool(301, fee=500), v3_pool(302, fee=100)
    terms = [of_pool(dear), of_pool(cheap), of_pool(off, problem="is off")]

    assert premium_of(Funding.UNISWAP_V3_FLASH, terms, dear)(10**6) == 3_000
    assert premium_of(Funding.UNISWAP_V3_FLASH, terms)(10**6) == 500
    assert lender_of(Funding.UNISWAP_V2_FLASH, terms) is None


def test_of_pools_that_lend_only_the_one_that_failed_is_asked_no_more() -> None:
    cheap, dear = v3_pool(301, fee=500), v3_pool(300, fee=3_000)
    terms, (first, second) = (
        [of_pool(cheap), of_pool(dear)],
        (PayerName(Funding.UNISWAP_V3_FLASH, pool.address) for pool in (cheap, dear)),
    )
    asked = partial(asked_of_pools, *terms, route=WITH_V3, pools=[cheap, dear])

    assert asked(refused=[first]) == [dear]
    with pytest.raises(OpportunityError, match="uniswap_v3_flash has failed already"):
        asked(refused=[first, second])
