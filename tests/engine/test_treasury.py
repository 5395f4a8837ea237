"""Gas money out of profit and between operators: real tips and transfers, counted against a day's limit by
the books; commands that survive a crash and stand beside an executor."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import URL

from devnet import ETHER, ETHEREUM
from executor.chain.receipts import receipt
from executor.config.settings import Settings
from executor.domain.abi import eth_call
from executor.domain.address import to_address
from executor.domain.booking import NATIVE, Booking, Kind
from executor.domain.execution import Execution
from executor.domain.intent import Purpose
from executor.engine.durable import beats
from executor.engine.durable.port import FencedError, SlotTakenError
from executor.engine.durable.slots import Slots
from executor.engine.executor import Executor
from executor.engine.treasury.allowances import plan_allowance, set_allowance
from executor.engine.treasury.desk import WALLET_ID, Desk, open_desk
from executor.engine.treasury.keeping import refill_if_low, warn_if_low
from executor.engine.treasury.moving import booked_profit, spent_today
from executor.engine.treasury.spending import DAY_SECONDS
from executor.engine.treasury.tips import rebate, tip_for
from executor.engine.treasury.view import open_view
from executor.journal.books import Books
from executor.journal.database import FILE_NAME, Database
from executor.journal.record import Record
from executor.plan import Tip, decode
from executor.plan.encoding import encode_plan
from executor.policy.fees import Fees
from executor.policy.treasury import TIP_GAS, GasMoneyRules
from executor.submission.lanes import Order
from executor.wallet.development import DEVELOPMENT_ADDRESSES, development_signer
from tests.support.bookkeeping import WALLETS, Office, booked, on_demand, open_office
from tests.support.pairs import until
from tests.support.postgres import new_database
from tests.support.trading import OPERATOR, OPERATOR_ACCOUNT, Trading, explicit

SECOND = DEVELOPMENT_ADDRESSES[2]
SPENDER = to_address("0x00000000000000000000000000000000000000e5")
WETH = to_address(ETHEREUM.tokens["WETH"])
LOW, MARK, LIMIT = ETHER // 100, ETHER // 10, ETHER * 15 // 100
RULES = GasMoneyRules(None, ETHER // 20, MARK, LIMIT, ETHER // 5)


@pytest.fixture
async def office(trading: Trading) -> AsyncIterator[Office]:
    """Books that are empty, on a chain with an open gap."""
    trading.open_gap()
    async with open_office(trading) as opened:
        yield opened


async def asked_tip(office: Office, pending: Execution, **changes: object) -> Tip | None:
    """What a trade is asked to pay to its sender, who is low."""
    facts: dict[str, object] = {
        "sender": OPERATOR,
        "gas_money": LOW,
        "settles_in_native": True,
        "profit": pending.expected_profit,
        "minimum_profit": pending.minimum_profit,
        "gas_price": 10**9,
        "now": block_time(office.trading),
        **changes,
    }
    database = office.record.database
    return await tip_for(database, "ethereum", sorted(WALLETS), RULES, **facts)  # type: ignore[arg-type]


def block_time(trading: Trading) -> int:
    return int(trading.node.block()["timestamp"], 16)


def tipping(pending: Execution, tip: Tip) -> Execution:
    """The same trade with the tip in its plan."""
    assert pending.plan is not None
    plan = decode(bytes.fromhex(pending.plan[2:]))
    data = encode_plan(replace(plan, header=replace(plan.header, tip=tip)))
    more = {"gas_limit": int(str(pending.details["gas_limit"])) + TIP_GAS}
    return replace(pending, plan="0x" + data.hex(), details={**pending.details, **more})


def rebates(booking: Booking) -> list[tuple[str, int]]:
    return [(entry.account, entry.amount) for entry in booking.entries if entry.kind is Kind.REBATE]


async def test_a_low_wallet_is_filled_by_its_own_trade_and_the_promise_holds(
    office: Office, trading: Trading
) -> None:
    pending = await office.planned(explicit())
    tip = await asked_tip(office, pending)
    assert tip == Tip(fixed=MARK - LOW, receiver=OPERATOR)

    inventory, trade = trading.balance(), tipping(pending, tip)
    sent = office.send_trade(trade)
    booking = await booked(office, sent)
    assert rebates(booking) == [(OPERATOR, tip.fixed)]
    found = await receipt(office.keeper.rpc, sent.hash)
    assert found is not None
    assert rebate(found, trading.router, WALLETS) == tip.fixed
    assert rebate(found, trading.router, {SECOND}) == 0
    assert booking.checked == "agrees"
    assert pending.minimum_profit is not None
    assert trading.balance() - inventory >= pending.minimum_profit
    assert trading.balance() - inventory == (pending.expected_profit or 0) - tip.fixed


async def test_a_tip_never_takes_what_was_promised_when_the_market_has_moved(
    office: Office, trading: Trading
) -> None:
    pending = await office.planned(explicit())
    assert pending.expected_profit is not None
    assert pending.minimum_profit is not None
    tip = await asked_tip(office, pending)
    assert tip is not None
    # The plan is held to all but half of the tip: what is beyond it is the tip's, and no more.
    promise = pending.expected_profit - tip.fixed // 2
    assert pending.plan is not None
    plan = decode(bytes.fromhex(pending.plan[2:]))
    strict = encode_plan(replace(plan, header=replace(plan.header, minimum_profit=promise)))
    inventory = trading.balance()
    booking = await booked(
        office, office.send_trade(tipping(replace(pending, plan="0x" + strict.hex()), tip))
    )

    assert trading.balance() - inventory == promise
    assert rebates(booking) == [(OPERATOR, pending.expected_profit - promise)]


async def test_a_tip_adds_no_more_gas_than_is_reckoned_with(office: Office, trading: Trading) -> None:
    pending = await office.planned(explicit())
    used = []
    for trade in (pending, tipping(pending, Tip(fixed=MARK, receiver=OPERATOR))):
        assert trade.plan is not None
        with trading.node.isolated():
            # Pairs write their prices down once in a second, and that costs either trade the same.
            trading.node.increase_time(1)
            sent = trading.node.send(OPERATOR, trading.router, bytes.fromhex(trade.plan[2:]))
        used.append(int(sent["gasUsed"], 16))

    assert 0 < used[1] - used[0] <= TIP_GAS


async def test_tips_count_against_the_limit_of_a_day_while_out_and_when_booked(
    office: Office, trading: Trading
) -> None:
    database, operators = office.record.database, sorted(WALLETS)
    first = await office.planned(explicit("a"))
    tip = await asked_tip(office, first)
    assert tip is not None
    with on_demand(trading.node):
        sent = office.send_trade(tipping(first, tip))
        assert spent_today(database, "ethereum", operators, block_time(trading)) == tip.fixed
        trading.node.rpc("evm_mine")
    await booked(office, sent)
    assert spent_today(database, "ethereum", operators, block_time(trading)) == tip.fixed

    second = await asked_tip(office, first)
    assert second is not None
    assert second.fixed == LIMIT - tip.fixed
    tomorrow = await asked_tip(office, first, now=block_time(trading) + DAY_SECONDS + 1)
    assert tomorrow == tip


@pytest.mark.parametrize(
    "changes",
    [{"gas_money": ETHER // 20}, {"settles_in_native": False}, {"profit": 0}, {"gas_price": 10**16}],
)
async def test_a_trade_pays_no_tip_that_is_not_needed_or_not_worth_it(
    office: Office, changes: dict[str, object]
) -> None:
    pending = await office.planned(explicit())

    assert await asked_tip(office, pending, **changes) is None


async def test_what_lies_in_the_router_as_profit_is_what_the_books_say(
    office: Office, trading: Trading
) -> None:
    settings = Settings.from_mapping(trading.settings())
    async with open_view(settings, "ethereum") as view:
        assert booked_profit(office.record.database, view) == {}
        pending = await office.planned(explicit())
        await booked(office, office.send_trade(pending))
        assert booked_profit(office.record.database, view) == {WETH: pending.expected_profit}


@asynccontextmanager
async def desk_of(trading: Trading, **changes: object) -> AsyncIterator[Desk]:
    """The wallets' desk, with both operators' keys open."""
    section = {"wallets": [{"development_account": 2}], **changes}
    database_url = section.pop("database_url", None)
    settings = Settings.from_mapping(
        trading.settings(**section) | ({"database_url": database_url} if database_url else {})
    )
    async with open_view(settings, "ethereum") as view:
        signers = [development_signer(OPERATOR_ACCOUNT), development_signer(2)]
        async with open_desk(view, signers) as desk:
            yield desk


KEPT: dict[str, object] = {"gas_money": {"refill_below": "0.05"}}


async def test_while_an_executor_runs_low_operators_are_refilled_without_being_told(trading: Trading) -> None:
    trading.node.set_balance(SECOND, LOW)
    async with desk_of(trading, **KEPT) as desk:
        (moved,) = await refill_if_low(desk)
        assert trading.node.balance(SECOND) == MARK
        assert await refill_if_low(desk) == ()
        (booking,) = desk.keeper.books.all_standing()

    assert booking.transaction_hash == moved.transaction_hash
    assert booking.purpose is Purpose.TRANSFER
    moves = {(one.account, one.kind, one.amount) for one in booking.entries if one.token is NATIVE}
    assert {(SECOND, Kind.TRANSFER, MARK - LOW), (OPERATOR, Kind.TRANSFER, LOW - MARK)} <= moves


async def test_an_executor_that_runs_refills_a_low_operator_and_books_it(trading: Trading) -> None:
    trading.node.set_balance(SECOND, LOW)
    settings = trading.settings(wallets=[{"development_account": 2}], **KEPT)
    async with Executor(settings) as executor:
        await executor.execute(explicit())
        await until(lambda: trading.node.balance(SECOND) == MARK)
        await until(lambda: bool(refills(trading)))

    (booking,) = refills(trading)
    assert booking.sender == OPERATOR
    assert (SECOND, Kind.TRANSFER, NATIVE, MARK - LOW) in {
        (one.account, one.kind, one.token, one.amount) for one in booking.entries
    }


def refills(trading: Trading) -> list[Booking]:
    """What the books of the user's folder hold beside trades."""
    database = Database.open_reading(trading.folder / "journal" / FILE_NAME)
    try:
        return [one for one in Books(database).all_standing() if one.purpose is Purpose.TRANSFER]
    finally:
        database.close()


