"""The books on real databases: one standing booking an intent, reversed and never changed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from executor.domain.address import Address
from executor.domain.attempt import Attempt
from executor.domain.booking import NATIVE, Asset, Booking, Entry, Kind
from executor.domain.errors import JournalError
from executor.domain.intent import Block, IntentState, Purpose
from executor.journal.anchor import Anchor
from executor.journal.books import Books, Wanted
from executor.journal.books_schema import booking_entries, bookings
from executor.journal.database import Database
from executor.journal.record import NewIntent, Record

ROUTER, OPERATOR = Address("0x" + "a1" * 20), Address("0x" + "b2" * 20)
WETH = Address("0x" + "c3" * 20)
HASH = "0x" + "11" * 32


def block(number: int, branch: int = 0) -> Block:
    return Block(number, f"0x{branch * 2**128 + number:064x}")


def new_intent(database: Database, chain: str = "ethereum") -> int:
    record = Record(database, chain, "executor-1")
    if record.anchor() is None:
        record.tie(Anchor(1, 0, "0x" + "00" * 32, is_local=True))

    def sign(nonce: int) -> Attempt:
        return Attempt("", 1, OPERATOR, nonce, HASH, b"\x02", 1, 1, 21_000)

    new = NewIntent(OPERATOR, Purpose.TRANSFER, None, None, 1)
    return record.open_intent(new, 0, sign, pending=None).intent_id


def booking(intent_id: int, where: Block, gross: int = 500, **changes: Any) -> Booking:
    base = Booking(
        chain="ethereum",
        chain_id=1,
        intent_id=intent_id,
        opportunity_id="seen-1",
        purpose=Purpose.TRADE,
        sender=OPERATOR,
        transaction_hash=HASH,
        block=where,
        block_time=1_700_000_000 + where.number,
        success=True,
        cancelled=False,
        gas_used=100,
        gas_price=10,
        checked="agrees",
        entries=(
            Entry(ROUTER, Kind.GROSS, WETH, gross),
            Entry(OPERATOR, Kind.GAS, NATIVE, -1_000),
        ),
        assets={
            WETH: Asset("WETH", 18, Fraction(300_012_345, 10**5), "chainlink 0xfeed"),
            NATIVE: Asset("ETH", 18, None, "no price"),
        },
    )
    return replace(base, **changes)


def mined(database: Database, made: Booking) -> Booking:
    """What is to be booked, after the record has it in its block."""
    record = Record(database, "ethereum", "executor-1")
    record.mark_intent(made.intent_id, IntentState.MINED, winner=made.transaction_hash, block=made.block)
    return made


def put(books: Books, made: Booking) -> bool:
    """Have it mined and booked."""
    return books.put(mined(books.database, made))


def standing_sum(books: Books) -> int:
    return sum(
        entry.amount for one in books.all_standing() for entry in one.entries if entry.kind is Kind.GROSS
    )


def written_sum(database: Database) -> int:
    """Over every row there is: what is reversed comes to nothing."""
    with database.reading() as connection:
        found = connection.execute(select(booking_entries.c.amount).where(booking_entries.c.kind == "gross"))
        return sum(int(amount) for amount in found.scalars())


def test_what_was_booked_is_read_back_as_it_was(database: Database) -> None:
    books, made = Books(database), booking(new_intent(database), block(7), gross=2**255)
    assert put(books, made)
    assert books.standing(made.intent_id) == made


def test_the_same_block_is_booked_once(database: Database) -> None:
    books, made = Books(database), booking(new_intent(database), block(7))
    assert [put(books, made) for _ in range(3)] == [True, False, False]
    assert written_sum(database) == 500


def test_a_reversal_leaves_nothing_standing_and_can_be_repeated(database: Database) -> None:
    books, made = Books(database), booking(new_intent(database), block(7))
    put(books, made)
    assert books.reverse(made.intent_id, "reorganised away")
    assert not books.reverse(made.intent_id, "reorganised away")
    assert books.standing(made.intent_id) is None
    assert standing_sum(books) == written_sum(database) == 0


def test_another_block_reverses_the_first_in_the_same_commit(database: Database) -> None:
    books, intent_id = Books(database), new_intent(database)
    put(books, booking(intent_id, block(7), gross=500))
    assert put(books, booking(intent_id, block(8), gross=470))
    assert standing_sum(books) == written_sum(database) == 470


def test_who_comes_late_with_a_block_that_is_gone_books_nothing(database: Database) -> None:
    """It was halted between the node's answer and its booking, and another has gone on."""
    books, intent_id = Books(database), new_intent(database)
    late = mined(database, booking(intent_id, block(7), gross=500))
    record = Record(database, "ethereum", "executor-1")
    record.mark_intent(intent_id, IntentState.LIVE)
    assert not books.put(late)
    right = booking(intent_id, block(8), gross=470)
    assert put(books, right)
    assert not books.put(late)
    assert not books.put(replace(right, transaction_hash="0x" + "22" * 32))
    assert books.standing(intent_id) == right
    assert standing_sum(books) == written_sum(database) == 470


