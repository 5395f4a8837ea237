"""What `executor check` found, and how it is shown."""

from dataclasses import dataclass, field
from enum import StrEnum

from rich.markup import escape
from rich.table import Table


class State(StrEnum):
    """Ok; a warning does not stop trading; wrong does; a note only informs."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `facts` are JSON-friendly."""

    name: str
    state: State
    message: str
    facts: dict[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The finding as `executor check --json` prints it."""
        return {"check": self.name, "state": self.state.value, "message": self.message, "facts": self.facts}


def is_well(findings: dict[str, list[Finding]]) -> bool:
    """True if nothing stands in the way of trading."""
    return bool(findings) and all(
        finding.state is not State.WRONG for found in findings.values() for finding in found
    )


LONGEST = 240
"""Characters of a message in the table."""

_COLOURS = {State.OK: "green", State.NOTE: None, State.WARNING: "yellow", State.WRONG: "red"}


def _short(message: str) -> str:
    """A node's raw answer can be long; --json has it whole."""
    return message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"


def findings_table(findings: dict[str, list[Finding]]) -> Table:
    """One row a finding."""
    table = Table()
    for column in ("chain", "check", "state", "what"):
        table.add_column(column, overflow="fold")
    for name, found in findings.items():
        for finding in found:
            table.add_row(
                name,
                finding.name,
                finding.state.value,
                escape(_short(finding.message)),
                style=_COLOURS[finding.state],
            )
    return table
