"""A record, its books and a wallet on a local chain: what an executor has when it books what was mined."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from devnet import Node
from devnet.books import book_of
from executor.chain.network import identify
from executor.chain.receipts import receipt
from executor.chain.rpc import Rpc
from executor.config.chains import chain_of
from executor.config.settings import Settings
from executor.domain.address import Address
from executor.domain.attempt import Attempt, Receipt
from executor.domain.booking import Booking, Kind
from executor.domain.execution import Execution, Status
from executor.domain.intent import AttemptKind, Block, Intent, IntentState, Purpose
from executor.engine import intake
from executor.engine.booking import Bookkeeper, book
from executor.engine.executor import Executor
from executor.journal.anchor import choose_anchor
from executor.journal.books import Books
from executor.journal.database import FILE_NAME, Database
from executor.journal.record import NewIntent, Record
from executor.plan import Tip, decode
from executor.plan.encoding import encode_plan
from executor.policy.bookkeeping import total
from executor.wallet.development import DEVELOPMENT_ADDRESSES, development_signer
from executor.wallet.signer import TransactionFields
from tests.support.trading import CHAIN_NAMES, OPERATOR, OPERATOR_ACCOUNT, Trading

SECOND_OPERATOR = DEVELOPMENT_ADDRESSES[2]
WALLETS = frozenset({OPERATOR, SECOND_OPERATOR})
GWEI = 10**9


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that is out: its intent, what is pending, and its hash."""

    intent: Intent
    pending: Execution | None
    hash: str


@dataclass(frozen=True, slots=True)
class Office:
    """Everything that booking takes, and a wallet that sends. Slots and claims are left out of it."""

    trading: Trading
    record: Record
    keeper: Bookkeeper

    @property
    def books(self) -> Books:
        """The books."""
        return self.keeper.books

    async def planned(self, opportunity: Mapping[str, Any], **changes: Any) -> Execution:
        """A decided trade that was not sent, as it is recorded before it is."""
        async with Executor(self.trading.settings(**changes), dry_run=True) as executor:
            found = await executor.execute(opportunity)
        assert found.status is Status.DRY_RUN, found.reasons
        self.record.accept(intake.parse(opportunity), slots=100)
        return replace(found, status=Status.PENDING)

    def send_trade(self, pending: Execution, **changes: Any) -> Sent:
        """Sign, record and send the plan of a decided trade."""
        assert pending.plan is not None
        details = pending.details
        fields = {
            "to": Address(str(details["router"])),
            "data": bytes.fromhex(pending.plan[2:]),
            "gas_limit": int(str(details["gas_limit"])),
            "max_fee_per_gas": 2 * int(str(details["max_fee_per_gas"])),
            "max_priority_fee_per_gas": int(str(details["max_priority_fee_per_gas"])),
            **changes,
        }
        return self._send(Purpose.TRADE, pending, fields)

    def send(self, purpose: Purpose, to: str, *, data: bytes = b"", value: int = 0) -> Sent:
        """Sign, record and send what is no trade."""
        fields = {
            "to": Address(to),
            "data": data,
            "value": value,
            "gas_limit": 200_000,
            "max_fee_per_gas": 100 * GWEI,
            "max_priority_fee_per_gas": GWEI,
        }
        return self._send(purpose, None, fields)

    def cancel(self, sent: Sent) -> Sent:
        """Replace it by a transfer of nothing to oneself."""
        nonce = sent.intent.nonce
        attempt = self._attempt(
            "",
            nonce,
            {
                "to": OPERATOR,
                "data": b"",
                "gas_limit": 21_000,
                "max_fee_per_gas": 200 * GWEI,
                "max_priority_fee_per_gas": 20 * GWEI,
            },
        )
        intent = self.record.add_attempt(sent.intent.intent_id, attempt, AttemptKind.CANCEL)
        self.trading.node.rpc("eth_sendRawTransaction", "0x" + attempt.raw.hex())
        return replace(sent, intent=intent, hash=attempt.hash)

    async def mined(self, sent: Sent) -> tuple[Intent, Receipt]:
        """Its receipt, and the intent as it is recorded with it."""
        self.trading.node.wait_for(sent.hash)
        found = await receipt(self.keeper.rpc, sent.hash)
        assert found is not None
        intent = self.record.mark_intent(
            sent.intent.intent_id,
            IntentState.MINED,
            winner=sent.hash,
            block=Block(found.block_number, found.block_hash),
        )
        return intent, found

    def booked(self, account: str, token: str | None) -> int:
        """What all standing entries of an account say it gained of a token (None: the native coin)."""
        wanted = None if token is None else Address(token)
        return sum(
            total([entry for entry in booking.entries if entry.account == account], wanted)
            for booking in self.books.all_standing()
        )

    def _send(self, purpose: Purpose, pending: Execution | None, fields: dict[str, Any]) -> Sent:
        opportunity_id = pending.opportunity_id if pending else None
        intent = self.record.open_intent(
            NewIntent(OPERATOR, purpose, opportunity_id, None, self.trading.node.chain_id),
            self.trading.nonce(),
            lambda nonce: self._attempt(opportunity_id or "", nonce, fields),
            pending=pending,
        )
        attempt = intent.attempts[-1].attempt
        self.trading.node.rpc("eth_sendRawTransaction", "0x" + attempt.raw.hex())
        return Sent(intent, pending, attempt.hash)

    def _attempt(self, opportunity_id: str, nonce: int, fields: dict[str, Any]) -> Attempt:
        whole = TransactionFields(chain_id=self.trading.node.chain_id, nonce=nonce, **{"value": 0, **fields})
        signed = development_signer(OPERATOR_ACCOUNT).sign(whole)
        return Attempt(
            opportunity_id,
            whole.chain_id,
            signed.sender,
            nonce,
            signed.hash,
            signed.raw,
            whole.max_fee_per_gas,
            whole.max_priority_fee_per_gas,
            whole.gas_limit,
        )


