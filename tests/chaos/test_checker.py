"""The checker finds each fault that is planted, and none in books that are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.checker import (
    BookedEntry,
    BookedExecution,
    BookedIntent,
    Books,
    Findings,
    History,
    Mined,
    check,
)

WALLET = "0xA11CE"
Case = tuple[tuple[str, ...], History, Books]


def right(outcomes: list[str]) -> Case:
    """A history of that many opportunities that end so, and books that tell the same of it."""
    mined: list[Mined] = []
    executions: list[BookedExecution] = []
    intents: list[BookedIntent] = []
    entries: list[BookedEntry] = []
    for number, outcome in enumerate(outcomes):
        name = f"seen-{number}"
        if outcome in ("declined", "failed"):
            executions.append(BookedExecution(name, outcome))
            continue
        nonce, cancelled = len(mined), outcome == "cancelled"
        gain = 1000 + number if outcome == "realised" else 0
        one = Mined(
            hash=f"0x{number:x}",
            sender=WALLET,
            nonce=nonce,
            block_number=10 + number,
            block_hash=f"0xb{number:x}",
            success=outcome != "reverted",
            gas_cost=21 + number,
            gain=gain,
            opportunity_id=None if cancelled else name,
        )
        mined.append(one)
        entries += [BookedEntry(one.hash, False, gain), BookedEntry(one.hash, True, -one.gas_cost)]
        intents.append(
            BookedIntent(
                WALLET, nonce, "final", name, one.hash, one.block_number, one.block_hash, ("0xelse", one.hash)
            )
        )
        executions.append(
            BookedExecution(name, "failed")
            if cancelled
            else BookedExecution(name, outcome, (one.hash,), gain, one.gas_cost, one.block_number)
        )
    history = History(
        tuple(mined),
        {WALLET: len(mined)},
        {WALLET: ()},
        sum(one.gain for one in mined),
        {WALLET: sum(one.gas_cost for one in mined)},
    )
    names = tuple(f"seen-{number}" for number in range(len(outcomes)))
    return names, history, Books(tuple(executions), tuple(intents), tuple(entries))


GOOD = right(["realised", "reverted", "declined", "cancelled", "realised"])


@given(st.lists(st.sampled_from(["realised", "reverted", "declined", "failed", "cancelled"]), max_size=8))
def test_books_that_are_the_chains_history_pass(outcomes: list[str]) -> None:
    assert check(*right(outcomes)) == Findings()


def _history(case: Case, at: int, **changes: object) -> Case:
    names, history, books = case
    mined = list(history.transactions)
    mined[at] = replace(mined[at], **changes)  # type: ignore[arg-type]
    return names, replace(history, transactions=tuple(mined)), books


def _execution(case: Case, at: int, **changes: object) -> Case:
    names, history, books = case
    executions = list(books.executions)
    executions[at] = replace(executions[at], **changes)  # type: ignore[arg-type]
    return names, history, replace(books, executions=tuple(executions))


def _intent(case: Case, at: int, **changes: object) -> Case:
    names, history, books = case
    intents = list(books.intents)
    intents[at] = replace(intents[at], **changes)  # type: ignore[arg-type]
    return names, history, replace(books, intents=tuple(intents))


def _entry(case: Case, at: int, **changes: object) -> Case:
    names, history, books = case
    entries = list(books.entries or ())
    entries[at] = replace(entries[at], **changes)  # type: ignore[arg-type]
    return names, history, replace(books, entries=tuple(entries))


def _executed_again(case: Case) -> Case:
    """A second transaction that does the same, recorded and booked as if it were another's."""
    names, history, books = case
    first = history.transactions[0]
    again = replace(first, hash="0xagain", nonce=4, block_number=40, block_hash="0xb40")
    intent = replace(
        books.intents[0],
        nonce=4,
        winner="0xagain",
        block_number=40,
        block_hash="0xb40",
        attempts=("0xagain",),
    )
    history = replace(
        history,
        transactions=(*history.transactions, again),
        counts={WALLET: 5},
        earned=history.earned + again.gain,
        spent={WALLET: history.spent[WALLET] + again.gas_cost},
    )
    return names, history, replace(books, intents=(*books.intents, intent))


FAULTS: dict[str, tuple[str, Callable[[Case], Case]]] = {
    "a second execution of one opportunity": ("executed_twice", _executed_again),
    "a row that stays accepted": ("lost", lambda case: _execution(case, 2, status="accepted")),
    "a row that stays pending": ("lost", lambda case: _execution(case, 0, status="pending")),
    "an opportunity that is in no book": ("lost", lambda case: ((*case[0], "seen-9"), *case[1:])),
    "a nonce that waits in a pool": (
        "gaps",
        lambda case: (case[0], replace(case[1], waiting={WALLET: (6,)}), case[2]),
    ),
    "a nonce that stays live": (
        "gaps",
        lambda case: _intent(case, 3, state="live", winner=None, block_number=None, block_hash=None),
    ),
    "a nonce held above what is mined": ("gaps", lambda case: _intent(case, 3, nonce=7)),
    "a hole in the history": ("gaps", lambda case: _history(case, 1, nonce=9)),
    "a transaction that nobody recorded": (
        "misbooked",
        lambda case: _intent(case, 0, attempts=("0xelse",)),
    ),
    "another winner than the one that was mined": (
        "misbooked",
        lambda case: _intent(case, 0, winner="0xelse"),
    ),
    "a mined transaction whose intent was given up": (
        "misbooked",
        lambda case: _intent(case, 0, state="superseded"),
    ),
    "another block after a reorganisation": ("misbooked", lambda case: _intent(case, 0, block_hash="0xold")),
    "a transaction booked for another opportunity": (
        "misbooked",
        lambda case: _intent(case, 0, opportunity_id="seen-4"),
    ),
    "a profit that is one wei off": ("misbooked", lambda case: _execution(case, 0, realised_profit=1001)),
    "a profit in the wrong place": (
        "misbooked",
        lambda case: _execution(_execution(case, 0, realised_profit=1004), 4, realised_profit=1000),
    ),
    "gas that is one wei off": ("misbooked", lambda case: _execution(case, 1, gas_cost=23)),
    "a realised one that no block has": (
        "misbooked",
        lambda case: _execution(case, 2, status="realised", hashes=("0x77",), realised_profit=0),
    ),
    "an executed one that is booked as failed": (
        "misbooked",
        lambda case: _execution(case, 0, status="failed"),
    ),
    "a reverted one that is booked as realised": (
        "misbooked",
        lambda case: _execution(case, 1, status="realised", realised_profit=0),
    ),
    "money that came to the router and is in no book": (
        "misbooked",
        lambda case: (case[0], replace(case[1], earned=case[1].earned + 1), case[2]),
    ),
    "money that left a wallet and is in no book": (
        "misbooked",
        lambda case: (case[0], replace(case[1], spent={WALLET: 7}), case[2]),
    ),
    "an entry that is one wei off": ("misbooked", lambda case: _entry(case, 0, amount=1001)),
    "an entry of gas that is missing": ("misbooked", lambda case: _entry(case, 1, amount=0)),
    "an entry of a block that is gone": ("misbooked", lambda case: _entry(case, 0, transaction="0xgone")),
}


@pytest.mark.parametrize(("kind", "plant"), FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_found(kind: str, plant: Callable[[Case], Case]) -> None:
    found = check(*plant(GOOD))
    assert getattr(found, kind), found
