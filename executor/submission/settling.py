"""Writes down what a look has shown, and tells whoever keeps the books."""

from collections.abc import Awaitable, Callable, Mapping

from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.domain.errors import JournalError
from executor.domain.intent import Block, Intent, IntentState
from executor.journal.record import Record
from executor.policy.lifecycle import Pace, Step, next_step
from executor.submission.clock import Clock
from executor.submission.lanes import Lane
from executor.submission.log import get_logger
from executor.submission.memory import Note, Untold
from executor.submission.offers import dearest
from executor.submission.sight import Sight
from executor.submission.watchlist import WatchList

_LOG = get_logger("executor.submission")

MOST_TELLS = 5
TELL_SECONDS = 30.0
"""So often and for so long the books are waited for; then an opportunity ends without them."""

RETELL_SECONDS = 30.0
"""Between two tries after that."""

OnChange = Callable[[Intent, Receipt | None], Awaitable[None]]

_MOVES = frozenset({Step.RECORD, Step.REOPEN, Step.FINALISE, Step.SUPERSEDE})


class Settling:
    """Moves intents on in the record. Each move is told before the next one is made."""

    def __init__(
        self,
        record: Record,
        watch: WatchList,
        lanes: Mapping[Address, Lane],
        pace: Pace,
        on_change: OnChange,
        clock: Clock,
    ) -> None:
        self._record = record
        self._watch = watch
        self._lanes = lanes
        self._pace = pace
        self._on_change = on_change
        self._clock = clock

    async def settle(self, intent: Intent, note: Note, sight: Sight) -> tuple[Intent, Step]:
        """Write down what is sure of it now; returns it as it then is, and what is left to be done."""
        lane = self._carrier(intent)
        while True:
            silent = None if lane is None else lane.silent_seconds(dearest(intent).attempt)
            step = next_step(note.updated(intent, sight, silent), self._pace)
            # What a block that is gone had shown cannot be told any more, and need not be.
            told = note.told or step is Step.REOPEN or await self._tell(intent, note)
            # What the books cannot take stays watched, so that they are told as soon as they can.
            may_move = told or (note.overdue and step is not Step.FINALISE)
            if (
                step not in _MOVES
                or not may_move
                or (step is Step.RECORD and self._is_anothers(intent, note))
            ):
                return intent, step
            try:
                intent = self._moved(intent, step, note, sight.head)
            except JournalError as error:
                _LOG.warning("not_recorded", intent=intent.intent_id, step=step.value, error=error.message)
                return intent, Step.WAIT
            if lane is not None:
                lane.notice()
            note.told, note.untold = False, None
            await self._tell(intent, note)

    def _moved(self, intent: Intent, step: Step, note: Note, head: int) -> Intent:
        _LOG.info(step.value, intent=intent.intent_id, nonce=intent.nonce, purpose=intent.purpose.value)
        if step is Step.RECORD:
            return self._mined(intent, note)
        if step is Step.REOPEN:
            return self._reopened(intent, note)
        self._forget_sends(intent)
        if step is Step.FINALISE:
            return self._record.mark_intent(intent.intent_id, IntentState.FINAL)
        superseded = self._record.mark_intent(intent.intent_id, IntentState.SUPERSEDED)
        self._watch.end(superseded, head)
        return superseded

    def _mined(self, intent: Intent, note: Note) -> Intent:
        receipt = note.receipt
        assert receipt is not None
        block = Block(receipt.block_number, receipt.block_hash)
        mined = self._record.mark_intent(
            intent.intent_id, IntentState.MINED, winner=receipt.transaction_hash, block=block
        )
        note.sure = True
        self._watch.revive(intent.intent_id)
        return mined

    def _reopened(self, intent: Intent, note: Note) -> Intent:
        """Live again, and to be sent again at once."""
        live = self._record.mark_intent(intent.intent_id, IntentState.LIVE)
        note.receipt, note.sure = None, False
        self._forget_sends(intent)
        return live

    def _forget_sends(self, intent: Intent) -> None:
        lane = self._carrier(intent)
        if lane is not None:
            for stored in intent.attempts:
                lane.forget(stored.attempt)

    def _carrier(self, intent: Intent) -> Lane | None:
        """Its own lane; any other knows as well when it last sent which bytes."""
        return self._lanes.get(intent.sender) or next(iter(self._lanes.values()), None)

    def _is_anothers(self, intent: Intent, note: Note) -> bool:
        """True if the bytes of one that ended belong to a later intent too: which holds the nonce counts."""
        if not self._watch.has_ended(intent.intent_id):
            return False
        assert note.receipt is not None
        owner = self._record.intent_of(note.receipt.transaction_hash)
        return owner is not None and owner.intent_id != intent.intent_id

    async def _tell(self, intent: Intent, note: Note) -> bool:
        """False where nobody could be told: it is tried again at the next look, and more seldom where that
        has failed for long.
        """
        in_chain = intent.state in (IntentState.MINED, IntentState.FINAL)
        if in_chain and note.receipt is None:
            return False
        failed = note.untold
        if failed is not None and failed.overdue and self._clock.now() - failed.last < RETELL_SECONDS:
            return False
        try:
            await self._on_change(intent, note.receipt if in_chain else None)
        except Exception as error:
            # Whatever is wrong with the books of one intent must not end the watch over all.
            self._note_untold(intent, note, error)
            return False
        note.told, note.untold = True, None
        return True

    def _note_untold(self, intent: Intent, note: Note, error: Exception) -> None:
        now = self._clock.now()
        note.untold = failed = note.untold or Untold(now, now)
        failed.times, failed.last = failed.times + 1, now
        _LOG.warning("not_told", intent=intent.intent_id, error=repr(error))
        if not failed.overdue and failed.times >= MOST_TELLS and now - failed.since >= TELL_SECONDS:
            failed.overdue = True
            _LOG.error("booking_missing", intent=intent.intent_id, winner=intent.winner, error=repr(error))
