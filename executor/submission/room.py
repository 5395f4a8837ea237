"""Room in a lane: how many transactions of a wallet may be out at a time, and who waits for that."""

import asyncio
from collections.abc import Callable

from executor.domain.address import Address
from executor.journal.record import Record
from executor.submission.clock import Clock, set_or_slept
from executor.submission.errors import NoRoomError

RECHECK_SECONDS = 1.0
"""How often who waits for room looks for itself: another process may have made it."""


class Room:
    """Room for `most` transactions of a wallet that are not mined. `check_stop` is called while one waits,
    and ends that by what it raises. Reading raises JournalError.
    """

    def __init__(
        self, record: Record, sender: Address, most: int, clock: Clock, check_stop: Callable[[], None]
    ) -> None:
        self._record = record
        self._sender = sender
        self._most = most
        self._clock = clock
        self._check_stop = check_stop
        self._waiting: list[object] = []
        self._reserved = 0
        self._freed = asyncio.Event()

    @property
    def unrecorded(self) -> int:
        """For how many more there is room by what is recorded."""
        return self._most - self._record.in_flight(self._sender)

    @property
    def left(self) -> int:
        """For how many more there is room now."""
        return max(self.unrecorded - self._reserved, 0)

    def notice(self) -> None:
        """Wake those that wait: something has ended or was mined."""
        self._freed.set()

    async def reserve(self, seconds: float | None) -> bool:
        """Reserve room for one, in the order of asking; True if that meant waiting. Raises NoRoomError after
        `seconds` (None: never).
        """
        ticket, began, waited = object(), self._clock.now(), False
        self._waiting.append(ticket)
        try:
            while self._waiting[0] is not ticket or self.left == 0:
                self._check_stop()
                if seconds is not None and self._clock.now() - began >= seconds:
                    raise NoRoomError(
                        f"{self._most} transactions of {self._sender} are out, and none was mined in "
                        f"{seconds:g} seconds.",
                        fix="raise lanes.in_flight, or add a wallet",
                        sender=self._sender,
                    )
                waited = True
                self._freed.clear()
                await set_or_slept(self._freed, self._clock, RECHECK_SECONDS)
            self._reserved += 1
        finally:
            self._waiting.remove(ticket)
            self.notice()
        return waited

    def release(self) -> None:
        """What was reserved for one is recorded, or not needed."""
        self._reserved -= 1
        self.notice()


class Place:
    """Room for one transaction, kept for it from before it is decided until it is recorded: so that what is
    decided does not grow old while it waits. `seconds`: how long that is waited for, None for ever.
    """

    def __init__(self, room: Room, seconds: float | None = None) -> None:
        self._room = room
        self._seconds = seconds
        self._held = False

    async def take(self) -> bool:
        """True if that meant waiting. Harmless when it is taken. Raises what `Room.reserve` raises."""
        if self._held:
            return False
        waited = await self._room.reserve(self._seconds)
        self._held = True
        return waited

    def give_back(self) -> None:
        """Harmless when it was not taken."""
        if self._held:
            self._held = False
            self._room.release()
