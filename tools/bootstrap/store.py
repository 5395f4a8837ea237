"""The per-user tool store: folders named by what they were made from, made once, whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bootstrap.report import SetupError, say

CHECKOUT = Path(__file__).resolve().parents[2]
DIGEST_LENGTH = 16


def digest(*parts: Path | str) -> str:
    """A short content key: files by their bytes, text as it is. Order matters."""
    state = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        state.update(len(content).to_bytes(8, "big") + content)
    return state.hexdigest()[:DIGEST_LENGTH]


class Store:
    """Folders below `<cache>/tools`, shared by every checkout of this user."""

    def __init__(self) -> None:
        try:
            self.root = _cache_dir() / "tools"
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            fix = "name a writable folder: ARBITRAGE_CACHE=/some/folder make setup"
            raise SetupError(f"the tool cache cannot be made ({error})", fix) from error

    def log(self, name: str) -> Path:
        """Where the output of a failed command of this step is kept."""
        return self.root / "logs" / f"{name}.log"

    def folder(self, name: str, make: Callable[[Path], None]) -> Path:
        """The folder `name`. If absent, `make` fills a temporary one, which is then moved into place."""
        final = self.root / name
        if final.is_dir():
            return final
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
        try:
            make(temporary)
            temporary.chmod(0o755)
            temporary.rename(final)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return final

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the store's lock, so that two set-ups at a time (even of two checkouts) follow each other."""
        with (self.root / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another set-up is running; waiting for it ...")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def point(link: Path, target: Path) -> None:
    """Makes `link` a symbolic link to `target`, replacing an older link in one step. Raises SetupError."""
    if link.is_symlink() and link.readlink() == target:
        return
    if link.exists() and not link.is_symlink():
        raise SetupError(f"{link.name} is in the way: it is not a link", f"move {link} elsewhere and repeat")
    temporary = link.with_name(f"{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _cache_dir() -> Path:
    # Loaded by its path: importing the package `devnet` would need packages that are not installed yet.
    specification = importlib.util.spec_from_file_location("toolchain", CHECKOUT / "devnet" / "toolchain.py")
    if specification is None or specification.loader is None:
        raise SetupError("devnet/toolchain.py is missing", "restore it: git checkout -- devnet/toolchain.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    folder = module.cache_dir()
    assert isinstance(folder, Path)
    return folder
