"""Several routes of one opportunity: one transaction, in which each is paid back before the next begins."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from devnet import ETHER, ETHEREUM
from executor.config.chains import load_chain
from executor.config.settings import Settings
from executor.domain.address import to_address
from executor.domain.booking import Kind
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import Opportunity
from executor.domain.route import Funding, SecondLoan, SizedRoute
from executor.domain.several import SizedSeveral
from executor.domain.token import Token
from executor.engine import intake
from executor.engine.booking import AGREES
from executor.engine.executor import Executor
from executor.engine.market import newest, read_market
from executor.engine.quoting import quote
from executor.engine.resolution import resolve
from executor.engine.session import open_session
from executor.engine.trust import leaned_on
from executor.engine.turnstile import needs
from executor.journal.codec import differing_fields, dump_opportunity, load_opportunity
from executor.plan import decode
from executor.plan.explain import explain
from executor.plan.steps import PoolLoan
from executor.policy.bookkeeping import total
from executor.routing.plan_gas import trade_gas
from executor.submission.clock import SystemClock
from tests.engine.test_books_of_runs import Balances, bookings_of
from tests.engine.test_pools_that_lend import CHEAPEST, drain_the_other_lenders, without_own_money
from tests.support.market import USDC as USDC_TOKEN
from tests.support.market import WETH as WETH_TOKEN
from tests.support.market import two_legs, v2_pool
from tests.support.trading import SUSHI_V2, UNISWAP_V2, Trading, explicit

WETH = ETHEREUM.tokens["WETH"]
OTHER_USDC = "uniswap_v3 USDC/WETH 500"
Hop = tuple[str, str]
OVER_USDC: list[Hop] = [(UNISWAP_V2, "WETH"), (SUSHI_V2, "USDC")]
OVER_USDT: list[Hop] = [("uniswap_v3 WETH/USDT 500", "WETH"), ("uniswap_v2 WETH/USDT", "USDT")]
OVER_DAI: list[Hop] = [("uniswap_v3 DAI/WETH 3000", "WETH"), ("sushi_v2 DAI/WETH", "DAI")]
WITHIN_VAULT: list[Hop] = [
    ("balancer_v2 USDC/WETH", "WETH"),
    ("balancer_v2 DAI/USDC/USDT", "USDC"),
    ("balancer_v2 DAI/WETH", "DAI"),
]


def several(*routes: list[Hop], **more: Any) -> dict[str, Any]:
    """The routes, pool by pool."""
    named = [
        [{"pool": ETHEREUM.pool(name).address, "token_in": token} for name, token in route]
        for route in routes
    ]
    return {"opportunity_id": "seen-1", "chain": "ethereum", "routes": named, **more}


def open_gaps(trading: Trading) -> None:
    """Two of the routes pay; nobody has moved the pools of the third."""
    trading.open_gap()
    trading.open_gap("uniswap_v2 WETH/USDT", amount=100 * ETHER)


def told(execution: Execution, name: str) -> list[dict[str, Any]]:
    """What the details say of the routes that are traded, or left out."""
    found = execution.details[name]
    assert isinstance(found, list)
    return found


async def carried_out(trading: Trading, opportunity: dict[str, Any], **changes: Any) -> Execution:
    async with Executor(trading.settings(max_trade_size_usd=None, **changes)) as executor:
        return await executor.execute(opportunity)


def by_itself(route: list[Hop], **more: Any) -> dict[str, Any]:
    """An opportunity of that route alone."""
    (legs,) = several(route)["routes"]
    return {"opportunity_id": "alone", "chain": "ethereum", "legs": legs, **more}


async def alone(trading: Trading, route: list[Hop]) -> Execution:
    """What the route would be by itself."""
    async with Executor(trading.settings(max_trade_size_usd=None), dry_run=True) as executor:
        return await executor.execute(by_itself(route))


async def test_routes_are_one_transaction_that_earns_what_each_earns_alone(trading: Trading) -> None:
    open_gaps(trading)
    expected = [await alone(trading, route) for route in (OVER_USDC, OVER_USDT)]
    before, books = trading.balance(), Balances(trading)
    execution = await carried_out(trading, several(OVER_USDC, OVER_USDT))
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.realised_profit == execution.expected_profit == trading.balance() - before
    assert execution.realised_profit == sum(each.expected_profit or 0 for each in expected)
    assert len(execution.transaction_hashes) == 1
    assert [each["gross_profit"] for each in told(execution, "routes")] == [
        str(each.expected_profit) for each in expected
    ]
    assert execution.amount_in == max(each.amount_in or 0 for each in expected)
    assert execution.route == expected[0].route + expected[1].route
    assert (execution.gas_used or 0) < sum(each.gas_used or 0 for each in expected) - 21_000
    with bookings_of(trading) as bookings:
        books.assert_booked(bookings)
    (booking,) = bookings
    assert total(booking.entries, to_address(WETH), {Kind.GROSS}) == execution.realised_profit
    assert booking.checked == AGREES


async def test_what_was_sent_is_explained_route_after_route(trading: Trading) -> None:
    open_gaps(trading)
    both = await alone(trading, OVER_USDC), await alone(trading, OVER_USDT)
    execution = await carried_out(trading, several(OVER_USDC, OVER_USDT))
    first, second = (words(str(each.plan)) for each in both)
    assert words(str(execution.plan)) == first + second


def words(plan: str) -> list[str]:
    """What `explain` says of the steps, without their numbers; the sum and the deadline stand before them."""
    lines = explain(bytes.fromhex(plan[2:]))
    steps = next(index for index, line in enumerate(lines) if line.startswith("1. "))
    return [line.lstrip(" 0123456789.") for line in lines[steps:]]


@pytest.mark.parametrize(("gap", "kept"), [(10_000, False), (10_400, True), (20_000, True)])
async def test_a_route_that_does_not_pay_for_its_own_gas_is_left_out(
    trading: Trading, gap: int, kept: bool
) -> None:
    """At the second width it would not pay for a transaction of its own, but for its part of this one."""
    trading.open_gap()
    trading.open_gap("uniswap_v2 WETH/USDT", amount=gap * ETHER // 1_000)
    single = await alone(trading, OVER_USDT)
    execution = await carried_out(trading, several(OVER_USDC, OVER_USDT, OVER_DAI))
    assert single.status is (Status.DRY_RUN if gap == 20_000 else Status.DECLINED)
    assert execution.status is Status.REALISED, execution.reasons
    assert [each["route"] for each in told(execution, "routes")] == (["0", "1"] if kept else ["0"])
    why = {each["route"]: each["why"] for each in told(execution, "left_out")}
    assert set(why) == ({"2"} if kept else {"1", "2"})
    assert "No size of this route earns anything" in why["2"]
    if not kept:
        assert f"It earns {single.expected_profit} of WETH, its gas costs" in why["1"]


async def test_each_route_is_paid_in_its_own_way_and_its_premium_is_booked(trading: Trading) -> None:
    """The one pays itself; the other cannot, and the router has no money, nor the vault that it trades in."""
    trading.open_gap("uniswap_v2 WETH/USDT", amount=100 * ETHER)
    trading.open_gap("balancer_v2 USDC/WETH", symbol="USDC", amount=60_000 * 10**6)
    without_own_money(trading)
    drain_the_other_lenders(trading)
    books = Balances(trading)
    execution = await carried_out(trading, several(OVER_USDT, WITHIN_VAULT))
    assert execution.status is Status.REALISED, execution.reasons
    first, second = told(execution, "routes")
    premium = -(-int(second["amounts"][0]) * CHEAPEST // 1_000_000)
    assert (first["funding"], second["funding"]) == (["callback_chain"], ["uniswap_v3_flash"])
    assert execution.funding == "uniswap_v3_flash", "the first lender that is asked"
    assert execution.details["premium"] == str(premium)
    assert execution.realised_profit == execution.expected_profit == trading.balance() > 0
    with bookings_of(trading) as bookings:
        books.assert_booked(bookings)
    assert total(bookings[0].entries, to_address(WETH), {Kind.PREMIUM}) == -premium


async def test_a_pool_that_one_of_the_routes_trades_with_lends_to_none_of_them(trading: Trading) -> None:
    """The pair of WETH and USDT would have been first: of the two that are left, DAI's is the last."""
    open_gaps(trading)
    execution = await carried_out(trading, several(OVER_USDC, OVER_USDT, funding="uniswap_v2_flash"))
    assert execution.status is Status.REALISED, execution.reasons
    loans = decode(bytes.fromhex(str(execution.plan)[2:])).steps
    pools = [loan.pool for loan in loans if isinstance(loan, PoolLoan)]
    assert pools == 2 * [ETHEREUM.pool("uniswap_v2 DAI/WETH").address]
    assert execution.realised_profit == execution.expected_profit


