"""Sending the wallets' own transactions: through the lanes and the record that trades use, watched to their
end by a process of its own.

It runs under an executor id of its own, so that it follows nothing but what it sent itself. What a crash
leaves open is followed when the next command runs, or taken over by an executor.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from executor.chain.calls import revert_error, reverted
from executor.chain.quantities import quantity, to_data, to_quantity
from executor.chain.rpc import NodeRefusedError
from executor.config.sending import GasMoneySettings
from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.domain.chain import L2Kind
from executor.domain.errors import RevertError, SafetyError, WalletError
from executor.domain.intent import Intent, IntentState, Purpose
from executor.engine.booking import Bookkeeper, catch_up, keep_up
from executor.engine.durable.beats import Beating
from executor.engine.durable.port import taken_over
from executor.engine.durable.slots import Lock, NoLock, Slots
from executor.engine.durable.threads import opened_or_undone
from executor.engine.reverts import revert_names
from executor.engine.session import LOCAL_POLL_SECONDS, POLL_SECONDS, tied
from executor.engine.treasury.rules import gas_money_rules
from executor.engine.treasury.view import View
from executor.journal.books import Books
from executor.journal.database import Database
from executor.journal.record import Record
from executor.policy.fees import Fees, gas_limit
from executor.policy.lifecycle import Pace
from executor.submission.clock import SystemClock
from executor.submission.lanes import TRANSFER_GAS, Lane, Order
from executor.submission.offers import MARKET_TIMES, Worth, dearest
from executor.submission.tracker import Fate, Tracker, TrackerRules
from executor.submission.transmission import Fence
from executor.wallet.guard import check_signer
from executor.wallet.signer import Signer

WALLET_ID = ".wallet"
"""Ends the executor id of the wallet commands."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What sends and follows. `lanes` by the addresses whose keys are open."""

    view: View
    lanes: Mapping[Address, Lane]
    record: Record
    tracker: Tracker
    keeper: Bookkeeper

    async def settle_open(self) -> int:
        """Wait for what an earlier command has sent and not seen to its end; returns how many that were.

        To be called before anything is decided: what is on its way would be sent twice. Raises
        UnknownOutcomeError.
        """
        mine = self.record.open_intents(executor_id=self.record.executor_id)
        live = [intent for intent in mine if intent.state is IntentState.LIVE]
        for intent in live:
            await self.tracker.fate(intent.intent_id, self._seconds)
        return len(live)

    async def do(
        self, sender: Address, to: Address, data: bytes, value: int, purpose: Purpose
    ) -> tuple[Intent, Receipt]:
        """Send a call and wait until it is confirmed.

        Raises SafetyError when it would cost too much, RevertError when it would revert or has, WalletError
        when something else took its place, UnknownOutcomeError when its fate stays open, and whatever
        `Lane.send` raises.
        """
        newest = await self.view.newest()
        rules = self.view.chain.fees.gas
        limit = gas_limit(
            await self._estimate(sender, to, data, value),
            self.view.settings.gas_limit_multiplier_bps,
            block_gas_limit=newest.gas_limit,
            calldata=data,
            rules=rules,
        )
        gas = await self.view.gas(newest)
        _require_cheap(self.view.most_cost(gas, limit, data), self.view)
        sent = await self.lanes[sender].send(Order(to, data, value, limit, gas.fees, purpose), None)
        fate = await self.tracker.fate(sent.intent_id, self._seconds)
        return fate.intent, self._required(fate)

    @property
    def _seconds(self) -> float:
        return float(self.view.settings.max_execution_time_seconds)

    async def _estimate(self, sender: Address, to: Address, data: bytes, value: int) -> int:
        """Gas of the call in the newest state."""
        request = {"from": sender, "to": to, "data": to_data(data), "value": to_quantity(value)}
        (answer,) = await self.view.rpc.batch([("eth_estimateGas", (request, "latest"))])
        if isinstance(answer, NodeRefusedError):
            raise revert_error(answer, revert_names) if reverted(answer) else answer
        return quantity(answer, "eth_estimateGas")

    def _required(self, fate: Fate) -> Receipt:
        last = dearest(fate.intent).attempt
        if fate.receipt is None or fate.intent.was_cancelled:
            why = fate.intent.unwanted_because or fate.intent.state.value
            raise WalletError(
                f"transaction {last.hash} did not happen ({why}).",
                fix="see what took its place, then run the command again",
                hash=last.hash,
                nonce=fate.intent.nonce,
            )
        if not fate.receipt.success:
            raise RevertError(
                f"transaction {fate.receipt.transaction_hash} reverted.",
                fix="look at it in an explorer, then run the command again",
                hash=fate.receipt.transaction_hash,
            )
        return fate.receipt


