"""The contracts pass the static analyser; what is accepted is accepted for a reason that still applies."""

from __future__ import annotations

import pytest

from tools.slither import Acceptance, Finding, acceptances, analyse, compare

SOME = Finding("unused-return", "Medium", "Venue._swap(Frame) ignores return value")


def test_a_finding_that_no_entry_accepts_stays_open() -> None:
    elsewhere = Acceptance("unused-return", "a reason", "Lender._loan")
    assert compare([SOME], [elsewhere]) == ([SOME], [elsewhere])
    assert compare([SOME], [Acceptance("unused-return", "a reason", "Venue._swap")]) == ([], [])


def test_every_entry_says_why() -> None:
    assert acceptances()
    assert [entry for entry in acceptances() if len(entry.reason) < 20] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_contracts_have_no_finding_without_an_accepted_reason() -> None:
    open_findings, idle = compare(analyse(), acceptances())
    assert open_findings == []
    assert idle == []
