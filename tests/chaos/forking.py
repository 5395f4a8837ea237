"""Where lives begin quickly: a process that has imported the executor, started nothing of it, and forks.

Each life is a process of its own with its own arguments and files, as if it had been started from the shell;
what it saves is the reading of the code. Orders are JSON lines on standard input, answers such on standard
output:

    {"run": [...], "output": FILE, "errors": FILE, "largest_file": bytes or null, "clock": FILE or null}
        ->  {"born": pid}
    (a life has ended)  ->  {"ended": pid, "code": code}
    {"bury": pid}

The number of one that has ended stays its own until it is buried: a kill never meets another process.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any, NoReturn

from tests.chaos.clocks import FILE_VARIABLE


def main() -> None:
    """Serve until standard input ends; whoever lives then is killed."""
    import executor.operations.run  # noqa: F401
    from executor.operations.cli import main as command

    assert threading.active_count() == 1, "a fork would lose what another thread does"
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin.fileno(), selectors.EVENT_READ)
    lives: dict[int, int] = {}
    _say({"ready": os.getpid()})
    rest = b""
    while True:
        for key, _ in waiting.select():
            if key.fd != sys.stdin.fileno():
                waiting.unregister(key.fd)
                _say({"ended": key.data, "code": _code(key.fd)})
                continue
            read = os.read(key.fd, 2**16)
            if not read:
                for pidfd in lives.values():
                    _kill(pidfd)
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                order = json.loads(line)
                if "bury" in order:
                    os.waitpid(order["bury"], 0)
                    os.close(lives.pop(order["bury"]))
                    continue
                pid = os.fork()
                if pid == 0:
                    _live(order, command)
                lives[pid] = os.pidfd_open(pid)
                waiting.register(lives[pid], selectors.EVENT_READ, pid)
                _say({"born": pid})


def _live(order: dict[str, Any], command: Any) -> NoReturn:
    """Be the command, in a process of its own."""
    code = 1
    try:
        flags = os.O_WRONLY | os.O_CREAT
        output = os.open(order["output"], flags | os.O_APPEND, 0o644)
        errors = os.open(order["errors"], flags | os.O_TRUNC, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (errors, 2)):
            os.dup2(source, target)
        os.closerange(3, 256)
        if order["largest_file"] is not None:
            # Python ignores the signal that comes with it, so that a write fails as on a full disk.
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"],) * 2)
        if order["clock"] is not None:
            os.environ[FILE_VARIABLE] = order["clock"]
        sys.argv = ["executor", *order["run"]]
        command()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                code = code or 1
        os._exit(code)


def _code(pidfd: int) -> int:
    """As subprocess tells it: minus the signal where one ended it. The process stays to be buried."""
    ended = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _kill(pidfd: int) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def _say(answer: dict[str, Any]) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
