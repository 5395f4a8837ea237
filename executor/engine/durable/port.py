"""What the executor asks of a durable engine.

A work is an ordinary coroutine. What it does to the world stands in steps; a step's result is recorded when
it has ended, and a work that is taken up again gets recorded results instead of doing those steps anew.
Between the effect and its record a crash may fall: a step happens at least once, and whoever writes one makes
it harmless to repeat.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol, TypeAlias

from executor.domain.errors import ExecutorError

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
"""What orders, results and messages are made of. No floats: they are no amounts. No bytes: hexadecimal text.
No secrets: all of it is stored in clear.
"""


class WorkState(StrEnum):
    """Running: it has an owner, or waits for one. The others are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Steps(Protocol):
    """What a work does through the engine, so that it is recorded. Always in the same order for the same
    records.
    """

    async def do(self, name: str, action: Callable[[], Awaitable[Json]]) -> Json:
        """The recorded result of `action`, which runs unless one is recorded."""

    async def sleep(self, seconds: float) -> None:
        """Wait; what is left of it after a crash, counted from when it began."""

    async def receive(self, topic: str, seconds: float) -> Json:
        """The next message sent to this work under `topic`, or None once that many seconds have passed."""


Work = Callable[[Steps, str, Json], Awaitable[Json]]
"""Steps, the work's id, its order; returns its result. The id is unique for ever and ever."""


class DurableEngine(Protocol):
    """An engine that is open. Methods raise DurableError when its database cannot be used."""

    @property
    def executor_id(self) -> str:
        """Which slot this process holds."""

    async def start(self, kind: str, work_id: str, order: Json) -> bool:
        """Record the work and begin it; returns when it is recorded. False if the id was ever used: then
        nothing happens.
        """

    async def state(self, work_id: str) -> WorkState | None:
        """How far the work is; None if there is none of that id."""

    async def result(self, work_id: str) -> Json:
        """Its result once it has one. Raises what the work ended with as DurableError."""

    async def send(self, work_id: str, topic: str, message: Json) -> None:
        """A message to the work, kept until it asks for it."""

    async def take_over(self, adopt: Adopt) -> int:
        """Take up what executors that are dead have left; returns how many works that were. Nothing for a
        while after the lock of our own slot was lost, which this takes again: theirs may be lost alike.
        """

    async def check_owner(self) -> None:
        """Raises FencedError when another process has taken this one for dead and its works over. To be asked
        right before anything that must not happen twice.
        """

    async def close(self) -> None:
        """Stop. Works that run are taken up by whoever opens the slot next."""


class Adopt(Protocol):
    """What executors leave beside their works. One that `rests` has ended in order, and may be about to be
    started again: what it has ended itself is left to it meanwhile.
    """

    def left_by(self, executor_id: str, *, rests: bool) -> bool:
        """Whether there is something of that executor's to take."""

    def take(self, executor_id: str, epoch: int, *, rests: bool) -> None:
        """Make it this one's: it is dead or halted, and fenced off since its slot has that epoch. Nothing
        where the slot has another one by now: then it was started again, which a lock that is held prevents
        for one that is dead, and nothing for one that is halted.
        """


class DurableError(ExecutorError, RuntimeError):
    """The engine's database cannot be used, or a work ended with an error."""

    code = "durable_engine"


class FencedError(ExecutorError, RuntimeError):
    """Another process has taken over this one's works; it may send nothing more."""

    code = "fenced"


def taken_over(
    executor_id: str, *, fix: str = "start this executor again; the other one goes on with what was begun"
) -> FencedError:
    """What a process is told that was taken for dead."""
    return FencedError(
        f"another process has taken over the works of {executor_id}.", fix=fix, executor_id=executor_id
    )


class SlotTakenError(ExecutorError, RuntimeError):
    """Another process runs under the same executor id."""

    code = "executor_running"


def require_json(value: object, place: str = "order") -> None:
    """Raises TypeError naming the place of anything that is not Json as above."""
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, list):
        for index, entry in enumerate(value):
            require_json(entry, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, entry in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{place} has the key {key!r}, which is no text")
            require_json(entry, f"{place}.{key}")
    else:
        raise TypeError(f"{place} is a {type(value).__name__}, which cannot be recorded")
