"""Holds the books of an executor against the chain's own history. Pure; it knows nothing of either's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

OPEN_STATUSES = frozenset({"accepted", "pending"})
IN_A_BLOCK = frozenset({"mined", "final"})
HOLDS_NONCE = IN_A_BLOCK | {"live"}


@dataclass(frozen=True)
class Mined:
    """One transaction of an operator's wallet in the chain as it stands now.

    `opportunity_id` is what its own calldata says, None for a transfer to oneself. `gain`: what the router
    gained by it, in the settlement token's smallest unit. `gas_cost` in wei.
    """

    hash: str
    sender: str
    nonce: int
    block_number: int
    block_hash: str
    success: bool
    gas_cost: int
    gain: int
    opportunity_id: str | None


@dataclass(frozen=True)
class History:
    """What the chain tells. `counts`: mined transactions of each wallet; `waiting`: nonces that nodes hold
    and no block has; `earned`: growth of the router's balance over the run; `spent`: wei that left each
    wallet.
    """

    transactions: tuple[Mined, ...]
    counts: Mapping[str, int]
    waiting: Mapping[str, tuple[int, ...]]
    earned: int
    spent: Mapping[str, int]


@dataclass(frozen=True)
class BookedExecution:
    """One opportunity in the books. Amounts as in `Mined`; None where the books have none."""

    opportunity_id: str
    status: str
    hashes: tuple[str, ...] = ()
    realised_profit: int | None = None
    gas_cost: int | None = None
    block_number: int | None = None


@dataclass(frozen=True)
class BookedIntent:
    """One nonce in the books. `attempts`: hashes of all that was signed for it."""

    sender: str
    nonce: int
    state: str
    opportunity_id: str | None
    winner: str | None
    block_number: int | None
    block_hash: str | None
    attempts: tuple[str, ...]


@dataclass(frozen=True)
class BookedEntry:
    """One amount in the books of realised profit: signed, in the smallest unit; `native` for the chain's own
    coin, else the settlement token.
    """

    transaction: str
    native: bool
    amount: int


@dataclass(frozen=True)
class Books:
    """What the executor's database says."""

    executions: tuple[BookedExecution, ...]
    intents: tuple[BookedIntent, ...]
    entries: tuple[BookedEntry, ...] | None = None


@dataclass(frozen=True)
class Findings:
    """What is wrong, in sentences; all empty when the books are the chain's history."""

    executed_twice: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    misbooked: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.executed_twice, *self.lost, *self.gaps, *self.misbooked)


def check(given: Collection[str], history: History, books: Books) -> Findings:
    """Everything that is wrong after the opportunities `given` were settled."""
    facts = _Facts(given, history, books)
    kinds: dict[str, Callable[[_Facts], Iterator[str]]] = {
        "executed_twice": _executed_twice,
        "lost": _lost,
        "gaps": _gaps,
        "misbooked": _misbooked,
    }
    return Findings(**{name: tuple(dict.fromkeys(find(facts))) for name, find in kinds.items()})


@dataclass(frozen=True)
class _Facts:
    given: Collection[str]
    history: History
    books: Books
    mined: Mapping[str, Mined] = field(init=False)
    intent_of: Mapping[str, BookedIntent] = field(init=False)

    def __post_init__(self) -> None:
        mined = {one.hash: one for one in self.history.transactions}
        intents = {sent: intent for intent in self.books.intents for sent in intent.attempts}
        object.__setattr__(self, "mined", mined)
        object.__setattr__(self, "intent_of", intents)

    def successes(self, opportunity_id: str) -> list[Mined]:
        return [
            one for one in self.history.transactions if one.success and opportunity_id == one.opportunity_id
        ]


def _executed_twice(facts: _Facts) -> Iterator[str]:
    done = Counter(one.opportunity_id for one in facts.history.transactions if one.success)
    for opportunity_id, times in done.items():
        if opportunity_id is not None and times > 1:
            yield f"{opportunity_id} was executed {times} times"


def _lost(facts: _Facts) -> Iterator[str]:
    known = {one.opportunity_id: one for one in facts.books.executions}
    for opportunity_id in facts.given:
        if opportunity_id not in known:
            yield f"{opportunity_id} was given and is in no book"
    for one in known.values():
        if one.status in OPEN_STATUSES:
            yield f"{one.opportunity_id} is {one.status} for ever"


