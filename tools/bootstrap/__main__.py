"""`python -m tools.bootstrap [dev|runtime]`: the whole set-up.

Started by `tools/setup`, which chooses the Python.
"""

from __future__ import annotations

import sys
import time

from tools.bootstrap.native import install_tools
from tools.bootstrap.node import find_node
from tools.bootstrap.packages import install_uv, sync
from tools.bootstrap.report import SetupError, say
from tools.bootstrap.store import CHECKOUT, Store, point


def main(arguments: list[str]) -> int:
    """Runs the set-up and returns the exit code; what stops it is told in one line."""
    started = time.monotonic()
    try:
        changed = _set_up(arguments[0] if arguments else "dev")
    except SetupError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"{error}; mend this and repeat `make setup`")
        return 1
    except KeyboardInterrupt:
        say("interrupted; repeat `make setup` to go on")
        return 130
    if changed:
        say(f"ready in {time.monotonic() - started:.0f} s")
    return 0


def _set_up(group: str) -> bool:
    store = Store()
    with store.locked():
        uv = install_uv(store)
        changed = sync(store, uv, group)
        tools = install_tools(store, find_node(store, uv))
        link = CHECKOUT / ".tools"
        if not (link.is_symlink() and link.readlink() == tools):
            point(link, tools)
            changed = True
    return changed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
