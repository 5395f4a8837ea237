"""Foundry's tools and the Solidity compilers, gathered in one folder that belongs on PATH."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import sys
from pathlib import Path

from tools.bootstrap.compilers import place_compilers
from tools.bootstrap.node import Node
from tools.bootstrap.packages import NETWORK_FIX
from tools.bootstrap.report import SetupError, run, say, step
from tools.bootstrap.store import CHECKOUT, Store, digest

TOOLS = CHECKOUT / "tools"
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
FOUNDRY = ("anvil", "forge", "cast")
MAKERS = ("native.py", "compilers.py", "native_solc.py")
ENVIRONMENT = """# `. .tools/env.sh` gives a shell the pinned anvil, forge, cast and compilers.
export PATH={binaries}:"$PATH"
export SOLCX_BINARY_PATH={binaries}
"""


def install_tools(store: Store, node: Node) -> Path:
    """The folder whose `bin` holds anvil, forge, cast and every `solc-v<version>`. Raises SetupError."""
    foundry = _npm_project(store, node, f"foundry-{_platform()}", "anvil, forge and cast")
    compilers = _npm_project(store, node, "solc", "the Solidity compilers")
    mode = os.environ.get("ARBITRAGE_SOLC", "auto")
    if mode not in ("auto", "npm"):
        raise SetupError(f"ARBITRAGE_SOLC is {mode!r}", "use auto (native where it can be had) or npm")
    shim = _shim(store)
    makers = [TOOLS / "anvil", *(Path(__file__).with_name(name) for name in MAKERS)]
    made_from = [str(part) for part in (foundry, compilers, shim, node.path, node.version, mode)]
    name = f"set-{digest(*made_from, *makers)}"

    def make(folder: Path) -> None:
        binaries = folder / "bin"
        binaries.mkdir()
        _link_foundry(foundry, binaries)
        with step("Preparing the Solidity compilers"):
            place_compilers(store, [node.path, shim], compilers, folder, native=mode == "auto")
        _place_npm(node, folder / "npm")
        final = shlex.quote(str(store.root / name / "bin"))
        (folder / "env.sh").write_text(ENVIRONMENT.format(binaries=final), encoding="utf-8")

    return store.folder(name, make)


def _place_npm(node: Node, launcher: Path) -> None:
    """The npm that was chosen here, for whoever fetches packages later. Not in `bin`: it shadows none."""
    binaries = shlex.quote(str(node.path.parent))
    launcher.write_text(
        f'#!/bin/sh\nPATH={binaries}:"$PATH" exec {shlex.join(node.npm)} "$@"\n', encoding="utf-8"
    )
    launcher.chmod(0o755)


def _shim(store: Store) -> Path:
    source = TOOLS / "solc.js"

    def make(folder: Path) -> None:
        shutil.copy(source, folder)

    return store.folder(f"shim-{digest(source)}", make) / source.name


def _platform() -> str:
    machine = MACHINES.get(platform.machine().lower())
    name = f"{sys.platform}-{machine}"
    if machine is None or not (TOOLS / "npm" / f"foundry-{name}").is_dir():
        problem = f"there are no pinned tools for {sys.platform} on {platform.machine()}"
        raise SetupError(problem, "use Linux or macOS on x86-64 or arm64")
    return name


def _npm_project(store: Store, node: Node, name: str, title: str) -> Path:
    source = TOOLS / "npm" / name
    manifest, lock = source / "package.json", source / "package-lock.json"
    files = [path for path in (manifest, lock) if path.is_file()]

    def make(folder: Path) -> None:
        for path in files:
            shutil.copy(path, folder)
        verb = "ci" if lock.is_file() else "install"
        if verb == "install":
            say(f"tools/npm/{name} has no lock: exact versions, but no hashes of ours; `make lock` adds them")
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        search = os.pathsep.join([str(node.path.parent), os.environ.get("PATH", os.defpath)])
        environment = {**os.environ, "PATH": search}
        problem = f"npm cannot install {title}"
        log = store.log(name)
        command = [*node.npm, verb, *options]
        with step(f"Installing {title}"):
            run(*command, problem=problem, fix=NETWORK_FIX, log=log, cwd=folder, env=environment)

    return store.folder(f"npm/{name}-{digest(*files)}", make) / "node_modules"


def _link_foundry(modules: Path, binaries: Path) -> None:
    for tool in FOUNDRY:
        (package,) = (modules / "@foundry-rs").glob(f"{tool}-*")
        executable = package / "bin" / tool
        if tool == "anvil":
            wrapper = (TOOLS / "anvil").read_text(encoding="utf-8").replace("@ANVIL@", str(executable))
            (binaries / tool).write_text(wrapper, encoding="utf-8")
            (binaries / tool).chmod(0o755)
        else:
            (binaries / tool).symlink_to(executable)
