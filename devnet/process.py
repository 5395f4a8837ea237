"""Start anvil so that it is ready when we return and gone when we are, however we end."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from devnet import toolchain
from devnet.errors import NodeError, PortInUseError

HOST = "127.0.0.1"
READY_WITHIN_SECONDS = 20.0
STOP_WITHIN_SECONDS = 3.0
LISTENING = re.compile(rb"Listening on \S+:(\d+)\n")
PORT_FIX = "stop the program that holds it, or choose another (make devnet PORT=18545)"

# The shell holds our end of a pipe: when this process dies in whatever way, the pipe closes and the node and
# its private home go too. Killing by signal at parent death would follow the starting thread instead, and is
# not to be had on every system. (137: it was killed. A node that ended by itself leaves its log to be read.)
SUPERVISOR = """
home=$1; shift
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
{ read -r _ <&3; kill -KILL "$child"; } 2>/dev/null &
watcher=$!
exec 3<&-
wait "$child"; code=$?
{ kill "$watcher"; wait "$watcher"; } 2>/dev/null
if [ "$code" = 137 ]; then rm -rf -- "$home"; fi
exit "$code"
"""


class AnvilProcess:
    """A running anvil with its own home folder. Raises PortInUseError or NodeError when it cannot start."""

    def __init__(self, arguments: Sequence[str], *, port: int | None) -> None:
        if port is not None and not _is_free(port):
            raise PortInUseError(f"port {port} is in use", PORT_FIX)
        # A home of its own keeps stored fork state of other runs out (and ours out of theirs).
        self._home = Path(tempfile.mkdtemp(prefix="devnet-"))
        self._log = self._home / "anvil.log"
        self._process = self._start(arguments, port or 0)
        atexit.register(self.stop)
        self.port = self._wait_for_port(port)

    @property
    def pid(self) -> int:
        """Process id of the node's supervisor, which is also its process group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the node process lives."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Kill the node with its whole process group and remove its home; harmless when repeated."""
        atexit.unregister(self.stop)
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            # Closing the pipe lets the shell reap the node; a group kill first would leave a zombie behind
            # where nobody adopts orphans, as in many containers.
            self._process.wait(timeout=STOP_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def _start(self, arguments: Sequence[str], port: int) -> subprocess.Popen[bytes]:
        command = [str(toolchain.anvil_path()), "--host", HOST, "--port", str(port), *arguments]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", SUPERVISOR, "devnet-node", str(self._home), *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, "HOME": str(self._home)},
                start_new_session=True,
            )

    def _wait_for_port(self, port: int | None) -> int:
        """The port by the node's own word: asking the port who is there could reach somebody else."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline and self.running:
            found = LISTENING.search(self._log.read_bytes())
            if found:
                return int(found.group(1))
            time.sleep(0.003)
        detail = self._last_words()
        self.stop()
        if "in use" in detail:
            raise PortInUseError(f"port {port} is in use", PORT_FIX)
        raise NodeError(f"anvil did not start ({detail})", "correct what it complains about")

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(errors="replace").strip().splitlines()
        except FileNotFoundError:
            lines = []
        return " / ".join(line.strip() for line in lines if line.strip())[:500] or "it said nothing"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
