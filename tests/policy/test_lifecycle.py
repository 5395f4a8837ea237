"""The one decision over a nonce: cases that others paid for, and what holds for any facts whatever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.intent import OPEN, Block, IntentState
from executor.policy.lifecycle import Facts, Pace, Step, next_step

PACE = Pace(finality_blocks=12, settle_blocks=3, bump_blocks=2, resend_seconds=15)
HERE, ELSEWHERE = Block(100, "0xaa"), Block(100, "0xbb")
WAITING = Facts(
    IntentState.LIVE,
    nonce=7,
    wanted=True,
    deadline=None,
    head=100,
    time=1_000,
    mined_count=7,
    no_receipt=True,
    known=True,
    silent_seconds=1,
    sent_block=100,
    front_since=100,
)
MINED = replace(WAITING, state=IntentState.MINED, recorded=HERE, found=HERE, still_there=True, mined_count=8)


def step(facts: Facts, **changes: object) -> Step:
    return next_step(replace(facts, **changes), PACE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "changes", "expected"),
    [
        ("a young one waits", {}, Step.WAIT),
        ("what a crash kept from leaving goes out", {"silent_seconds": None}, Step.RESEND),
        ("what the pool dropped goes out once a block", {"known": False, "head": 101}, Step.RESEND),
        ("but not twice in the block of its send", {"known": False}, Step.WAIT),
        ("what nobody answers about for long goes out again", {"silent_seconds": 15.0}, Step.RESEND),
        ("what waits at the front is priced anew", {"head": 102}, Step.REPRICE),
        ("also when its price made the pool drop it", {"head": 102, "known": False}, Step.REPRICE),
        ("behind others it is not", {"head": 102, "front_since": None}, Step.WAIT),
        ("what is not wanted is cancelled", {"wanted": False}, Step.CANCEL),
        ("what has expired by the chain's time is cancelled", {"deadline": 1_000}, Step.CANCEL),
        ("a cancel that is out is not sent anew", {"wanted": False, "cancelling": True}, Step.WAIT),
        (
            "but priced anew when it waits",
            {"wanted": False, "cancelling": True, "head": 102},
            Step.REPRICE,
        ),
        ("mined while it was to be cancelled counts as mined", {"wanted": False, "found": HERE}, Step.RECORD),
        ("mined while it was to be bumped counts as mined", {"head": 102, "found": HERE}, Step.RECORD),
        ("a count without a receipt may be a lagging index", {"mined_count": 8, "known": False}, Step.WAIT),
        (
            "a nonce that another took for blocks is lost",
            {"mined_count": 8, "known": False, "lost_since": 97},
            Step.SUPERSEDE,
        ),
        (
            "but never while a node holds ours",
            {"mined_count": 8, "known": True, "lost_since": 90},
            Step.WAIT,
        ),
        (
            "nor while some node does not say",
            {"mined_count": 8, "known": None, "lost_since": 90},
            Step.WAIT,
        ),
        ("a taken nonce is never sent to again", {"mined_count": 8, "silent_seconds": 99.0}, Step.WAIT),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) and " " in value else "",
)
def test_while_it_is_live(what: str, changes: dict[str, object], expected: Step) -> None:
    assert step(WAITING, **changes) is expected, what


@pytest.mark.parametrize(
    ("what", "changes", "expected"),
    [
        ("it waits until its block is deep", {"head": 110}, Step.WAIT),
        ("then it is final", {"head": 111}, Step.FINALISE),
        ("a receipt that moved is taken back first", {"found": ELSEWHERE}, Step.REOPEN),
        (
            "a block that is gone with its receipt opens it again",
            {"found": None, "still_there": False},
            Step.REOPEN,
        ),
        ("a receipt that is hidden while its block stands does not", {"found": None}, Step.WAIT),
        ("nor a block that no node has yet", {"found": None, "still_there": None}, Step.WAIT),
        (
            "nor silence",
            {"found": None, "still_there": None, "no_receipt": False, "mined_count": None},
            Step.WAIT,
        ),
        ("its block is proof enough in the end", {"found": None, "head": 111}, Step.FINALISE),
        ("it is never cancelled", {"wanted": False, "deadline": 1}, Step.WAIT),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) and " " in value else "",
)
def test_once_it_is_mined(what: str, changes: dict[str, object], expected: Step) -> None:
    assert step(replace(MINED, no_receipt=True), **changes) is expected, what


@pytest.mark.parametrize("ended", [IntentState.DROPPED, IntentState.SUPERSEDED])
def test_what_looked_lost_can_only_turn_out_mined(ended: IntentState) -> None:
    assert step(WAITING, state=ended, silent_seconds=None) is Step.WAIT
    assert step(WAITING, state=ended, found=HERE) is Step.RECORD


BLOCKS = st.builds(Block, st.integers(0, 40), st.sampled_from(("0xaa", "0xbb")))
MAYBE = st.sampled_from((None, True, False))


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    """Facts as nodes may tell them, contradictions included; only what our own record says fits together."""
    state = draw(st.sampled_from(IntentState))
    mined = state in (IntentState.MINED, IntentState.FINAL)
    heights = st.none() | st.integers(0, 40)
    return Facts(
        state=state,
        nonce=draw(st.integers(0, 3)),
        wanted=draw(st.booleans()),
        deadline=draw(st.none() | st.integers(0, 20)),
        head=draw(st.integers(0, 40)),
        time=draw(st.integers(0, 20)),
        mined_count=draw(st.none() | st.integers(0, 5)),
        found=draw(st.none() | BLOCKS),
        recorded=draw(BLOCKS) if mined else None,
        still_there=draw(MAYBE),
        no_receipt=draw(st.booleans()),
        known=draw(MAYBE),
        lost_since=draw(heights),
        silent_seconds=draw(st.none() | st.integers(0, 40)),
        sent_block=draw(heights),
        front_since=draw(heights),
        cancelling=draw(st.booleans()),
    )


SENDS = (Step.CANCEL, Step.RESEND, Step.REPRICE)


@given(any_facts())
def test_what_is_unknown_ends_nothing(facts: Facts) -> None:
    """Invariants 8 and 9: to give up a nonce takes the count, every receipt and every pool."""
    if next_step(facts, PACE) is Step.SUPERSEDE:
        assert facts.taken
        assert facts.no_receipt
        assert facts.found is None
        assert facts.known is False
        assert facts.state is IntentState.LIVE


@given(any_facts())
def test_only_a_block_that_is_gone_opens_what_was_mined(facts: Facts) -> None:
    """Invariant 7: silence is no reorganisation."""
    if next_step(facts, PACE) is Step.REOPEN:
        assert facts.state is IntentState.MINED
        moved = facts.found is not None and facts.found != facts.recorded
        assert moved or (facts.no_receipt and facts.still_there is False)


@given(any_facts())
def test_nothing_is_sent_for_what_is_mined_taken_or_ended(facts: Facts) -> None:
    """Invariants 1 and 5: what mined is the truth, and a nonce that is given up is nobody's."""
    if next_step(facts, PACE) in SENDS:
        assert facts.state is IntentState.LIVE
        assert facts.found is None
        assert not facts.taken


