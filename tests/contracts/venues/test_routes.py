"""Routes over every venue, with every lender: what the plan gives is what trading leg by leg gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.market import trade
from devnet.node import ETHER
from executor.domain.address import to_address
from executor.domain.errors import PlanError
from executor.domain.pool import FEE_UNIT, Pool, VenueKind
from executor.domain.route import Funding, Leg, Route, SecondLoan, SizedRoute
from executor.domain.token import Token
from executor.plan import Custody, Tip, encode, explain
from executor.plan.compile import compile_route
from executor.venues import amount_out
from executor.venues.pairing import ordered
from tests.support import quirky_tokens
from tests.support.routers import FOREVER, Desk
from tests.support.venue_pools import WRAPPED, amounts_of, pool_of, route_of, sell

Hops = tuple[tuple[str, str], ...]
ROUTES: dict[str, Hops] = {
    "crypto, pair": (("curve_two_crypto USDC/WETH", "USDC"), ("uniswap_v2 USDC/WETH", "WETH")),
    "pair, crypto": (("uniswap_v2 WETH/USDT", "USDT"), ("curve_tri_crypto USDT/WBTC/WETH", "WETH")),
    "V3, stable of three, pair": (
        ("uniswap_v3 DAI/WETH 3000", "DAI"),
        ("curve_stable DAI/USDC/USDT", "USDC"),
        ("uniswap_v2 USDC/WETH", "WETH"),
    ),
    "pair, stable by uint256, V3": (
        ("uniswap_v2 DAI/WETH", "DAI"),
        ("curve_stable_uint DAI/USDC", "USDC"),
        ("uniswap_v3 USDC/WETH 3000", "WETH"),
    ),
    "Balancer V2, pair": (("balancer_v2 USDC/WETH", "USDC"), ("sushi_v2 USDC/WETH", "WETH")),
    "pair, Balancer V2, V3": (
        ("uniswap_v2 DAI/WETH", "DAI"),
        ("balancer_v2 DAI/USDC/USDT", "USDT"),
        ("uniswap_v3 WETH/USDT 3000", "WETH"),
    ),
    "V4, pair": (("uniswap_v4 USDC/WETH 3000", "USDC"), ("uniswap_v2 USDC/WETH", "WETH")),
    "pair, V4": (("uniswap_v2 USDC/WETH", "USDC"), ("uniswap_v4 USDC/WETH 3000", "WETH")),
    "V4, V4, pair": (
        ("uniswap_v4 USDC/WETH 3000", "USDC"),
        ("uniswap_v4 DAI/USDC 100", "DAI"),
        ("uniswap_v2 DAI/WETH", "WETH"),
    ),
    "pair, V4, V4 with hooks": (
        ("uniswap_v2 DAI/WETH", "DAI"),
        ("uniswap_v4 DAI/USDC 100", "USDC"),
        ("uniswap_v4 USDC/WETH 3000 hooked", "WETH"),
    ),
    "V4, pair, V4": (
        ("uniswap_v4 USDC/WETH 3000 hooked", "USDC"),
        ("uniswap_v2 DAI/USDC", "DAI"),
        ("uniswap_v4 DAI/USDC 100", "USDC"),
        ("uniswap_v2 USDC/WETH", "WETH"),
    ),
    "unwrap, V4 of ether, pair": (
        (WRAPPED, "ETH"),
        ("uniswap_v4 ETH/USDC 500", "USDC"),
        ("uniswap_v2 USDC/WETH", "WETH"),
    ),
    "pair, V4 of ether, wrap": (
        ("uniswap_v2 USDC/WETH", "USDC"),
        ("uniswap_v4 ETH/USDC 500", "ETH"),
        (WRAPPED, "WETH"),
    ),
    "Balancer V3, pair": (("balancer_v3 USDC/WETH", "USDC"), ("uniswap_v2 USDC/WETH", "WETH")),
    "pair, Balancer V3, pair": (
        ("uniswap_v2 DAI/WETH", "DAI"),
        ("balancer_v3 DAI/USDC/USDT", "USDT"),
        ("sushi_v2 WETH/USDT", "WETH"),
    ),
    "V4, Balancer V3": (("uniswap_v4 USDC/WETH 3000", "USDC"), ("balancer_v3 USDC/WETH", "WETH")),
    "pair, deposit, Balancer V3, V3": (
        ("uniswap_v2 DAI/WETH", "DAI"),
        ("sDAI", "sDAI"),
        ("balancer_v3 sDAI/USDC", "USDC"),
        ("uniswap_v3 USDC/WETH 3000", "WETH"),
    ),
    "V3, Balancer V3, redeem, pair": (
        ("uniswap_v3 USDC/WETH 500", "USDC"),
        ("balancer_v3 sDAI/USDC", "sDAI"),
        ("sDAI", "DAI"),
        ("uniswap_v2 DAI/WETH", "WETH"),
    ),
    "Algebra, pair": (("algebra USDC/WETH 500", "USDC"), ("uniswap_v2 USDC/WETH", "WETH")),
    "pair, Algebra": (("sushi_v2 USDC/WETH", "USDC"), ("algebra USDC/WETH 500", "WETH")),
    "Solidly V3, Algebra": (("solidly_v3 USDC/WETH 500", "USDC"), ("algebra USDC/WETH 500", "WETH")),
    "forks of V2": (("pancake_v1 USDC/WETH", "USDC"), ("own_v2_fork USDC/WETH", "WETH")),
}
BASE_ROUTES: dict[str, Hops] = {
    "Solidly, pair": (("aerodrome_v2 WETH/USDC", "USDC"), ("uniswap_v2 WETH/USDC", "WETH")),
    "Solidly, Slipstream": (("aerodrome_v2 WETH/USDC", "USDC"), ("slipstream WETH/USDC 500", "WETH")),
    "Slipstream, Solidly": (("slipstream WETH/USDC 500", "USDC"), ("aerodrome_v2 WETH/USDC", "WETH")),
    "V4 of ether, Solidly": (
        (WRAPPED, "ETH"),
        ("uniswap_v4 ETH/USDC 500", "USDC"),
        ("aerodrome_v2 WETH/USDC", "WETH"),
    ),
}
CHAINABLE = (
    "V4, pair",
    "V4, V4, pair",
    "Balancer V3, pair",
    "V4, Balancer V3",
    "Algebra, pair",
    "pair, stable by uint256, V3",
    "pair, Balancer V2, V3",
    "crypto, pair",
    "Balancer V2, pair",
    "V3, stable of three, pair",
    "forks of V2",
)
"""Routes of which the first or the last leg gives before it is paid."""
DEEP = frozenset({VenueKind.UNISWAP_V3, VenueKind.UNISWAP_V4})
AMOUNT = ETHER


def sized(desk: Desk, hops: Hops, funding: Funding = Funding.INVENTORY, **more: object) -> SizedRoute:
    """The route over a gap that somebody has just opened at its first exchange."""
    route, names = route_of(desk, "WETH", *hops), [name for name, _ in hops]
    first = next(index for index, name in enumerate(names) if name != WRAPPED)
    leg = route.legs[first]
    dollars = 3_000_000 if leg.pool.kind in DEEP else 250_000
    record = desk.record(names[first])
    sell(
        desk.node,
        record,
        leg.token_out.address,
        leg.token_in.address,
        dollars * 10**leg.token_out.decimals,
    )
    amounts = amounts_of(desk, route, names, AMOUNT)
    assert amounts[-1] > amounts[0]
    return SizedRoute(route, amounts, funding, **more)  # type: ignore[arg-type]


def earns(desk: Desk, plan: SizedRoute, custody: Custody = "pool_to_pool") -> None:
    """The plan, run for real, earns what it promises, and what rounding leaves."""
    profit, before = plan.gross_profit, desk.balance("WETH")
    calldata = encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER, custody=custody)
    desk.execute(calldata)
    assert 0 <= desk.balance("WETH") - before - profit < DUST, explain(calldata)


@pytest.mark.parametrize("shape", ROUTES)
def test_every_venue_earns_what_its_legs_give(desk: Desk, shape: str) -> None:
    earns(desk, sized(desk, ROUTES[shape]))


@pytest.mark.parametrize(
    "shape", ["V3, stable of three, pair", "pair, V4, V4 with hooks", "Balancer V2, pair"]
)
def test_every_hop_from_and_to_the_router_gives_the_same(desk: Desk, shape: str) -> None:
    earns(desk, sized(desk, ROUTES[shape]), "through_router")


@pytest.mark.parametrize("funding", [Funding.INVENTORY, Funding.CALLBACK_CHAIN, Funding.AAVE_V3])
@pytest.mark.parametrize("shape", BASE_ROUTES)
def test_every_venue_of_base_earns_what_its_legs_give(base_desk: Desk, shape: str, funding: Funding) -> None:
    plan = sized(base_desk, BASE_ROUTES[shape], funding)
    premium = (AMOUNT * 5 + 5000) // 10_000 if funding is Funding.AAVE_V3 else 0
    earns(base_desk, SizedRoute(plan.route, plan.amounts, funding, premium))


@pytest.mark.parametrize("shape", CHAINABLE)
def test_a_route_whose_first_or_last_leg_gives_first_needs_no_money(desk: Desk, shape: str) -> None:
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 0)
    earns(desk, sized(desk, ROUTES[shape], Funding.CALLBACK_CHAIN))


def test_a_route_of_which_no_leg_gives_first_is_refused_as_a_chain(desk: Desk) -> None:
    plan = sized(desk, ROUTES["pair, crypto"], Funding.CALLBACK_CHAIN)
    with pytest.raises(PlanError, match="No leg of this route gives before it is paid"):
        encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER)


def half_up(amount: int) -> int:
    return (amount * 5 + 5000) // 10_000


def lender_pool(desk: Desk, funding: Funding) -> Pool | None:
    """The pool that lends, for the fundings that need one: none of those on the routes below."""
    if funding is Funding.UNISWAP_V3_FLASH:
        return pool_of(desk, "uniswap_v3 WETH/USDT 500", "WETH", "USDT")
    if funding is Funding.UNISWAP_V2_FLASH:
        return pool_of(desk, "own_v2_fork DAI/WETH", "WETH", "DAI")
    return None


def premium_of(desk: Desk, funding: Funding, amount: int) -> int:
    """What the lender asks for a loan of `amount`."""
    if funding in (Funding.AAVE_V3, Funding.SPARK):
        return half_up(amount)
    pool = lender_pool(desk, funding)
    if funding is Funding.UNISWAP_V3_FLASH and pool is not None:
        return -(-amount * pool.fee // FEE_UNIT)
    return 0 if pool is None else amount * FEE_UNIT // (FEE_UNIT - pool.fee) + 1 - amount


def lend(desk: Desk, plan: SizedRoute, funding: Funding, second: SecondLoan | None = None) -> SizedRoute:
    """The route with a lender's money, at its price."""
    amount = AMOUNT - (second.amount if second else 0)
    premium, pool = premium_of(desk, funding, amount), lender_pool(desk, funding)
    return SizedRoute(plan.route, plan.amounts, funding, premium, pool, second)


