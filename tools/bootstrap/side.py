"""Environments of their own for tools that clash with the development set; made when first asked for."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.bootstrap.packages import LOCKS, NETWORK_FIX, install_uv
from tools.bootstrap.report import SetupError, run, step
from tools.bootstrap.store import Store, digest

Words = tuple[str | Path, ...]


def side_environment(group: str) -> Path:
    """The folder of executables of the environment locked in `requirements/<group>.txt`.

    It lives in the user's tool cache, one for each lock and Python. Raises SetupError.
    """
    lock = LOCKS / f"{group}.txt"
    if not lock.is_file():
        raise SetupError(f"there is no package set {group!r}", "name one of requirements/*.txt")
    store = Store()
    with store.locked():
        uv = install_uv(store)

        def make(folder: Path) -> None:
            log, fix = store.log(group), NETWORK_FIX
            with step(f"Installing the {group} set of Python packages"):
                venv: Words = (uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, folder)
                run(*venv, problem="an environment cannot be made", fix="repeat the command", log=log)
                python = folder / "bin" / "python"
                install: Words = (uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock)
                run(*install, problem=f"the {group} set cannot be installed", fix=fix, log=log)

        version = ".".join(str(part) for part in sys.version_info[:2])
        return store.folder(f"{group}-{digest(lock, sys.platform, version, sys.base_prefix)}", make) / "bin"