@asynccontextmanager
async def open_office(trading: Trading) -> AsyncIterator[Office]:
    """The books of an empty record in the user's folder."""
    settings = Settings.from_mapping(trading.settings())
    name = CHAIN_NAMES[trading.node.chain_id]
    chain = chain_of(settings, name)
    database = Database.open(settings.journal / FILE_NAME)
    try:
        async with Rpc(trading.node.url) as rpc:
            record = Record(database, name, "executor-1")
            record.tie(await choose_anchor(rpc, await identify(rpc)))
            keeper = Bookkeeper(
                rpc, chain, settings.chain(name), True, trading.router, WALLETS, Books(database)
            )
            yield Office(trading, record, keeper)
    finally:
        database.close()


@pytest.fixture
async def office(trading: Trading) -> AsyncIterator[Office]:
    """Books that are empty, on a chain with an open gap."""
    trading.open_gap()
    async with open_office(trading) as opened:
        yield opened


@contextmanager
def on_demand(node: Node) -> Iterator[None]:
    """Blocks come only when the test makes them."""
    node.rpc("evm_setAutomine", False)
    try:
        yield
    finally:
        node.rpc("anvil_dropAllTransactions")
        node.rpc("evm_setAutomine", True)


def mine_in_time(node: Node) -> None:
    """The next block, a second after the last one."""
    node.mine(1, timestamp=int(node.block()["timestamp"], 16) + 1)


class Held:
    """What our accounts held when it was made."""

    def __init__(self, office: Office, *tokens: str) -> None:
        self._office, self._tokens = office, tokens
        self._then = self._now()

    def _now(self) -> dict[tuple[str, str | None], int]:
        node = self._office.trading.node
        accounts = (self._office.trading.router, *sorted(WALLETS))
        held: dict[tuple[str, str | None], int] = {(who, None): node.balance(who) for who in accounts}
        for token in self._tokens:
            held |= {(who, token): node.erc20_balance(token, who) for who in accounts}
        return held

    def assert_booked(self) -> None:
        """The books say of every account and token what its balance did since."""
        for (who, token), now in self._now().items():
            assert self._office.booked(who, token) == now - self._then[who, token], (who, token)


def held(office: Office, *more: str) -> Held:
    """What our accounts hold now of WETH, USDC, the native coin and `more` tokens."""
    tokens = book_of(office.trading.node).tokens
    return Held(office, tokens["WETH"], tokens["USDC"], *more)


async def booked(office: Office, sent: Sent) -> Booking:
    """Its booking, once it is mined."""
    intent, receipt = await office.mined(sent)
    assert await book(office.keeper, intent, receipt, sent.pending)
    found = office.books.standing(intent.intent_id)
    assert found is not None
    return found


def amount_of(booking: Booking, kind: Kind) -> int:
    """The sum of its entries of that kind, whatever their token."""
    return sum(entry.amount for entry in booking.entries if entry.kind is kind)


def with_tip(pending: Execution, tip: Tip) -> Execution:
    """The decided plan with a tip in its header."""
    plan = decode(bytes.fromhex(str(pending.plan)[2:]))
    tipped = replace(plan, header=replace(plan.header, tip=tip, minimum_profit=1))
    return replace(pending, plan="0x" + encode_plan(tipped).hex())