LENDERS = (
    Funding.AAVE_V3,
    Funding.SPARK,
    Funding.BALANCER_V2,
    Funding.BALANCER_V3,
    Funding.MORPHO_BLUE,
    Funding.UNISWAP_V4,
    Funding.UNISWAP_V3_FLASH,
    Funding.UNISWAP_V2_FLASH,
)
"""Those that lend WETH here."""
ONCE_AT_A_TIME = (
    Funding.BALANCER_V2,
    Funding.UNISWAP_V4,
    Funding.UNISWAP_V3_FLASH,
    Funding.UNISWAP_V2_FLASH,
)
DUST = 10**9
"""More wei than one smallest unit of a dollar is worth."""
LENT_SHAPES = ("pair, V4", "V4, Balancer V3", "V3, stable of three, pair", "pair, Balancer V3, pair")


@pytest.mark.parametrize("shape", LENT_SHAPES)
def test_every_lender_funds_every_shape_at_its_price(desk: Desk, shape: str) -> None:
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 0)
    plan = sized(desk, ROUTES[shape])
    for funding in LENDERS:
        with desk.node.isolated():
            earns(desk, lend(desk, plan, funding))


def test_a_lender_of_the_erc_3156_shape_funds_a_route_that_settles_in_its_token(desk: Desk) -> None:
    dai = desk.token("DAI")
    hops = (("uniswap_v2 DAI/USDC", "USDC"), ("curve_stable_uint DAI/USDC", "DAI"))
    route, names = route_of(desk, "DAI", *hops), [name for name, _ in hops]
    sell(desk.node, desk.record(names[0]), desk.token("USDC").address, dai.address, 300_000 * 10**6)
    plan = SizedRoute(route, amounts_of(desk, route, names, 1000 * ETHER), Funding.ERC3156)
    assert plan.gross_profit > 0
    desk.execute(encode(plan, settlement_index=2, minimum_profit=plan.gross_profit, deadline=FOREVER))
    assert desk.balance("DAI") == plan.gross_profit