def test_a_block_that_came_back_is_booked_again(database: Database) -> None:
    books, made = Books(database), booking(new_intent(database), block(7))
    for _ in range(3):
        assert put(books, made)
        assert books.reverse(made.intent_id, "reorganised away")
    assert put(books, made)
    assert standing_sum(books) == written_sum(database) == 500


def test_nothing_that_was_written_is_ever_changed(database: Database) -> None:
    books, made = Books(database), booking(new_intent(database), block(7))

    def rows() -> list[Any]:
        with database.reading() as connection:
            return list(connection.execute(select(bookings).order_by(bookings.c.id)))

    put(books, made)
    (first,) = rows()
    books.reverse(made.intent_id, "reorganised away")
    put(books, made)
    after = rows()
    assert after[0] == first
    assert [row.reverses for row in after] == [None, first.id, None]
    assert after[1].because == "reorganised away"


def test_an_intent_that_the_record_does_not_have_is_refused(database: Database) -> None:
    with pytest.raises(JournalError, match="has no intent 99"):
        Books(database).put(booking(99, block(7)))


def test_only_what_is_wanted_is_read(database: Database) -> None:
    books = Books(database)
    for number in (10, 20, 30):
        put(books, booking(new_intent(database), block(number), opportunity_id=f"seen-{number}"))
    time = 1_700_000_000
    for wanted, numbers in (
        (Wanted(), [10, 20, 30]),
        (Wanted(since=time + 20), [20, 30]),
        (Wanted(until=time + 20), [10]),
        (Wanted(opportunity_ids=("seen-20", "seen-99")), [20]),
        (Wanted(chain="base"), []),
        (Wanted(chain="ethereum", sender=OPERATOR), [10, 20, 30]),
    ):
        assert [one.block.number for one in books.all_standing(wanted)] == numbers


def test_many_bookings_are_read_page_by_page_without_a_gap(database: Database) -> None:
    books, intents = Books(database), [new_intent(database) for _ in range(40)]
    many = [booking(intent_id, block(7), gross=index) for index, intent_id in enumerate(intents)]
    for one in many:
        put(books, one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("executor.journal.books._PAGE", 7)
        assert list(books.all_standing()) == many


def test_two_that_book_the_same_at_once_book_it_once(database: Database) -> None:
    made, together = mined(database, booking(new_intent(database), block(7))), Barrier(2)
    told: list[bool] = []

    def book() -> None:
        together.wait()
        told.append(Books(database).put(made))

    threads = [Thread(target=book) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False, True]
    assert written_sum(database) == 500


EVENTS = st.lists(st.one_of(st.none(), st.tuples(st.integers(1, 4), st.integers(0, 2))), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_whatever_the_chain_does_the_books_hold_the_last_block_once(
    database: Database, events: list[tuple[int, int] | None]
) -> None:
    """None: a reorganisation takes the block back. Else: mined in that block of that branch."""
    books, intent_id = Books(database), new_intent(database)
    others = standing_sum(books)
    expected = 0
    for event in events:
        if event is None:
            books.reverse(intent_id, "reorganised away")
            expected = 0
        else:
            number, branch = event
            expected = 1_000 * branch + number
            put(books, booking(intent_id, block(number, branch), gross=expected))
        assert standing_sum(books) == others + expected
        assert written_sum(database) == others + expected