@asynccontextmanager
async def open_desk(view: View, signers: Sequence[Signer]) -> AsyncIterator[Desk]:
    """Open the record and a lane for each of `signers`; follows what is open until the block ends.

    Raises SafetyError when a key may not sign there, JournalError, SlotTakenError when another wallet command
    runs, NodeError.
    """
    for signer in signers:
        check_signer(view.network.is_local, signer.address)
    async with AsyncExitStack() as stack:
        database = await opened_or_undone(partial(Database.open, view.place), _closed)
        stack.callback(database.close)
        record = Record(database, view.name, view.executor_id + WALLET_ID)
        fence = await _take_slot(stack, database, record.executor_id)
        anchor = await tied(record, view.rpc, view.network)
        clock = SystemClock()
        lanes = {
            signer.address: Lane(
                view.rpc,
                record,
                signer,
                view.chain.chain_id,
                in_flight=view.settings.lanes.in_flight,
                anchor=anchor,
                fence=fence,
                clock=clock,
                transfer_gas=None if view.chain.l2 is L2Kind.ARBITRUM else TRANSFER_GAS,
                quorum=view.settings.quorum,
                settle_blocks=view.settings.lanes.settle_blocks,
            )
            for signer in signers
        }
        keeper = _keeper(view, database)
        tracker = _tracker(view, record, lanes, keeper, clock)
        await catch_up(keeper, record)
        watching = asyncio.create_task(tracker.run())
        try:
            yield Desk(view, lanes, record, tracker, keeper)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def worth_unpaid(intent: Intent, fees: Fees, settings: GasMoneySettings) -> Worth:
    """Of an approval or a transfer, which earns nothing and is wanted all the same: it may cost some times
    what the market asks, within what any of them may.
    """
    sensible = MARKET_TIMES * fees.max_fee_per_gas * dearest(intent).attempt.gas_limit
    return Worth(True, min(sensible, gas_money_rules(settings).refill_to), fees)


def _require_cheap(most: int, view: View) -> None:
    """No trade's profit bounds these: what a node says of prices must not empty a wallet."""
    allowed = gas_money_rules(view.settings.gas_money).refill_to
    if most > allowed:
        raise SafetyError(
            f"the transaction might cost {most} wei, more than a whole refill of {allowed}.",
            fix="wait for lower prices, set bids.max_fee_per_gas_gwei, or raise gas_money.refill_to",
            most=most,
            allowed=allowed,
        )


def _tracker(
    view: View, record: Record, lanes: Mapping[Address, Lane], keeper: Bookkeeper, clock: SystemClock
) -> Tracker:
    own = view.settings

    async def reprice(intent: Intent) -> Worth:
        return worth_unpaid(intent, (await view.gas()).fees, own.gas_money)

    async def on_change(intent: Intent, receipt: Receipt | None) -> None:
        await keep_up(keeper, record, intent, receipt)

    finality = own.lanes.finality_blocks or (
        own.confirmations if view.network.is_local else view.chain.fees.finality_blocks
    )
    return Tracker(
        view.rpc,
        record,
        lanes,
        clock=clock,
        pace=Pace(finality, own.lanes.settle_blocks, own.lanes.bump_blocks, own.lanes.resend_seconds),
        rules=TrackerRules(
            confirmations=own.confirmations,
            quorum=own.quorum,
            poll_seconds=LOCAL_POLL_SECONDS if view.network.is_local else POLL_SECONDS,
            max_fee_per_gas=own.bids.max_fee_per_gas,
        ),
        reprice=reprice,
        on_change=on_change,
    )


def _keeper(view: View, database: Database) -> Bookkeeper:
    return Bookkeeper(
        rpc=view.rpc,
        chain=view.chain,
        settings=view.settings,
        is_local=view.network.is_local,
        router=view.router,
        wallets=frozenset(one.address for one in view.accounts if one.address is not None),
        books=Books(database),
    )


async def _closed(database: Database) -> None:
    await asyncio.to_thread(database.close)


async def _given_back(taken: tuple[Lock, int]) -> None:
    await asyncio.to_thread(taken[0].release)


async def _take_slot(stack: AsyncExitStack, database: Database, executor_id: str) -> Fence:
    """Hold the executor id as long as the stack is open; the fence raises FencedError once it was lost."""
    slots = Slots(database.engine, database.file)
    file_lock = NoLock() if database.is_sqlite else None
    lock, epoch = await opened_or_undone(partial(slots.take, executor_id, file_lock), _given_back)
    stack.callback(lock.release)
    if slots.is_shared:
        beating = Beating(executor_id, partial(slots.beat, executor_id, epoch))
        stack.push_async_callback(asyncio.to_thread, beating.end)

    async def check_owner() -> None:
        if await asyncio.to_thread(slots.epoch, executor_id) != epoch:
            raise taken_over(executor_id, fix="run the command again: it looks at what became of it first")

    return check_owner