async def test_operators_that_run_out_are_said_aloud(trading: Trading) -> None:
    trading.node.set_balance(SECOND, LOW // 100)
    async with desk_of(trading) as desk:
        assert [one.address for one in await warn_if_low(desk)] == [SECOND]


async def test_without_a_mark_nobody_is_refilled_unasked(trading: Trading) -> None:
    trading.node.set_balance(SECOND, LOW)
    async with desk_of(trading) as desk:
        assert await refill_if_low(desk) == ()


async def test_nobody_is_refilled_while_a_transfer_is_on_its_way(trading: Trading) -> None:
    trading.node.set_balance(SECOND, LOW)
    with on_demand(trading.node):
        async with open_office(trading) as office:
            office.send(Purpose.TRANSFER, SECOND, value=5)
        async with desk_of(trading, **KEPT) as desk:
            assert await refill_if_low(desk) == ()


async def test_an_approval_and_its_gas_are_booked(trading: Trading) -> None:
    before = trading.node.balance(OPERATOR)
    async with desk_of(trading) as desk:
        change = await plan_allowance(desk.view, OPERATOR, WETH, SPENDER, 5, None)
        done = await set_allowance(desk, change)
        (booking,) = desk.keeper.books.all_standing()

    assert booking.purpose is Purpose.APPROVAL
    assert (booking.transaction_hash,) == done.hashes
    assert booking.cost == before - trading.node.balance(OPERATOR)


@pytest.fixture
def server(postgres_server: URL) -> Iterator[SecretStr]:
    """A database of its own on PostgreSQL."""
    with new_database(postgres_server, f"treasury_{os.getpid()}") as url:
        yield SecretStr(url.render_as_string(hide_password=False))


async def test_on_a_server_one_command_runs_at_a_time_and_a_dead_ones_work_is_taken_over(
    trading: Trading, server: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it waits for its transactions: it gives signs of life."""
    monkeypatch.setattr(beats, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(beats, "LEASE_SECONDS", 0.5)
    url = server.get_secret_value()
    async with desk_of(trading, database_url=url) as desk:
        with pytest.raises(SlotTakenError):
            async with desk_of(trading, database_url=url):
                raise AssertionError("two at a time")
        with on_demand(trading.node):
            data = eth_call(WETH, "approve(address,uint256)", SPENDER, 5).data
            order = Order(WETH, data, 0, 60_000, Fees(10**11, 10**9, 10**9), Purpose.APPROVAL)
            left = await desk.lanes[OPERATOR].send(order, None)
            database = desk.record.database
            slots = Slots(database.engine, None)
            for _ in range(4):
                assert slots.take_dead("executor-1" + WALLET_ID) is None, "it lives"
                await asyncio.sleep(0.25)
            with database.writing() as connection:
                connection.exec_driver_sql("UPDATE executor_slots SET epoch = epoch + 1")
            with pytest.raises(FencedError, match=r"taken over the works of .*run the command again"):
                await desk.lanes[OPERATOR].send_again(left.attempts[0])
            heir = Record(database, "ethereum", "executor-2")
            assert heir.adopt("executor-1" + WALLET_ID) == 1
            assert [one.intent_id for one in heir.open_intents(executor_id="executor-2")] == [left.intent_id]
