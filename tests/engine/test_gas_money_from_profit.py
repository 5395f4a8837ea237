"""A wallet that runs low is paid by the trades that it signs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

from devnet import ETHER
from executor.config.settings import Settings
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from executor.engine.outcome import settle
from executor.engine.session import Session, open_session
from executor.engine.works import Works
from executor.engine.worth import worth_of
from executor.plan import decode
from executor.submission.clock import SystemClock
from tests.support.bookkeeping import Office
from tests.support.pairs import blocks_on_demand, mine_in_time, until, waiting
from tests.support.trading import OPERATOR, Trading, explicit

LITTLE = ETHER // 100


def low(trading: Trading, wei: int = LITTLE) -> None:
    trading.node.rpc("anvil_setBalance", OPERATOR, hex(wei))


def gas_money(trading: Trading) -> int:
    return int(trading.node.rpc("eth_getBalance", OPERATOR, "latest"), 16)


def with_most_gas(session: Session, most: int) -> Session:
    """The same on a chain that lets a transaction use no more gas."""
    fees = session.chain.fees
    rules = replace(fees, gas=replace(fees.gas, most_per_transaction=most))
    return replace(session, chain=replace(session.chain, fees=rules))


REFILLED = {"refill_below": "0.05", "refill_to": "0.06"}


async def test_a_trade_of_a_wallet_that_is_low_fills_it_up_from_its_profit(trading: Trading) -> None:
    trading.open_gap()
    low(trading)
    before = trading.balance()
    async with Executor(trading.settings(gas_money=REFILLED)) as executor:
        realised = await executor.execute(explicit())
    assert realised.status is Status.REALISED, realised.reasons
    rebate = int(str(realised.details["rebate"]))
    assert 0 < rebate <= 6 * ETHER // 100 - LITTLE
    assert gas_money(trading) == LITTLE + rebate - (realised.gas_cost_wei or 0)
    profit = realised.realised_profit or 0
    assert trading.balance() - before == profit == realised.expected_profit
    assert realised.realised_net_profit == profit + rebate - (realised.gas_cost_wei or 0)
    assert profit >= (realised.minimum_profit or 0)


async def test_a_wallet_that_has_enough_is_paid_nothing(trading: Trading) -> None:
    trading.open_gap()
    low(trading, ETHER)
    async with Executor(trading.settings(gas_money=REFILLED)) as executor:
        realised = await executor.execute(explicit())
    assert "rebate" not in realised.details


async def test_what_a_trade_pays_its_own_wallet_is_earned_when_it_is_priced_again(trading: Trading) -> None:
    """Else one that pays would be cancelled for its tip."""
    trading.open_gap()
    low(trading)
    with blocks_on_demand(trading.node):
        async with Executor(trading.settings(gas_money=REFILLED)) as executor:
            task = asyncio.create_task(executor.execute(explicit()))
            await until(lambda: waiting(trading.node, OPERATOR))
            works = executor._chains["ethereum"]
            assert isinstance(works, Works)
            intent = works.desk.record.intents_of("seen-1")[0]
            worth = await works.follower.worth(intent)
            stored = works.desk.record.stored("seen-1")
            assert stored is not None
            strict = await worth_of(with_most_gas(works.session, 30_000), intent, stored.execution)
            mine_in_time(trading.node)
            realised = await task
    rebate = int(str(realised.details["rebate"]))
    assert rebate > 0
    assert worth.pays
    assert strict.pays is False, "priced by the rules of its own chain"
    assert worth.bearable_wei == (realised.expected_profit or 0) + rebate


async def test_nothing_is_paid_unasked(trading: Trading) -> None:
    trading.open_gap()
    low(trading)
    async with Executor(trading.settings()) as executor:
        realised = await executor.execute(explicit())
    assert "rebate" not in realised.details


async def test_a_tip_that_a_later_look_needs_no_more_is_not_counted_as_earned(trading: Trading) -> None:
    """The wallet is filled and the gap narrowed by others while the trade is decided: it is sized again."""
    trading.open_gap()
    low(trading)
    pending: list[Execution] = []
    stages: list[str] = []

    def on_stage(opportunity_id: str, stage: str) -> None:
        stages.append(stage)
        if stage == "deciding" and stages.count(stage) == 1:
            low(trading, ETHER)
            trading.open_gap("uniswap_v2 USDC/WETH", "WETH", 40 * ETHER)
        if stage == "waiting for the receipt":
            works = executor._chains["ethereum"]
            assert isinstance(works, Works)
            stored = works.desk.record.stored(opportunity_id)
            assert stored is not None
            pending.append(stored.execution)

    async with Executor(trading.settings(gas_money=REFILLED), on_stage=on_stage) as executor:
        realised = await executor.execute(explicit(funding="callback_chain"))
    assert realised.status is Status.REALISED, realised.reasons
    assert stages.count("sizing") == 2
    (recorded,) = pending
    assert recorded.plan is not None
    assert decode(bytes.fromhex(recorded.plan[2:])).header.tip is None
    assert "rebate" not in recorded.details
    assert "rebate" not in realised.details


async def test_a_tip_of_which_nothing_came_home_is_not_recorded(trading: Trading, office: Office) -> None:
    """A market that moved takes the tip first: what was promised to the router stays."""
    trading.open_gap()
    planned = await office.planned(explicit())
    pending = replace(planned, details={**planned.details, "rebate": LITTLE})
    intent, found = await office.mined(office.send_trade(pending))
    settings = Settings.from_mapping(trading.settings())
    async with AsyncExitStack() as stack:
        session = await open_session(stack, settings, "ethereum", means=None, clock=SystemClock())
        settled = await settle(session, pending, intent.last_call.attempt, found)
    assert settled.status is Status.REALISED
    assert "rebate" not in settled.details
    assert settled.realised_net_profit == (settled.realised_profit or 0) - (settled.gas_cost_wei or 0)
