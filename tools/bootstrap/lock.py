"""`python -m tools.bootstrap.lock [--upgrade]`: writes the lock files anew.

They name packages, versions and hashes, and no host. Foundry's tools for another platform can only be locked
where the package registry offers them; where it does not, the file of that platform is left as it is.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tools.bootstrap.native import TOOLS
from tools.bootstrap.node import Node, find_node
from tools.bootstrap.packages import NETWORK_FIX, install_uv
from tools.bootstrap.report import SetupError, run, say
from tools.bootstrap.store import CHECKOUT, Store

COMPILE = [
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
]


def main(arguments: list[str]) -> int:
    """Locks everything; returns the exit code."""
    try:
        store = Store()
        uv = install_uv(store)
        upgrade = [argument for argument in arguments if argument == "--upgrade"]
        lock_python(store, uv, "dev", *upgrade)
        lock_python(store, uv, "runtime", "--constraints", "requirements/dev.txt")
        for group in ("build", "node", "uv", "prove", "slither", "degenbot"):
            lock_python(store, uv, group, *upgrade)
        node = find_node(store, uv)
        for project in sorted((TOOLS / "npm").iterdir()):
            lock_npm(store, node, project)
    except SetupError as error:
        say(str(error))
        return 1
    return 0


def lock_python(store: Store, uv: Path, group: str, *options: str) -> None:
    """Compiles `requirements/<group>.in` to its lock. Raises SetupError."""
    files = ["--output-file", f"requirements/{group}.txt", f"requirements/{group}.in"]
    log = store.log(f"lock-{group}")
    problem = f"requirements/{group}.in cannot be locked"
    run(
        uv,
        "pip",
        "compile",
        *COMPILE,
        *options,
        *files,
        problem=problem,
        fix=NETWORK_FIX,
        log=log,
        cwd=CHECKOUT,
    )
    say(f"requirements/{group}.txt is up to date")


def lock_npm(store: Store, node: Node, project: Path) -> None:
    """Writes the project's package-lock.json without hosts, or says why not and leaves it."""
    command = [*node.npm, "install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit"]
    _, _, target = project.name.partition("-")
    if target:
        system, machine = target.split("-")
        command += [f"--os={system}", f"--cpu={machine}"]
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(project / "package.json", scratch)
        search = os.pathsep.join([str(node.path.parent), os.environ.get("PATH", os.defpath)])
        log = store.log(f"lock-{project.name}")
        try:
            run(*command, problem="", fix="", log=log, cwd=Path(scratch), env={**os.environ, "PATH": search})
        except SetupError:
            say(f"tools/npm/{project.name} cannot be locked from here; left as it is (full output: {log})")
            return
        lock = json.loads((Path(scratch) / "package-lock.json").read_text(encoding="utf-8"))
    (project / "package-lock.json").write_text(
        json.dumps(without_hosts(lock), indent=2) + "\n", encoding="utf-8"
    )
    say(f"tools/npm/{project.name}/package-lock.json is up to date")


def without_hosts(lock: dict[str, object]) -> dict[str, object]:
    """The npm lock without the addresses that npm needs none of: where to fetch from and where to donate."""
    packages = lock["packages"]
    assert isinstance(packages, dict)
    kept = {
        path: {key: value for key, value in entry.items() if key not in ("resolved", "funding")}
        for path, entry in packages.items()
    }
    return {**lock, "packages": kept}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
