"""The per-user cache: content keys, atomic writes, one writer at a time, progress for what takes long."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devnet import toolchain

PROGRESS_AFTER_SECONDS = 2.0
PROGRESS_EVERY_SECONDS = 10.0


def folder(*names: str) -> Path:
    """The cache folder `devnet/<names>` of this user, made if absent."""
    path = toolchain.cache_dir().joinpath("devnet", *names)
    path.mkdir(parents=True, exist_ok=True)
    return path


def content_key(*parts: bytes | str) -> str:
    """A 32-hex-digit key of the parts; their order and boundaries count."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:32]


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` so that a reader sees the old file or the whole new one, never a part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the inter-process lock that belongs to `path`; waits for another holder."""
    with Path(f"{path}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Tell a person on standard error what is going on once it takes over two seconds."""
    started = time.monotonic()
    done = threading.Event()

    def report() -> None:
        wait = PROGRESS_AFTER_SECONDS
        while not done.wait(wait):
            elapsed = time.monotonic() - started
            print(f"devnet: {what} ... {elapsed:.0f} s", file=sys.stderr, flush=True)
            wait = PROGRESS_EVERY_SECONDS

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()
        elapsed = time.monotonic() - started
        if elapsed > PROGRESS_AFTER_SECONDS:
            print(f"devnet: {what}: {elapsed:.1f} s", file=sys.stderr, flush=True)
