"""A lane: the nonce stream of one wallet on one chain.

The next nonce is derived each time from the chain and the live records; no counter is kept that could drift.
An attempt is durable before its bytes leave, and an answer that is not surely a refusal counts as sent. What
holds a nonce and must not happen is replaced by a transfer of nothing to oneself, never merely forgotten.
"""

import asyncio
from dataclasses import dataclass

from executor.chain.quantities import quantity
from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.attempt import Attempt
from executor.domain.errors import JournalError
from executor.domain.execution import Execution
from executor.domain.intent import AttemptKind, AttemptState, Intent, IntentState, Purpose, StoredAttempt
from executor.journal.anchor import Anchor
from executor.journal.record import NewIntent, Record
from executor.policy.fees import Fees
from executor.submission.clock import Clock, SystemClock
from executor.submission.envelope import read_envelope
from executor.submission.errors import StoppedError
from executor.submission.log import get_logger
from executor.submission.nonces import Nonces
from executor.submission.room import Place, Room
from executor.submission.transmission import NOT_REPLACED, NOTHING_SENT, Fence, Transmission, refusal
from executor.wallet.signer import Signer, TransactionFields

TRANSFER_GAS = 21_000

_LOG = get_logger("executor.submission")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent: `data` and `value` (wei) to `to`, with its gas limit and fees (wei per gas).

    `deadline`: Unix seconds of the chain's time from which on it is not wanted any more. `lost`: how many
    trades of the opportunity were mined before, and failed for good.
    """

    to: Address
    data: bytes
    value: int
    gas_limit: int
    fees: Fees
    purpose: Purpose
    opportunity_id: str | None = None
    deadline: int | None = None
    lost: int = 0


class Lane:
    """Signs, records and sends one wallet's transactions on one chain. Safe to share between tasks of one
    event loop; other processes may use the same wallet through the same database.

    `in_flight`: how many may be out at a time. `anchor`: the block that ties the record to its network; it is
    looked at before each signature. `transfer_gas`: what a transfer to oneself takes, None to ask the node
    each time, as Arbitrum needs. `fence` is awaited before each send. `quorum`: nodes that must confirm what
    the wallet has sent; `settle_blocks`: how long a single one must tell what nothing explains.
    """

    def __init__(
        self,
        rpc: Rpc,
        record: Record,
        signer: Signer,
        chain_id: int,
        *,
        in_flight: int,
        anchor: Anchor,
        fence: Fence | None = None,
        clock: Clock | None = None,
        transfer_gas: int | None = TRANSFER_GAS,
        quorum: int = 1,
        settle_blocks: int = 3,
    ) -> None:
        self._rpc = rpc
        self._record = record
        self._signer = signer
        self._chain_id = chain_id
        self._clock = clock or SystemClock()
        self._transfer_gas = transfer_gas
        self._transmission = Transmission(rpc, record, self._clock, fence)
        self._nonces = Nonces(
            rpc, record, signer.address, anchor, self._clock, quorum=quorum, settle_blocks=settle_blocks
        )
        self._room = Room(record, signer.address, in_flight, self._clock, self._transmission.check_stop)
        self._dropped: list[int] = []
        self.sending: set[int] = set()
        """Intents whose first attempt is just leaving: nobody else may touch them."""

    @property
    def sender(self) -> Address:
        """The wallet's address."""
        return self._signer.address

    @property
    def room(self) -> int:
        """How many more may be sent now. Raises JournalError."""
        return self._room.left

    @property
    def unrecorded_room(self) -> int:
        """How many more may be sent by what is recorded; who has a place and is not recorded does not count.
        Raises JournalError.
        """
        return self._room.unrecorded

    def place(self, seconds: float | None = None) -> Place:
        """Room for one transaction, to be taken before it is decided, within so many seconds."""
        return Place(self._room, seconds)

    @property
    def held(self) -> bool:
        """True while the node tells a count of this wallet that is not believed: nothing can be sent."""
        return self._nonces.held

    def silent_seconds(self, attempt: Attempt) -> float | None:
        """Since this process last sent it; None if it never did."""
        sent = self._transmission.last_sent.get(attempt.hash)
        return None if sent is None else self._clock.now() - sent

    def forget(self, attempt: Attempt) -> None:
        """As if this process had never sent it."""
        self._transmission.last_sent.pop(attempt.hash, None)

    def take_dropped(self) -> list[int]:
        """Intents that were dropped since this was last asked."""
        dropped, self._dropped = self._dropped, []
        return dropped

    def notice(self) -> None:
        """Wake those that wait for room: something of this lane has ended or was mined."""
        self._room.notice()

    async def send(self, order: Order, pending: Execution | None, place: Place | None = None) -> Intent:
        """Sign `order` at the next nonce, record it (with the `pending` execution), send it.

        Waits for room, unless `place` is taken. Raises StoppedError, JournalError or NodeError when nothing
        was sent, and TransactionRefusedError when the node surely did not take it: then too the nonce is
        free. Returns as soon as the bytes are out, also when the answer is unclear or the record fails
        meanwhile: what was recorded stays live, and the tracker follows it. Where the fence raises, whoever
        took over does.
        """
        place = place or self.place()
        try:
            await place.take()
            least = await self._least_nonce()
            self._transmission.check_stop()
            intent = self._opened(order, least, None, pending)
        finally:
            place.give_back()
        return await self._send_first(intent)

    async def fill(self, nonce: int, fees: Fees) -> Intent | None:
        """Close the gap at `nonce` by a transfer of nothing to oneself; None if something is there by now.

        Raises as `send` does; JournalError when the nonce is held. The stop flag does not hinder it: behind a
        gap no cancel would be mined.
        """
        if await self._least_nonce() > nonce:
            return None
        order = Order(self.sender, b"", 0, await self._gas_of_transfer(), fees, Purpose.FILL)
        return await self._send_first(self._opened(order, nonce, nonce, None))

    async def replace(self, intent: Intent, fees: Fees, kind: AttemptKind) -> Intent:
        """Offer `fees` for the intent's nonce: for the same call, or for a transfer to oneself (CANCEL).

        Recorded first. Raises TransactionRefusedError when the node surely did not take this one (earlier
        attempts may be out all the same), StoppedError (never for a cancel), JournalError, or what the fence
        raises.
        """
        fields = await self._replacement(intent, fees, kind)
        await self._transmission.check_owner()
        if not _allowed_while_stopped(intent, kind):
            self._transmission.check_stop()
        attempt = self._signed(fields, intent.opportunity_id)
        recorded = self._record.add_attempt(intent.intent_id, attempt, kind)
        await self._transmission.check_owner()
        await self._offered(intent, attempt, kind)
        return recorded

    async def has_gas_enough(self, stored: StoredAttempt) -> bool:
        """Whether a transfer to oneself needs no more today than its signed gas limit. Raises NodeError."""
        if stored.kind is not AttemptKind.CANCEL:
            return True
        return stored.attempt.gas_limit >= await self._gas_of_transfer()

    async def offer_again(self, intent: Intent, stored: StoredAttempt) -> None:
        """Once more the replacement that was recorded and refused. Raises as `replace` does."""
        await self._transmission.check_owner()
        if not _allowed_while_stopped(intent, stored.kind):
            self._transmission.check_stop()
        self._record.reoffer(intent.intent_id, stored.attempt.hash)
        await self._offered(intent, stored.attempt, stored.kind)

    async def send_again(self, stored: StoredAttempt) -> None:
        """The same bytes once more, to every node; the attempt stays out whatever they answer. Raises
        StoppedError unless it is a cancel.
        """
        await self._transmission.again(stored)

    async def _least_nonce(self) -> int:
        """What the chain and the node's pool have not taken, at the same time as a look whether the work is
        still ours. Raises NodeError, JournalError.
        """
        least, _ = await asyncio.gather(self._nonces.least(), self._transmission.check_owner())
        return least

    def _opened(self, order: Order, least: int, nonce: int | None, pending: Execution | None) -> Intent:
        new = NewIntent(
            sender=self.sender,
            purpose=order.purpose,
            opportunity_id=order.opportunity_id,
            deadline=order.deadline,
            chain_id=self._chain_id,
            nonce=nonce,
            lost=order.lost,
        )

        def sign(at: int) -> Attempt:
            return self._signed(_fields(self._chain_id, order, at), order.opportunity_id)

        intent = self._record.open_intent(new, least, sign, pending=pending)
        self._nonces.given_out(intent.nonce)
        self.sending.add(intent.intent_id)
        return intent

    async def _send_first(self, intent: Intent) -> Intent:
        attempt = intent.attempts[0].attempt
        try:
            await self._transmission.check_owner()
            try:
                if intent.purpose is not Purpose.FILL:
                    self._transmission.check_stop()
            except StoppedError:
                # It never left, and never will.
                self._drop(intent, note="stopped")
                raise
            refused = await self._transmission.first(attempt, NOTHING_SENT)
            if refused is not None:
                self._drop(intent)
                raise refusal(attempt, refused)
        except JournalError as error:
            _LOG.warning("left_to_the_tracker", hash=attempt.hash, error=error.message)
        finally:
            self.sending.discard(intent.intent_id)
        return intent

    def _drop(self, intent: Intent, note: str = "") -> None:
        if note:
            self._record.mark_attempt(intent.attempts[0].attempt.hash, AttemptState.REFUSED, note=note)
        self._record.mark_intent(intent.intent_id, IntentState.DROPPED)
        self._dropped.append(intent.intent_id)
        self.notice()

    async def _offered(self, intent: Intent, attempt: Attempt, kind: AttemptKind) -> None:
        if not _allowed_while_stopped(intent, kind):
            self._transmission.check_stop()
        refused = await self._transmission.first(attempt, NOT_REPLACED)
        if refused is not None:
            raise refusal(attempt, refused)

    async def _replacement(self, intent: Intent, fees: Fees, kind: AttemptKind) -> TransactionFields:
        if kind is AttemptKind.CANCEL:
            gas = await self._gas_of_transfer()
            order = Order(self.sender, b"", 0, gas, fees, intent.purpose)
        else:
            said = read_envelope(intent.last_call.attempt.raw)
            order = Order(said.to, said.data, said.value, said.gas_limit, fees, intent.purpose)
        return _fields(self._chain_id, order, intent.nonce)

    async def _gas_of_transfer(self) -> int:
        if self._transfer_gas is not None:
            return self._transfer_gas
        transfer = {"from": self.sender, "to": self.sender, "value": "0x0"}
        estimate = quantity(await self._rpc.call("eth_estimateGas", transfer), "eth_estimateGas")
        return max(estimate * 6 // 5, TRANSFER_GAS)

    def _signed(self, fields: TransactionFields, opportunity_id: str | None) -> Attempt:
        signed = self._signer.sign(fields)
        return Attempt(
            opportunity_id=opportunity_id or "",
            chain_id=fields.chain_id,
            sender=signed.sender,
            nonce=fields.nonce,
            hash=signed.hash,
            raw=signed.raw,
            max_fee_per_gas=fields.max_fee_per_gas,
            max_priority_fee_per_gas=fields.max_priority_fee_per_gas,
            gas_limit=fields.gas_limit,
        )


def _allowed_while_stopped(intent: Intent, kind: AttemptKind) -> bool:
    return kind is AttemptKind.CANCEL or intent.purpose is Purpose.FILL


def _fields(chain_id: int, order: Order, nonce: int) -> TransactionFields:
    return TransactionFields(
        chain_id=chain_id,
        nonce=nonce,
        to=order.to,
        data=order.data,
        value=order.value,
        gas_limit=order.gas_limit,
        max_fee_per_gas=order.fees.max_fee_per_gas,
        max_priority_fee_per_gas=order.fees.max_priority_fee_per_gas,
    )