async def test_a_route_that_nobody_can_pay_is_left_out(trading: Trading) -> None:
    open_gaps(trading)
    without_own_money(trading)
    opportunity = several(OVER_USDC, WITHIN_VAULT, funding="balancer_v2")
    execution = await carried_out(trading, opportunity)
    assert execution.status is Status.REALISED, execution.reasons
    (left,) = told(execution, "left_out")
    assert left["route"] == "1"
    assert "balancer_v2 is locked by the route's own legs" in left["why"]


async def test_the_amount_caps_each_route_and_the_limit_judges_the_largest(trading: Trading) -> None:
    """Each has paid back before the next begins: 20 ether are out at once, 60,000 USD."""
    open_gaps(trading)
    opportunity = several(OVER_USDC, OVER_USDT, amount=str(20 * ETHER))
    async with Executor(trading.settings(max_trade_size_usd=60_001), dry_run=True) as executor:
        allowed = await executor.execute(opportunity)
    async with Executor(trading.settings(max_trade_size_usd=59_999), dry_run=True) as executor:
        declined = await executor.execute(opportunity)
    async with Executor(trading.settings(max_trade_size_usd=59_999), dry_run=True) as executor:
        within = await executor.execute(several(OVER_USDC, OVER_USDT))
    assert allowed.status is Status.DRY_RUN, allowed.reasons
    assert [int(each["amounts"][0]) for each in told(allowed, "routes")] == pytest.approx([20 * ETHER] * 2)
    assert [reason.code for reason in declined.reasons] == ["above_max_trade_size"]
    assert all(int(each["amounts"][0]) * 3_000 <= 59_999 * ETHER for each in told(within, "routes"))


