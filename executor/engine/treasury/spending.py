"""How much gas money the operators have had of late: from the books, and from what is still on its way."""

from collections.abc import Collection, Iterable

from executor.domain.address import Address
from executor.domain.booking import NATIVE, Booking, Kind
from executor.domain.errors import PlanError
from executor.domain.intent import Intent, Purpose
from executor.journal.books import Books, Wanted
from executor.plan import decode
from executor.submission.envelope import read_envelope

DAY_SECONDS = 86_400


def refilled(books: Books, chain: str, operators: Collection[Address], *, now: int) -> int:
    """Wei that came to `operators` within the 24 hours before `now` (Unix seconds): tips out of profit,
    transfers from each other, what they unwrapped. Raises JournalError.
    """
    wanted = Wanted(chain=chain, since=now - DAY_SECONDS)
    return sum(_came_to(operators, booking) for booking in books.all_standing(wanted))


def on_its_way(books: Books, intents: Iterable[Intent], operators: Collection[Address]) -> int:
    """Wei that open intents may bring to `operators` at most, without what is booked already. Raises
    JournalError.
    """
    return sum(
        brings
        for intent in intents
        if (brings := _may_bring(intent, operators)) and books.standing(intent.intent_id) is None
    )


def _came_to(operators: Collection[Address], booking: Booking) -> int:
    kinds = {Kind.REBATE} | ({Kind.TRANSFER} if booking.purpose is Purpose.TRANSFER else set())
    return sum(
        entry.amount
        for entry in booking.entries
        if entry.kind in kinds and entry.token is NATIVE and entry.amount > 0 and entry.account in operators
    )


def _may_bring(intent: Intent, operators: Collection[Address]) -> int:
    envelope = read_envelope(intent.last_call.attempt.raw)
    if intent.purpose is Purpose.TRANSFER:
        return envelope.value if envelope.to in operators else 0
    if intent.purpose is not Purpose.TRADE:
        return 0
    try:
        tip = decode(envelope.data).header.tip
    except PlanError:
        return 0
    return 0 if tip is None or tip.receiver not in operators else tip.fixed
