"""Trades of many kinds, booked: what lenders and builders took stands apart, and all of it is what balances
did, to the wei."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from devnet import ETHER
from devnet.books import book_of
from executor.domain.address import to_address
from executor.domain.booking import Kind
from executor.domain.execution import Execution
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import Funding, Leg, Route, SizedRoute
from executor.domain.token import Token
from executor.engine.booking import AGREES
from executor.plan import Custody, Tip, decode, encode
from executor.plan.encoding import encode_plan
from executor.plan.format import Opcode, V2CallbackKind, V3CallbackKind
from executor.plan.steps import PoolLoan, Step
from executor.venues import amount_out
from executor.venues.pairing import ordered
from tests.support import quirky_tokens
from tests.support.bookkeeping import SECOND_OPERATOR, Office, amount_of, booked, held, with_tip
from tests.support.trading import UNISWAP_V2, explicit


async def test_a_borrowed_trades_premium_stands_apart(office: Office) -> None:
    before = held(office)
    pending = await office.planned(explicit(funding="aave_v3"))
    booking = await booked(office, office.send_trade(pending))
    before.assert_booked()
    assert -amount_of(booking, Kind.PREMIUM) == int(str(pending.details["premium"])) > 0


def of_pool(office: Office, name: str, opcode: Opcode, amount: int, fee: int, *inside: Step) -> PoolLoan:
    """A loan of WETH by a pool of the chain; `fee` in millionths of what it asks it for."""
    pool = book_of(office.trading.node).pool(name)
    weth = book_of(office.trading.node).tokens["WETH"]
    left = 1_000_000 - fee if opcode is Opcode.UNISWAP_V2_LOAN else 1_000_000
    premium = -(-amount * fee // left)
    return PoolLoan(
        opcode,
        to_address(pool.address),
        amount,
        amount + premium,
        inside,
        token1=to_address(pool.tokens[1]) == weth,
        callback=V2CallbackKind.UNISWAP if opcode is Opcode.UNISWAP_V2_LOAN else V3CallbackKind.UNISWAP,
    )


def within(pending: Execution, loan: Callable[[tuple[Step, ...]], PoolLoan]) -> Execution:
    """The decided plan, carried out with borrowed money."""
    plan = decode(bytes.fromhex(str(pending.plan)[2:]))
    borrowed = replace(plan, header=replace(plan.header, minimum_profit=1), steps=(loan(plan.steps),))
    return replace(pending, plan="0x" + encode_plan(borrowed).hex())


V3_LENDER, V2_LENDER = "uniswap_v3 USDC/WETH 3000", "uniswap_v2 DAI/WETH"


@pytest.mark.parametrize("lenders", [[V3_LENDER], [V2_LENDER], [V3_LENDER, V2_LENDER]])
async def test_what_pools_take_for_loans_stands_apart_too(office: Office, lenders: list[str]) -> None:
    before = held(office)
    pending = await office.planned(explicit(amount=str(20 * ETHER)))
    amount, premium = 10 * ETHER, 0
    for name in lenders:
        opcode = Opcode.UNISWAP_V3_LOAN if name == V3_LENDER else Opcode.UNISWAP_V2_LOAN

        def loan(steps: tuple[Step, ...], name: str = name, opcode: Opcode = opcode) -> PoolLoan:
            return of_pool(office, name, opcode, amount, 3_000, *steps)

        premium += loan(()).cap - amount
        pending = within(pending, loan)
    booking = await booked(office, office.send_trade(pending, gas_limit=900_000))
    before.assert_booked()
    assert booking.success
    assert amount_of(booking, Kind.PREMIUM) == -premium < 0
    assert amount_of(booking, Kind.GROSS) == pending.expected_profit


async def test_a_tip_to_the_builder_is_taken_off_the_gross_profit(office: Office) -> None:
    before = held(office)
    pending = with_tip(await office.planned(explicit()), Tip(share_bps=1_000))
    booking = await booked(office, office.send_trade(pending, gas_limit=500_000))
    before.assert_booked()
    gross, tip = (amount_of(booking, kind) for kind in (Kind.GROSS, Kind.TIP))
    assert gross == pending.expected_profit
    assert tip == -(gross // 10)


async def test_a_tip_to_a_wallet_of_ours_comes_back_as_a_rebate(office: Office) -> None:
    before = held(office)
    pending = with_tip(await office.planned(explicit()), Tip(fixed=ETHER, receiver=SECOND_OPERATOR))
    booking = await booked(office, office.send_trade(pending, gas_limit=500_000))
    before.assert_booked()
    assert amount_of(booking, Kind.TIP) == -amount_of(booking, Kind.REBATE) == -ETHER


async def test_a_tip_that_its_receiver_refuses_stays_with_the_router(office: Office) -> None:
    before = held(office)
    factory = to_address(book_of(office.trading.node).contracts["uniswap_v2_factory"])
    pending = with_tip(await office.planned(explicit()), Tip(fixed=ETHER, receiver=factory))
    booking = await booked(office, office.send_trade(pending, gas_limit=500_000))
    before.assert_booked()
    assert amount_of(booking, Kind.TIP) == 0
    assert amount_of(booking, Kind.GROSS) == pending.expected_profit


def taxed_plan(office: Office, custody: Custody) -> bytes:
    """WETH for a token that takes a percent of each transfer, that for USDC, and back."""
    desk, node = office.trading.desk, office.trading.node
    weth, usdc = desk.token("WETH"), desk.token("USDC")
    taxed = Token(1, to_address(quirky_tokens.with_fee(node, 100)), "FEE", 18)
    buy, sell = (
        Pool(
            "pair",
            VenueKind.UNISWAP_V2,
            to_address(quirky_tokens.pair(node, taxed.address, other.address, 10**24, reserve)),
            *ordered(taxed, other),
            3000,
        )
        for other, reserve in ((weth, 1000 * ETHER), (usdc, 5_000_000 * 10**6))
    )
    last = desk.pool(UNISWAP_V2)
    route = Route((Leg(buy, weth), Leg(sell, taxed, taxed=True), Leg(last, usdc)))
    amounts = [ETHER]
    for leg, transfers in zip(route.legs, (0, 1 if custody == "pool_to_pool" else 2, 0), strict=True):
        arrived = amounts[-1]
        for _ in range(transfers):
            arrived -= -(-arrived // 100)
        amounts.append(amount_out(desk.states([leg.pool])[leg.pool.key], leg.zero_for_one, arrived))
    sized = SizedRoute(route, tuple(amounts), Funding.INVENTORY)
    return encode(sized, settlement_index=0, minimum_profit=1, deadline=2**32 - 1, custody=custody)


@pytest.mark.parametrize("custody", ["pool_to_pool", "through_router"])
async def test_a_trade_through_a_taxed_token_is_booked_to_the_wei(office: Office, custody: Custody) -> None:
    pending = await office.planned(explicit())
    pending = replace(pending, plan="0x" + taxed_plan(office, custody).hex())
    before = held(office)
    booking = await booked(office, office.send_trade(pending, gas_limit=900_000))
    before.assert_booked()
    assert booking.success
    assert booking.checked == AGREES
    assert {entry.kind for entry in booking.entries} == {Kind.GROSS, Kind.GAS}