async def test_where_none_earns_anything_it_is_declined_with_what_each_gives(trading: Trading) -> None:
    execution = await carried_out(trading, several(OVER_USDC, OVER_USDT))
    assert execution.status is Status.DECLINED
    (reason,) = execution.reasons
    assert reason.code == "not_profitable"
    assert "Route 0: No size" in reason.message and "Route 1: No size" in reason.message


async def test_where_none_pays_for_its_gas_it_is_declined_with_the_figures_of_the_best(
    trading: Trading,
) -> None:
    trading.open_gap("uniswap_v2 WETH/USDT", amount=10 * ETHER)
    execution = await carried_out(trading, several(OVER_USDC, OVER_USDT))
    assert [reason.code for reason in execution.reasons] == ["not_profitable_after_gas"]
    assert [each["route"] for each in told(execution, "routes")] == ["1"]


@pytest.mark.parametrize(
    ("routes", "field", "problem"),
    [
        (
            [OVER_USDC, [(SUSHI_V2, "WETH"), ("uniswap_v3 USDC/WETH 500", "USDC")]],
            "routes[1][0].pool",
            "route 0",
        ),
        (
            [OVER_USDC, [("uniswap_v3 DAI/USDC 100", "USDC"), ("uniswap_v2 DAI/USDC", "DAI")]],
            "routes[1][0].token_in",
            "begins with USDC",
        ),
        ([OVER_USDC, [OVER_USDT[0], ("uniswap_v2 DAI/USDC", "USDT")]], "routes[1][1].token_in", "holds"),
        ([OVER_USDC, [OVER_USDT[0], OVER_USDT[0]]], "routes[1][1].pool", "stands in the route already"),
        ([OVER_USDC], "routes", "2 to 4 routes"),
        ([OVER_USDC, OVER_USDT[:1]], "routes[1]", "2 to 8 legs"),
        (5 * [OVER_USDC], "routes", "2 to 4 routes"),
    ],
    ids=["shared pool", "two tokens", "no such token", "pool twice", "one", "one leg", "five"],
)
async def test_what_cannot_be_one_trade_is_refused_by_the_field(
    trading: Trading, routes: list[list[Hop]], field: str, problem: str
) -> None:
    execution = await carried_out(trading, several(*routes))
    assert execution.status is Status.REJECTED
    (reason,) = execution.reasons
    assert field in reason.message and problem in reason.message
    assert trading.nonce() == 0