@given(any_facts())
def test_it_is_cancelled_exactly_when_it_must_not_happen_any_more(facts: Facts) -> None:
    """Invariant 10, and never by a guess: a cancel needs a reason of ours or the chain's own time."""
    open_still = facts.state is IntentState.LIVE and facts.found is None and not facts.taken
    due = open_still and not facts.cancelling and (not facts.wanted or facts.expired)
    assert (next_step(facts, PACE) is Step.CANCEL) == due


@given(any_facts())
def test_what_is_live_is_never_forgotten(facts: Facts) -> None:
    """Whatever nodes leave unsaid: in the end something is sent or the end is known."""
    patient = replace(facts, silent_seconds=PACE.resend_seconds, state=IntentState.LIVE, recorded=None)
    if next_step(patient, PACE) is Step.WAIT:
        assert patient.taken


@given(any_facts())
def test_any_hash_that_is_mined_counts_at_once(facts: Facts) -> None:
    """Invariant 4, late success included."""
    if facts.found is not None and facts.state not in (IntentState.MINED, IntentState.FINAL):
        assert next_step(facts, PACE) is Step.RECORD


@given(any_facts())
def test_it_is_final_only_deep_in_the_chain(facts: Facts) -> None:
    if next_step(facts, PACE) is Step.FINALISE:
        assert facts.state is IntentState.MINED
        assert facts.recorded is not None
        assert facts.head - facts.recorded.number + 1 >= PACE.finality_blocks
        assert facts.found == facts.recorded or facts.still_there is True


@given(any_facts())
def test_a_final_one_is_left_alone(facts: Facts) -> None:
    assert next_step(replace(facts, state=IntentState.FINAL), PACE) is Step.WAIT
    assert IntentState.FINAL not in OPEN
