"""The books for people: whole tokens and words instead of smallest units."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from executor.domain.booking import COSTS, Kind
from executor.domain.execution import Status
from executor.operations import history, pnl
from executor.operations.forms import Grouping
from executor.policy.differences import Difference
from executor.policy.profit import show_usd

_COLOURS = {Status.REALISED: "green", Status.REVERTED: "red", Status.FAILED: "red", Status.PENDING: "yellow"}
_WEI_PLACES = 18
_SHORT_ID = 20
_SHORT_KEY = 10
"""Characters of an id or a time, and of a day or a symbol, that are not broken."""


def history_table(lines: Iterable[history.Line]) -> Table:
    """One row an opportunity. Profits in the settlement token, gas in the native coin."""
    table = Table(show_lines=True)
    table.add_column("opportunity", overflow="fold", min_width=_SHORT_ID)
    table.add_column("status", no_wrap=True)
    table.add_column("expected\nrealised", no_wrap=True, justify="right")
    table.add_column("gas\nUSD", no_wrap=True, justify="right")
    table.add_column("why", overflow="fold")
    for line in lines:
        execution = line.execution
        expected = _of_settlement(line, execution.expected_profit)
        table.add_row(
            escape(f"{execution.opportunity_id}\n{execution.chain}\n{history.utc(line.accepted_at)}"),
            execution.status.value,
            f"{expected}\n{_of_settlement(line, line.realised_profit)}",
            f"{_shown(line.realised_cost, _WEI_PLACES)}\n{'' if line.usd is None else f'{line.usd:f}'}",
            escape(_why(line)),
            style=_COLOURS.get(execution.status),
        )
    return table


def pnl_table(lines: Iterable[pnl.Line], by: Grouping) -> Table:
    """One row a group and token, then what a group earned in US dollars."""
    lines = list(lines)
    table = Table()
    table.add_column(by.value, overflow="fold", min_width=_SHORT_KEY)
    table.add_column("of", overflow="fold")
    for column in ("gross", "premium and tip", "chain's cost", "other", "profit", "USD"):
        table.add_column(column, overflow="fold", justify="right")
    for line in lines:
        table.add_row(*(escape(cell) for cell in _pnl_cells(line)))
    table.add_section()
    for key, usd in pnl.usd_by_key(lines).items():
        table.add_row(escape(key), "all", *[""] * 5, f"{usd:f}", style="bold")
    return table


def _pnl_cells(line: pnl.Line) -> list[str]:
    amounts, places = line.amounts, line.asset.decimals
    cost = sum(amounts.get(kind, 0) for kind in COSTS)
    paid = amounts.get(Kind.PREMIUM, 0) + amounts.get(Kind.TIP, 0)
    told = [amounts.get(Kind.GROSS, 0), paid, cost]
    usd = f"{show_usd(line.usd):f}" + (f" ({line.unpriced} unpriced)" if line.unpriced else "")
    return [
        line.key,
        f"{line.asset.symbol} on {line.chain}",
        *(_shown(amount, places) for amount in (*told, line.profit - sum(told), line.profit)),
        usd,
    ]


def _of_settlement(line: history.Line, amount: int | None) -> str:
    execution = line.execution
    shown = _shown(amount, execution.settlement_decimals or 0)
    return escape(f"{shown} {execution.settlement_symbol}") if shown else ""


def _why(line: history.Line) -> str:
    if line.differences:
        return "; ".join(_in_words(line, one) for one in line.differences)
    return "; ".join(reason.code for reason in line.execution.reasons)


def _in_words(line: history.Line, one: Difference) -> str:
    symbol = "native" if one.in_native else line.execution.settlement_symbol
    places = _WEI_PLACES if one.in_native else line.execution.settlement_decimals or 0
    return f"{one.cause} {_shown(one.amount, places)} {symbol}"


def _shown(amount: int | None, places: int) -> str:
    """In whole tokens, exactly, without zeros at the end; a Decimal would round after 28 digits."""
    if amount is None:
        return ""
    whole, part = divmod(abs(amount), 10**places)
    digits = f"{part:0{places}}".rstrip("0") if places else ""
    return f"{'-' if amount < 0 else ''}{whole}{'.' if digits else ''}{digits}"
