"""The command line, called within this process."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest

from executor.operations.cli import main


@dataclass(frozen=True)
class Ended:
    """A command that has come to its end."""

    code: int
    stdout: str
    stderr: str

    @property
    def results(self) -> list[dict[str, Any]]:
        """Its lines of JSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]


def call(*arguments: object) -> Ended:
    """`executor ARGUMENTS`. Not within a running event loop: take `asyncio.to_thread` there."""
    output, error = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(error):
        patch.setattr(sys, "argv", ["executor", *(str(each) for each in arguments)])
        patch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as caught:
            main()
    return Ended(int(caught.value.code or 0), output.getvalue(), error.getvalue())
