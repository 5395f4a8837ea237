"""The stable JSON form of an outcome."""

from __future__ import annotations

import json
from decimal import Decimal

from executor.domain.decision import Reason
from executor.domain.execution import Execution, Status


def test_amounts_are_decimal_strings_and_counts_are_numbers() -> None:
    outcome = Execution(
        opportunity_id="one",
        chain="ethereum",
        status=Status.REALISED,
        amount_in=10**18,
        realised_profit=2**90,
        gas_used=150_000,
        gas_cost_wei=3 * 10**15,
        profit_usd=Decimal("1.25"),
        block_number=5,
        transaction_hashes=("0x1",),
        details={"probability": Decimal("0.5"), "wei": 2**80, "done": True},
    ).as_dict()

    assert outcome["success"] is True
    assert outcome["amount_in"] == str(10**18)
    assert outcome["realised_profit"] == str(2**90)
    assert outcome["gas_cost_wei"] == "3000000000000000"
    assert outcome["gas_used"] == 150_000
    assert outcome["profit_usd"] == "1.25"
    assert outcome["block_number"] == 5
    assert outcome["details"] == {"probability": "0.5", "wei": str(2**80), "done": True}
    assert json.loads(json.dumps(outcome)) == outcome


def test_what_is_not_known_is_null() -> None:
    outcome = Execution("one", "ethereum", Status.DECLINED, (Reason("not_profitable", "No."),)).as_dict()

    assert outcome["realised_profit"] is None
    assert outcome["success"] is False
    assert outcome["reasons"] == [{"code": "not_profitable", "message": "No.", "facts": {}}]


def test_only_a_realised_outcome_is_a_success() -> None:
    assert [status for status in Status if Execution("one", "ethereum", status).success] == [Status.REALISED]
