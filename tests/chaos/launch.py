"""Starts the command line in this process with a wall clock that is wrong by so many seconds, as a machine's
may be: `launch.py OFFSET run FILE --config ...`.

Nothing else is touched; no package lets a test shift the kernel's clock for one process.
"""

from __future__ import annotations

import sys
import time


def main() -> None:
    """Shift the clock, then be the command."""
    offset = int(sys.argv.pop(1))
    if offset:
        right, right_ns = time.time, time.time_ns
        time.time = lambda: right() + offset
        time.time_ns = lambda: right_ns() + offset * 10**9
    from executor.operations.cli import main as command

    command()


if __name__ == "__main__":
    main()
