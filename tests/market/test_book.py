"""The book of states: what each block did to it, and what it knows after the chain went back."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor import venues
from executor.domain.log import Log
from executor.domain.market import BlockHead, V2State
from executor.domain.pool import Pool
from executor.market import BlockGapError, MarketBook, ReorgTooDeepError, StaleStateError
from executor.venues import uniswap_v2
from executor.venues.uniswap_v2_events import SYNC
from executor.venues.uniswap_v3_events import BURN
from tests.support.market import Position, address, v2_pool, v2_state, v3_pool, v3_state

PAIRS = [v2_pool(number) for number in range(100, 105)]
FIRST = PAIRS[0]


def block(number: int, branch: str = "a", parent: BlockHead | None = None) -> BlockHead:
    """A block of one branch of the chain, by default on the one before it."""
    before = parent.hash if parent else f"{branch}{number - 1}"
    return BlockHead(number, f"{branch}{number}", before, 12 * number, 1, 1, 30_000_000)


def sync(pool: Pool, reserve0: int, reserve1: int, at: BlockHead, index: int = 0) -> Log:
    """What a pair writes when its reserves change."""
    data = reserve0.to_bytes(32, "big") + reserve1.to_bytes(32, "big")
    return Log(pool.address, (SYNC,), data, at.number, at.hash, index)


def book_at(head: BlockHead, *pools: Pool, depth: int = 64) -> MarketBook:
    """A book with these pairs as they were read at `head`."""
    book = MarketBook(depth)
    book.add([v2_state(1_000, 1_000, pool) for pool in pools or PAIRS], head)
    return book


def test_a_block_changes_the_states_that_its_logs_are_about_and_no_others() -> None:
    book = book_at(block(1))
    two = block(2)
    touched = book.apply(two, [sync(FIRST, 7, 8, two, 3), sync(FIRST, 5, 6, two, 1)])
    assert touched == {FIRST.key}
    assert book.head == two
    assert book.state(FIRST.key) == v2_state(7, 8, FIRST)
    assert book.state(PAIRS[1].key) == v2_state(1_000, 1_000, PAIRS[1])


def test_logs_that_came_twice_count_once() -> None:
    book, two = book_at(block(1)), block(2)
    log = sync(FIRST, 7, 8, two)
    assert book.apply(two, [log, log]) == {FIRST.key}


def test_two_logs_in_one_place_are_refused_and_change_nothing() -> None:
    book, two = book_at(block(1)), block(2)
    with pytest.raises(BlockGapError, match="number 0"):
        book.apply(two, [sync(FIRST, 7, 8, two), sync(FIRST, 9, 8, two)])
    assert book.head == block(1)
    assert book.state(FIRST.key) == v2_state(1_000, 1_000, FIRST)


@pytest.mark.parametrize(
    "next_block", [block(3), block(1), block(2, "b"), block(3, parent=block(1))], ids=lambda head: head.hash
)
def test_a_block_that_is_not_the_next_one_is_refused(next_block: BlockHead) -> None:
    book = book_at(block(1))
    with pytest.raises(BlockGapError, match="does not follow"):
        book.apply(next_block, [])
    assert book.head == block(1)


def test_a_log_of_another_block_is_refused() -> None:
    book = book_at(block(1))
    with pytest.raises(BlockGapError, match="log of block"):
        book.apply(block(2), [sync(FIRST, 7, 8, block(2, "b"))])
    assert book.head == block(1)


def test_states_of_another_block_are_refused() -> None:
    book = book_at(block(1))
    with pytest.raises(BlockGapError, match="were read"):
        book.add([v2_state(1, 1, FIRST)], block(2))


def test_an_empty_book_follows_nothing() -> None:
    book = MarketBook()
    assert book.head is None and book.states() == {}
    with pytest.raises(BlockGapError):
        book.apply(block(1), [])
    with pytest.raises(StaleStateError):
        book.state(FIRST.key)


def test_a_log_that_does_not_tell_enough_makes_the_pool_be_read_again() -> None:
    book, two = book_at(block(1)), block(2)
    broken = Log(FIRST.address, (SYNC,), b"\1", two.number, two.hash, 0)
    assert book.apply(two, [broken, sync(FIRST, 7, 8, two, 1)]) == {FIRST.key}
    assert book.to_read == {FIRST.key}
    assert FIRST.key not in book.states()
    with pytest.raises(StaleStateError) as caught:
        book.states([FIRST.key])
    assert caught.value.facts["pool"] == FIRST.key
    book.add([v2_state(7, 8, FIRST)], two)
    assert book.to_read == frozenset()
    assert book.state(FIRST.key) == v2_state(7, 8, FIRST)


def test_the_end_of_a_position_whose_tick_may_still_be_used_makes_the_pool_be_read_again() -> None:
    pool = v3_pool()
    state = v3_state(2**96, [Position(-600, 600, 10**18), Position(600, 1_200, 10**18)], pool)
    book, two = MarketBook(), block(2)
    book.add([state], block(1))
    ends = [(tick % 2**256).to_bytes(32, "big") for tick in (-600, 600)]
    amounts = (10**17).to_bytes(32, "big") + bytes(64)
    burnt = Log(pool.address, (BURN, bytes(32), *ends), amounts, two.number, two.hash, 0)
    assert book.apply(two, [burnt]) == {pool.key}
    assert book.state(pool.key) == v3_state(
        2**96, [Position(-600, 600, 9 * 10**17), Position(600, 1_200, 10**18)], pool
    )
    three = block(3)
    rest = (9 * 10**17).to_bytes(32, "big") + bytes(64)
    book.apply(three, [Log(pool.address, (BURN, bytes(32), *ends), rest, three.number, three.hash, 0)])
    assert book.to_read == {pool.key}


def test_what_strange_code_writes_into_the_log_never_stops_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_state: V2State, log: Log) -> V2State | None:
        raise ZeroDivisionError(log)

    monkeypatch.setattr(uniswap_v2, "follow", broken)
    book, two = book_at(block(1)), block(2)
    assert book.apply(two, [sync(FIRST, 7, 8, two)]) == {FIRST.key}
    assert book.to_read == {FIRST.key}


def test_a_pool_that_no_log_tells_of_must_be_read_again_at_every_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uniswap_v2, "FOLLOWABLE", False)
    book, two = book_at(block(1)), block(2)
    assert book.state(FIRST.key) == v2_state(1_000, 1_000, FIRST)
    assert book.apply(two, []) == {pool.key for pool in PAIRS} == book.to_read
    book.roll_back(block(1).hash)
    assert book.to_read == frozenset()


def test_after_a_reorganisation_the_states_are_those_of_the_block_gone_back_to() -> None:
    book = book_at(block(1))
    for number in range(2, 6):
        at = block(number)
        book.apply(at, [sync(PAIRS[number % 2], number, number, at)])
    assert book.roll_back(block(3).hash) == {PAIRS[0].key, PAIRS[1].key}
    assert book.state(PAIRS[0].key) == v2_state(2, 2, PAIRS[0])
    assert book.state(PAIRS[1].key) == v2_state(3, 3, PAIRS[1])
    other = block(4, "b", parent=block(3))
    assert book.apply(other, [sync(PAIRS[2], 9, 9, other)]) == {PAIRS[2].key}
    assert book.head == other


def test_what_was_read_behind_the_block_gone_back_to_must_be_read_again() -> None:
    book, two = book_at(block(1), FIRST), block(2)
    book.apply(two, [])
    book.add([v2_state(5, 5, PAIRS[1])], two)
    book.roll_back(block(1).hash)
    assert book.to_read == {PAIRS[1].key}
    assert book.state(FIRST.key) == v2_state(1_000, 1_000, FIRST)


def test_reading_further_at_the_head_keeps_what_was_known_before_it() -> None:
    pool = v3_pool()
    narrow = v3_state(2**96, [Position(-600, 600, 10**18)], pool, known=(-60, 60))
    wide = v3_state(2**96, [Position(-600, 600, 10**18)], pool, known=(-6_000, 6_000))
    book = MarketBook()
    book.add([narrow], block(1))
    book.apply(block(2), [])
    book.add([wide], block(2))
    assert book.state(pool.key) is wide
    book.roll_back(block(1).hash)
    assert book.state(pool.key) is narrow


def test_a_reorganisation_deeper_than_the_book_is_an_error_and_changes_nothing() -> None:
    book = book_at(block(1), depth=3)
    for number in range(2, 7):
        book.apply(block(number), [sync(FIRST, number, number, block(number))])
    for gone in (block(2), block(1), block(5, "b")):
        assert not book.knows(gone.hash)
        with pytest.raises(ReorgTooDeepError):
            book.roll_back(gone.hash)
    assert book.head == block(6)
    book.roll_back(block(3).hash)
    assert book.state(FIRST.key) == v2_state(3, 3, FIRST)


def test_after_a_restart_nothing_is_known_until_it_is_read() -> None:
    book = book_at(block(1))
    book.restart()
    assert book.head is None
    assert book.to_read == {pool.key for pool in PAIRS} == set(book.pools)
    book.add([v2_state(3, 3, FIRST)], block(9, "b"))
    assert book.states() == {FIRST.key: v2_state(3, 3, FIRST)}


def test_invalid_states_are_not_handed_out() -> None:
    book = book_at(block(1))
    book.invalidate([FIRST.key])
    assert book.to_read == {FIRST.key}
    book.invalidate()
    assert book.states() == {}
    MarketBook().invalidate()


def test_a_state_that_missed_a_log_some_blocks_ago_does_not_come_back_with_the_chain() -> None:
    """The book went on from a wrong state: going back must not hand out what the blocks since replaced."""
    one, two, three, four = (block(number) for number in range(1, 5))
    book = book_at(one)
    book.apply(two, [])
    book.apply(three, [sync(FIRST, 7, 8, three)])
    book.apply(four, [])
    book.invalidate([FIRST.key], since=two.hash)
    assert book.to_read == {FIRST.key}
    book.add([v2_state(9, 9, FIRST)], four)
    book.roll_back(three.hash)
    assert book.to_read == {FIRST.key}
    book.roll_back(two.hash)
    assert book.to_read == {FIRST.key}
    assert book.state(PAIRS[1].key) == v2_state(1_000, 1_000, PAIRS[1])


def test_what_stood_before_the_block_of_a_missed_log_still_comes_back() -> None:
    one, two, three = (block(number) for number in range(1, 4))
    book = book_at(one)
    book.apply(two, [sync(FIRST, 7, 8, two, 1)])
    book.apply(three, [])
    book.invalidate([FIRST.key], since=two.hash)
    book.roll_back(one.hash)
    assert book.state(FIRST.key) == v2_state(1_000, 1_000, FIRST)


def test_a_state_of_which_nobody_knows_since_when_it_is_wrong_comes_back_at_no_block() -> None:
    one, two, three = (block(number) for number in range(1, 4))
    book = book_at(one)
    book.apply(two, [sync(FIRST, 7, 8, two)])
    book.distrust([FIRST.key, "unknown"])
    assert book.to_read == {FIRST.key}
    book.add([v2_state(9, 9, FIRST)], two)
    book.apply(three, [sync(FIRST, 10, 10, three)])
    assert book.roll_back(two.hash) == {FIRST.key}
    assert book.state(FIRST.key) == v2_state(9, 9, FIRST)
    book.roll_back(one.hash)
    assert book.to_read == {FIRST.key}
    assert book.state(PAIRS[1].key) == v2_state(1_000, 1_000, PAIRS[1])


def test_a_pool_that_was_removed_is_neither_followed_nor_asked_for() -> None:
    book, two = book_at(block(1)), block(2)
    book.remove([FIRST.key, "unknown"])
    assert FIRST.address not in book.emitters
    assert book.apply(two, [sync(FIRST, 7, 8, two)]) == frozenset()
    book.roll_back(block(1).hash)
    assert FIRST.key not in book.states() and FIRST.key not in book.to_read


def test_a_pool_that_is_known_better_is_followed_by_its_new_emitters() -> None:
    book = book_at(block(1), FIRST)
    assert book.emitters == {FIRST.address}
    assert book.pools == {FIRST.key: FIRST}
    assert venues.emitters(v2_pool(7)) == (address(7),)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("block"), st.lists(st.tuples(st.integers(0, 4), st.integers(1, 99)), max_size=4)),
        st.tuples(st.just("back"), st.integers(1, 4)),
    ),
    max_size=30,
)


@given(steps)
def test_whatever_the_chain_does_the_book_is_as_if_only_its_last_branch_had_been(
    chosen: list[tuple[str, object]],
) -> None:
    book = book_at(block(0, "start"), depth=200)
    past: list[tuple[BlockHead, dict[str, object]]] = [(block(0, "start"), dict(book.states()))]
    for step, (kind, what) in enumerate(chosen):
        if kind == "back":
            assert isinstance(what, int)
            past = past[: max(1, len(past) - what)]
            book.roll_back(past[-1][0].hash)
        else:
            assert isinstance(what, list)
            parent, states = past[-1]
            head = block(parent.number + 1, f"step{step}-", parent)
            logs = [sync(PAIRS[pair], new, new, head, index) for index, (pair, new) in enumerate(what)]
            touched = book.apply(head, logs)
            assert touched == {PAIRS[pair].key for pair, _ in what}
            changes = {PAIRS[pair].key: v2_state(new, new, PAIRS[pair]) for pair, new in what}
            past.append((head, {**states, **changes}))
        assert book.head == past[-1][0]
        assert book.states() == past[-1][1]


def test_what_the_book_holds_does_not_grow_with_time() -> None:
    book = book_at(block(0))
    sizes = []
    tracemalloc.start()
    try:
        for number in range(1, 3_001):
            at = block(number)
            book.apply(at, [sync(pool, number, number, at, index) for index, pool in enumerate(PAIRS)])
            if number in (1_000, 3_000):
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[1] < sizes[0] * 1.1
