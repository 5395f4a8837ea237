"""Where the pinned native tools of this checkout are: anvil, forge, cast and the Solidity compilers.

`make setup` puts them into a per-user cache and points the link `.tools` at them. Whoever starts a node or a
compiler asks here, so that a run works the same from make, from pytest and from a bare `.venv/bin/python`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / ".tools"


class ToolMissingError(FileNotFoundError):
    """A pinned tool is not installed. `code` is stable; `fix` says what to do next."""

    code = "toolchain.missing"

    def __init__(self, tool: str, path: Path, fix: str = "run `make setup`") -> None:
        super().__init__(f"{tool} is not at {path}: {fix}")
        self.tool = tool
        self.path = path
        self.fix = fix


def cache_dir() -> Path:
    """The per-user cache that all checkouts share; created if absent.

    `ARBITRAGE_CACHE` wins, then `XDG_CACHE_HOME`/arbitrage-executor, then `~/.cache/arbitrage-executor`.
    Raises OSError when the folder cannot be made.
    """
    configured = os.environ.get("ARBITRAGE_CACHE")
    if configured:
        folder = Path(configured).expanduser().absolute()
    else:
        base = os.environ.get("XDG_CACHE_HOME")
        folder = (Path(base) if base else Path.home() / ".cache") / "arbitrage-executor"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def bin_dir() -> Path:
    """The folder to put first on PATH, and the value of SOLCX_BINARY_PATH. Raises ToolMissingError."""
    return _existing("the tool folder", TOOLS / "bin")


def anvil_path() -> Path:
    """The local node. It never reuses stored fork state (see `tools/anvil`). Raises ToolMissingError."""
    return _executable("anvil")


def forge_path() -> Path:
    """Foundry's build and test tool. Raises ToolMissingError."""
    return _executable("forge")


def npm_path() -> Path:
    """The npm that the set-up chose or installed. Raises ToolMissingError."""
    return _existing("npm", TOOLS / "npm")


def solc_path(version: str) -> Path:
    """The compiler of exactly this version ("0.8.28"), native or behind node. Raises ToolMissingError."""
    name = f"solc-v{version.removeprefix('v')}"
    fix = f"run `make setup`; is {version} listed in tools/npm/solc/package.json?"
    return _existing(name, TOOLS / "bin" / name, fix)


def solc_versions() -> list[str]:
    """The installed compiler versions, oldest first. Raises ToolMissingError."""
    found = [path.name.removeprefix("solc-v") for path in bin_dir().glob("solc-v*")]
    return sorted(found, key=lambda version: tuple(int(part) for part in version.split(".")))


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """A copy of `base` (default: this process's environment) in which child processes find the tools.

    Raises ToolMissingError.
    """
    result = dict(os.environ if base is None else base)
    folder = str(bin_dir())
    search = result.get("PATH", os.defpath)
    if folder not in search.split(os.pathsep):
        result["PATH"] = os.pathsep.join([folder, search])
    result["SOLCX_BINARY_PATH"] = folder
    return result


def _executable(name: str) -> Path:
    return _existing(name, TOOLS / "bin" / name)


def _existing(tool: str, path: Path, fix: str = "run `make setup`") -> Path:
    if not path.exists():
        raise ToolMissingError(tool, path, fix)
    return path
