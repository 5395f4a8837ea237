"""The durable record keeps its promises on a real file."""

import multiprocessing
import os
import signal
import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.address import Address
from executor.domain.attempt import Attempt
from executor.domain.decision import Reason
from executor.domain.errors import JournalError
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import Opportunity
from executor.journal.anchor import Anchor
from executor.journal.codec import differing_fields, dump_execution, dump_opportunity, load_execution
from executor.journal.journal import AttemptState, Journal

OPERATOR = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
OPPORTUNITY = Opportunity("seen-1", "ethereum", token="USDC", quote_token="WETH", buy_dex="a", sell_dex="b")


def attempt(nonce: int = 0, name: int = 1) -> Attempt:
    return Attempt("seen-1", 1, OPERATOR, nonce, f"0x{name:064x}", b"\x02\xf8", 2**100, 2**90, 300_000)


def outcome(status: Status = Status.PENDING, **values: object) -> Execution:
    return Execution("seen-1", "ethereum", status, **values)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "when" / "needed" / "ethereum.sqlite3"


def test_what_was_stored_is_there_after_reopening(path: Path) -> None:
    journal = Journal(path)
    realised = outcome(Status.REALISED, realised_profit=2**200, profit_usd=Decimal("1.25"), route=("a", "b"))
    journal.finish(OPPORTUNITY, realised)
    journal.close()
    again = Journal(path)
    stored = again.stored("seen-1")
    assert stored is not None
    assert stored.execution == realised
    assert again.stored("seen-2") is None
    assert again.counts() == {"realised": 1}
    again.close()


def test_an_attempt_and_its_pending_execution_are_written_together(path: Path) -> None:
    journal = Journal(path)
    journal.record(OPPORTUNITY, outcome(), attempt())
    stored = journal.stored("seen-1")
    assert stored is not None
    assert stored.execution.status is Status.PENDING
    (live,) = journal.live_attempts(OPERATOR)
    assert (live.attempt, live.state) == (attempt(), AttemptState.RECORDED)
    journal.close()


def test_a_nonce_has_one_live_attempt(path: Path) -> None:
    journal = Journal(path)
    journal.record(OPPORTUNITY, outcome(), attempt(nonce=7, name=1))
    with pytest.raises(JournalError):
        journal.record(OPPORTUNITY, outcome(), attempt(nonce=7, name=2))
    journal.mark(attempt(name=1).hash, AttemptState.REFUSED)
    journal.record(OPPORTUNITY, outcome(), attempt(nonce=7, name=2))
    assert [stored.attempt.hash for stored in journal.live_attempts(OPERATOR)] == [attempt(name=2).hash]
    journal.close()


def test_bytes_that_a_node_refused_may_serve_another_opportunity(path: Path) -> None:
    """Two opportunities of one second can make the very same transaction."""
    journal = Journal(path)
    journal.record(OPPORTUNITY, outcome(), attempt())
    journal.mark(attempt().hash, AttemptState.REFUSED)
    other = replace(attempt(), opportunity_id="seen-2")
    journal.record(
        replace(OPPORTUNITY, opportunity_id="seen-2"), replace(outcome(), opportunity_id="seen-2"), other
    )
    journal.mark(other.hash, AttemptState.MINED)
    assert [stored.state for stored in journal.attempts("seen-1")] == [AttemptState.REFUSED]
    assert [stored.state for stored in journal.attempts("seen-2")] == [AttemptState.MINED]
    journal.close()


def test_a_record_that_fails_leaves_nothing_half_written(path: Path) -> None:
    journal = Journal(path)
    journal.record(OPPORTUNITY, outcome(), attempt(nonce=7, name=1))
    other = replace(OPPORTUNITY, opportunity_id="seen-2")
    with pytest.raises(JournalError):
        journal.record(other, replace(outcome(), opportunity_id="seen-2"), attempt(nonce=7, name=2))
    assert journal.stored("seen-2") is None
    journal.close()


def test_a_final_state_stays(path: Path) -> None:
    journal = Journal(path)
    journal.record(OPPORTUNITY, outcome(), attempt())
    journal.mark(attempt().hash, AttemptState.MINED)
    journal.mark(attempt().hash, AttemptState.SENT)
    assert [stored.state for stored in journal.attempts("seen-1")] == [AttemptState.MINED]
    assert journal.live_attempts() == ()
    journal.close()


def test_a_journal_stays_tied_to_its_network(path: Path) -> None:
    anchor = Anchor(1, 100, "0x" + "ab" * 32, is_local=False)
    journal = Journal(path)
    assert journal.anchor() is None
    journal.tie("ethereum", anchor)
    with pytest.raises(JournalError):
        journal.tie("ethereum", replace(anchor, hash="0x" + "cd" * 32))
    assert journal.anchor() == anchor
    journal.close()


def test_a_second_executor_is_told_that_the_journal_is_in_use(path: Path) -> None:
    journal = Journal(path)
    with pytest.raises(JournalError, match="in use by another executor"):
        Journal(path)
    journal.close()
    Journal(path).close()


def _hold(path: Path, ready: "multiprocessing.queues.Queue[bool]") -> None:
    journal = Journal(path)
    journal.record(OPPORTUNITY, outcome(), attempt())
    ready.put(True)
    signal.pause()


