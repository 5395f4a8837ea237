"""What people see on a terminal."""

import io
from decimal import Decimal

from rich.console import Console

from executor.domain.decision import Reason
from executor.domain.execution import Execution, Status
from executor.operations.exit_codes import ExitCode, exit_code
from executor.operations.progress import Progress, shown_amount

REALISED = Execution(
    "seen-1",
    "ethereum",
    Status.REALISED,
    settlement_symbol="WETH",
    settlement_decimals=18,
    funding="callback_chain",
    expected_profit=10**17,
    realised_profit=10**17,
    gas_used=150_000,
    profit_usd=Decimal("299.25"),
    transaction_hashes=("0xabc",),
)
DECLINED = Execution(
    "[bold]2", "ethereum", Status.DECLINED, (Reason("not_profitable", "Nothing to earn [here]."),)
)


def shown(*executions: Execution, terminal: bool) -> str:
    output = io.StringIO()
    progress = Progress(Console(file=output, force_terminal=terminal, width=200, color_system=None))
    for execution in executions:
        progress.stage(execution.opportunity_id, "sizing")
        progress.done(execution)
    progress.close()
    return output.getvalue()


def test_a_terminal_shows_a_row_for_each_result() -> None:
    text = shown(REALISED, DECLINED, terminal=True)
    for told in (
        "seen-1",
        "realised",
        "callback_chain",
        "0.100000000000000000 WETH",
        "150,000",
        "299.25",
        "0xabc",
    ):
        assert told in text


def test_what_comes_from_outside_is_shown_as_it_is_and_not_as_markup() -> None:
    text = shown(DECLINED, terminal=True)
    assert "[bold]2" in text
    assert "Nothing to earn [here]." in text


def test_a_file_or_pipe_gets_nothing() -> None:
    assert shown(REALISED, DECLINED, terminal=False) == ""


def test_amounts_are_exact_whole_tokens() -> None:
    assert shown_amount(REALISED, 123456789012345678901) == "123.456789012345678901 WETH"
    assert shown_amount(REALISED, None) == ""


def test_the_most_pressing_exit_code_wins() -> None:
    assert exit_code([]) is ExitCode.OK
    assert exit_code([Status.REALISED, Status.DECLINED, Status.DRY_RUN]) is ExitCode.OK
    assert exit_code([Status.REALISED, Status.REJECTED]) is ExitCode.REJECTED
    assert exit_code([Status.REVERTED, Status.REJECTED]) is ExitCode.FAILED
    assert exit_code([Status.PENDING, Status.FAILED]) is ExitCode.PENDING
    assert len({exit_code([status]) for status in Status}) == 4
