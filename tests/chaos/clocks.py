"""Wall clocks that are wrong, or jump: libfaketime shifts that of a whole process, its libraries included."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

FILE_VARIABLE = "FAKETIME_TIMESTAMP_FILE"
"""In the environment, looked up at each look at the clock: the file that tells by how much it is wrong."""


def _library() -> Path | None:
    package = find_spec("libfaketime")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"


CLOCK_LIBRARY = _library()
"""What shifts the clock; None where its package is not for this machine: one with another system than
Linux on x86-64.
"""


def set_clock(file: Path, offset: int) -> None:
    """From now on `file` tells a clock that is wrong by so many seconds."""
    new = file.with_suffix(".new")
    new.write_text(f"{offset:+d}\n")
    new.replace(file)


def clock_settings(file: Path) -> dict[str, str]:
    """The environment of a process whose wall clock is as `file` tells; the monotonic clock stays right, as
    on a machine whose time is set.
    """
    assert CLOCK_LIBRARY is not None, "clocks can be wrong here"
    return {
        "LD_PRELOAD": str(CLOCK_LIBRARY),
        FILE_VARIABLE: str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