async def test_legs_and_routes_in_one_opportunity_are_refused(trading: Trading) -> None:
    opportunity = {**several(OVER_USDC, OVER_USDT), "legs": several(OVER_USDC, OVER_USDC)["routes"][0]}
    execution = await carried_out(trading, opportunity)
    assert execution.status is Status.REJECTED
    assert "routes" in execution.reasons[0].message


async def test_a_pool_that_somebody_else_moved_meanwhile_has_its_route_sized_again(trading: Trading) -> None:
    open_gaps(trading)
    stages: list[str] = []

    def on_stage(_: str, stage: str) -> None:
        stages.append(stage)
        if stage == "deciding" and stages.count("deciding") == 1:
            trading.open_gap("uniswap_v2 WETH/USDT", amount=-(-40 * ETHER))

    async with Executor(trading.settings(max_trade_size_usd=None), on_stage=on_stage) as executor:
        execution = await executor.execute(several(OVER_USDC, OVER_USDT))
    assert execution.status is Status.REALISED, execution.reasons
    assert stages.count("sizing") == 2
    assert execution.realised_profit == execution.expected_profit


async def modelled(trading: Trading, opportunity: dict[str, Any]) -> tuple[int, int]:
    """The gas of a trade by the model, and by the simulation."""
    settings = Settings.from_mapping(trading.settings(max_trade_size_usd=None))
    asked = intake.parse(opportunity)
    async with AsyncExitStack() as stack:
        session = await open_session(stack, settings, "ethereum", means=None, clock=SystemClock())
        now = await newest(session)
        resolved = await resolve(session.rpc, session.chain, asked, now)
        market = await read_market(session, now, resolved)
        found = await quote(session, asked, resolved, market)
    assert found.simulation is not None
    return trade_gas(found.sized, market.states), found.simulation.gas_used


@pytest.mark.parametrize("funding", ["callback_chain", "aave_v3", "balancer_v2", "uniswap_v4"])
async def test_what_one_plan_saves_over_two_is_what_the_model_says(trading: Trading, funding: str) -> None:
    """By it routes are left out: what each adds, not what it would cost alone."""
    open_gaps(trading)
    wanted = {"funding": funding, "amount": str(10 * ETHER)}
    both = await modelled(trading, several(OVER_USDC, OVER_USDT, **wanted))
    first = await modelled(trading, by_itself(OVER_USDC, **wanted))
    second = await modelled(trading, by_itself(OVER_USDT, **wanted))
    by_model, simulated = (first[each] + second[each] - both[each] for each in (0, 1))
    assert simulated > 30_000
    assert abs(by_model - simulated) < 500


