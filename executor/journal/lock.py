"""One process per journal."""

import fcntl
import os
from pathlib import Path

from executor.domain.errors import JournalError


class FileLock:
    """An exclusive lock that the operating system gives back when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock at `path`.

        Raises JournalError when somebody else holds it, or the file cannot be made.
        """
        self._descriptor = _open(path)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise JournalError(
                f"the journal {path.with_suffix('')} is in use by another executor.",
                fix="stop that one first, or give this one another journal folder",
                path=str(path),
            ) from None

    def release(self) -> None:
        """Give the lock back.

        The file stays: removing it would let two processes lock two files of one name.
        """
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(
            f"the journal's folder {path.parent} cannot be used: {error.strerror}.",
            fix="set `journal` to a folder that this user may write to",
            path=str(path.parent),
        ) from None
