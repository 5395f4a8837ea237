"""Choices of the reports, apart from what makes them: the command line names them before all else."""

from enum import StrEnum


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class Grouping(StrEnum):
    """What the lines of a report are grouped by."""

    TOKEN = "token"
    CHAIN = "chain"
    DAY = "day"
    OPPORTUNITY = "opportunity"
    WALLET = "wallet"
