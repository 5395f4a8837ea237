"""`executor history` and `executor pnl`: what the books say."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from executor.domain.errors import ConfigError
from executor.domain.execution import Status
from executor.operations.forms import Format, Grouping
from executor.operations.options import ConfigOption, settings_of
from executor.operations.tabular import json_row, opened_out, write_report

if TYPE_CHECKING:
    from executor.config.settings import Settings
    from executor.domain.address import Address
    from executor.journal.database import Database

_WIDE = 160
"""Columns of a table that no terminal shows."""

ChainOption = Annotated[str | None, typer.Option("--chain", help="Only this chain.")]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", help="From this day or time on, in UTC: 2026-01-31, 2026-01-31T12:00."),
]
UntilOption = Annotated[str | None, typer.Option("--until", help="Before this day or time, in UTC.")]
OpportunityOption = Annotated[str | None, typer.Option("--opportunity", help="Only this opportunity id.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to write it.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write to this file. Default: standard output.")
]


def history_command(
    config: ConfigOption = None,
    chain: ChainOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only what ended so.")] = None,
    opportunity: OpportunityOption = None,
    form: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Say of each opportunity what was expected, what came of it, and why the two differ.

    Reads the record only, also while the executor runs. Amounts are exact, in smallest units.
    """
    from executor.journal.history import Sought
    from executor.operations.books_tables import history_table
    from executor.operations.history import COLUMNS, history

    settings = settings_of(config)
    sought = Sought(
        _known(settings, chain), opportunity, status, _time(since, "--since"), _time(until, "--until")
    )
    with _record(settings) as database:
        lines = history(database, sought, _wrapped(settings))
        if form is Format.TABLE:
            _print(history_table(lines), out)
        else:
            write_report(COLUMNS, (line.as_row() for line in lines), form, out)


def pnl_command(
    config: ConfigOption = None,
    by: Annotated[Grouping, typer.Option("--by", help="What to group by.")] = Grouping.TOKEN,
    chain: ChainOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    opportunity: OpportunityOption = None,
    form: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Say what was earned and what it cost, exactly in each token, and in US dollars at the prices of the
    transactions' blocks.

    Reads the books only, also while the executor runs.
    """
    from executor.journal.books import Books, Wanted
    from executor.operations.books_tables import pnl_table
    from executor.operations.pnl import COLUMNS, pnl, usd_by_key

    settings = settings_of(config)
    wanted = Wanted(
        chain=_known(settings, chain),
        opportunity_ids=None if opportunity is None else (opportunity,),
        since=_time(since, "--since"),
        until=_time(until, "--until"),
    )
    with _record(settings) as database:
        lines = pnl(Books(database).all_standing(wanted), by)
    if form is Format.TABLE:
        _print(pnl_table(lines, by), out)
        return
    rows = [line.as_row() for line in lines]
    whole = {
        "by": by.value,
        "lines": [json_row(COLUMNS, row) for row in rows],
        "usd": {key: f"{usd:f}" for key, usd in usd_by_key(lines).items()},
    }
    write_report(COLUMNS, rows, form, out, whole=whole)


@contextmanager
def _record(settings: "Settings") -> Iterator["Database"]:
    """The record, for reading. Raises ConfigError where there is none yet, JournalError."""
    from executor.journal.database import FILE_NAME, Database

    place = settings.database_url or settings.journal / FILE_NAME
    if isinstance(place, Path) and not place.exists():
        raise ConfigError(
            "journal",
            f"{place} does not exist: nothing is recorded there yet",
            fix="run the executor first, or name the folder of its record",
        )
    database = Database.open_reading(place)
    try:
        yield database
    finally:
        database.close()


def _wrapped(settings: "Settings") -> dict[str, "Address"]:
    from executor.config.chains import chain_of

    return {name: chain_of(settings, name).wrapped_native.address for name in settings.chains}


def _known(settings: "Settings", chain: str | None) -> str | None:
    if chain is not None and chain not in settings.chains:
        known = ", ".join(sorted(settings.chains))
        raise ConfigError("--chain", f"{chain!r} is not configured", fix=f"use one of: {known}")
    return chain


def _time(text: str | None, option: str) -> int | None:
    """Unix seconds of a day or a time in UTC; another zone may be named."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            option, f"{text!r} is no day or time", fix="write it as 2026-01-31 or 2026-01-31T12:00:00"
        ) from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _print(table: object, out: Path | None) -> None:
    """On a terminal as wide as that is; a file or a pipe has room."""
    with opened_out(out, "w") as file:
        Console(file=file, width=None if file.isatty() else _WIDE).print(table)
