"""Where opportunities come from: a file (JSON lines, an array, or one object), or lines on standard input as
they arrive."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from executor.domain.errors import ConfigError, OpportunityError
from executor.engine.intake import MAX_TEXT, load

MAX_FILE = 1 << 28
"""A file is read whole; it may have this many bytes."""

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Item:
    """What stood at one place: a JSON value, or why it is none. `place` is for people ("line 3")."""

    place: str
    value: object = None
    error: OpportunityError | None = None


async def items_of(source: str) -> AsyncIterator[Item]:
    """The items of a file, or of standard input where `source` is "-".

    Raises ConfigError when the file cannot be read.
    """
    if source != "-":
        for item in items_in(_file_text(Path(source))):
            yield item
        return
    number = 0
    async for line in _lines_of_descriptor(0):
        number += 1
        if line.strip():
            yield _item(f"line {number}", line)


def items_in(text: str) -> Iterator[Item]:
    """The items of a whole file: an array's elements, else a line each, else the one object that spans it.

    A broken line is one bad item wherever it stands; lines of which none is an object are one document.
    """
    stripped = text.strip()
    if stripped.startswith("["):
        yield from _elements(stripped)
        return
    # Not splitlines(): it also breaks at characters that may stand in a JSON string.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    items = [_item(f"line {number}", line) for number, line in lines]
    if len(items) > 1 and items[0].error and not any(isinstance(item.value, dict) for item in items):
        yield _item("the file", stripped)
        return
    yield from items


def _elements(text: str) -> Iterator[Item]:
    try:
        values = load(text, most=MAX_FILE)
    except OpportunityError as error:
        yield Item("the file", error=error)
        return
    assert isinstance(values, list)
    for index, value in enumerate(values):
        yield Item(f"element {index}", value)


def _item(place: str, text: str) -> Item:
    try:
        return Item(place, load(text))
    except OpportunityError as error:
        return Item(place, error=error)


def _file_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(
                "FILE",
                f"{path} is larger than {MAX_FILE} bytes",
                fix="split it, or pipe it into `executor run -`",
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            "FILE",
            f"{path} cannot be read ({error.strerror})",
            fix="check the path, or give - for standard input",
        ) from None
    except UnicodeDecodeError:
        raise ConfigError("FILE", f"{path} is not UTF-8 text", fix="give JSON in UTF-8") from None


async def _lines_of_descriptor(descriptor: int) -> AsyncIterator[str]:
    """Lines as they come.

    A thread of its own reads, so that a silent input never holds up the end of the program.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue()

    def pump() -> None:
        while True:
            try:
                chunk = os.read(descriptor, _CHUNK)
            except OSError:
                chunk = b""
            try:
                loop.call_soon_threadsafe(queue.put_nowait, chunk)
            except RuntimeError:
                return
            if not chunk:
                return

    threading.Thread(target=pump, name="standard-input", daemon=True).start()
    rest = b""
    while chunk := await queue.get():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", errors="replace")
        if len(rest) > 4 * MAX_TEXT:
            rest = rest[: 4 * MAX_TEXT]
    if rest:
        yield rest.decode("utf-8", errors="replace")
