"""uv, the virtual environment and the hash-locked Python packages in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tools.bootstrap.report import SetupError, run, say, step
from tools.bootstrap.store import CHECKOUT, Store, digest

VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".setup-stamp"
LOCKS = CHECKOUT / "requirements"
SUPPORTED = ((3, 11), (3, 12))
NETWORK_FIX = "check the network and your pip index settings, then repeat `make setup`"

ENVIRONMENT = CHECKOUT / "tools" / "checkout_environment.py"


def install_uv(store: Store) -> Path:
    """The pinned uv, installed by hash into the store; returns its path. Raises SetupError."""
    lock = LOCKS / "uv.txt"

    def make(folder: Path) -> None:
        with step("Installing uv"), tempfile.TemporaryDirectory() as scratch:
            _plain_venv(Path(scratch), store)
            pip = [str(Path(scratch) / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", str(lock)]
            problem = "uv cannot be installed"
            run(*pip, *options, "--target", folder, problem=problem, fix=NETWORK_FIX, log=store.log("uv"))

    return store.folder(f"uv-{digest(lock, sys.platform, os.uname().machine)}", make) / "bin" / "uv"


def _plain_venv(folder: Path, store: Store) -> None:
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    problem = f"{name} has no working venv module"
    fix = f"install it (Debian, Ubuntu: apt-get install {name}-venv) or name another: make setup PYTHON=..."
    run(sys.executable, "-m", "venv", folder, problem=problem, fix=fix, log=store.log("venv"))


def sync(store: Store, uv: Path, group: str) -> bool:
    """Brings `.venv` to exactly the lock file `requirements/<group>.txt` and installs the project, editable.

    Returns whether anything was done: a stamp in `.venv` names what it was last made from. Raises SetupError.
    """
    _ensure_venv(store, uv)
    lock = LOCKS / f"{group}.txt"
    if not lock.is_file():
        raise SetupError(f"there is no package set {group!r}", "use `make setup` or `make setup-runtime`")
    stamp = digest(lock, LOCKS / "build.txt", _project_metadata(), ENVIRONMENT, str(CHECKOUT))
    if STAMP.is_file() and STAMP.read_text() == stamp:
        return False
    STAMP.unlink(missing_ok=True)
    target = ["--python", str(PYTHON), "--build-constraints", str(LOCKS / "build.txt")]
    with step(f"Installing the {group} set of Python packages"):
        problem, log = "Python packages cannot be installed", store.log("packages")
        # Compiled once here: where Python is told to write no bytecode, each start would else cost seconds.
        options = ["--require-hashes", "--compile-bytecode", *target]
        run(uv, "pip", "sync", *options, lock, problem=problem, fix=_sync_fix(), log=log)
        problem, log = "the project cannot be installed", store.log("project")
        # The compatible mode is a plain path entry, which type checkers understand too.
        editable = ["--no-deps", "--config-settings", "editable_mode=compat", "--editable", str(CHECKOUT)]
        run(uv, "pip", "install", *target, *editable, problem=problem, fix=NETWORK_FIX, log=log)
    shutil.copy(ENVIRONMENT, _site_packages())
    (_site_packages() / f"{ENVIRONMENT.stem}.pth").write_text(f"import {ENVIRONMENT.stem}\n")
    STAMP.write_text(stamp)
    return True


def _project_metadata() -> str:
    # Only what an installation depends on; the settings of linters and tests change more often.
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    return repr([project["build-system"], project["project"], project["tool"]["setuptools"]])


def _ensure_venv(store: Store, uv: Path) -> None:
    if PYTHON.exists():
        version = _version(PYTHON)
        wanted = sys.version_info[:2] if os.environ.get("PYTHON") else version
        if version in SUPPORTED and version == wanted:
            return
        say(".venv belongs to another Python; making it anew")
    if VENV.exists():
        shutil.rmtree(VENV)
    command = [str(uv), "venv", "--quiet", "--python", sys.executable, str(VENV)]
    fix = "mend what it says and repeat `make setup`"
    run(*command, problem=".venv cannot be made", fix=fix, log=store.log("venv"))


def _version(python: Path) -> tuple[int, int] | None:
    code = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    major, minor = done.stdout.split()
    return int(major), int(minor)


def _site_packages() -> Path:
    (folder,) = (VENV / "lib").glob("python3.*/site-packages")
    return folder


def _sync_fix() -> str:
    if any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        return NETWORK_FIX
    return "no C compiler was found: install one (Debian, Ubuntu: apt-get install build-essential) and repeat"
