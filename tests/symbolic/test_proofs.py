"""The rules of the contracts are proven, and a run that proves nothing is not taken for a proof."""

from __future__ import annotations

import re

import pytest

from tools import prove


@pytest.mark.slow
@pytest.mark.timeout(1_300)
def test_every_rule_is_proven_and_every_false_statement_refuted() -> None:
    verdicts, doubts = prove.prove()
    assert doubts == []
    assert [str(verdict) for verdict in verdicts if not verdict.holds] == []
    assert {verdict.contract for verdict in verdicts} >= {
        "CallbackGuardProof",
        "ProfitProof",
        "RolesProof",
        "TipProof",
    }


@pytest.mark.timeout(300)
def test_a_run_without_a_solver_is_not_believed() -> None:
    """Without one, the symbolic executor calls every statement proven, false ones too."""
    verdicts, doubts = prove.prove("^TipProof$", "--solver-command", "no-such-solver")
    assert any(verdict.statement == "check_theTipLeavesTheMinimum" and verdict.holds for verdict in verdicts)
    assert any("ERROR" in doubt for doubt in doubts)
    canaries = [verdict for verdict in verdicts if verdict.contract == "Canary"]
    assert canaries and not any(verdict.holds for verdict in canaries)


def test_a_run_that_stands_still_is_given_up_and_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "PATIENCE_SECONDS", 0.2)
    assert prove.prove("^TipProof$") == ([], ["ERROR: Halmos did not end within 0.2 s, 3 times"])


def test_every_group_of_proofs_has_a_false_statement_of_its_own() -> None:
    """What is proven of no path at all is proven of nothing: the canaries show that paths get there."""
    stated = prove.stated(re.compile("."))
    with_canary = {contract for contract, name in stated if name.startswith("check_mustFail_")}
    assert {contract for contract, _ in stated} == with_canary
