"""Rows of a report as a table for people, and as CSV, JSON or Parquet for programs, every amount exact.

An amount is an int in a token's smallest unit: decimal text in CSV and JSON, decimal256 in Parquet. No number
ever passes through a float.
"""

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from executor.domain.errors import ConfigError, ExecutorError
from executor.operations.forms import Format

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]

_DIGITS = 76
"""What decimal256 holds at most."""
_USD_PLACES = 6
_BATCH = 1_000


class Type(StrEnum):
    """What a column holds: text, a whole number that is no money, an amount in smallest units, US dollars for
    display, yes or no. All may be missing.
    """

    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    USD = "usd"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a report."""

    name: str
    type: Type = Type.TEXT


class AmountTooWideError(ExecutorError, OverflowError):
    """An amount has more digits than Parquet's widest decimal."""

    code = "amount_too_wide"


def write_report(
    columns: Sequence[Column], rows: Iterable[Row], form: Format, out: Path | None, *, whole: object = None
) -> None:
    """Write `rows` as JSON, CSV or Parquet to `out`, or to standard output without it. `whole` is written
    instead of the rows as JSON where a report has more to tell there; it is of JSON's own types.

    The file is put in place only when it is complete. Raises ConfigError naming `--out`,
    AmountTooWideError.
    """
    if form is Format.PARQUET:
        if out is None:
            raise ConfigError("--out", "is missing: Parquet is no text", fix="name a file with --out")
        with opened_out(out, "wb") as file:
            _write_parquet(columns, rows, file)
        return
    with opened_out(out, "w") as file:
        if form is Format.CSV:
            _write_csv(columns, rows, file)
        elif whole is not None:
            file.write(json.dumps(whole, indent=2) + "\n")
        else:
            _write_json(columns, rows, file)


@contextmanager
def opened_out(out: Path | None, mode: str) -> Iterator[IO[Any]]:
    """The file at `out`, put in its place once it is complete; standard output without one. Raises
    ConfigError naming `--out`.
    """
    if out is None:
        yield sys.stdout
        return
    text: dict[str, Any] = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    try:
        with NamedTemporaryFile(mode, dir=out.parent, prefix=f".{out.name}.", delete=False, **text) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(out)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigError(
            "--out", f"{out} cannot be written: {error.strerror}", fix="name a file in a folder of yours"
        ) from None


def _write_csv(columns: Sequence[Column], rows: Iterable[Row], file: IO[str]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(column, row.get(column.name)) for column in columns])


def _csv_cell(column: Column, value: object) -> object:
    """Spreadsheets take text that begins with a sign for a formula; an amount's sign is none."""
    told = _plain(value)
    if column.type is not Type.TEXT or told is None:
        return "" if told is None else told
    text = told if isinstance(told, str) else json.dumps(told)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def json_row(columns: Sequence[Column], row: Row) -> dict[str, object]:
    """A row as JSON has it: amounts are decimal text, missing cells null."""
    return {
        column.name: row.get(column.name) if column.type is Type.NUMBER else _plain(row.get(column.name))
        for column in columns
    }


def _write_json(columns: Sequence[Column], rows: Iterable[Row], file: IO[str]) -> None:
    """An array with an object a line, so that a long one can be read line by line, too."""
    separator = "[\n"
    for row in rows:
        file.write(separator + json.dumps(json_row(columns, row)))
        separator = ",\n"
    file.write("[]\n" if separator == "[\n" else "\n]\n")


def _plain(value: object) -> object:
    """As JSON has it: whole numbers beyond what every reader keeps become text, as all amounts are."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return str(value)


def _write_parquet(columns: Sequence[Column], rows: Iterable[Row], file: IO[bytes]) -> None:
    # Slow to import, and only this needs it.
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(column.name, _arrow_type(column)) for column in columns])
    remaining = iter(rows)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(remaining, _BATCH)):
            arrays = [
                pa.array([_arrow_value(column, row.get(column.name)) for row in batch], _arrow_type(column))
                for column in columns
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _arrow_type(column: Column) -> "pa.DataType":
    import pyarrow as pa

    return {
        Type.TEXT: pa.string(),
        Type.NUMBER: pa.int64(),
        Type.AMOUNT: pa.decimal256(_DIGITS, 0),
        Type.USD: pa.decimal256(_DIGITS, _USD_PLACES),
        Type.FLAG: pa.bool_(),
    }[column.type]


def _arrow_value(column: Column, value: object) -> object:
    if value is None:
        return None
    if column.type is Type.TEXT:
        told = _plain(value)
        return told if isinstance(told, str) else json.dumps(told)
    if column.type is not Type.AMOUNT:
        return value
    amount = int(str(value))
    if len(str(abs(amount))) > _DIGITS:
        raise AmountTooWideError(
            f"{column.name} has an amount of more than {_DIGITS} digits.",
            fix="use --format csv, which holds any amount",
            column=column.name,
            amount=amount,
        )
    return Decimal(amount)