@pytest.mark.chaos
def test_a_killed_process_leaves_its_record_and_no_lock(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    process = context.Process(target=_hold, args=(path, ready))
    process.start()
    assert ready.get(timeout=60)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    journal = Journal(path)
    assert [stored.attempt for stored in journal.live_attempts()] == [attempt()]
    journal.close()


def test_a_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(JournalError, match="cannot be used"):
        Journal(path)


def test_a_journal_of_another_format_is_refused(path: Path) -> None:
    journal = Journal(path)
    journal.tie("ethereum", Anchor(1, 1, "0x" + "ab" * 32, is_local=True))
    journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE network SET schema_version = 99")
    connection.close()
    with pytest.raises(JournalError, match="format 99"):
        Journal(path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="folder"):
        Journal(tmp_path / "file" / "ethereum.sqlite3")


def test_a_commit_is_on_the_disk_when_it_returns(path: Path) -> None:
    """FULL is 2 in SQLite's table of synchronous levels."""
    journal = Journal(path)
    with journal._transaction() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    journal.close()


_AMOUNT = st.none() | st.integers(-(2**255), 2**256 - 1)
_EXECUTIONS = st.builds(
    Execution,
    opportunity_id=st.text(min_size=1),
    chain=st.text(),
    status=st.sampled_from(Status),
    reasons=st.lists(
        st.builds(
            Reason,
            st.text(),
            st.text(),
            st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()),
        )
    ).map(tuple),
    amount_in=_AMOUNT,
    realised_net_profit=_AMOUNT,
    gas_cost_wei=_AMOUNT,
    profit_usd=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    transaction_hashes=st.lists(st.text()).map(tuple),
    block_number=st.none() | st.integers(0, 2**48),
    details=st.dictionaries(st.text(), st.integers() | st.text() | st.none()),
)


@given(_EXECUTIONS)
def test_a_stored_execution_prints_as_it_did_before(execution: Execution) -> None:
    assert load_execution(dump_execution(execution)).as_dict() == execution.as_dict()


def test_a_repeat_with_other_content_is_told_by_its_fields() -> None:
    stored = dump_opportunity(OPPORTUNITY)
    assert differing_fields(stored, replace(OPPORTUNITY, estimated_net_profit_usd=Decimal(1))) == ()
    assert differing_fields(stored, replace(OPPORTUNITY, amount=5, sell_dex="c")) == ("amount", "sell_dex")


def test_only_its_owner_can_read_the_journal(path: Path) -> None:
    """It holds signed transactions that may not be out yet."""
    journal = Journal(path)
    journal.record(OPPORTUNITY, outcome(), attempt())
    files = list(path.parent.iterdir())
    assert {file.suffix for file in files} >= {".sqlite3", ".sqlite3-wal"}
    assert {file.stat().st_mode & 0o077 for file in files} == {0}
    journal.close()


def test_a_folder_of_an_odd_name_is_taken_at_its_word(tmp_path: Path) -> None:
    path = tmp_path / "what? 100%25 #1" / "ethereum.sqlite3"
    Journal(path).close()
    assert path.stat().st_size > 0
    assert list(tmp_path.iterdir()) == [path.parent]


def test_a_link_to_a_journal_in_use_is_refused(path: Path) -> None:
    journal = Journal(path)
    link = path.with_name("link.sqlite3")
    link.symlink_to(path)
    with pytest.raises(JournalError, match="in use"):
        Journal(link)
    journal.close()


@pytest.mark.parametrize(
    ("table", "column", "damage"),
    [
        ("attempts", "raw", "0xzz"),
        ("attempts", "state", "mislaid"),
        ("attempts", "max_fee_per_gas", "much"),
        ("executions", "result", "[]"),
        ("executions", "result", "null"),
        ("executions", "result", '{"status": "pending"}'),
    ],
)
def test_a_damaged_row_is_told_as_such(path: Path, table: str, column: str, damage: str) -> None:
    journal = Journal(path)
    journal.record(OPPORTUNITY, outcome(), attempt())
    journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (damage,))  # noqa: S608 - names of our own
    connection.close()
    journal = Journal(path)
    with pytest.raises(JournalError, match="cannot be read"):
        journal.attempts("seen-1") if table == "attempts" else journal.stored("seen-1")
    journal.close()


def test_a_figure_that_is_no_number_is_told_as_damage(path: Path) -> None:
    journal = Journal(path)
    journal.finish(OPPORTUNITY, outcome(Status.REALISED, profit_usd=Decimal("1.25")))
    journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE executions SET result = replace(result, '1.25', 'much')")
    connection.close()
    journal = Journal(path)
    with pytest.raises(JournalError, match="cannot be read"):
        journal.stored("seen-1")
    journal.close()


@pytest.mark.parametrize("kept", [100, 5000])
def test_a_journal_cut_short_is_refused(path: Path, kept: int) -> None:
    journal = Journal(path)
    journal.record(OPPORTUNITY, outcome(), attempt())
    journal.close()
    with path.open("r+b") as file:
        file.truncate(kept)
    with pytest.raises(JournalError, match="cannot be used"):
        Journal(path).stored("seen-1")
