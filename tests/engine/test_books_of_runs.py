"""What the executor books of what it does itself: after any run the books are what the balances did."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devnet import ETHER
from devnet.books import book_of
from executor.domain.address import Address, to_address
from executor.domain.booking import NATIVE, Booking, Kind
from executor.domain.execution import Status
from executor.engine.booking import AGREES
from executor.engine.executor import Executor
from executor.journal.books import Books
from executor.journal.database import FILE_NAME, Database
from executor.policy.bookkeeping import total
from tests.support.pairs import record_of
from tests.support.trading import OPERATOR, Trading, explicit


@contextmanager
def bookings_of(trading: Trading) -> Iterator[list[Booking]]:
    database = Database.open_reading(Path(trading.settings()["journal"]) / FILE_NAME)
    try:
        yield list(Books(database).all_standing())
    finally:
        database.close()


class Balances:
    """What router and wallet held when it was made."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self._weth = to_address(book_of(trading.node).tokens["WETH"])
        self._then = self._now()

    def _now(self) -> dict[tuple[Address, Address | None], int]:
        node, router = self._trading.node, self._trading.router
        return {
            (router, self._weth): node.erc20_balance(self._weth, router),
            (router, NATIVE): node.balance(router),
            (OPERATOR, self._weth): node.erc20_balance(self._weth, OPERATOR),
            (OPERATOR, NATIVE): node.balance(OPERATOR),
        }

    def assert_booked(self, bookings: list[Booking]) -> None:
        now = self._now()
        for (who, token), before in self._then.items():
            mine = [entry for one in bookings for entry in one.entries if entry.account == who]
            assert total(mine, token) == now[who, token] - before, (who, token)


async def test_many_at_once_are_booked_each_to_the_wei(trading: Trading) -> None:
    trading.open_gap()
    before = Balances(trading)
    async with Executor(trading.settings(max_concurrent_executions=4)) as executor:
        done = await asyncio.gather(
            *(executor.execute(explicit(f"seen-{n}", amount=str(n * ETHER))) for n in (1, 2, 3, 4))
        )
    assert {execution.status for execution in done} == {Status.REALISED}
    with bookings_of(trading) as bookings:
        before.assert_booked(bookings)
        booked = {one.opportunity_id: one for one in bookings}
    assert len(bookings) == 4
    for execution in done:
        of_router = (Kind.GROSS, Kind.PREMIUM, Kind.TIP)
        weth = to_address(str(execution.settlement_token))
        booking = booked[execution.opportunity_id]
        assert total(booking.entries, weth, of_router) == execution.realised_profit
        assert booking.cost == execution.gas_cost_wei
        assert booking.checked == AGREES


async def test_gas_money_out_of_profit_is_booked_as_it_went(trading: Trading) -> None:
    trading.open_gap()
    trading.node.set_balance(OPERATOR, ETHER // 100)
    before = Balances(trading)
    refilled = {"refill_below": "0.05", "refill_to": "0.06"}
    async with Executor(trading.settings(gas_money=refilled)) as executor:
        realised = await executor.execute(explicit())
    with bookings_of(trading) as bookings:
        before.assert_booked(bookings)
    (booking,) = bookings
    rebate = total(booking.entries, NATIVE, {Kind.REBATE})
    assert rebate == int(str(realised.details["rebate"])) > 0


async def test_a_trade_that_reverts_is_booked_with_its_gas(trading: Trading) -> None:
    """Its block comes too late."""
    trading.open_gap()
    before = Balances(trading)
    node = trading.node
    node.rpc("evm_setAutomine", False)
    try:
        async with Executor(trading.settings(retries={"tries": 1})) as executor:
            task = asyncio.create_task(executor.execute(explicit()))
            for _ in range(600):
                if node.rpc("txpool_status")["pending"] != "0x0":
                    break
                await asyncio.sleep(0.05)
            with record_of(trading) as record:
                stored = record.stored("seen-1")
            assert stored is not None
            node.mine(1, timestamp=int(str(stored.execution.details["deadline"])) + 1)
            execution = await asyncio.wait_for(task, 30)
    finally:
        node.rpc("anvil_dropAllTransactions")
        node.rpc("evm_setAutomine", True)
    assert execution.status is Status.REVERTED, execution.reasons
    with bookings_of(trading) as bookings:
        before.assert_booked(bookings)
    (booking,) = bookings
    assert not booking.success
    assert {entry.kind for entry in booking.entries} == {Kind.GAS}
