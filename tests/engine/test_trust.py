"""Every address of the chain data that a trade leans on is among those that must pass their check."""

from __future__ import annotations

from executor.config.chains import load_chain
from executor.domain.address import ZERO_ADDRESS
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import V4Details
from executor.domain.route import Funding, Leg, Route, SecondLoan, SizedRoute
from executor.engine.trust import leaned_on
from tests.support.market import USDC, WETH, two_legs, v2_pool

PAIRS = two_legs(v2_pool(100), v2_pool(101))


def names(chain_name: str, sized: SizedRoute) -> set[str]:
    """The paths in the chain data of what the trade leans on."""
    return {known.name for known in leaned_on(load_chain(chain_name), sized)}


def test_the_second_of_two_lenders_is_leaned_on_like_the_first() -> None:
    second = SecondLoan(Funding.AAVE_V3, 4, 1)
    sized = SizedRoute(PAIRS, (10, 10, 20), Funding.MORPHO_BLUE, second=second)
    lenders = load_chain("ethereum").lenders

    assert lenders[Funding.MORPHO_BLUE].known.name in names("ethereum", sized)
    assert lenders[Funding.AAVE_V3].known.name in names("ethereum", sized)


def test_the_manager_of_pools_that_no_exchange_names_is_leaned_on() -> None:
    manager = load_chain("ethereum").lenders[Funding.UNISWAP_V4].known
    details = V4Details(500, 10, ZERO_ADDRESS)
    pool = Pool("unnamed", VenueKind.UNISWAP_V4, manager.address, WETH, USDC, 500, 10, details=details)
    route = Route((Leg(v2_pool(100), WETH), Leg(pool, USDC)))

    assert manager.name in names("ethereum", SizedRoute(route, (10, 10, 20), Funding.INVENTORY))


def test_the_feed_of_the_sequencer_is_leaned_on_where_prices_hang_on_it() -> None:
    feed = load_chain("base").sequencer_feed
    assert feed is not None
    ether = load_chain("base").wrapped_native
    pairs = two_legs(v2_pool(100, token0=ether), v2_pool(101, token0=ether), ether)
    assert feed.known.name in names("base", SizedRoute(pairs, (10, 10, 20), Funding.INVENTORY))


def test_a_pool_that_lends_is_leaned_on_with_the_exchange_that_made_it() -> None:
    chain = load_chain("ethereum")
    lending = next(each for each in chain.flash_pools if each.funding is Funding.UNISWAP_V3_FLASH)
    alone = SizedRoute(PAIRS, (10, 10, 20), lending.funding, 1, lending.pool)
    second = SecondLoan(lending.funding, 4, 1, lending.pool)
    beside = SizedRoute(PAIRS, (10, 10, 20), Funding.MORPHO_BLUE, second=second)

    for sized in (alone, beside):
        assert {lending.known.name, chain.dexes[lending.pool.dex].known.name} <= names("ethereum", sized)
