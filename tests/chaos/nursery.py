"""Lives that begin quickly, in a process that has read the code before: see `forking`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

from tests.chaos.clocks import clock_settings, set_clock

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 120.0


def environment() -> dict[str, str]:
    """What every life finds: this code, and room to write."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}


class Born:
    """A process of the nursery, with what is used of asyncio's."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    async def wait(self) -> int:
        """Its exit code, as soon as it has ended."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, signal: int) -> None:
        """To a process that has not ended, as far as is known here; its number is its own until then."""
        os.kill(self.pid, signal)

    def end(self, code: int) -> None:
        """It has ended."""
        self.returncode = code
        self._ended.set()


class Nursery:
    """The forking process, seen from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._orders, self._answers = process.stdin, process.stdout
        self._asked: deque[asyncio.Future[Born]] = deque()
        self._lives: dict[int, Born] = {}

    async def begin(
        self,
        arguments: Sequence[str],
        output: Path,
        errors: Path,
        largest_file: int | None = None,
        clock: Path | None = None,
    ) -> Born:
        """A life of the command line with these arguments: standard output is added to, errors begin anew.
        `clock`: the file that tells its clock, in a nursery with clocks.
        """
        asked: asyncio.Future[Born] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._tell(
            {
                "run": list(arguments),
                "output": str(output),
                "errors": str(errors),
                "largest_file": largest_file,
                "clock": None if clock is None else str(clock),
            }
        )
        return await asked

    async def listen(self) -> None:
        """Take the answers, for ever."""
        async for line in self._answers:
            answer = json.loads(line)
            if "born" in answer:
                born = Born(answer["born"])
                self._lives[born.pid] = born
                self._asked.popleft().set_result(born)
            else:
                self._lives.pop(answer["ended"]).end(answer["code"])
                self._tell({"bury": answer["ended"]})

    def _tell(self, order: Mapping[str, Any]) -> None:
        self._orders.write(json.dumps(order).encode() + b"\n")


@asynccontextmanager
async def open_nursery(clock: Path | None = None) -> AsyncIterator[Nursery]:
    """A nursery that is ready; what lives in it at the end is killed. With a file for its own `clock` its
    lives may have theirs.
    """
    if clock is not None:
        set_clock(clock, 0)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.forking"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=environment() | ({} if clock is None else clock_settings(clock)),
    )
    assert process.stdin is not None and process.stdout is not None
    nursery = Nursery(process)
    await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
    listening = asyncio.create_task(nursery.listen())
    try:
        yield nursery
    finally:
        process.stdin.close()
        await process.wait()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


class Nurseries:
    """One for lives whose clock is right, and one for the others, each opened when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = AsyncExitStack()
        self._open: dict[bool, Nursery] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.aclose()

    async def get(self, *, clocks: bool) -> Nursery:
        """The nursery whose lives have clocks of their own, or the one where they have not."""
        if clocks not in self._open:
            clock = self._folder / "nursery.clock" if clocks else None
            self._open[clocks] = await self._stack.enter_async_context(open_nursery(clock))
        return self._open[clocks]
