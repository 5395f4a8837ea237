"""Follows every open intent of this process until its fate is sure: one look a block, one decision an intent.

A look asks the nodes in one batch; `policy.lifecycle` decides; what mined is the truth. What ended otherwise
is still looked at for as long as a reorganisation may reach, since it may turn out mined after all.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.domain.errors import JournalError, NodeError, UnknownOutcomeError, WalletError
from executor.domain.intent import Intent, IntentState, Purpose
from executor.journal.record import Record
from executor.policy.lifecycle import Pace, Step
from executor.submission.clock import Clock
from executor.submission.errors import StoppedError, TransactionRefusedError
from executor.submission.heads import Heads
from executor.submission.lanes import Lane
from executor.submission.log import get_logger
from executor.submission.memory import Gaps, Note
from executor.submission.nonces import MOST_UNKNOWN
from executor.submission.offers import Offers, Reprice, Worth, dearest, fees_of
from executor.submission.settling import OnChange, Settling
from executor.submission.sight import Questions, Sight, look
from executor.submission.watchlist import WatchList

__all__ = ["Fate", "OnChange", "Reprice", "Tracker", "TrackerRules", "Worth"]

MOST_FILLS = 16
"""Gaps of a lane that are filled at a time, the lowest first: nodes keep no more for sure."""

_LOG = get_logger("executor.submission")

_PASSING = (NodeError, JournalError, StoppedError, TransactionRefusedError, WalletError)
"""What ends one action and not the watch: it is decided anew at the next look."""


@dataclass(frozen=True, slots=True)
class TrackerRules:
    """`confirmations` (the transaction's own block included) after which a fate is told. `quorum`: nodes that
    must say the same. `max_fee_per_gas`: the user's bound in wei, None for none. `stuck_seconds`: without a
    new block after which it is said aloud.
    """

    confirmations: int
    quorum: int
    poll_seconds: float
    max_fee_per_gas: int | None = None
    stuck_seconds: float = 120


@dataclass(frozen=True, slots=True)
class Fate:
    """How an intent stands when it is told; `receipt` of whichever attempt was mined, None if none was.
    `booked`: false where whoever keeps the books could not be told of it for long; it is tried on.
    """

    intent: Intent
    receipt: Receipt | None
    booked: bool = True


class Tracker:
    """Watches the intents of one chain and executor. `run` in a task of its own, `fate` from many.

    `reprice` is asked before each bump and each cancel. `on_change` is told of each move between live and
    mined, of the ends, and once at the start how each intent stands; it may be told the same twice, and is
    told again where it failed. `new_heads` wakes each run of the tracker; without it, and should it end, it
    polls.

    What was taken over of a wallet that has no lane here is sent again as it was recorded, which needs no
    key; it is neither bumped nor cancelled, nor are its gaps filled.
    """

    def __init__(
        self,
        rpc: Rpc,
        record: Record,
        lanes: Mapping[Address, Lane],
        *,
        clock: Clock,
        pace: Pace,
        rules: TrackerRules,
        reprice: Reprice,
        on_change: OnChange,
        new_heads: Callable[[], AsyncIterator[object]] | None = None,
    ) -> None:
        self._rpc = rpc
        self._record = record
        self._lanes = lanes
        self._carrier = next(iter(lanes.values()), None)
        self._clock = clock
        self._rules = rules
        self._watch = WatchList(record, lanes, pace.finality_blocks)
        self._settling = Settling(record, self._watch, lanes, pace, on_change, clock)
        self._offers = Offers(record, reprice, rules.max_fee_per_gas, self._still_free)
        self._new_heads = new_heads
        self._gaps = Gaps({})
        self._too_wide: set[tuple[Address, int]] = set()
        self._looking = asyncio.Lock()
        self._looked = asyncio.Event()
        self._running = False
        self._head: int | None = None
        self._head_at = self._warned_at = clock.now()

    async def run(self) -> None:
        """Look at each new block until cancelled; then once more, sending nothing. Raises what a fence
        raises.
        """
        self._running = True
        announced = None if self._new_heads is None else self._new_heads()
        heads = Heads(announced, self._clock, self._rules.poll_seconds)
        try:
            while True:
                await self._try_look()
                await heads.next()
        finally:
            self._running = False
            heads.close()
            await self._try_look(acting=False)

    async def look(self, *, acting: bool = True) -> None:
        """One look, and what follows from it; without `acting` nothing is sent. Raises NodeError when too few
        nodes answer, JournalError, and what a fence raises.
        """
        async with self._looking:
            try:
                await self._look(acting)
            finally:
                self._looked.set()
                self._looked = asyncio.Event()

    async def fate(self, intent_id: int, seconds: float | None = None) -> Fate:
        """What became of it: mined with the asked confirmations (perhaps as the transfer to oneself, see
        `Intent.was_cancelled`), final, superseded or dropped. Raises UnknownOutcomeError after `seconds`,
        when one last look finds no success either; JournalError.
        """
        started = self._clock.now()
        while True:
            told = await self._told(intent_id)
            if told is not None:
                return told
            looked = self._looked
            if seconds is not None and self._clock.now() - started >= seconds:
                await self._try_look()
                last = await self._told(intent_id)
                if last is None:
                    raise _unknown(self._record.intent(intent_id), seconds)
                return last
            if self._running:
                await looked.wait()
            else:
                await self._try_look()
                await self._clock.sleep(self._rules.poll_seconds)

    async def cancel_all(self, because: str) -> int:
        """Cancel what is live and can be cancelled; returns how many that are. What mined before stays."""
        count = self._unwant_all(because)
        await self._try_look()
        return count

    def _unwant_all(self, because: str) -> int:
        live = [
            intent
            for intent in self._record.open_intents(executor_id=self._record.executor_id)
            if intent.state is IntentState.LIVE and intent.wanted and intent.purpose is not Purpose.FILL
        ]
        for intent in live:
            self._record.unwant(intent.intent_id, because)
        return len(live)

    async def _try_look(self, *, acting: bool = True) -> None:
        try:
            await self.look(acting=acting)
        except (NodeError, JournalError) as error:
            _LOG.warning("look_failed", chain=self._record.chain, error=error.message)
            self._warn_if_stuck()

    async def _look(self, acting: bool) -> None:
        flag = self._record.stop_flag()
        if flag is not None:
            self._unwant_all(f"stopped: {flag.because}")
        intents = self._watch.intents(self._head)
        if not intents:
            self._head, self._head_at = None, self._clock.now()
            return
        sight = await self._watch.see(self._rpc, intents, self._rules.quorum)
        self._note_head(sight.head)
        left: list[tuple[Intent, Step]] = []
        for intent in intents:
            note = self._watch.note(intent.intent_id)
            if note is not None:
                left.append(await self._settling.settle(intent, note, sight))
        if not acting:
            return
        fills = self._fills(sight)
        actions = [self._act(intent, step, sight.head) for intent, step in left]
        for outcome in await asyncio.gather(*actions, *fills, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _act(self, intent: Intent, step: Step, head: int) -> None:
        lane, note = self._lanes.get(intent.sender), self._watch.note(intent.intent_id)
        if note is None or step not in (Step.CANCEL, Step.RESEND, Step.REPRICE):
            return
        if step is not Step.RESEND and note.offered_at == head:
            return
        try:
            if lane is None:
                await self._act_without_key(intent, step, note, head)
            elif step is Step.CANCEL:
                note.offered(head)
                await self._offers.cancel(lane, intent, intent.unwanted_because or "its time is over")
            elif step is Step.REPRICE:
                note.offered(head)
                await self._offers.price_anew(lane, intent)
            else:
                note.sent_block = head
                await lane.send_again(dearest(intent))
        except _PASSING as error:
            _LOG.info("not_done", step=step.value, intent=intent.intent_id, error=error.message)

    async def _act_without_key(self, intent: Intent, step: Step, note: Note, head: int) -> None:
        """What was signed elsewhere can be sent by anybody; only the key could offer more, or cancel. What is
        merely too late is sent all the same: the router turns it down, and the wallet's next nonce is free.
        """
        if step is not Step.RESEND:
            if note.offered_at is None:
                _LOG.warning("key_missing", sender=intent.sender, intent=intent.intent_id, cannot=step.value)
            note.offered(head)
        if self._carrier is not None and (step is not Step.CANCEL or intent.wanted):
            note.sent_block = head
            await self._carrier.send_again(dearest(intent))

    def _fills(self, sight: Sight) -> list[Coroutine[Any, Any, None]]:
        fills = []
        for sender, lane in self._lanes.items():
            held = {intent.nonce: intent for intent in self._record.open_intents(sender=sender)}
            live = [nonce for nonce, intent in held.items() if intent.state is IntentState.LIVE]
            if sender not in sight.counts or not live:
                continue
            open_ones = (nonce for nonce in range(sight.counts[sender], max(live)) if nonce not in held)
            missing = list(islice(open_ones, MOST_UNKNOWN + 1))
            if len(missing) > MOST_UNKNOWN:
                self._say_too_wide(sender, sight.counts[sender], max(live))
                reach = max((nonce for nonce in live if nonce < missing[-1]), default=0)
                missing = [nonce for nonce in missing if nonce < reach]
            for nonce in self._gaps.due(sender, missing[:MOST_FILLS], sight.head):
                above = held[min(one for one in live if one > nonce)]
                fills.append(self._fill(lane, nonce, above))
        return fills

    def _say_too_wide(self, sender: Address, mined: int, live: int) -> None:
        """Nobody leaves so many out: the nonce above them was a node's lie, and is not worth them."""
        if (sender, live) not in self._too_wide:
            self._too_wide.add((sender, live))
            fix = "it waits until the wallet has come so far; what lies in reach is sent and filled as ever"
            _LOG.error("gap_too_wide", sender=sender, mined=mined, live=live, fix=fix)

    async def _fill(self, lane: Lane, nonce: int, above: Intent) -> None:
        """At the price of what waits behind it."""
        try:
            if await lane.fill(nonce, fees_of(dearest(above))) is not None:
                _LOG.info("gap_filled", sender=lane.sender, nonce=nonce)
        except _PASSING as error:
            _LOG.info("gap_not_filled", sender=lane.sender, nonce=nonce, error=error.message)

    async def _still_free(self, intent: Intent) -> bool:
        """False also where the nodes do not say."""
        with suppress(NodeError):
            sight = await look(self._rpc, Questions([intent.sender]), self._rules.quorum)
            return sight.counts.get(intent.sender) == intent.nonce
        return False

    def _note_head(self, head: int) -> None:
        if head != self._head:
            self._head, self._head_at = head, self._clock.now()
            self._warned_at = self._head_at
        self._warn_if_stuck()

    def _warn_if_stuck(self) -> None:
        now = self._clock.now()
        if now - max(self._warned_at, self._head_at) >= self._rules.stuck_seconds:
            self._warned_at = now
            _LOG.warning(
                "no_new_block", chain=self._record.chain, head=self._head, seconds=int(now - self._head_at)
            )

    async def _told(self, intent_id: int) -> Fate | None:
        intent = self._record.intent(intent_id)
        if intent.state is IntentState.LIVE:
            return None
        if intent.state in (IntentState.DROPPED, IntentState.SUPERSEDED):
            return Fate(intent, None)
        if intent.state is IntentState.MINED and not self._is_confirmed(intent):
            return None
        note = self._watch.note(intent_id)
        receipt = None if note is None else note.receipt
        receipt = receipt or await self._receipt_of(intent)
        booked = note is None or note.told
        return None if receipt is None else Fate(intent, receipt, booked)

    def _is_confirmed(self, intent: Intent) -> bool:
        note = self._watch.note(intent.intent_id)
        if note is None or not note.sure or self._head is None or intent.block is None:
            return False
        if not (note.told or note.overdue):
            return False
        return self._head - intent.block.number + 1 >= self._rules.confirmations

    async def _receipt_of(self, intent: Intent) -> Receipt | None:
        with suppress(NodeError):
            if intent.winner is not None:
                sight = await look(self._rpc, Questions(hashes=[intent.winner]), self._rules.quorum)
                return sight.receipts.get(intent.winner)
        return None


def _unknown(intent: Intent, seconds: float) -> UnknownOutcomeError:
    stored = dearest(intent)
    return UnknownOutcomeError(
        f"transaction {stored.attempt.hash} is not mined after {seconds:g} seconds; its fate is open.",
        fix=(
            "run the same opportunity again later: it looks for the receipt and never sends a second "
            "transaction"
        ),
        hash=stored.attempt.hash,
        nonce=intent.nonce,
        sender=intent.sender,
    )
