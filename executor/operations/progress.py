"""What people see on a terminal while opportunities run, and the table at the end. Standard error only."""

from collections.abc import Sequence
from decimal import Decimal
from getpass import getpass

from rich.console import Console
from rich.markup import escape
from rich.status import Status as Spinner
from rich.table import Table

from executor.domain.execution import Execution, Status

_COLOURS = {
    Status.REALISED: "green",
    Status.DRY_RUN: "cyan",
    Status.DECLINED: "yellow",
    Status.PENDING: "magenta",
    Status.ACCEPTED: "magenta",
    Status.REJECTED: "red",
    Status.REVERTED: "red",
    Status.FAILED: "red",
}


class Progress:
    """Shows the stage of the running opportunity, then all results. Silent unless `console` is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner: Spinner | None = None
        self._done: list[Execution] = []

    def stage(self, opportunity_id: str, stage: str) -> None:
        """Say what is being done for an opportunity."""
        if not self._console.is_terminal:
            return
        text = f"{escape(opportunity_id)}: {escape(stage)}"
        if self._spinner is None:
            self._spinner = self._console.status(text)
            self._spinner.start()
        else:
            self._spinner.update(text)

    def done(self, execution: Execution) -> None:
        """Take note of a result."""
        self._done.append(execution)
        self._stop()

    def ask(self, question: str) -> str:
        """Ask for a passphrase on the terminal, without showing it."""
        self._stop()
        return getpass(question)

    def close(self) -> None:
        """Show the table of all results."""
        self._stop()
        if self._console.is_terminal and self._done:
            self._console.print(results_table(self._done))

    def _stop(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None


def results_table(executions: Sequence[Execution]) -> Table:
    """One row an opportunity; profits in whole tokens."""
    table = Table(title="Executions", title_justify="left", expand=False)
    for name in ("opportunity", "status", "funding"):
        table.add_column(name)
    for name in ("expected", "realised", "gas used", "net USD"):
        table.add_column(name, justify="right")
    table.add_column("why or where", overflow="fold")
    for execution in executions:
        colour = _COLOURS[execution.status]
        table.add_row(
            escape(execution.opportunity_id or "?"),
            f"[{colour}]{execution.status}[/{colour}]",
            execution.funding or "",
            shown_amount(execution, execution.expected_profit),
            shown_amount(execution, execution.realised_profit),
            "" if execution.gas_used is None else f"{execution.gas_used:,}",
            "" if execution.profit_usd is None else f"{execution.profit_usd:,.2f}",
            escape(_last_column(execution)),
        )
    return table


def shown_amount(execution: Execution, amount: int | None) -> str:
    """An amount of the settlement token in whole tokens with its symbol; for people only."""
    if amount is None:
        return ""
    whole = Decimal(amount).scaleb(-(execution.settlement_decimals or 0))
    return f"{whole:f} {execution.settlement_symbol or ''}".strip()


def _last_column(execution: Execution) -> str:
    if execution.reasons:
        return "; ".join(reason.message for reason in execution.reasons)
    return ", ".join(execution.transaction_hashes)
