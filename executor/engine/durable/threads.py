"""What is opened on a thread is nobody's where who asked for it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")


async def opened_or_undone(opened: Callable[[], _T], undo: Callable[[_T], Awaitable[object]]) -> _T:
    """What `opened` brings, on a thread. Cancelled meanwhile, this waits for it, since a thread cannot be
    stopped, has `undo` undo it, and is cancelled then. Raises what `opened` raises.
    """
    # No task: a loop that ends cancels all of those.
    opening = asyncio.get_running_loop().run_in_executor(None, opened)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(Exception):
            await undo(await opening)
        raise