@pytest.mark.parametrize("outer", LENDERS)
def test_two_lenders_that_do_not_clash_fund_a_route_together(desk: Desk, outer: Funding) -> None:
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 0)
    plan = sized(desk, ROUTES["pair, V4"])
    part = AMOUNT // 3
    for inner in LENDERS:
        second = SecondLoan(inner, part, premium_of(desk, inner, part), lender_pool(desk, inner))
        both = lend(desk, plan, outer, second)
        if inner is outer and inner in ONCE_AT_A_TIME:
            with pytest.raises(PlanError, match="need the same lock"):
                encode(both, settlement_index=0, minimum_profit=1, deadline=FOREVER)
            continue
        with desk.node.isolated():
            earns(desk, both)


def v2_gives(desk: Desk, pool: Pool, token_in: Token, amount: int) -> int:
    """What a pair gives for `amount` that arrived."""
    state = desk.states([pool])[pool.key]
    return amount_out(state, pool.zero_for_one(token_in), amount)


@pytest.mark.parametrize("custody", ["pool_to_pool", "through_router"])
def test_a_token_with_a_tax_is_measured_where_it_arrives(desk: Desk, custody: Custody) -> None:
    weth, usdc = desk.token("WETH"), desk.token("USDC")
    address = quirky_tokens.with_fee(desk.node, 100)
    taxed = Token(desk.book.chain_id, to_address(address), "TAX", 18)
    pools = [
        to_address(quirky_tokens.pair(desk.node, address, other.address, 10**24, reserve))
        for other, reserve in ((weth, 1000 * ETHER), (usdc, 5_000_000 * 10**6))
    ]
    buy, sell_at = (
        Pool("pair", VenueKind.UNISWAP_V2, pool, *ordered(taxed, other), 3000)
        for pool, other in zip(pools, (weth, usdc), strict=True)
    )
    last = pool_of(desk, "uniswap_v3 USDC/WETH 3000", "USDC", "WETH")
    route = Route((Leg(buy, weth), Leg(sell_at, taxed, taxed=True), Leg(last, usdc)))
    bought = v2_gives(desk, buy, weth, AMOUNT)
    transfers = 1 if custody == "pool_to_pool" else 2
    arrived = bought
    for _ in range(transfers):
        arrived -= -(-arrived // 100)
    sold = v2_gives(desk, sell_at, taxed, arrived)
    with desk.node.isolated():
        back = trade(desk.node, desk.record("uniswap_v3 USDC/WETH 3000"), usdc.address, sold)
    earns(desk, SizedRoute(route, (AMOUNT, bought, sold, back), Funding.INVENTORY), custody)


def test_a_token_with_a_tax_is_not_sent_where_exactly_so_much_must_arrive(desk: Desk) -> None:
    plan = sized(desk, ROUTES["pair, V4"])
    legs = (plan.route.legs[0], replace(plan.route.legs[1], taxed=True))
    with pytest.raises(PlanError, match="takes no less than it asks for"):
        compile_route(SizedRoute(Route(legs), plan.amounts, Funding.INVENTORY))


def test_a_tip_asks_for_a_route_that_ends_in_the_wrapped_token(desk: Desk) -> None:
    plan = sized(desk, ROUTES["V4, pair"])
    weth, usdc = desk.token("WETH").address, desk.token("USDC").address
    tip = Tip(share_bps=5000)
    encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER, tip=tip, wrapped_native=weth)
    for other in (usdc, None):
        with pytest.raises(PlanError, match="end the route in a hop"):
            encode(
                plan, settlement_index=0, minimum_profit=1, deadline=FOREVER, tip=tip, wrapped_native=other
            )