def test_a_trade_of_several_routes_needs_all_their_pools_and_whoever_pays() -> None:
    chain = load_chain("ethereum")
    pool = chain.flash_pools[0].pool
    first = SizedRoute(two_legs(v2_pool(100), v2_pool(101)), (5, 5, 9), Funding.INVENTORY)
    second = SizedRoute(
        two_legs(v2_pool(102), v2_pool(103)),
        (5, 5, 9),
        Funding.AAVE_V3,
        second=SecondLoan(Funding.UNISWAP_V3_FLASH, 2, 1, pool),
    )
    both = SizedSeveral((first, second), (0, 1))
    expected = needs(chain, first) | needs(chain, second)
    assert needs(chain, both) == expected
    assert len(expected) == 4 + 1 + 2
    assert {known.name for known in leaned_on(chain, both)} == {
        known.name for part in (first, second) for known in leaned_on(chain, part)
    }


def test_several_routes_answer_as_one_trade() -> None:
    first = SizedRoute(two_legs(v2_pool(100), v2_pool(101)), (50, 5, 90), Funding.CALLBACK_CHAIN)
    lent = SizedRoute(two_legs(v2_pool(102), v2_pool(103)), (70, 5, 99), Funding.MORPHO_BLUE, 3)
    both = SizedSeveral((first, lent), (0, 2))
    assert (both.amounts, both.amount_in, both.premiums) == ((120, 189), 70, 3)
    assert both.gross_profit == first.gross_profit + lent.gross_profit
    assert both.funding is Funding.MORPHO_BLUE
    assert SizedSeveral((first,), (0,)).funding is Funding.CALLBACK_CHAIN
    assert both.route.legs == first.route.legs + lent.route.legs


@pytest.mark.parametrize(
    ("numbers", "start", "problem"),
    [
        ((101, 103), WETH_TOKEN, "one of several routes only"),
        ((102, 103), USDC_TOKEN, "one settlement token"),
    ],
)
def test_routes_that_disturb_each_other_are_no_trade(
    numbers: tuple[int, int], start: Token, problem: str
) -> None:
    first = SizedRoute(two_legs(v2_pool(100), v2_pool(101)), (50, 5, 90), Funding.INVENTORY)
    pools = [v2_pool(number) for number in numbers]
    other = SizedRoute(two_legs(pools[0], pools[1], start), (50, 5, 90), Funding.INVENTORY)
    with pytest.raises(ValueError, match=problem):
        SizedSeveral((first, other), (0, 1))


def test_an_opportunity_of_several_routes_is_stored_and_read_again_as_it_was() -> None:
    opportunity = intake.parse(several(OVER_USDC, OVER_USDT, amount="5"))
    assert opportunity.routes is not None and not opportunity.is_explicit
    assert load_opportunity(dump_opportunity(opportunity)) == opportunity
    assert intake.parse(intake.document_of(opportunity)) == opportunity


def test_a_record_from_before_there_were_several_routes_agrees_with_what_comes_again() -> None:
    opportunity = intake.parse(explicit())
    stored = json.loads(dump_opportunity(opportunity))
    del stored["routes"]
    assert differing_fields(json.dumps(stored), opportunity) == ()
    assert load_opportunity(json.dumps(stored)) == opportunity
    assert differing_fields(dump_opportunity(opportunity), intake.parse(several(OVER_USDC, OVER_USDT)))


@pytest.mark.parametrize(
    ("routes", "field"),
    [(5, "routes"), ([5, 6], "routes[0]"), ([[{}], []], "routes[0]"), ([[5, 6], [5, 6]], "routes[0][0]")],
)
async def test_what_a_program_builds_wrongly_is_refused_by_the_field_too(
    trading: Trading, routes: Any, field: str
) -> None:
    async with Executor(trading.settings(), dry_run=True) as executor:
        execution = await executor.execute(Opportunity("seen-1", "ethereum", routes=routes))
    assert execution.status is Status.REJECTED
    assert execution.reasons[0].message.startswith(f"{field}:"), execution.reasons