def _gaps(facts: _Facts) -> Iterator[str]:
    for sender, nonces in facts.history.waiting.items():
        for nonce in nonces:
            yield f"nonce {nonce} of {sender} waits in a pool"
    for intent in facts.books.intents:
        if intent.state == "live":
            yield f"nonce {intent.nonce} of {intent.sender} is live for ever"
        count = facts.history.counts.get(intent.sender, 0)
        if intent.state in HOLDS_NONCE and intent.nonce >= count:
            yield f"nonce {intent.nonce} of {intent.sender} is held, {count} are mined"
    for sender, count in facts.history.counts.items():
        found = sorted(one.nonce for one in facts.history.transactions if one.sender == sender)
        if found and found != list(range(count - len(found), count)):
            yield f"the history of {sender} up to {count} has holes: {found}"


def _misbooked(facts: _Facts) -> Iterator[str]:
    for one in facts.history.transactions:
        yield from _unlike_its_intent(one, facts.intent_of.get(one.hash))
    for intent in facts.books.intents:
        if intent.state in IN_A_BLOCK and intent.winner not in facts.mined:
            yield f"nonce {intent.nonce} is booked with {intent.winner}, which is in no block"
    for execution in facts.books.executions:
        yield from _unlike_the_chain(execution, facts)
    yield from _totals(facts)
    yield from _entries(facts)


def _unlike_its_intent(one: Mined, intent: BookedIntent | None) -> Iterator[str]:
    if intent is None:
        yield f"{one.hash} (nonce {one.nonce}) was mined and nobody recorded it"
        return
    if intent.state not in IN_A_BLOCK or intent.winner != one.hash:
        yield f"{one.hash} was mined, its intent is {intent.state} with winner {intent.winner}"
    elif (intent.block_number, intent.block_hash) != (one.block_number, one.block_hash):
        yield f"{one.hash} is in block {one.block_number}, booked in {intent.block_number}"
    if (intent.sender, intent.nonce) != (one.sender, one.nonce):
        yield f"{one.hash} has nonce {one.nonce} of {one.sender}, not {intent.nonce} of {intent.sender}"
    if one.opportunity_id is not None and one.opportunity_id != intent.opportunity_id:
        yield f"{one.hash} executes {one.opportunity_id}, booked for {intent.opportunity_id}"


def _unlike_the_chain(execution: BookedExecution, facts: _Facts) -> Iterator[str]:
    name, done = execution.opportunity_id, facts.successes(execution.opportunity_id)
    if execution.status != "realised":
        if done:
            yield f"{name} is booked as {execution.status}, and {done[0].hash} executed it"
        if execution.status == "reverted":
            yield from _unlike_receipt(execution, facts, success=False)
        return
    if not done:
        yield f"{name} is booked as realised, and no block has it"
        return
    yield from _unlike_receipt(execution, facts, success=True)
    if execution.realised_profit != sum(one.gain for one in done):
        gain = sum(one.gain for one in done)
        yield f"{name} is booked with {execution.realised_profit}, the router gained {gain}"


def _unlike_receipt(execution: BookedExecution, facts: _Facts, *, success: bool) -> Iterator[str]:
    one = facts.mined.get(execution.hashes[-1]) if execution.hashes else None
    name = execution.opportunity_id
    if one is None or one.success is not success:
        yield f"{name} is booked as {execution.status} by {execution.hashes}, which the chain does not say"
        return
    if execution.gas_cost != one.gas_cost:
        yield f"{name} is booked with {execution.gas_cost} wei of gas, {one.gas_cost} were paid"
    if execution.block_number != one.block_number:
        yield f"{name} is booked in block {execution.block_number}, it is in {one.block_number}"


def _totals(facts: _Facts) -> Iterator[str]:
    booked = sum(one.realised_profit or 0 for one in facts.books.executions if one.status == "realised")
    if booked != facts.history.earned:
        yield f"{booked} is booked in all, the router's balance grew by {facts.history.earned}"
    for sender, spent in facts.history.spent.items():
        paid = sum(one.gas_cost for one in facts.history.transactions if one.sender == sender)
        if paid != spent:
            yield f"{sender} paid {paid} wei of gas in all, its balance fell by {spent}"


def _entries(facts: _Facts) -> Iterator[str]:
    if facts.books.entries is None:
        return
    for native in (False, True):
        booked: Counter[str] = Counter()
        for entry in facts.books.entries:
            if entry.native is native:
                booked[entry.transaction] += entry.amount
        real = {one.hash: (-one.gas_cost if native else one.gain) for one in facts.history.transactions}
        for sent in sorted({*booked, *real}):
            if booked[sent] != real.get(sent, 0):
                unit = "wei" if native else "of the settlement token"
                yield f"{sent} is booked with {booked[sent]} {unit}, the chain says {real.get(sent, 0)}"
