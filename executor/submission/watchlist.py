"""Which intents are looked at, what is remembered of each, and what is asked about them."""

from collections.abc import Mapping, Sequence

from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.errors import JournalError
from executor.domain.intent import OPEN, Intent, IntentState
from executor.journal.record import Record
from executor.submission.lanes import Lane
from executor.submission.memory import Note
from executor.submission.offers import dearest
from executor.submission.sight import Questions, Sight, all_hashes, look

FRONT = 32
"""Live intents of a lane that are asked about in the first batch; further ones once they are mined."""


class WatchList:
    """The open intents of this executor, and those that ended unmined for as long as a reorganisation may
    reach: `reach` blocks. Those that ended before this process began are counted from its first look: what
    happened while none was running is found too. Methods raise JournalError.
    """

    def __init__(self, record: Record, lanes: Mapping[Address, Lane], reach: int) -> None:
        self._record = record
        self._lanes = lanes
        self._reach = reach
        self._notes: dict[int, Note] = {}
        self._ended: dict[int, Intent] = {}
        self._read_after = -1

    def note(self, intent_id: int) -> Note | None:
        """What is remembered of it, if it is watched."""
        return self._notes.get(intent_id)

    def has_ended(self, intent_id: int) -> bool:
        """True if it is watched for a late success only."""
        return intent_id in self._ended

    def end(self, intent: Intent, head: int | None) -> None:
        """It ended unmined, at block `head`."""
        self._notes.setdefault(intent.intent_id, Note()).ended_at = head
        self._ended[intent.intent_id] = intent

    def revive(self, intent_id: int) -> None:
        """It is mined after all."""
        self._ended.pop(intent_id, None)

    def intents(self, head: int | None) -> list[Intent]:
        """Open ones first: theirs are the hashes that an ended one may share. `head`: at the last look."""
        sending = {one for lane in self._lanes.values() for one in lane.sending}
        ours = self._record.open_intents(executor_id=self._record.executor_id)
        ids = {intent.intent_id for intent in ours}
        gone = [one for one in self._notes if one not in ids and one not in self._ended]
        dropped = [one for lane in self._lanes.values() for one in lane.take_dropped()]
        try:
            for intent_id in dict.fromkeys([*gone, *dropped]):
                self._ended_elsewhere(self._record.intent(intent_id), head)
            self._read_ended()
        except JournalError:
            # Whatever was not come to is read from the record once it can be.
            self._read_after = -1
            raise
        self._forget_settled(head)
        watched = [intent for intent in ours if intent.intent_id not in sending]
        for intent in watched:
            if intent.intent_id not in self._notes:
                self._notes[intent.intent_id] = self._new_note(intent)
        return [*watched, *self._ended.values()]

    async def see(self, rpc: Rpc, intents: Sequence[Intent], quorum: int) -> Sight:
        """What is so of them: one batch, and a second one only where a block is gone or more was mined than
        was asked for. Raises NodeError.
        """
        first = self._questions(intents)
        sight = await look(rpc, first, quorum)
        left = self._questions_left(intents, first, sight)
        return sight if left is None else sight.joined(await look(rpc, left, quorum))

    def _new_note(self, intent: Intent) -> Note:
        """What this process has sent itself needs no telling; what it found recorded does."""
        lane = self._lanes.get(intent.sender)
        sent = lane is not None and lane.silent_seconds(dearest(intent).attempt) is not None
        return Note(told=sent and intent.state is IntentState.LIVE)

    def _ended_elsewhere(self, intent: Intent, head: int | None) -> None:
        """Something else than a look ended it: its lane, another process, a late success of its rival."""
        unmined = intent.state not in OPEN and intent.state is not IntentState.FINAL
        if not unmined or intent.executor_id != self._record.executor_id:
            self._notes.pop(intent.intent_id, None)
            return
        self.end(intent, head)
        self._notes[intent.intent_id].told = intent.state is IntentState.DROPPED

    def _read_ended(self) -> None:
        """At the start, and when another's work was taken over."""
        adoptions = self._record.adoptions
        if self._read_after == adoptions:
            return
        for intent in self._record.lately_ended():
            if intent.intent_id not in self._notes:
                self._ended_elsewhere(intent, None)
        self._read_after = adoptions

    def _forget_settled(self, head: int | None) -> None:
        """Past the reach of reorganisations what ended stays ended."""
        for intent_id in list(self._ended):
            note = self._notes[intent_id]
            if note.ended_at is None:
                note.ended_at = head
            elif head is not None and head - note.ended_at >= self._reach:
                del self._ended[intent_id], self._notes[intent_id]

    def _questions(self, intents: Sequence[Intent]) -> Questions:
        asked: dict[Address, int] = {}
        hashes: list[list[str]] = []
        pooled: list[list[str]] = []
        heights: set[int] = set()
        top = max((intent.block.number for intent in intents if intent.block is not None), default=None)
        for intent in intents:
            note, own = self._notes[intent.intent_id], [one.attempt.hash for one in intent.attempts]
            if intent.block is not None:
                if not note.sure or intent.block.number == top:
                    heights.add(intent.block.number)
                if not note.sure or note.receipt is None:
                    hashes.append(own)
            elif intent.state is not IntentState.LIVE:
                hashes.append(own)
            elif asked.setdefault(intent.sender, 0) < FRONT:
                asked[intent.sender] += 1
                hashes.append(own)
                pooled.append(own)
        senders = list(dict.fromkeys(intent.sender for intent in intents))
        return Questions(senders, all_hashes(hashes), all_hashes(pooled), sorted(heights))

    def _questions_left(self, intents: Sequence[Intent], first: Questions, sight: Sight) -> Questions | None:
        """Blocks that carry ours stand on one another: while the newest is there, so are all."""
        mined = [(intent, intent.block) for intent in intents if intent.block is not None]
        in_place = all(
            sight.blocks.get(block.number) == block.hash
            for _, block in mined
            if block.number in first.heights
        )
        for intent, _ in mined:
            self._notes[intent.intent_id].sure &= in_place
        more = [] if in_place else [intent for intent, _ in mined]
        more += [
            intent
            for intent in intents
            if intent.state is IntentState.LIVE and intent.nonce < sight.counts.get(intent.sender, 0)
        ]
        hashes = all_hashes([one.attempt.hash for one in intent.attempts] for intent in more)
        left = [one for one in hashes if one not in first.hashes]
        heights = set() if in_place else {block.number for _, block in mined} - set(first.heights)
        return Questions((), left, (), sorted(heights)) if left or heights else None
